"""Take ruled lines out of a mask: what runs across the whole page and is thin."""

import math
from dataclasses import dataclass

import numpy as np

from .labelling import Runs, label_runs, long_runs, places_in
from .mnist_form import stroke_width
from .rows import STEEPEST

_SPAN = 0.9  # a ruled line crosses so much of the page
_PAGE, _ALIKE = 0.4, 0.02  # of the picture: a page that ends within it is so wide; the ends of its lines differ so much
_SEVERAL = 3  # lines that end alike show where a page ends; two may be drawn below a number
_LONG = 0.12  # of the picture: a line has runs as long, unless it slants much; wide strokes have not
_PIECE, _MANY = 0.25, 4  # so many parallel pieces, each across such a share of the picture, are ruled lines with gaps
_JOINED = 0.5  # of the picture: lines that a flat stroke joins have runs as long, the stroke has not
_GAP = 3  # pixels: grain breaks a faint line no farther
_THICKEST = 0.02  # of the picture's longer side
_LEVEL = 0.02  # rows a column: a line that slants by up to one degree is found as it is
_SLOPES = np.linspace(-STEEPEST, STEEPEST, 31)
_NEARER = np.linspace(-0.01, 0.01, 21)
_CROSSED, _LOOKED_AT = 0.5, 200  # the share of so many columns, evenly spaced, that one slanting line crosses at least
_MARGIN = 0.02  # of the picture: a lone line that ends by so much before an edge, where another stroke begins, ...
_MUCH = 0.35  # ... and is so much of all ink, is a stroke of a digit that fills the picture
_AS_HIGH = 0.65  # of the picture is a digit high beside 1s that were taken for lines, ...
_AS_THICK, _AS_DARK, _EVENLY = 0.7, 0.8, 0.1  # ... of whose strokes they are as thick and dark; off evenly spaced ones
_DARKER = 1.4  # times as dark as the line: that is ink on the line

Line = tuple[np.ndarray, np.ndarray, np.ndarray]  # as `_edges` gives it


def without_ruled_lines(mask: np.ndarray, faint: np.ndarray, even: np.ndarray) -> tuple[np.ndarray, float]:
    """The mask without lines across or down the page; where a stroke crosses a line, the stroke stays whole.

    Lines are looked for in `faint`, where they have no gaps; `even` tells how dark they are. They may slant by up to
    16 degrees, all alike: the second result is by how many rows a column those across fall, 0 if they are level, or if
    there is only one, which may be anything.
    """
    across, slope = _without_lines_across(mask, faint, even)
    both = _without_lines_across(across.T, faint.T, even.T)[0].T
    return across if _are_ones(across & ~both, both, even) else both, slope


def _are_ones(lines: np.ndarray, rest: np.ndarray, even: np.ndarray) -> bool:
    """Whether lines down the page are 1s: about as dark and thick as the strokes of digits that fill the picture.

    Several that are evenly spaced are none.
    """
    if not lines.any() or not rest.any():
        return False
    apart = np.diff(np.flatnonzero(np.diff(lines.any(axis=0), prepend=False))[::2])
    are_even = len(apart) > 1 and np.ptp(apart) <= _EVENLY * apart.mean()
    if are_even or np.median(even[lines]) < _AS_DARK * np.median(even[rest]):
        return False
    box = label_runs(rest).box
    is_close = (box[:, 3] - box[:, 1]).max() >= _AS_HIGH * len(rest)
    return bool(is_close and stroke_width(lines) >= _AS_THICK * stroke_width(rest))


def _without_lines_across(mask: np.ndarray, faint: np.ndarray, even: np.ndarray) -> tuple[np.ndarray, float]:
    height, width = mask.shape
    if faint.any(axis=0).mean() < _SPAN and not _may_be_page(faint):
        return mask, 0.0
    slope = slope_of_lines(faint)
    if slope == 0:
        return _without_level_lines(mask, faint, even, np.broadcast_to(True, mask.shape), 0.0)[0], 0.0
    fall = np.round(slope * np.arange(width)).astype(int)
    fall -= max(0, fall.max())
    rows = np.arange(height + np.ptp(fall))[:, np.newaxis] + fall  # of the page, for each row along the slope
    inside = (rows >= 0) & (rows < height)
    rows = rows.clip(0, height - 1)
    level_mask, level_faint, level_even = (
        inside * np.take_along_axis(each, rows, axis=0) for each in (mask, faint, even)
    )
    level_faint[1:] |= level_faint[:-1]  # the steps of a slanting line are not quite those of its slope
    level, n_lines = _without_level_lines(level_mask, level_faint, level_even, inside, slope)
    without = np.take_along_axis(level, np.arange(height)[:, np.newaxis] - fall, axis=0)
    return without, slope if n_lines > 1 else 0.0


def _may_be_page(faint: np.ndarray) -> bool:
    """Whether there is as much, one below the other, as of several ruled lines, all over a part of the picture."""
    begins = _begins(faint)[0].sum(axis=1) >= _SEVERAL
    its = np.flatnonzero(begins)
    return len(its) >= _PAGE * len(begins) and len(its) >= _SPAN * (its[-1] - its[0] + 1)


def _begins(faint: np.ndarray) -> tuple[np.ndarray, int]:
    """Where something begins below paper, (columns, rows), in columns evenly spaced, and how far apart these are."""
    step = math.ceil(faint.shape[1] / _LOOKED_AT)
    columns = faint[:, ::step]
    return columns[1:].T & ~columns[:-1].T, step


def slope_of_lines(faint: np.ndarray, crossed: float = _CROSSED) -> float:
    """How many rows lines across fall for each column, 0 if none crosses so much of them (Hough's transform)."""
    begins, step = _begins(faint)
    x, y = np.nonzero(begins)
    x *= step
    slope = _likeliest(_SLOPES, x, y, max(2.0, 0.01 * faint.shape[1]))
    if abs(slope) + _NEARER[-1] <= _LEVEL:
        return 0.0
    slope = _likeliest(slope + _NEARER, x, y, 2.0)
    n = _in_bands(x, y, slope, 2.0).max(initial=0)
    return slope if abs(slope) > _LEVEL and n >= crossed * len(begins) else 0.0


def _likeliest(slopes: np.ndarray, x: np.ndarray, y: np.ndarray, rows: float) -> float:
    """The slope along which some points lie in the fewest bands."""
    return float(slopes[np.argmax([np.square(_in_bands(x, y, each, rows)).sum() for each in slopes])])


def _in_bands(x: np.ndarray, y: np.ndarray, slope: float, rows: float) -> np.ndarray:
    """How many of some points lie in each band of so many rows that falls like that."""
    band = ((y - slope * x) / rows).astype(int)
    return np.bincount(band - band.min(initial=0))


def _without_level_lines(
    mask: np.ndarray, faint: np.ndarray, even: np.ndarray, inside: np.ndarray, slope: float
) -> tuple[np.ndarray, int]:
    """The mask without lines across, and how many these are; `inside` is what is of the picture, which had a slope."""
    width = mask.shape[1]
    thickest = max(2, round(_THICKEST * max(mask.shape)))
    flat = long_runs(faint, max(4 * thickest, round(_LONG * width)), _GAP)
    if width < 8 * thickest or not flat.any():
        return mask, 0
    lines = _thin(flat, thickest)
    page = _page(lines, width, slope)
    if page is None and faint.any(axis=0).mean() < _SPAN * inside.any(axis=0).mean():
        return mask, 0
    reach = (inside if page is None else inside & page.drawn(mask.shape)).sum(axis=1)
    n_pieces = sum(_PIECE * width <= len(line[0]) < _SPAN * reach[_middle_row(line)] for line in lines)
    share = _LONG if n_pieces >= _MANY else _SPAN
    ruled = [line for line in lines if len(line[0]) >= share * reach[_middle_row(line)]]
    if not ruled:
        return mask, 0
    result = mask.copy()
    _erase(result, mask, even, ruled)
    if page is not None and not (result & page.drawn(mask.shape, -_ALIKE * width)).any():
        return mask, 0  # a figure of thin strokes, as on a display, with nothing in it
    return (mask, 0) if len(ruled) == 1 and _is_stroke(ruled[0], mask, result) else (result, len(ruled))


@dataclass(frozen=True)
class _Page:
    """The columns from which and up to which a page goes in the first row, and how far they move left in each row."""

    left: float
    right: float
    lean: float

    def drawn(self, shape: tuple[int, ...], more: float = 0.0) -> np.ndarray:
        """The mask of the page, so much wider on both sides."""
        height, width = shape
        places = np.arange(width) + self.lean * np.arange(height)[:, np.newaxis]
        page: np.ndarray = (places >= self.left - more) & (places <= self.right + more)
        return page


def _page(lines: list[Line], width: int, slope: float) -> _Page | None:
    """The page, upright to lines that had a slope, if it ends within the picture: several lines end alike there."""
    lean = slope / (1 + slope**2)
    ends = np.array(
        [
            columns[[0, -1]] + lean * _middle_row((columns, top, bottom))
            for columns, top, bottom in lines
            if _PAGE * width <= len(columns) < _SPAN * width
        ]
    )
    if len(ends) < _SEVERAL:
        return None
    alike = (abs(ends - ends[:, np.newaxis]) <= _ALIKE * width).all(axis=2)
    its = alike[alike.sum(axis=1).argmax()]
    left, right = np.median(ends[its], axis=0).tolist()
    return _Page(left, right, lean) if its.sum() >= _SEVERAL else None


def _thin(flat: np.ndarray, thickest: int) -> list[Line]:
    """The parts that are no thicker; of those that flat strokes join, what is left without these."""
    runs = label_runs(flat)
    lines = [_edges(runs, label, flat.shape) for label in range(runs.n_parts)]
    is_thin = [bool(_median((bottom - top)[columns]) <= thickest) for columns, top, bottom in lines]
    thin = [line for line, is_line in zip(lines, is_thin, strict=True) if is_line]
    joined = np.zeros_like(flat)
    joined[flat] = ~np.array(is_thin)[runs.label_of_pixels]
    level = long_runs(joined, _JOINED * flat.shape[1], 0)
    return thin + _thin(level, thickest) if 0 < level.sum() < joined.sum() else thin


def _middle_row(line: Line) -> int:
    columns, top, _ = line
    return int(_median(top[columns]))


def _median(values: np.ndarray) -> float:
    """As `np.median`, which takes several times as long for so few."""
    middle = (len(values) - 1) // 2, len(values) // 2
    return float(np.partition(values, middle)[list(middle)].mean())


def _is_stroke(line: Line, mask: np.ndarray, rest: np.ndarray) -> bool:
    """Whether the only line is of the one digit that fills the page: it ends within it, is much of the ink, and another
    stroke begins at an end of it.
    """
    columns, top, bottom = line
    margin = math.ceil(_MARGIN * mask.shape[1])
    begins_within, ends_within = columns[0] > margin, columns[-1] < mask.shape[1] - margin
    if (bottom - top)[columns].sum() < _MUCH * np.count_nonzero(mask):
        return False
    inked = np.flatnonzero(rest.any(axis=0))
    at_begin, at_end = ((np.abs(inked - end) <= 2 * margin).any() for end in columns[[0, -1]])
    return bool((begins_within and at_begin) or (ends_within and at_end))


def _edges(runs: Runs, label: int, shape: tuple[int, ...]) -> Line:
    """The columns of a part; and of every column its first row, and the one after its last: (height, 0) for none."""
    height, width = shape
    its = runs.label == label
    length = runs.length[its]
    rows = np.repeat(runs.row[its], length)
    columns = places_in(runs.start[its], length)
    top, bottom = np.full(width, height), np.zeros(width, int)
    np.minimum.at(top, columns, rows)
    np.maximum.at(bottom, columns, rows + 1)
    return np.flatnonzero(bottom > top), top, bottom


def _erase(result: np.ndarray, mask: np.ndarray, even: np.ndarray, lines: list[Line]) -> None:
    """Clear the lines in each column, but where ink goes on above or below one or is darker than it."""
    last = len(mask) - 1
    columns, top, bottom = (
        np.concatenate(each) for each in zip(*((its, top[its], bottom[its]) for its, top, bottom in lines), strict=True)
    )
    above, below = top - 2, bottom + 1  # rows of each column beyond the line and one row to each side
    first = top.clip(1) - 1
    length = below.clip(max=last + 1) - first
    rows, places = places_in(first, length), np.repeat(columns, length)
    darkness = np.maximum.reduceat(even[rows, places], length.cumsum() - length)
    n_columns = [len(its) for its, *_ in lines]
    usual = [_median(each) for each in np.split(darkness, np.cumsum(n_columns)[:-1])]
    goes_on = (mask[above.clip(0), columns] & (above >= 0)) | (mask[below.clip(max=last), columns] & (below <= last))
    clear = np.repeat(~goes_on & (darkness < _DARKER * np.repeat(usual, n_columns)), length)
    result[rows[clear], places[clear]] = False
