"""The specs: a dialog about the chosen model, how it was trained, on what it runs, its data and the licences."""

from functools import partial
from html import escape

import panel_material_ui as pmui

from fastnet.models.files import count_parameters
from fastnet.reading.predictor import Predictor

from ..server.quotas import Role
from ..session.specs import layers, specifications
from ..session.store import Store
from .parts import aside, html

_LIKE_TEXT = {"color": "inherit", "textTransform": "none", "fontSize": "0.875rem"}
_WAIT = '<p class="quiet">Looking at the model and the machine\N{HORIZONTAL ELLIPSIS}</p>'
_CLOSE = {"& .MuiIconButton-root": {"color": "inherit"}}


def specs_view(store: Store) -> tuple[pmui.Button, pmui.Dialog]:
    """The button for the header, and the dialog that it opens."""
    content = html("")
    dialog = pmui.Dialog(content, title="Specs", show_close_button=True, close_on_click=True, scroll="paper", sx=_CLOSE)

    def show(told: str) -> None:
        content.object = told

    def ask(_: object) -> None:  # only now, and aside: what is told of the machine loads Numba
        show(_WAIT)
        dialog.open = True
        tells_of_server = store.shared.role is not Role.READERS
        aside(partial(specs_html, store.model, store.predictor, tells_of_server), show)

    button = pmui.Button(label="Specs", variant="text", size="small", on_click=ask, margin=(0, 4), sx=_LIKE_TEXT)
    return button, dialog


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
