"""Cells that are open above, as forms have them: a base line with short uprights on it, evenly spaced.

The line ends where the outer uprights stand, which tells a comb from ones that somebody wrote on a ruled line. The
figures below were chosen on combs with digits of the training set, drawn as `benchmarks/form_rendering.py` draws them.
"""

import numpy as np

from .straight import Line

_FEWEST = 4  # uprights: three cells
_EVEN = 0.15  # of the usual distance from one to the next, by which one may stand aside
_AS_HIGH = 0.25  # of the usual height, by which one may be higher or lower
_ROOM = 1.1  # times as high as wide is the room in which a digit stands
_NEAR = 4  # pixels, and the thickness of the base: uprights end on it


def comb_on(base: Line, down: list[Line]) -> tuple[Line, list[Line]] | None:
    """The roof that a comb on that line across would have, and its uprights up to there; None if there is no comb."""
    uprights = _even([line for line in down if _stands_on(line, base)])
    if len(uprights) < _FEWEST:
        return None
    places = np.array([line.middle[-1] for line in uprights])
    room, reach = _ROOM * float(np.median(np.diff(places))), base.thickness + _NEAR
    ends_there = abs(places[0] - base.start) <= reach and abs(places[-1] - base.stop) <= reach
    if not ends_there or max(len(line.middle) for line in uprights) > room:
        return None
    first, last = int(places[0]), int(places[-1])
    roof = Line(first, base.at(np.arange(first, last + 1)) - room, base.thickness)
    if roof.middle.min() < 0:
        roof = Line(first, np.maximum(roof.middle, 0), base.thickness)
    return roof, [_up_to(line, roof) for line in uprights]


def _stands_on(line: Line, base: Line) -> bool:
    """Whether a line down ends on the base."""
    foot = float(line.middle[-1])
    reach = base.thickness + _NEAR
    is_over = base.start - reach <= foot <= base.stop + reach
    return is_over and abs(float(base.at(np.array([round(foot)]))[0]) - line.stop) <= reach


def _even(lines: list[Line]) -> list[Line]:
    """Those of the lines down that are of one height and evenly spaced; strokes that stand between them are not."""
    if len(lines) < _FEWEST:
        return []
    usual = float(np.median([len(line.middle) for line in lines]))
    alike = [line for line in lines if abs(len(line.middle) - usual) <= _AS_HIGH * usual]
    places = np.array([line.middle[-1] for line in alike])
    best: list[Line] = []
    for first in places:
        for step in np.unique(abs(places - first).round()):
            if step < usual / 4:
                continue
            at = (places - first) / step
            on = abs(at - at.round()) <= _EVEN
            ranks = at[on].round().astype(int)
            is_whole = len(set(ranks)) == len(ranks) == np.ptp(ranks) + 1
            if is_whole and len(ranks) > len(best):
                best = [alike[i] for i in np.flatnonzero(on)[ranks.argsort()]]
    return best


def _up_to(line: Line, roof: Line) -> Line:
    """The line down, from the roof on."""
    start = int(roof.at(np.array([round(float(line.middle[0]))]))[0])
    rows = np.arange(min(start, line.start), line.stop)
    return Line(int(rows[0]), line.at(rows), line.thickness)
