"""Tabs whose views are built when they are first opened."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import panel as pn
import param
from panel.custom import Children, JSComponent
from panel.viewable import Viewable

from fastnet.errors import DataError

from ..session.store import Store
from .parts import STYLES, script


class Tab(NamedTuple):
    """A tab: its title, its name in the address, and what builds its view for a session."""

    title: str
    key: str
    build: Callable[[Store], Viewable]


class Tabs(JSComponent):
    """A list of tabs and the open one's view; the others wait, hidden or not yet built."""

    names = param.List(doc="Key and title of each tab.")
    chosen = param.String(doc="The open tab's key.")
    panels = Children(doc="The place of each view.")

    _esm = script("tabs.js")

    def __init__(self, store: Store, tabs: Sequence[Tab]) -> None:
        super().__init__(
            names=[(tab.key, tab.title) for tab in tabs],
            chosen=tabs[0].key,
            panels=[pn.Column(sizing_mode="stretch_width", margin=0) for _ in tabs],
            stylesheets=[STYLES],
            sizing_mode="stretch_width",
            margin=0,
        )
        self._store = store
        self._builders = {tab.key: partial(tab.build, store) for tab in tabs}
        store.param.watch(self._follow, "tab")
        store.address.link("tab", self, "chosen", self._known)
        self._open()

    @param.depends("chosen", watch=True)
    def _open(self) -> None:
        if self.chosen not in self._builders:
            self.chosen = next(iter(self._builders))  # a browser may tell what it likes
            return
        self._store.tab = self.chosen
        place = self.panels[list(self._builders).index(self.chosen)]
        if not len(place):
            place.append(self._builders[self.chosen]())

    def _follow(self, *_: object) -> None:
        """Something on the page leads to another tab."""
        self.chosen = self._store.tab

    def _known(self, key: str) -> str:
        if key not in self._builders:
            raise DataError(f"the address asks for the tab {key!r}, which is none of {', '.join(self._builders)}")
        return key
