"""Tabs whose views are built when they are first opened."""

import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

import panel as pn
import param
from panel.custom import Children, JSComponent
from panel.viewable import Viewable

from fastnet.errors import DataError

from ..session.store import Store
from .parts import STYLES, html, notice, script

_LOG = logging.getLogger(__name__)


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
        self._tabs = {tab.key: tab for tab in tabs}
        store.param.watch(self._follow, "tab")
        store.address.link("tab", self, "chosen", self._known)
        self._open()

    @param.depends("chosen", watch=True)
    def _open(self) -> None:
        if self.chosen not in self._tabs:
            self.chosen = next(iter(self._tabs))  # a browser may tell what it likes
            return
        self._store.tab = self.chosen
        place = self.panels[list(self._tabs).index(self.chosen)]
        if not len(place):
            self._build(self._tabs[self.chosen], place)

    def _build(self, tab: Tab, place: pn.Column) -> None:
        """Put the tab's view into its place, or a sentence: a tab that failed must not look as if it still loaded."""
        try:
            place.append(tab.build(self._store))
        except MemoryError:
            raise
        except Exception:
            _LOG.exception("the tab %s could not be built", tab.title)
            sentence = (
                f"the tab {tab.title} could not be shown: something failed on the server; reload the page to try again"
            )
            place.objects = [html(notice(sentence))]

    def _follow(self, *_: object) -> None:
        """Something on the page leads to another tab."""
        self.chosen = self._store.tab

    def _known(self, key: str) -> str:
        if key not in self._tabs:
            raise DataError(f"the address asks for the tab {key!r}, which is none of {', '.join(self._tabs)}")
        return key
