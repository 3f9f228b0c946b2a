"""Take ruled lines out of a mask: what runs across the whole picture and is thin."""

import numpy as np

from .labelling import Runs, label_runs, long_runs

_SPAN = 0.9  # a ruled line crosses so much of the picture
_LONG = 0.12  # of the picture: a line has runs as long, unless it slants much; wide strokes have not
_PIECE, _MANY = 0.25, 4  # so many parallel pieces, each across such a share of the picture, are ruled lines with gaps
_GAP = 3  # pixels: grain breaks a faint line no farther
_THICKEST = 0.02  # of the picture's longer side
_DARKER = 1.4  # times as dark as the line: that is ink on the line


def without_ruled_lines(mask: np.ndarray, faint: np.ndarray, even: np.ndarray) -> np.ndarray:
    """The mask without lines across or down the page; where a stroke crosses a line, the stroke stays whole.

    Lines are looked for in `faint`, where they have no gaps; `even` tells how dark they are.
    """
    across = _without_lines_across(mask, faint, even)
    return _without_lines_across(across.T, faint.T, even.T).T


def _without_lines_across(mask: np.ndarray, faint: np.ndarray, even: np.ndarray) -> np.ndarray:
    width = mask.shape[1]
    if faint.any(axis=0).mean() < _SPAN:
        return mask
    thickest = max(2, round(_THICKEST * max(mask.shape)))
    flat = long_runs(faint, max(4 * thickest, round(_LONG * width)), _GAP)
    if width < 8 * thickest or not flat.any():
        return mask
    runs = label_runs(flat)
    lines = [_edges(runs, label, flat.shape) for label in range(runs.n_parts)]
    lines = [(columns, top, bottom) for columns, top, bottom in lines if np.median((bottom - top)[columns]) <= thickest]
    n_pieces = sum(_PIECE * width <= len(columns) < _SPAN * width for columns, *_ in lines)
    least = (_LONG if n_pieces >= _MANY else _SPAN) * width
    result = mask.copy()
    for columns, top, bottom in lines:
        if len(columns) >= least:
            _erase(result, mask, even, columns, top, bottom)
    return result


def _edges(runs: Runs, label: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The columns of a part; and of every column its first row, and the one after its last: (height, 0) for none."""
    height, width = shape
    its = runs.label == label
    length = runs.length[its]
    rows = np.repeat(runs.row[its], length)
    columns = np.arange(length.sum()) - np.repeat(length.cumsum() - length - runs.start[its], length)
    top, bottom = np.full(width, height), np.zeros(width, int)
    np.minimum.at(top, columns, rows)
    np.maximum.at(bottom, columns, rows + 1)
    return np.flatnonzero(bottom > top), top, bottom


def _erase(
    result: np.ndarray, mask: np.ndarray, even: np.ndarray, columns: np.ndarray, top: np.ndarray, bottom: np.ndarray
) -> None:
    """Clear the line in each column, but where ink goes on above or below it or is darker than the line."""
    last = len(mask) - 1
    first, stop = top[columns] - 1, bottom[columns] + 1
    band = first + np.arange((stop - first).max())[:, np.newaxis]  # rows of each column's line and one to each side
    inside = (band < stop) & (band >= 0) & (band <= last)
    band = band.clip(0, last)
    darkness = np.where(inside, even[band, columns], 0).max(axis=0)
    goes_on = (mask[(first - 1).clip(0), columns] & (first > 0)) | (mask[stop.clip(0, last), columns] & (stop <= last))
    clear = inside & ~goes_on & (darkness < _DARKER * np.median(darkness))
    result[band[clear], np.broadcast_to(columns, band.shape)[clear]] = False
