"""Samples as pictures: the sides of an image, and its grey levels."""

import math

import numpy as np


def image_shape(n_features: int) -> tuple[int, int]:
    """The sides of an image: a square where that can be, else one row."""
    side = math.isqrt(n_features)
    return (side, side) if side * side == n_features else (1, n_features)


def grey(images: np.ndarray) -> np.ndarray:
    """Images as uint8; floating-point ones from 0 to the largest value of all."""
    if images.dtype == np.uint8:
        return images
    return np.rint(255 * np.clip(images / max(float(images.max(initial=0)), 1e-30), 0, 1)).astype(np.uint8)
