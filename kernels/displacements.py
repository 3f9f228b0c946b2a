"""The sizes and bases of smooth displacements, which both twins of `distort_images` take. NumPy alone."""

import math

import numpy as np

ONE = 65536  # units of a place to a pixel
MOST_SIDE = 1000  # pixels: places and their products fit 32 bits

SPACING = 1.25  # of the lattice, in standard deviations: it doesn't show (variances differ by 0.4 % between its places)
# Of a lattice point on itself: 255 * (120 * 2.01)**2, with 2.01 points' weights at a place, is below 2**24.
WEIGHT = 120


def smooth_basis(n_pixels, sigma):
    """What a Gaussian of `sigma` pixels makes of a lattice of noise: whole numbers, float32 `(n_pixels, k)`.

    The lattice goes on beyond the picture for two of its points, so that displacements at the edge are as large.
    """
    spacing = SPACING * sigma
    n_points = math.ceil((n_pixels - 1) / spacing) + 4
    points = ((n_pixels - 1) - (n_points - 1) * spacing) / 2 + spacing * np.arange(n_points)
    distances = np.arange(n_pixels)[:, None] - points
    return np.rint(WEIGHT * np.exp(-0.5 * (distances / sigma) ** 2)).astype(np.float32)


def unit_amplitude(row_basis, column_basis):
    """The `amplitude` with which the root mean square of the displacements down, and to the right, is a pixel."""
    noise = np.mean(np.arange(-255.0, 256.0, 2) ** 2)
    return ONE / math.sqrt(noise * np.mean(np.sum(row_basis**2, axis=1)) * np.mean(np.sum(column_basis**2, axis=1)))
