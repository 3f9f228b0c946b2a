"""Which page of a document is read; another is chosen below the board."""

from typing import Any

import param
from panel.custom import JSComponent

from ...session.store import Store
from ..parts import STYLES, script


class Pages(JSComponent):
    """Before, next and the number of the page; nothing unless the answer is about a document of several.

    The gallery is told in the browser, and has the page read as it has pictures read.
    """

    page = param.Integer(default=1, doc="The page that the answer is about, from 1.")
    n_pages = param.Integer(default=1, doc="How many pages the document has.")

    _esm = script("pages.js")

    def __init__(self, store: Store) -> None:
        super().__init__(stylesheets=[STYLES], sizing_mode="stretch_width", margin=(0, 10))
        self._store = store
        store.param.watch(self._show, "answer")

    def _show(self, *_: Any) -> None:
        answer = self._store.answer
        page, n_pages = (answer.page, answer.n_pages) if answer else (1, 1)
        self.param.update(page=page, n_pages=n_pages)
