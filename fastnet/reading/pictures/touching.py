"""Cut a part that may be several digits that touch, in all the ways that are likely; the network chooses."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from .cuts import Cut
from .mnist_form import stroke_width

_WIDE = 0.75  # times as wide as high, or more: it may be two digits that touch
_NARROWEST, _WIDEST = 0.12, 1.25  # one digit's width, in heights of the whole part
_EVERY = 0.12  # of the height: there is one cut in so much of the width, where it goes through the least ink
_LEAST_HEIGHT = 0.6  # of the whole part's, of a digit that is cut off
_LEAST_SIDE = 8  # pixels of what is cut
_ROWS = 32  # the ways of the cuts are looked for at such a height
_SLANTED = 0.35  # pixels of ink: what a cut rather goes through than one step aside
_NARROW_PAIR = 0.5  # times as wide as high are two that lie on each other, at least
_TWO = 2.2  # times as wide as high at most are two digits
_PLACES = 0.2  # of the height: a closer cut begins and ends in each such share of the width
_STEEPEST = 0.6  # of the height: how far a closer cut goes to the side
MOST_PIECES = 10

_STEPS = np.array([0, -1, 1])  # back to the same column, or to the one before or after


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


def may_be_two(width: int, height: int) -> bool:
    """Whether ink of that size may be two digits that touch."""
    return _NARROW_PAIR * height <= width <= _TWO * height and min(width, height) >= _LEAST_SIDE


def closer_cuts(own: np.ndarray, x0: int, y0: int) -> Iterator[tuple[Cut, Cut]]:
    """The ink at (x0, y0) as two digits, in some dozens of ways: cut also at a slant, and each with shared strokes.

    Where two digits overlap, a stroke of one lies on a stroke of the other: without it, a 0 beside an 8 is a 6. So the
    ink beside the cut, as wide as a stroke, goes to both, as that of the left one or of the right one.
    """
    columns, stroke = np.arange(own.shape[1]), max(1, round(stroke_width(own)))
    known = set()
    for way in _slanting_ways(own):
        for to_left, to_right in ((0, 0), (stroke, 0), (0, stroke)):
            left = _digit_in(own & (columns < way + to_left), x0, y0)
            right = _digit_in(own & (columns >= way - to_right), x0, y0)
            if left and right and (key := (left.box, right.box, left.own.sum(), right.own.sum())) not in known:
                known.add(key)
                yield left, right


def _digit_in(own: np.ndarray, x0: int, y0: int) -> Cut | None:
    """What was cut off, if that may be a digit."""
    piece = _cropped(own, x0, y0)
    if piece is None or len(piece.own) < _LEAST_HEIGHT * len(own) or piece.own.shape[1] < _NARROWEST * len(own):
        return None
    return piece


def _slanting_ways(own: np.ndarray) -> Iterator[np.ndarray]:
    """The ways through the least ink from each place at the top to each at the bottom, (rows, 1) like `_seams`."""
    ink = _coarse(own)
    height, width = ink.shape
    place = np.arange(width) // max(1, round(_PLACES * height))
    cost = np.where(place == np.arange(place[-1] + 1)[:, np.newaxis], ink[0], np.inf)  # (places at the top, columns)
    steps = np.zeros((height, *cost.shape), int)
    for row in range(1, height):
        cost, steps[row] = _one_row_on(cost)
        cost = cost + ink[row]
    rows = _rows_of(own, ink)
    for top, costs in enumerate(cost):
        for bottom in range(place[-1] + 1):
            x = int(np.where(place == bottom, costs, np.inf).argmin())
            way = np.empty(height, int)
            for row in reversed(range(height)):
                way[row] = x
                x += steps[row, top, x]
            if abs(way[-1] - way[0]) <= _STEEPEST * height and np.isfinite(costs[way[-1]]):
                yield np.round(way[rows] * own.shape[1] / width).astype(int)[:, np.newaxis]


def _one_row_on(cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least cost, along the last axis, of what comes from each column or from beside it; and the step back."""
    options = np.full((3, *cost.shape), np.inf)
    options[0] = cost
    options[1, ..., 1:] = cost[..., :-1]
    options[2, ..., :-1] = cost[..., 1:]
    options[1:] += _SLANTED
    return options.min(axis=0), _STEPS[options.argmin(axis=0)]


def _coarse(own: np.ndarray) -> np.ndarray:
    """How much of each pixel is ink, at the height at which ways are looked for."""
    height, width = own.shape
    factor = max(1.0, height / _ROWS)
    size = max(2, round(width / factor)), max(2, round(height / factor))
    return np.asarray(Image.fromarray(own.astype(np.float32)).resize(size, Image.Resampling.BOX))


def _rows_of(own: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """The row of the coarse ink in which each row of a part lies."""
    rows: np.ndarray = np.arange(len(own)) * len(ink) // len(own)
    return rows


def _seams(own: np.ndarray) -> list[np.ndarray]:
    """Ways from top to bottom through little ink, from left to right: for each row, the first column to the right."""
    width, ink = own.shape[1], _coarse(own)
    size = ink.shape[1], ink.shape[0]
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
        seams.append(np.round(seam[_rows_of(own, ink)] * width / size[0]).astype(int))
    return list(np.maximum.accumulate(seams)) if seams else []


def _ways(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least ink on a way from each column of the first row to the last; and the way's column in each row."""
    n, width = ink.shape
    cost = np.zeros(width)
    steps = np.zeros((n, width), int)
    for row in reversed(range(n)):
        cost, steps[row] = _one_row_on(cost)
        cost = ink[row] + cost
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
