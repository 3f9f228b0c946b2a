"""Which straight lines on a form are sides of its cells: strokes run inside cells, and sides from corner to corner."""

import numpy as np

from .groups import Group
from .straight import Line

_WHOLE = 0.92  # of a cell's side, along which a line runs
_APART, _FAR_LONGER = 0.3, 1.5  # of the height of cells, between lines, and times as long: what is nearer is a stroke
_ONE_CELL = 0.85, 1.15  # of the usual height of cells lies between lines with one cell between them
_CORNER, _FREE = 6, 2  # pixels of a side before a corner; where as many of them are paper, a stroke ends before it
_PAPER, _ASIDE = 0.3, 3  # times as dark as the line, at most; pixels, by which a stroke may have drawn it aside
_THICKER = 2  # times as thick as most lines is a stroke


def without_strokes(lines: list[Line], cells: list[Group], even: np.ndarray) -> list[Line]:
    """The lines across without strokes about as long as sides of cells: they end before the corners, or are too thick.

    A line of several cells may be thicker than others, as between the blocks of a sudoku. `even` tells how dark all is.
    """
    x0, _, x1, _ = _edges(cells)
    usual = float(np.median(np.repeat([line.thickness for line in lines], [len(line.middle) for line in lines])))
    longest = _FAR_LONGER * float(np.median(x1 - x0))

    def is_too_thick(line: Line) -> bool:
        return line.thickness > _THICKER * usual and len(line.middle) < longest

    def ends_before_corners(line: Line) -> bool:
        """Whether there is paper before a corner of each cell along which it runs, and none between, as of dashes."""
        along = _runs_along(line, x0, x1)
        going_on = Line(0, line.at(np.arange(even.shape[1])), line.thickness)
        is_paper = going_on.darkest(even, _ASIDE) < _PAPER * np.median(line.darkest(even))
        n_paper = np.append(0, is_paper.cumsum())
        first, last = n_paper[x0 + _CORNER] - n_paper[x0], n_paper[x1] - n_paper[x1 - _CORNER]
        inside = np.minimum(x0 + 2 * _CORNER, x1), np.maximum(x1 - 2 * _CORNER, x0)
        is_dashed = n_paper[np.maximum(*inside)] - n_paper[inside[0]] >= _FREE
        return bool(along.any() and (np.maximum(first, last) >= _FREE)[along].all() and not is_dashed[along].any())

    return [line for line in lines if not (is_too_thick(line) or ends_before_corners(line))]


def likely_sides(lines: list[Line], cells: list[Group]) -> list[Line]:
    """The lines across that may be sides of cells, also of such as were not found because strokes divide them.

    These are as long as a side, and do not lie in the middle of a cell.
    """
    width, height = (float(np.median([getattr(cell, name) for cell in cells])) for name in ("width", "height"))

    def is_within_cell(line: Line, times: float) -> bool:
        """Whether it lies between two lines that are so many times as long, with one cell between them."""
        apart = np.array([_distance(other, line) for other in lines if _covers(other, line, times)])
        above, below = apart[apart < -line.thickness], apart[apart > line.thickness]
        between = (below[:, np.newaxis] - above) / height
        return bool(((between >= _ONE_CELL[0]) & (between <= _ONE_CELL[1])).any())

    def is_likely(line: Line) -> bool:
        if is_within_cell(line, _FAR_LONGER):
            return False
        return _is_side(line, cells) or (len(line.middle) >= _WHOLE * width and not is_within_cell(line, _WHOLE))

    return [line for line in lines if is_likely(line)]


def _covers(line: Line, other: Line, times: float) -> bool:
    """Whether a line is so many times as long as another, and runs along most of it."""
    shared = min(line.stop, other.stop) - max(line.start, other.start)
    return len(line.middle) >= times * len(other.middle) and shared >= _WHOLE * len(other.middle)


def _distance(line: Line, other: Line) -> float:
    """How far the line is below the other, along that."""
    return float(np.median(line.at(np.arange(other.start, other.stop)) - other.middle))


def _along(line: Line, cells: list[Group]) -> np.ndarray:
    """Which cells have the line near their upper or lower side."""
    x0, y0, x1, y1 = _edges(cells)
    middle = line.at((x0 + x1) // 2)
    near = line.thickness + 0.12 * (y1 - y0) + 2
    beside: np.ndarray = np.minimum(abs(middle - y0), abs(middle - y1)) <= near
    return beside


def _edges(cells: list[Group]) -> tuple[np.ndarray, ...]:
    return tuple(np.array([getattr(cell, side) for cell in cells]) for side in ("x0", "y0", "x1", "y1"))


def _is_side(line: Line, cells: list[Group]) -> bool:
    """Whether it runs along a whole side of a cell."""
    x0, _, x1, _ = _edges(cells)
    return bool((_runs_along(line, x0, x1) & _along(line, cells)).any())


def _runs_along(line: Line, x0: np.ndarray, x1: np.ndarray) -> np.ndarray:
    """Which sides of cells, from x0 to x1, the line covers, however far above or below."""
    runs_along: np.ndarray = np.minimum(line.stop, x1) - np.maximum(line.start, x0) > _WHOLE * (x1 - x0)
    return runs_along


def sides(lines: list[Line], cells: list[Group]) -> list[Line]:
    """The lines across that run along a whole side of a cell, and not beside a longer one, as strokes do.

    The sides of boxes that stand close together may; but they go around their box from end to end.
    """
    x0, y0, x1, y1 = _edges(cells)

    def goes_around(line: Line) -> bool:
        return bool(((line.start < x0) & (line.stop > x1) & _along(line, cells)).any())

    some = [line for line in lines if _is_side(line, cells)]
    apart = _APART * float(np.median(y1 - y0))
    return [line for line in some if goes_around(line) or not any(_is_along(line, other, apart) for other in some)]


def _is_along(line: Line, other: Line, apart: float) -> bool:
    """Whether a line lies beside another one that is far longer."""
    if len(other.middle) < _FAR_LONGER * len(line.middle):
        return False
    shared = min(line.stop, other.stop) - max(line.start, other.start)
    return shared > 0 and max(line.thickness, other.thickness) < abs(_distance(other, line)) < apart


def turned(cell: Group) -> Group:
    """The cell with rows and columns exchanged."""
    return Group(cell.labels, cell.area, cell.y0, cell.x0, cell.y1, cell.x1)
