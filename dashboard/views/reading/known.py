"""What people know of the digits before they are read: how many, a pattern, a range, a check digit."""

from typing import Any

import param
from panel.custom import JSComponent

from fastnet.reading.constraints import CHECKS, CONSTRAINTS

from ...session.store import Store
from ..parts import STYLES, one_message, script


class Known(JSComponent):
    """A folded form; what is wrong with it is told below it, and the answer follows what is right."""

    checks = param.List(default=list(CHECKS), doc="The checks that can be chosen.")
    problem = param.String(doc="What is wrong with what was typed.")

    _esm = script("known.js")

    def __init__(self, store: Store) -> None:
        super().__init__(stylesheets=[STYLES], sizing_mode="stretch_width", margin=(0, 10))
        self._store = store

    def _handle_msg(self, data: Any) -> None:
        with one_message(self):
            match data:
                case {"known": dict(known)}:
                    texts = {name: text for name in CONSTRAINTS if isinstance(text := known.get(name), str) and text}
                    self.problem = self._store.know(texts)
