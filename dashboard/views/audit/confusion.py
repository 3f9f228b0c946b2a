"""The confusion matrix: a click on a cell shows its digits, a second click all of them again."""

from typing import Any

import param
from panel.custom import JSComponent

from fastnet.models.fields import to_json

from ...session.audit_state import AuditState
from ..parts import script
from .styles import STYLES

MOST_PAIRS = 5


class ConfusionView(JSComponent):
    """A table of buttons, the hotter the more often it happens."""

    counts = param.List(doc="How many digits of each class (row) were read as each class (column).")
    pairs = param.List(doc="The most confused pairs: true, predicted and how often.")
    chosen = param.List(default=None, allow_None=True, doc="True and predicted class of the chosen cell, or None.")

    _esm = script("confusion.js")

    def __init__(self, state: AuditState) -> None:
        classes = state.audit.figures.classes
        super().__init__(
            counts=to_json(classes.confusion),
            pairs=to_json(classes.most_confused[:MOST_PAIRS]),
            stylesheets=[STYLES],
            sizing_mode="stretch_width",
            margin=(0, 10),
        )
        self._state = state
        state.param.watch(self._show, ["cell"])
        self._show()

    def _show(self, *_: Any) -> None:
        self.chosen = None if self._state.cell is None else list(self._state.cell)

    def _handle_msg(self, data: Any) -> None:
        n = len(self.counts)
        match data:
            case {"true": int(true), "predicted": int(predicted)} if 0 <= true < n and 0 <= predicted < n:
                self._state.toggle_cell(true, predicted)
