"""Take ruled lines out of a mask: what runs across the whole picture and is thin."""

import numpy as np

from .labelling import label_runs

_SPAN = 0.9  # a ruled line crosses so much of the picture
_THICKEST = 0.02  # of the picture's longer side


def without_ruled_lines(mask: np.ndarray) -> np.ndarray:
    """The mask without lines across or down the page; where a stroke crosses a line, the stroke stays whole."""
    across = _without_lines_across(mask)
    return _without_lines_across(across.T).T


def _without_lines_across(mask: np.ndarray) -> np.ndarray:
    height, width = mask.shape
    thickest = max(2, round(_THICKEST * max(height, width)))
    if width < 8 * thickest:
        return mask
    runs = label_runs(mask)
    is_long = runs.stop - runs.start >= 4 * thickest
    if not is_long.any():
        return mask
    flat = np.zeros_like(mask)
    for row, start, stop in zip(runs.row[is_long], runs.start[is_long], runs.stop[is_long], strict=True):
        flat[row, start:stop] = True
    lines = label_runs(flat)
    result = mask.copy()
    for label in np.unique(lines.label):
        its = lines.label == label
        rows, starts, stops = lines.row[its], lines.start[its], lines.stop[its]
        covered = np.zeros(width, int)
        for start, stop in zip(starts, stops, strict=True):
            covered[start:stop] += 1
        thickness = float(np.median(covered[covered > 0]))
        if np.count_nonzero(covered) >= _SPAN * width and thickness <= thickest:
            _erase(result, mask, rows, starts, stops, covered)
    return result


def _erase(
    result: np.ndarray, mask: np.ndarray, rows: np.ndarray, starts: np.ndarray, stops: np.ndarray, covered: np.ndarray
) -> None:
    """Clear the line in each column, but where ink goes on above or below it."""
    height, width = mask.shape
    top, bottom = np.full(width, height), np.full(width, -1)
    for row, start, stop in zip(rows, starts, stops, strict=True):
        top[start:stop] = np.minimum(top[start:stop], row)
        bottom[start:stop] = np.maximum(bottom[start:stop], row)
    columns = np.flatnonzero(covered)
    above = mask[np.maximum(top[columns] - 2, 0), columns] & (top[columns] >= 2)
    below = mask[np.minimum(bottom[columns] + 2, height - 1), columns] & (bottom[columns] <= height - 3)
    for column in columns[~(above | below)]:
        result[max(0, top[column] - 1) : bottom[column] + 2, column] = False
