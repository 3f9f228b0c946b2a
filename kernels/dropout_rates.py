"""How many units are dropped, as the kernels take it; see `dropout`. Importing this needs NumPy alone."""

from typing import NamedTuple

import numpy as np

RESOLUTION = 65536


class Rate(NamedTuple):
    """A unit is dropped where its 16 bits are below `threshold`, uint32, never if that is 0; else times `factor`."""

    threshold: np.uint32
    factor: np.float32


class Dropout(NamedTuple):
    """The key of the draws, uint64, and how many features and how many hidden units are dropped."""

    key: np.uint64
    features: Rate
    units: Rate


def rate_of(rate: float) -> Rate:
    """The rate as the kernels take it."""
    threshold = min(round(rate * RESOLUTION), RESOLUTION - 1)
    return Rate(np.uint32(threshold), np.float32(RESOLUTION / (RESOLUTION - threshold)))


NO_DROPOUT = Dropout(np.uint64(0), rate_of(0), rate_of(0))
