"""Find a sheet of paper that lies on something else: a large, filled rectangle."""

import numpy as np

from .labelling import label_runs

Box = tuple[int, int, int, int]  # x0, y0, x1, y1; x1 and y1 are one past the last

_LEAST_SHARE = 0.12  # of the picture
_STRAIGHT = 0.85  # of the box, that nearly all rows and columns of the sheet reach across
_MARGIN = 0.04  # of the box, left out on each side: the sheet may lie askew


def find_sheet(mask: np.ndarray) -> Box | None:
    """The inside (x0, y0, x1, y1) of a sheet that stands out in the mask, if there is one."""
    if mask.mean() < _LEAST_SHARE:
        return None
    step = max(1, max(mask.shape) // 250)
    runs = label_runs(mask[::step, ::step])
    largest = np.bincount(runs.label, runs.stop - runs.start).argmax()
    its = runs.label == largest
    part = np.zeros_like(mask[::step, ::step])
    for row, start, stop in zip(runs.row[its], runs.start[its], runs.stop[its], strict=True):
        part[row, start:stop] = True
    rows, columns = (np.flatnonzero(part.any(axis=axis)) for axis in (1, 0))
    part = part[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if part.size < _LEAST_SHARE * mask.size / step**2 or not (_is_straight(part) and _is_straight(part.T)):
        return None
    margin_y, margin_x = (_MARGIN * n for n in part.shape)
    box = columns[0] + margin_x, rows[0] + margin_y, columns[-1] + 1 - margin_x, rows[-1] + 1 - margin_y
    x0, y0, x1, y1 = (round(edge * step) for edge in box)
    return x0, y0, x1, y1


def _is_straight(part: np.ndarray) -> bool:
    """Whether nearly all rows reach from one side of the box to the other."""
    first, last = part.argmax(axis=1), part[:, ::-1].argmax(axis=1)
    spans = np.where(part.any(axis=1), part.shape[1] - first - last, 0)
    return float(np.mean(spans >= _STRAIGHT * part.shape[1])) >= 0.9
