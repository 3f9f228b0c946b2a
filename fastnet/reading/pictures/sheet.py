"""Find a sheet of paper, or a slate, that lies on something else: a filled rectangle inside the picture."""

import numpy as np
from PIL import Image

from .ink import coarse, otsu
from .labelling import label_runs

Box = tuple[int, int, int, int]  # x0, y0, x1, y1; x1 and y1 are one past the last

_TWO_GROUPS = 0.75  # of the variance is between the sheet and what it lies on
_IN_SHADE = 0.6  # ... if part of the sheet is in the shade
_LEAST_SHARE = 0.12  # of the picture
_STRAIGHT = 0.85  # of the box, that nearly all rows and columns of the sheet reach across
_MARGIN = 0.04  # of the box, left out on each side: the sheet may lie askew


def find_sheet(image: Image.Image) -> tuple[Box, bool] | None:
    """The inside of the sheet that a picture shows and whether it is light, if there is one."""
    small = np.asarray(coarse(image).convert("L"), np.float32)
    threshold, separation = otsu(small)
    if separation < _IN_SHADE:
        return None
    guesses = [(threshold, True), (threshold, False)] if separation >= _TWO_GROUPS else []
    guesses.append((otsu(small[small <= threshold])[0], True))  # between the sheet's part in the shade and a dark desk
    for level, is_light in guesses:
        box = _rectangle((small > level) == is_light)
        if box is not None:
            scale = image.width / small.shape[1], image.height / small.shape[0]
            x0, y0, x1, y1 = (round(edge * scale[axis % 2]) for axis, edge in enumerate(box))
            return (x0, y0, x1, y1), is_light
    return None


def _rectangle(mask: np.ndarray) -> tuple[float, float, float, float] | None:
    """The inside of the largest part of a mask, if it is a large rectangle that reaches at most one side."""
    runs = label_runs(mask)
    if not len(runs.row):
        return None
    its = runs.label == np.bincount(runs.label, runs.stop - runs.start).argmax()
    x0, y0, x1, y1 = runs.start[its].min(), runs.row[its].min(), runs.stop[its].max(), runs.row[its].max() + 1
    n_sides = sum([x0 == 0, y0 == 0, x1 == mask.shape[1], y1 == mask.shape[0]])
    if n_sides > 1 or (x1 - x0) * (y1 - y0) < _LEAST_SHARE * mask.size:
        return None
    part = np.zeros_like(mask)
    part[mask] = np.repeat(its, runs.stop - runs.start)
    part = part[y0:y1, x0:x1]
    if not (_is_straight(part) and _is_straight(part.T)):
        return None
    margin_x, margin_y = _MARGIN * (x1 - x0), _MARGIN * (y1 - y0)
    return x0 + margin_x, y0 + margin_y, x1 - margin_x, y1 - margin_y


def _is_straight(part: np.ndarray) -> bool:
    """Whether nearly all rows reach from one side of the box to the other."""
    first, last = part.argmax(axis=1), part[:, ::-1].argmax(axis=1)
    spans = np.where(part.any(axis=1), part.shape[1] - first - last, 0)
    return float(np.mean(spans >= _STRAIGHT * part.shape[1])) >= 0.9
