"""Which numbers pixels are (0 to 255, 0 to 1, 0 to 16, standardised), and what makes of them what a network sees.

uint8 means 0 to 255 also where data came as 0 and 1: so pictures, and other data, reach a model as bright as its own.
"""

import math
from typing import NamedTuple

import numpy as np

from fastnet.errors import DataError

from .samples import PIXEL_SCALE, as_float32

WHITES = (1, 255, 4095, 65535)  # what white can be: a fraction, or 8, 12 or 16 bits
_TOPS = (1, 16, *WHITES[1:])  # whole numbers go from 0 to one of these, 16 in scikit-learn's digits
_MOST_FRACTION = 16.0  # what goes beyond is no scaled pixel any more: halfway, by ratio, between 1 and 255


class Scaled(NamedTuple):
    """Images as kernels know them, `(n, n_pixels)` uint8 or float32 in C order, and what makes them 0 to 1."""

    images: list[np.ndarray]
    scale: float
    note: str  # what is to be said; empty where it is plain


def scale_pixels(parts: list[np.ndarray], name: str) -> Scaled:
    """Find out the scale of images `(n, ...)` of one kind, such as a training set and its test set.

    Whole numbers from 0 go to the next of 1, 16, 255, 4095 and 65535. Those that go to 1 or 255 become uint8 from 0 to
    255, those that go to 16 uint8 as they are, and others float32 from 0 to 1. Fractions go to 1, and are taken as they
    are; beyond 16 they are taken for unscaled ones, of 0 to 255, 4095 or 65535. What has negative pixels is
    standardised, and taken as it is. DataError for pixels that are no finite numbers, or beyond 65535, and for whole
    numbers beside floating-point ones.
    """
    flats = [_flat(part, name) for part in parts]
    are_floats = {flat.dtype.kind == "f" for flat in flats}
    if len(are_floats) > 1:
        kinds = " and ".join(str(part.dtype) for part in parts)
        raise DataError(f"{name}: training and test images must be of one kind of numbers, not {kinds}")
    low, high = min(float(flat.min()) for flat in flats), max(float(flat.max()) for flat in flats)
    is_whole = are_floats == {False} or (high > 1 and all((flat == np.rint(flat)).all() for flat in flats))
    if low < 0 or (not is_whole and high <= _MOST_FRACTION):
        return Scaled([_float32(flat) for flat in flats], 1.0, "")
    top = next((top for top in _TOPS if high <= top), None)
    if top is None:
        raise DataError(f"{name}: pixels go up to {high:g}, and {_TOPS[-1]} is the most")
    if high == 0:
        top = 255
    is_plain = top == 255 and all(flat.dtype.kind == "u" for flat in flats)
    note = "" if is_plain else f"pixels go from 0 to {high:g}: divided by {top}"
    if is_whole and top <= 255:
        step, scale = (255, PIXEL_SCALE) if top == 1 else (1, 1 / top)
        return Scaled([np.ascontiguousarray(flat, np.uint8) * np.uint8(step) for flat in flats], scale, note)
    return Scaled([_float32(flat) * np.float32(1 / top) for flat in flats], 1.0, note)


def are_unscaled(pixels: np.ndarray, scale: float) -> bool:
    """Whether the largest of floating-point pixels shows that they are still to be multiplied with the scale.

    It does where it is nearer, by ratio, to 1 / scale than to 1, and no pixel is negative.
    """
    return bool(pixels.max(initial=0) > math.sqrt(1 / scale) and pixels.min(initial=0) >= 0) if scale < 1 else False


def _flat(images: np.ndarray, name: str) -> np.ndarray:
    if images.dtype.kind not in "biuf":
        raise DataError(f"{name}: pixels must be numbers, not {images.dtype}")
    flat = images.reshape(len(images), -1)
    if flat.dtype == bool:
        return flat.astype(np.uint8)
    return as_float32(flat, name) if flat.dtype.kind == "f" else flat


def _float32(flat: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(flat, np.float32)
