"""What was left out of a form, and what it says: the cell of a digit was missed, or all were, or these are no cells.

The figures below were chosen on forms with digits of the validation set, drawn as others draw them.
"""

import numpy as np

from .cuts import Cut, Found, LeftOut
from .frames import A_FRAME
from .sheet import Box

OUTSIDE = "outside the cells"  # why it is left out
MISSED, NO_CELLS = "ink outside the cells", "cells not found"  # flags

_AS_HIGH = 0.45, 2.5  # of what stands in a row: lower ink is dirt, or left of a line, higher one the edge of a page
THIN = 0.05  # times as wide as high, at most: no pen is as thin, it is left of a line
_LETTER, _ALIKE, _NEAR = 0.8, 0.6, 1.0  # of the row's height; of each other's, or 1 / 0.6; of it is between letters
_WORD = 3  # letters
_BORDER, _ACROSS = 0.12, 0.95  # of a frame's height is its border; of its width is a line long that runs through it
_BENT = 5, 0.04  # rows, and of the width: by so many a line may slant or be broken
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
    may_be_digit = is_as_high & (width > THIN * height) & ~is_around
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


def cells_missed(found: Found, mask: np.ndarray) -> bool:
    """Whether lines run between or beside digits through a frame around them: a table was read without its cells."""
    digits = _boxes(found.cuts)
    x, y = (digits[:, 0] + digits[:, 2]) / 2, (digits[:, 1] + digits[:, 3]) / 2
    frames = (each.box for each in found.left_out if each.reason == A_FRAME)
    for x0, y0, x1, y1 in frames:
        inside = digits[(x0 < x) & (x < x1) & (y0 < y) & (y < y1)] - (x0, y0, x0, y0)
        drawn = mask[y0:y1, x0:x1]
        if len(inside) and (_is_divided(drawn, inside[:, 1::2]) or _is_divided(drawn.T, inside[:, ::2])):
            return True
    return False


def _is_divided(drawn: np.ndarray, digits: np.ndarray) -> bool:
    """Whether a line runs across what is drawn, from side to side, clear of its border and of digits, (n, 2) rows."""
    height, width = drawn.shape
    reach = max(_BENT[0], round(_BENT[1] * width))
    if height <= 2 * reach:
        return False
    near = np.asarray(np.lib.stride_tricks.sliding_window_view(drawn, reach, axis=0).any(axis=2))
    rows = np.arange(len(near))
    is_clear = (rows >= _BORDER * height) & (rows + reach <= (1 - _BORDER) * height)
    for top, bottom in digits:
        is_clear &= (rows + reach <= top) | (rows >= bottom)
    return bool((near[is_clear].mean(axis=1) >= _ACROSS).any())


def _boxes(those: list[LeftOut] | list[Cut]) -> np.ndarray:
    return np.array([each.box for each in those]).reshape(-1, 4)
