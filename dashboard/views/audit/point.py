"""The chosen digit: its picture, its label and what the network answers."""

from html import escape

import panel as pn

from ...session.audit_state import AuditState
from .figures import text


def point_view(state: AuditState) -> pn.pane.HTML:
    """The digit that was chosen in any of the other views."""
    content = pn.bind(lambda row: point_html(state, row), state.param.point)
    return text(content)


def point_html(state: AuditState, row: int | None) -> str:
    """Picture, sentence and ten bars; a hint if no digit is chosen."""
    if row is None:
        return '<p class="quiet" role="status">Click on a point or a digit to see it here.</p>'
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
        f'<div class="chosen">{picture}</span><div><p role="status">{words}</p>'
        f'<ol class="bars small" aria-label="Probability of each digit">{bars}</ol></div></div>'
    )


def _bar(digit: int, probability: float, is_best: bool) -> str:
    fill = f'<span class="fill" style="transform: scaleX({probability:.4f})"></span>'
    return (
        f'<li class="bar{" best" if is_best else ""}"><span>{digit}</span><span class="track">{fill}</span>'
        f'<span class="percent">{probability:.1%}</span></li>'
    )
