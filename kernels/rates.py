"""Rates of dropout as kernels take them, rounded to 16 bits; without Numba, as the textbook needs them too."""

from typing import NamedTuple

import numpy as np

RESOLUTION = 65536


class Rate(NamedTuple):
    """A unit is dropped where its 16 bits are below `threshold`, uint32, never if that is 0; else times `factor`."""

    threshold: np.uint32
    factor: np.float32


def rate_of(rate: float) -> Rate:
    """The rate as the kernels take it."""
    threshold = min(round(rate * RESOLUTION), RESOLUTION - 1)
    return Rate(np.uint32(threshold), np.float32(RESOLUTION / (RESOLUTION - threshold)))
