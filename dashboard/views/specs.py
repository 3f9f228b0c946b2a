"""The specs: a dialog about the chosen model, how it was trained, on what it runs, its data and the licences.

A chip in the header, which says what the model is in two figures, opens it.
"""

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import panel_material_ui as pmui
import param
from panel.custom import JSComponent

from fastnet.models.files import count_parameters
from fastnet.reading.predictor import Predictor

from ..server.quotas import Role
from ..session.specs import layers, specifications
from ..session.store import Store
from .parts import STYLES, aside, html, script

_WAIT = '<p class="quiet">Looking at the model and the machine\N{HORIZONTAL ELLIPSIS}</p>'
_CLOSE = {"& .MuiIconButton-root": {"color": "inherit"}}


class ModelChip(JSComponent):
    """The chosen model in two figures; a click calls what opens its specs."""

    words = param.List(doc="How often it is right, where that is known, and how large it is.")

    _esm = script("chip.js")

    def __init__(self, store: Store, on_click: Callable[[], None]) -> None:
        super().__init__(stylesheets=[STYLES], css_classes=["in-bar"], margin=(0, 4))
        self._store, self._on_click = store, on_click
        store.param.watch(self._show, "predictor")
        self._show()

    def _show(self, *_: Any) -> None:
        self.words = model_in_figures(self._store.predictor)

    def _handle_msg(self, data: Any) -> None:
        if data == "open":
            self._on_click()


def model_in_figures(predictor: Predictor | None) -> list[str]:
    """Such as "99.44%" and "407k parameters", as the model's manifest has them; nothing of no model."""
    if predictor is None:
        return []
    test, n = predictor.manifest.test, count_parameters(predictor.layer_sizes)
    accuracy = [f"{test.accuracy:.2%}"] if test and test.accuracy is not None else []
    size = f"{n / 1e6:.1f}M" if n >= 1e6 else f"{n / 1e3:.0f}k" if n >= 1e3 else str(n)
    return [*accuracy, f"{size} parameters"]


def specs_view(store: Store) -> tuple[ModelChip, pmui.Dialog]:
    """The chip for the header, and the dialog that it opens."""
    content = html("")
    dialog = pmui.Dialog(content, title="Specs", show_close_button=True, close_on_click=True, scroll="paper", sx=_CLOSE)

    def show(told: str) -> None:
        content.object = told

    def ask() -> None:  # only now, and aside: what is told of the machine loads Numba
        show(_WAIT)
        dialog.open = True
        tells_of_server = store.shared.role is not Role.READERS
        aside(partial(specs_html, store.model, store.predictor, tells_of_server), show)

    return ModelChip(store, ask), dialog


def specs_html(name: str, predictor: Predictor | None, tells_of_server: bool = True) -> str:
    """The layers as a row of boxes, and a list of facts for each section."""
    if predictor is None:
        return '<p class="quiet">No sound model is chosen.</p>'
    sections = "".join(
        f"<section><h3>{escape(title)}</h3><dl>{''.join(_fact(*fact) for fact in facts)}</dl></section>"
        for title, facts in specifications(predictor, tells_of_server).items()
    )
    return (
        f'<div class="specs"><p><b>{escape(name)}</b>, {count_parameters(predictor.layer_sizes):,} parameters</p>'
        f'{_diagram(predictor)}<div class="sections">{sections}</div></div>'
    )


def _diagram(predictor: Predictor) -> str:
    boxes = (f"<li><b>{size}</b><span>{escape(name)}</span></li>" for size, name in layers(predictor))
    return f'<ol class="layers" aria-label="Layers, from the pixels to the answer">{"".join(boxes)}</ol>'


def _fact(name: str, value: str) -> str:
    return f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
