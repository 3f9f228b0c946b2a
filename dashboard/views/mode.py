"""Two ways to show the page: playful, with large pictures and few figures, or scientific, with all of them."""

from typing import TypeVar

import param
from panel.custom import JSComponent
from panel.viewable import Viewable

from fastnet.errors import DataError

from ..session.store import Store
from .parts import STYLES, script

View = TypeVar("View", bound=Viewable)

MODES = ("playful", "scientific")


class ModeSwitch(JSComponent):
    """Chooses the mode. The browser applies it, and remembers the last choice for the next visit."""

    mode = param.String(doc="One of MODES; empty where the browser's memory decides.")

    _esm = script("memory.js", "mode.js")

    def __init__(self, store: Store) -> None:
        super().__init__(stylesheets=[STYLES], css_classes=["in-bar"], margin=0)
        store.address.link("mode", self, "mode", known_mode)

    @param.depends("mode", watch=True)
    def _check(self) -> None:
        if self.mode not in ("", *MODES):
            self.mode = ""  # a browser may tell what it likes


def known_mode(name: str) -> str:
    """The name, if a mode has it."""
    if name not in MODES:
        raise DataError(f"the address asks for the mode {name!r}, which is none of {', '.join(MODES)}")
    return name


def for_scientists(view: View) -> View:
    """The view, which lays its contents out in a column, shown in the scientific mode alone."""
    view.styles = {**view.styles, "display": "var(--scientific, flex)"}
    return view


def for_players(view: View) -> View:
    """The view, which lays its contents out in a column, shown in the playful mode alone."""
    view.styles = {**view.styles, "display": "var(--playful, flex)"}
    return view


def in_each_mode(exactly: str, plainly: str) -> str:
    """HTML that reads one way in the scientific mode and another way in the playful one."""
    return f'<span class="for-scientists">{exactly}</span><span class="for-players">{plainly}</span>'
