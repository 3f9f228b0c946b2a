"""Delete what was saved, after a question."""

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
from panel.custom import JSComponent

from ...server.library import owner_of
from ...session.saved_models import SavedModels
from ...session.store import Store
from ..parts import aside, html, script


class BrowserKey(JSComponent):
    """Nothing to see: the browser keeps a random key, and tells it; what it saves is its own by that key."""

    _esm = script("memory.js", "browser_key.js")

    def __init__(self, store: Store) -> None:
        super().__init__(width=0, height=0, margin=0)
        self._store = store

    def _handle_msg(self, data: Any) -> None:
        match data:
            case {"key": str(key)} if not self._store.owner:  # a browser has one
                self._store.owner = owner_of(key)


def deletion_view(store: Store) -> list[Any]:
    """The models that this visitor may delete, if there are any, a button, a question, and what became of it."""
    saved = SavedModels(store)
    choice = pmui.Select.from_param(
        saved.param.chosen, label="What you saved", description="", size="small", sizing_mode="stretch_width"
    )
    delete = pmui.Button(label="Delete", variant="outlined", color="error", on_click=lambda _: saved.ask())
    yes = pmui.Button(label="Delete it", variant="contained", color="error")
    no = pmui.Button(label="Keep it", variant="outlined", on_click=lambda _: saved.keep())
    yes.on_click(lambda _: aside(saved.delete, saved.finish))
    offer = pn.Column(choice, delete, sizing_mode="stretch_width", margin=0)
    question = pn.Column(html(pn.bind(question_html, saved.param.asked)), pn.Row(yes, no, margin=0), margin=0)

    def show(*_: Any) -> None:
        question.visible = bool(saved.asked)
        offer.visible = bool(saved.param.chosen.objects) and not saved.asked

    saved.param.watch(show, ["chosen", "asked"])
    show()
    return [BrowserKey(store), offer, question, html(pn.bind(told_html, saved.param.told))]


def question_html(name: str) -> str:
    """What is to be answered."""
    return f'<p role="alert">Delete <b>{escape(name)}</b>, for everybody and for good?</p>' if name else ""


def told_html(sentence: str) -> str:
    """What became of it."""
    return f'<p class="quiet" role="status">{escape(sentence)}</p>' if sentence else ""
