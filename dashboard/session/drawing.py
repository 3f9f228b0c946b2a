"""From the strokes of a pen to a picture: what the page's board sends is checked here, then drawn black on white."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from fastnet.errors import DataError

WIDTH, HEIGHT = 400, 300  # the board's shape; large enough for five digits side by side
MOST_STROKES = 300
MOST_POINTS = 10_000

_PAPER, _INK = 255, 0


@dataclass(frozen=True, eq=False)
class Stroke:
    """One stroke of the pen, or of the eraser: rows of x, y and the width there.

    x runs from 0 to 1 over the board's width, y over its height; the pen's width is a share of the height.
    """

    points: np.ndarray
    erases: bool = False


def read_strokes(message: Sequence[Any]) -> list[Stroke]:
    """The strokes in a browser's message; DataError if they are too many or not of the right form."""
    if len(message) > MOST_STROKES:
        raise DataError(f"the drawing has more than {MOST_STROKES} strokes; clear the board to go on")
    strokes = [_read_stroke(part) for part in message]
    if sum(len(stroke.points) for stroke in strokes) > MOST_POINTS:
        raise DataError(f"the drawing has more than {MOST_POINTS:,} points; clear the board to go on")
    return strokes


def render(strokes: Sequence[Stroke]) -> np.ndarray:
    """The drawing as grey pixels, uint8 `(HEIGHT, WIDTH)`."""
    picture = Image.new("L", (WIDTH, HEIGHT), _PAPER)
    draw = ImageDraw.Draw(picture)
    for stroke in strokes:
        _draw_stroke(draw, stroke.points * (WIDTH, HEIGHT, HEIGHT), _PAPER if stroke.erases else _INK)
    return np.asarray(picture)


def _read_stroke(part: Any) -> Stroke:
    match part:
        case {"points": list(numbers), "erases": bool(erases)} if len(numbers) <= 3 * MOST_POINTS:
            try:
                points = np.array(numbers, np.float64).reshape(-1, 3)
            except (TypeError, ValueError, OverflowError) as error:
                raise DataError("a stroke is not a list of x, y and width") from error
            if not np.isfinite(points).all():
                raise DataError("a stroke holds NaN or infinite numbers")
            return Stroke(points.clip((-1, -1, 0.005), (2, 2, 0.3)), erases)  # far outside, nothing is seen
        case _:
            raise DataError("a stroke is not a list of x, y and width")


def _draw_stroke(draw: ImageDraw.ImageDraw, points: np.ndarray, colour: int) -> None:
    """A disc at each point, and a line from each to the next: round joints and ends, whatever the width."""
    before = None
    for x, y, width in points.tolist():
        draw.circle((x, y), width / 2, fill=colour)
        if before:
            draw.line((*before, x, y), fill=colour, width=round(width))
        before = x, y
