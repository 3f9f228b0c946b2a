"""What figures tell those who don't see them."""

from collections.abc import Sequence
from html import escape

MOST_POINTS = 12  # of a curve


def curve_html(name: str, x: Sequence[float], y: Sequence[float | None], form: str) -> str:
    """A curve in words, for readers of the page by ear: some of its points, `form` saying how values are written."""
    known = [(at, value) for at, value in zip(x, y, strict=True) if value is not None]
    every = -(-len(known) // MOST_POINTS) or 1
    points = known[::-1][::every][::-1]  # the last one is among them
    told = ", ".join(f"{value:{form}} at {at:g}" for at, value in points)
    return heard_html(f"{name}: {told}.") if told else ""


def heard_html(sentence: str) -> str:
    """A sentence that is heard, not seen."""
    return f'<p class="for-readers">{escape(sentence)}</p>'
