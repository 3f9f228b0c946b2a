"""Cut a part that may be several digits that touch, in all the ways that are likely; the network chooses."""

import numpy as np
from PIL import Image

from .cuts import Cut

_WIDE = 0.75  # times as wide as high, or more: it may be two digits that touch
_NARROWEST, _WIDEST = 0.12, 1.25  # one digit's width, in heights of the whole part
_EVERY = 0.12  # of the height: there is one cut in so much of the width, where it goes through the least ink
_LEAST_HEIGHT = 0.6  # of the whole part's, of a digit that is cut off
_LEAST_SIDE = 8  # pixels of what is cut
_ROWS = 32  # the ways of the cuts are looked for at such a height
_SLANTED = 0.35  # pixels of ink: what a cut rather goes through than one step aside
MOST_PIECES = 10


def with_alternatives(own: np.ndarray, x0: int, y0: int) -> Cut:
    """A part at (x0, y0) as one digit; and, if it is wide, cut where there is little ink into as many as it may be."""
    height, width = own.shape
    whole = Cut((x0, y0, x0 + width, y0 + height), own)
    if not _WIDE * height <= width <= MOST_PIECES * height or min(width, height) < _LEAST_SIDE:
        return whole
    seams = _seams(own)
    columns = np.arange(width)
    right_of = [columns >= seam[:, np.newaxis] for seam in seams]
    edges = [np.ones(own.shape, bool), *right_of, np.zeros(own.shape, bool)]
    middles = [0, *(int(seam.mean()) for seam in seams), width]
    last = len(seams) + 1
    rests: dict[int, Cut] = {}  # all that begins at a cut, as one digit or more: its alternatives share it
    for start in reversed(range(last)):
        others = []
        for stop in range(start + 1, last):
            is_digit = _NARROWEST * height <= middles[stop] - middles[start] <= _WIDEST * height
            piece = _cropped(own & edges[start] & ~edges[stop], x0, y0) if is_digit and stop in rests else None
            if piece and len(piece.own) >= _LEAST_HEIGHT * height:
                others.append((piece, rests[stop]))
        rest = whole if start == 0 else _cropped(own & edges[start], x0, y0)
        if rest and len(rest.own) >= _LEAST_HEIGHT * height:
            rests[start] = Cut(rest.box, rest.own, tuple(others))
    return rests[0]


def _seams(own: np.ndarray) -> list[np.ndarray]:
    """Ways from top to bottom through little ink, from left to right: for each row, the first column to the right."""
    height, width = own.shape
    factor = max(1.0, height / _ROWS)
    size = max(2, round(width / factor)), max(2, round(height / factor))
    ink = np.asarray(Image.fromarray(own.astype(np.float32)).resize(size, Image.Resampling.BOX))
    middle = size[1] // 2
    above, way_up = _ways(ink[:middle][::-1])
    below, way_down = _ways(ink[middle:])
    cost = above + below
    first = max(1, round(_NARROWEST * size[1]))
    windows = np.array_split(
        np.arange(first, size[0] - first), max(1, round((size[0] - 2 * first) / (_EVERY * size[1])))
    )
    seams = []
    for window in filter(len, windows):
        x = int(window[cost[window].argmin()])
        seam = np.concatenate([way_up[::-1, x], way_down[:, x]])
        rows = (np.arange(height) * size[1] // height).clip(0, size[1] - 1)
        seams.append(np.round(seam[rows] * width / size[0]).astype(int))
    return list(np.maximum.accumulate(seams)) if seams else []


def _ways(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least ink on a way from each column of the first row to the last; and the way's column in each row."""
    n, width = ink.shape
    cost = np.zeros(width)
    steps = np.zeros((n, width), int)
    for row in reversed(range(n)):
        padded = np.pad(cost, 1, constant_values=np.inf)
        options = np.stack([cost, padded[:-2] + _SLANTED, padded[2:] + _SLANTED])
        best = options.argmin(axis=0)
        steps[row] = np.array([0, -1, 1])[best]
        cost = ink[row] + options.min(axis=0)
    ways = np.zeros((n, width), int)
    at = np.arange(width)
    for row in range(n):
        ways[row] = at
        at = at + steps[row, at]
    return cost, ways


def _cropped(own: np.ndarray, x0: int, y0: int) -> Cut | None:
    """The ink of a piece; None if there is none."""
    rows, columns = (np.flatnonzero(own.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    top, bottom, left, right = (int(edge) for edge in (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1))
    return Cut((x0 + left, y0 + top, x0 + right, y0 + bottom), own[top:bottom, left:right])
