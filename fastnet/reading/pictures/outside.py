"""What lies outside the cells of a form, and what it says: the cell of a digit was missed, or these are no cells.

The figures below were chosen on forms with digits of the validation set, drawn as others draw them.
"""

import numpy as np

from .cuts import Found, LeftOut
from .sheet import Box

OUTSIDE = "outside the cells"  # why it is left out
MISSED = "ink outside the cells"  # a flag

_AS_HIGH = 0.45, 2.5  # of what stands in a row: lower ink is dirt, or left of a line, higher one the edge of a page
_THIN = 0.05  # times as wide as high, at most: no pen is as thin, it is left of a line
_LETTER, _ALIKE, _NEAR = 0.8, 0.6, 1.0  # of the row's height; of each other's, or 1 / 0.6; of it is between letters
_WORD = 3  # letters
_FAR_HIGHER, _FLATTEST = 2.0, 5.0  # times as high as the cells, and as wide as high or as high as wide


def digits_missed(found: Found) -> bool:
    """Whether ink as high as what stands in the cells lies in a row of them, but in none; printed words do."""
    boxes = _boxes([each for each in found.left_out if each.reason == OUTSIDE])
    rows = ([one.box for one in line if one.column is not None] for line in found.lines)
    return any(_is_missed(boxes, np.array(row)) for row in rows if row and len(boxes))


def _is_missed(boxes: np.ndarray, row: np.ndarray) -> bool:
    middle, usual = (boxes[:, 1] + boxes[:, 3]) / 2, float(np.median(row[:, 3] - row[:, 1]))
    inside = boxes[(row[:, 1].min() <= middle) & (middle <= row[:, 3].max())]
    width, height = inside[:, 2] - inside[:, 0], inside[:, 3] - inside[:, 1]
    is_around = (inside[:, 0] < row[:, 0].min()) & (inside[:, 2] > row[:, 2].max())
    is_as_high = (height >= _AS_HIGH[0] * usual) & (height <= _AS_HIGH[1] * usual)
    may_be_digit = is_as_high & (width > _THIN * height) & ~is_around
    return bool((may_be_digit & ~((height <= _LETTER * usual) & _in_word(inside))).any())


def _in_word(boxes: np.ndarray) -> np.ndarray:
    """Which of the boxes are about as high as others that stand close beside them, as letters do."""
    x0, _, x1, _ = boxes.T
    height = boxes[:, 3] - boxes[:, 1]
    ratio = height / height[:, np.newaxis]
    apart = np.maximum(x0, x0[:, np.newaxis]) - np.minimum(x1, x1[:, np.newaxis])
    near = (apart <= _NEAR * height) & (ratio >= _ALIKE) & (ratio <= 1 / _ALIKE)
    next_to_near = near | (near.astype(int) @ near > 0)
    in_word: np.ndarray = np.count_nonzero(next_to_near, axis=1) >= _WORD
    return in_word


def is_far_larger(outside: list[LeftOut], height: float, cells: Box) -> bool:
    """Whether ink far larger than the cells, and neither a line nor around them, lies outside: buttons seem cells."""
    boxes = _boxes(outside)
    wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    is_stroke = (wide <= _FLATTEST * high) & (high <= _FLATTEST * wide)
    is_beside = (boxes[:, :2] >= cells[2:]).any(axis=1) | (boxes[:, 2:] <= cells[:2]).any(axis=1)
    return bool((is_stroke & is_beside & (high >= _FAR_HIGHER * height)).any())


def _boxes(left_out: list[LeftOut]) -> np.ndarray:
    return np.array([each.box for each in left_out]).reshape(-1, 4)
