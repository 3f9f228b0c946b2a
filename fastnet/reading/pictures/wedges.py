"""Wedges and strips along a picture's edges: all that lies between an edge and a straight line."""

import itertools
from collections.abc import Iterator

import numpy as np

from .labelling import label_runs

Sides = tuple[bool, bool, bool, bool]  # left, upper, right, lower

LEAST_LENGTH = 0.15  # of a side has a wedge, at least
LEAST_STRIP = 0.015  # of the picture is as wide as a strip; a frame that was drawn is narrower
SOFT = 2  # pixels of a soft edge
_MOST_DEPTH = 0.35  # of the picture is beyond the page, at most
_WHOLE = 0.9  # of a side: a strip along all of it
_TAPERED = 0.3  # of its wider end is the other of a wedge, at most
_UNEVEN = 0.01  # of a side's length is the edge of a page off a straight line, or two pixels
_STRAIGHT = 0.9  # of its rows, or more, lie so
_AS_LONG = 0.6  # of an edge's length is what may be a digit beside a 1, in a close crop
_FULL = 0.95  # of a part is between an edge and the line
_SLIVER = 4  # pixels wide is what is left of a thin wedge that noise broke, at most
_TRIES = 12  # rows, through two of which each line is tried


def from_edges(pixels: np.ndarray) -> Iterator[np.ndarray]:
    """Views of a picture whose rows begin at its left, upper, right and lower edge."""
    yield pixels
    yield pixels.swapaxes(0, 1)
    yield pixels[:, ::-1]
    yield pixels[::-1].swapaxes(0, 1)


def depths_of(rows: np.ndarray, most: float = _MOST_DEPTH) -> np.ndarray:
    """How much of each row is beyond the page, from its beginning: all up to a straight line, or nothing."""
    length, width = rows.shape
    depth = _filled(rows)
    tolerance = max(SOFT, _UNEVEN * length)
    line = _straight(depth, most * width, tolerance)
    beyond: np.ndarray = np.maximum(line, 0)
    its = np.flatnonzero(beyond)
    if len(its) < LEAST_LENGTH * length or beyond.max() > most * width:
        return np.zeros(length)
    if np.mean(depth[its] >= beyond[its] - tolerance) < _STRAIGHT:
        return np.zeros(length)
    if _is_tapered(beyond) and beyond.max() > tolerance:
        return beyond
    is_along = len(its) >= _WHOLE * length and beyond.max() >= LEAST_STRIP * width
    return beyond if is_along and not _has_as_long(rows, beyond.max()) else np.zeros(length)


def _filled(rows: np.ndarray) -> np.ndarray:
    """How much of each row is set before anything is not."""
    filled: np.ndarray = np.where(rows.all(axis=1), rows.shape[1], rows.argmin(axis=1))
    return filled


def _straight(depth: np.ndarray, most: float, tolerance: float) -> np.ndarray:
    """The straight line that most rows end on, of those that end before `most`, for all rows; below 0 without one."""
    places = np.flatnonzero((depth > 0) & (depth <= most))
    if len(places) < 3:
        return np.full(len(depth), -1.0)
    some = places[np.linspace(0, len(places) - 1, min(_TRIES, len(places))).astype(int)]
    i, j = np.triu_indices(len(some), 1)
    slope = (depth[some[j]] - depth[some[i]]) / (some[j] - some[i])
    lines = depth[some[i]] + slope * (places[:, np.newaxis] - some[i])
    on_line = abs(lines - depth[places, np.newaxis]) <= tolerance
    its = places[on_line[:, on_line.sum(axis=0).argmax()]]
    line: np.ndarray = np.polyval(np.polyfit(its, depth[its], 1), np.arange(len(depth)))
    return line


def _has_as_long(rows: np.ndarray, depth: float) -> bool:
    """Whether anything beyond that depth is about as long as an edge, and no strip itself: then these may be digits."""
    runs = label_runs(rows)
    labels = runs.drawn(rows)
    width = rows.shape[1]
    for label, (x0, y0, x1, y1) in enumerate(runs.box.tolist()):
        if x0 >= depth and y1 - y0 >= _AS_LONG * len(rows):
            its = labels[y0:y1, x0:x1] == label
            if not (x1 == width and _fills(its[:, ::-1])):
                return True
    return False


def is_wedge(part: np.ndarray, touched: Sides) -> bool:
    """Whether a part, in its box, is all that lies between an edge that it touches and a straight line to its end."""
    left, upper, right, lower = touched
    has_corner = (left or right) and (upper or lower)
    return has_corner and any(_is_tapered(_filled(rows)) and _fills(rows) for rows in _from_touched(part, touched))


def is_strip(part: np.ndarray, touched: Sides) -> bool:
    """Whether a part is all between a straight line and an edge, along all of it or thin; so is a 1 in a close crop."""
    left, upper, right, lower = touched
    is_whole = (left and right) or (upper and lower)
    return (is_whole or min(part.shape) <= _SLIVER) and any(
        len(rows) >= rows.shape[1] and _fills(rows) for rows in _from_touched(part, touched)
    )


def _from_touched(part: np.ndarray, touched: Sides) -> Iterator[np.ndarray]:
    """Views of a part whose rows begin at an edge that it touches."""
    return itertools.compress(from_edges(part), touched)


def _is_tapered(depth: np.ndarray) -> bool:
    """Whether rows are far shorter at one end than where they are longest."""
    return bool(min(depth[0], depth[-1]) <= _TAPERED * depth.max())


def _fills(rows: np.ndarray) -> bool:
    """Whether rows are full up to a straight line."""
    depth = _filled(rows)
    if depth.sum() < _FULL * rows.sum():
        return False
    if len(rows) < 3:
        return True
    line = _straight(depth, rows.shape[1], SOFT)
    return float(np.mean(abs(line - depth) <= SOFT)) >= _FULL
