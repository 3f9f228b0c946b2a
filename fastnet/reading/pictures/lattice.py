"""Evenly spaced lines of a grid: one that strokes hide stands where it must, and a stroke near one is no line.

The figures below were chosen on forms with digits of the training set, drawn as `benchmarks/form_rendering.py` does.
"""

import numpy as np

from .labelling import components
from .straight import Line

_FEWEST = 3  # lines that tell an even distance
_MOST = 64  # more are squared paper; the time grows with the third power
_WHOLE = 0.9  # of the width of its grid, that a line is long
_ASIDE = 0.15  # of the distance from one line to the next, by which one may stand aside
_FOUND = 0.5  # of the lines, at least
_BESIDE = 0.35  # of the distance: what does not end on others and is nearer to one of the grid is a stroke
_END = 3  # pixels, and the thickness of the line on which it ends
_REACH = 5  # pixels, by which a hidden line is looked for to both sides
_DARK, _LONG = 0.5, 0.85  # times as dark as the lines around it, along so much of its length: there is a line


def evened(lines: list[Line], crossing: list[Line], even: np.ndarray) -> list[Line]:
    """The lines across without strokes beside them, and with those of evenly spaced ones that are hidden.

    Lines that cross others are those of one grid. `even` tells how dark all is.
    """
    number = _grids(lines, crossing)
    result: list[Line] = []
    for grid in range(number.max() + 1):
        its, others = (
            [line for line, at in zip(some, numbers, strict=True) if at == grid]
            for some, numbers in ((lines, number[: len(lines)]), (crossing, number[len(lines) :]))
        )
        result += _evened_grid(its, others, even) if _FEWEST <= len(its) <= _MOST else its
    return result


def _grids(lines: list[Line], crossing: list[Line]) -> np.ndarray:
    """The number of the grid to which each line across belongs, and then each of those down."""
    (start, stop, first, slope), (top, bottom, left, lean) = (
        np.array([(line.start, line.stop, line.middle[0], line.slope) for line in some]).T for some in (lines, crossing)
    )
    start, stop, first, slope = (each[:, np.newaxis] for each in (start, stop, first, slope))
    x = (left + lean * (first - slope * start - top)) / (1 - lean * slope)
    y = first + slope * (x - start)
    reach = np.array([line.thickness for line in crossing]) + 2
    cross = (x >= start - reach) & (x <= stop + reach) & (y >= top - reach) & (y <= bottom + reach)
    one, other = np.nonzero(cross)
    return components(
        len(lines) + len(crossing), np.append(one, other + len(lines)), np.append(other + len(lines), one)
    )


def _evened_grid(lines: list[Line], crossing: list[Line], even: np.ndarray) -> list[Line]:
    column = (min(line.start for line in lines) + max(line.stop for line in lines)) // 2
    least = _WHOLE * max(len(line.middle) for line in lines)
    on = _evenly_spaced([line for line in lines if len(line.middle) >= least], column)
    if not on:
        return lines
    low, high = min(on), max(on)
    first, last = (_place(on[rank], column) for rank in (low, high))
    step = (last - first) / (high - low)
    beside = [line for line in lines if _is_beside(line, on, _BESIDE * abs(step))]
    strokes = [line for line in beside if len(line.middle) < least and not _is_side(line, crossing, even)]
    if 2 * len(strokes) > len(on):  # they are the other sides of boxes that stand apart
        return lines
    before = round((first - min(line.start for line in crossing)) / step)
    behind = round((max(line.stop for line in crossing) - last) / step)
    hidden = (_hidden(rank, on, even) for rank in range(low - before, high + behind + 1) if rank not in on)
    return [line for line in lines if line not in strokes] + [line for line in hidden if line]


def _place(line: Line, column: int) -> float:
    return float(line.at(np.array([column]))[0])


def _evenly_spaced(lines: list[Line], column: int) -> dict[int, Line]:
    """The lines that are evenly spaced there, by their rank; there may be gaps. None, if too few are."""
    if len(lines) < _FEWEST:
        return {}
    places = np.array([_place(line, column) for line in lines])
    best: dict[int, Line] = {}
    for first in places:
        for step in np.unique((places - first).round()):
            if step <= np.ptp(places) / (2 * len(places)):  # also where all are in one place
                continue
            at = (places - first) / step
            ranks, is_on = at.round().astype(int), abs(at - at.round()) <= _ASIDE
            if np.count_nonzero(is_on) <= len(best):
                continue
            found = {int(rank): line for rank, line in zip(ranks[is_on], np.flatnonzero(is_on), strict=True)}
            is_dense = len(found) >= max(_FEWEST, _FOUND * (np.ptp(ranks[is_on]) + 1))
            if is_dense and len(found) > len(best):
                best = {rank: lines[line] for rank, line in found.items()}
    return best


def _is_side(line: Line, crossing: list[Line], even: np.ndarray) -> bool:
    """Whether both ends of a line are on others, as those of a side are, and it is drawn from one to the other."""
    row = line.middle[[0, -1]].round().astype(int)
    places = np.array([other.at(row) for other in crossing])
    reach = np.array([other.thickness + _END for other in crossing])[:, np.newaxis]
    darkest = line.darkest(even)
    is_drawn = float(np.mean(darkest >= _DARK * np.median(darkest))) >= _LONG
    return is_drawn and bool((abs(places - (line.start, line.stop)) <= reach).any(axis=0).all())


def _is_beside(line: Line, on: dict[int, Line], near: float) -> bool:
    columns = np.arange(line.start, line.stop)
    return any(float(np.median(abs(other.at(columns) - line.middle))) < near for other in on.values())


def _hidden(rank: int, on: dict[int, Line], even: np.ndarray) -> Line | None:
    """The line of that rank, evenly between or beside the nearest others; None if nothing dark runs there."""
    below, above = sorted(sorted(on, key=lambda other: abs(other - rank))[:2])
    share, (one, other) = (rank - below) / (above - below), (on[below], on[above])
    columns = np.arange(max(one.start, other.start), min(one.stop, other.stop))
    if not len(columns):
        return None
    middle = (1 - share) * one.at(columns) + share * other.at(columns)
    least = _DARK * min(float(np.median(line.darkest(even))) for line in (one, other))
    thickness = min(one.thickness, other.thickness)
    ways = [Line(int(columns[0]), middle + bend, thickness) for bend in range(-_REACH, _REACH + 1)]
    dark = [float(np.mean(way.darkest(even) >= least)) for way in ways]
    best = int(np.argmax(dark))
    return ways[best] if least > 0 and dark[best] >= _LONG else None
