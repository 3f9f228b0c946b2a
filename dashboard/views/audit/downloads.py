"""The report and the pictures of an audit, to keep."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

import param
from panel.custom import JSComponent

from ...session.audit_state import AuditState
from ...worker.audit_files import file_names, make_aside
from ..parts import aside, one_message, script
from .styles import STYLES


class DownloadsView(JSComponent):
    """A choice of files and a button."""

    names = param.List(doc="The files that can be had.")
    name_of_file = param.String(doc="What the file that was made last is called.")
    content = param.Bytes(default=b"", doc="The file that was made last.")
    problem = param.String(doc="Why it could not be made; empty if it was.")

    _esm = script("downloads.js")

    def __init__(self, state: AuditState) -> None:
        names = list(file_names())
        super().__init__(
            names=names, stylesheets=[STYLES], sizing_mode="stretch_width", margin=(0, 10), visible=bool(names)
        )
        self._state = state
        self._is_making = False

    def _handle_msg(self, data: Any) -> None:
        match data:
            case {"name": str(name)} if name in self.names and not self._is_making:
                self._is_making = True
                directory = self._state.directory
                aside(partial(make_aside, directory, name), partial(self._send, f"{directory.name}-{name}"), _thread())

    def _send(self, name: str, made: bytes | str) -> None:
        self._is_making = False
        with one_message(self):
            if isinstance(made, str):
                self.param.update(problem=made, content=b"")
            else:
                self.param.update(problem="", name_of_file=name, content=made)


@cache
def _thread() -> ThreadPoolExecutor:
    """One for all sessions: one file at a time."""
    return ThreadPoolExecutor(1, "files")
