"""The "Read" tab: draw or bring a picture, and see how it is read."""

from typing import Any

import panel as pn

from ...session.store import Store
from ..learn.network import NetworkOfAnswer
from ..mode import for_scientists
from ..parts import ASSETS, card
from ..welcome import Welcome
from .answer import AnswerView, StagesView
from .board import Board
from .gallery import Gallery
from .known import Known
from .model import model_name, model_view
from .teaching import teaching_view

_GRID = (ASSETS / "reading.css").read_text(encoding="utf-8")
_BESIDE_THE_ANSWER: dict[str, Any] = {  # stays in sight where people scroll down to teach
    "styles": {"position": "sticky", "top": "16px"},
    "sizing_mode": "stretch_width",
    "margin": 0,
}


def reading_view(store: Store) -> pn.Column:
    """The whole tab."""
    cards = pn.Column(
        card("Draw", pn.Column(Board(store), Known(store), **_BESIDE_THE_ANSWER), area="board"),
        card("The network reads", AnswerView(store), *teaching_view(store), area="answer", note=model_name(store)),
        for_scientists(card("How the picture got there", StagesView(store), area="stages")),
        card("Or bring a picture", Gallery(store), area="pictures"),
        card("The network at work", NetworkOfAnswer(store), area="network"),
        card("The model", *model_view(store), area="model"),
        stylesheets=[_GRID],
        margin=(0, 10),
        sizing_mode="stretch_width",
    )
    return pn.Column(Welcome(), cards, margin=0, sizing_mode="stretch_width")
