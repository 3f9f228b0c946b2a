"""The chosen digit: its picture, its label and what the network answers."""

from html import escape
from typing import Any

import param
from panel.custom import JSComponent

from ...session.audit_state import AuditState
from ..parts import script
from ..probabilities import percent
from .styles import STYLES


class PointView(JSComponent):
    """The digit that was chosen in any of the other views; it stays in sight, below them, until it is closed."""

    content = param.String(doc="What is known of it, as HTML of this module.")

    _esm = script("point.js")

    def __init__(self, state: AuditState) -> None:
        super().__init__(stylesheets=[STYLES], css_classes=["chosen-digit"], sizing_mode="stretch_width", margin=0)
        self._state = state
        state.param.watch(self._show, ["point"])
        self._show()

    def _show(self, *_: Any) -> None:
        row = self._state.point
        self.param.update(content="" if row is None else point_html(self._state, row), visible=row is not None)

    def _handle_msg(self, data: Any) -> None:
        if data == "close":
            self._state.choose_point(None)


def point_html(state: AuditState, row: int) -> str:
    """Picture, sentence and ten bars."""
    place = state.place(row)
    probabilities = state.audit.probabilities[row]
    label, predicted = int(state.audit.labels[row]), int(probabilities.argmax())
    verdict = "rightly" if label == predicted else "wrongly"
    words = f"Test digit {row:,} is labelled <b>{label}</b>; the network reads <b>{predicted}</b>, {verdict}."
    bars = "".join(_bar(digit, float(p), digit == predicted) for digit, p in enumerate(probabilities))
    at = f"background-position: -{place[0]}em -{place[1]}em" if place else ""
    picture = (
        f'<span class="digit{"" if place else " missing"}" style="{escape(at)}" role="img" aria-label="The digit">'
    )
    return (
        f'{picture}</span><p role="status">{words}</p>'
        f'<ol class="bars small" aria-label="Probability of each digit">{bars}</ol>'
    )


def _bar(digit: int, probability: float, is_best: bool) -> str:
    fill = f'<span class="fill" style="transform: scaleX({probability:.4f})"></span>'
    return (
        f'<li class="bar{" best" if is_best else ""}"><span>{digit}</span><span class="track">{fill}</span>'
        f'<span class="percent">{escape(percent(probability))}</span></li>'
    )
