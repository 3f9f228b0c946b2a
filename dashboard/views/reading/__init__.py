"""The "Read" tab: draw or bring a picture, and see how it is read."""

import panel as pn

from ...store import Store
from ..parts import ASSETS, card
from .answer import AnswerView, StagesView
from .board import Board
from .gallery import Gallery
from .model import model_view

_GRID = (ASSETS / "reading.css").read_text(encoding="utf-8")


def reading_view(store: Store) -> pn.Column:
    """The whole tab."""
    return pn.Column(
        card("Draw", Board(store), area="board"),
        card("The network reads", AnswerView(store), area="answer"),
        card("Or bring a picture", Gallery(store), area="pictures"),
        card("How the picture got there", StagesView(store), area="stages"),
        card("The model", *model_view(store), area="model"),
        stylesheets=[_GRID],
        margin=(0, 10),
        sizing_mode="stretch_width",
    )
