"""Cells with lines on all sides: which of those that were found have them, and which others there are in their rows.

One is missed where a stroke along its side was taken for the line, or where its line was taken for a stroke.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .groups import Group
from .ink import Ink
from .rows import in_lines, slope_of
from .sides import turned
from .straight import Line

_PALEST = 0.25  # times as dark as the lines of other cells is the palest side of a cell
_WITHIN = 0.08  # of their width and height cells may lie off the places that others tell
_ASIDE, _PALER = 3, 0.6  # pixels farther off, and times as dark, may lines be where a cell is due
_NOISES = 6.0  # of the grain, they are dark at least
_FEWEST = 3  # cells tell where others are


def bordered(cells: list[Group], even: np.ndarray, thickest: int) -> tuple[list[Group], float]:
    """The cells that have lines on all sides, and how dark these are at least.

    A line that goes on from box to box is missing between them.
    """
    if not cells:
        return [], 0.0
    darkness = np.array([_darkness_around(cell, even, thickest) for cell in cells])
    least = _PALEST * float(np.quantile(darkness, 0.75))
    return [cells[i] for i in np.flatnonzero(darkness >= least)], least


@dataclass(frozen=True, eq=False)
class Frame:
    """Lines across and down that are drawn, the number of each pixel's region, and those regions that are cells.

    `is_closed` tells whether these lie between lines on all sides.
    """

    across: list[Line]
    down: list[Line]
    regions: np.ndarray
    cells: list[Group]
    is_closed: bool = True


def with_missed(frame: Frame, ink: Ink, thickest: int, least: float) -> Frame:
    """A frame with the cells that its rows miss, in gaps, before and behind, with lines about as dark on all sides."""
    if len(frame.cells) < _FEWEST:
        return frame
    least = max(_PALER * least, _NOISES * ink.noise)
    size = np.median([(cell.width, cell.height) for cell in frame.cells], axis=0)
    for places in places_to_look_at(frame.cells, ink.even.shape[1]):
        for place in places:
            more = _with_cell_at(frame, place, size, ink.even, thickest + _ASIDE, least)
            if more is None:
                break
            frame = more
    return frame


def places_to_look_at(cells: list[Group], width: int) -> Iterator[np.ndarray]:
    """Middles (n, 2) of cells that the rows of a page so wide may miss: before each row, behind it, and in each gap."""
    rows = in_lines(cells, slope_of(cells))
    steps = [(right.x0 + right.x1 - left.x0 - left.x1) / 2 for row in rows for left, right in pairwise(row)]
    if steps:
        for row in rows:
            yield from _places(row, min(steps), width)


def _with_cell_at(
    frame: Frame, middle: np.ndarray, size: np.ndarray, even: np.ndarray, aside: int, least: float
) -> Frame | None:
    """The frame with a cell around that place and its lines; None if it has none, or another cell is there.

    Its region is drawn into the frame's.
    """
    reach = size * (0.5 - _WITHIN)
    (x0, y0), (x1, y1) = (middle - reach).round().astype(int), (middle + reach).round().astype(int)
    if min(x0, y0) < 0 or x1 > even.shape[1] or y1 > even.shape[0]:
        return None
    place = slice(y0, y1), slice(x0, x1)
    number = int(frame.regions.max()) + 1
    cell = Group([number], (x1 - x0) * (y1 - y0), int(x0), int(y0), int(x1), int(y1))
    if np.isin(frame.regions[place], [one.labels[0] for one in frame.cells]).any():
        return None
    if np.median(even[place]) >= least or _darkness_around(cell, even, aside) < least:
        return None
    frame.regions[place] = number
    across = [*frame.across, *_sides(cell, even, aside, frame.across)]
    down = [*frame.down, *_sides(turned(cell), even.T, aside, frame.down)]
    return Frame(across, down, frame.regions, [*frame.cells, cell])


def _sides(cell: Group, even: np.ndarray, aside: int, others: list[Line]) -> list[Line]:
    """The lines above and below a cell, as thick as others are, and parallel."""
    slope, thickness = np.median([(line.slope, line.thickness) for line in others], axis=0)
    columns = np.arange(cell.x0, cell.x1)
    fall = slope * (columns - (cell.x0 + cell.x1 - 1) / 2)
    lines = []
    for first, last in ((max(0, cell.y0 - aside), cell.y0), (cell.y1 - 1, cell.y1 - 1 + aside)):
        darkest = first + even[first : last + 1, columns].argmax(axis=0)
        lines.append(Line(cell.x0, np.median(darkest - fall) + fall, thickness))
    return lines


def _places(row: list[Group], step: float, width: int) -> Iterator[np.ndarray]:
    """Middles (n, 2) of cells that one row, from left to right, may miss: before it, behind it, and in each gap."""
    middles = np.array([(cell.x0 + cell.x1, cell.y0 + cell.y1) for cell in row]) / 2
    run = middles[-1] - middles[0]
    on = np.array([step, step * run[1] / run[0] if run[0] else 0.0])
    further = np.arange(1, width // step + 1)[:, np.newaxis] * on
    yield middles[0] - further
    yield middles[-1] + further
    for left, right in pairwise(middles):
        n = round((right - left)[0] / step)
        yield left + np.arange(1, n)[:, np.newaxis] * (right - left) / max(n, 1)


def _darkness_around(cell: Group, even: np.ndarray, thickest: int) -> float:
    """How dark the palest side of a cell is, of its darkest pixel across the line."""
    x, y = slice(cell.x0, cell.x1), slice(cell.y0, cell.y1)
    sides = (
        even[max(0, cell.y0 - thickest) : cell.y0 + 1, x].max(axis=0),
        even[cell.y1 - 1 : cell.y1 + thickest, x].max(axis=0),
        even[y, max(0, cell.x0 - thickest) : cell.x0 + 1].max(axis=1),
        even[y, cell.x1 - 1 : cell.x1 + thickest].max(axis=1),
    )
    return float(min(np.mean(np.minimum(side, 2 * np.mean(side))) for side in sides))
