"""Keep a run: give it a name, and it is a model that all pages offer."""

from functools import partial
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from ...session.training_state import TrainingState
from ..parts import aside, html


def saving_view(state: TrainingState) -> list[Any]:
    """A name, a button, and what became of it."""
    name = pmui.TextInput(label="Name of the model", size="small", sizing_mode="stretch_width", margin=(6, 8))
    button = pmui.Button(label="Save as a model", variant="outlined", disabled=True, margin=(6, 8))

    is_saving: list[bool] = []

    def finish(sentence: str) -> None:
        is_saving.clear()
        state.saved = sentence
        state.offer_rivals()
        show()  # also where the sentence is the last one's

    def save(_: Any) -> None:
        if is_saving:  # a browser may tell of a click all the same
            return
        is_saving.append(True)
        button.disabled = True  # until it is done
        aside(partial(state.save, name.value_input or name.value), finish)

    def show(*_: Any) -> None:
        button.disabled = not state.snapshot.can_be_saved

    button.on_click(save)
    state.param.watch(show, ["snapshot", "saved"])
    told = html(pn.bind(_saved_html, state.param.saved))
    return [pn.Column(name, button, told, sizing_mode="stretch_width", margin=0)]


def _saved_html(sentence: str) -> str:
    quiet = "A run that has ended can be saved; then it reads drawings on the Read tab, and on everybody's page."
    return f'<p class="quiet" role="status">{escape(sentence or quiet)}</p>'
