"""Distorted copies of images, for anybody and for a training; how strongly, `distortions` says."""

import math
from types import ModuleType

import numpy as np

from fastnet import kernels, seeds
from fastnet.errors import DataError
from fastnet.kernels.displacements import MOST_SIDE, smooth_basis, unit_amplitude

from .distortions import Augmentation
from .samples import Samples


def augment(
    images: np.ndarray,
    augmentation: Augmentation | None = None,
    seed: int = 0,
    epoch: int = 0,
    rows: np.ndarray | None = None,
    kernel_set: ModuleType | None = None,
) -> np.ndarray:
    """Distorted copies of uint8 `images (n, height, width)`, or of those at `rows`; by default of middling strength.

    A copy depends on its original's row, the seed and the epoch alone, whatever the other rows and the number of
    threads. A training with that seed sees in that epoch (from 0) what this makes of its training samples, and
    `kernel_set`, the fast kernels or the reference, does not matter: by default the fastest that is installed.
    DataError for images that are not as said.
    """
    if images.dtype != np.uint8 or images.ndim != 3 or not images.size:
        raise DataError(f"images to distort must be uint8 (n, height, width), not {images.dtype} {images.shape}")
    if max(images.shape[1:]) > MOST_SIDE:
        raise DataError(f"images to distort must have sides of at most {MOST_SIDE} pixels, not {images.shape[1:]}")
    augmentation = augmentation or Augmentation()
    key = seeds.key(seed, seeds.SeedUse.DISTORTION)
    most = np.array(
        [
            math.radians(augmentation.rotation),
            math.log1p(augmentation.scale),
            math.log1p(augmentation.aspect),
            math.radians(augmentation.shear),
            augmentation.shift,
            augmentation.shift,
            augmentation.thickness,
        ]
    )
    bases = [smooth_basis(side, augmentation.smoothness) for side in images.shape[1:]]
    amplitude = augmentation.elastic * unit_amplitude(*bases)
    rows = np.arange(len(images)) if rows is None else rows
    copies = np.empty((len(rows), *images.shape[1:]), np.uint8)
    images = np.ascontiguousarray(images)
    (kernel_set or kernels.fastest()).distort_images(images, rows, key, epoch, -most, most, *bases, amplitude, copies)
    return copies


def augment_samples(
    samples: Samples, rows: np.ndarray, augmentation: Augmentation, seed: int, epoch: int, kernel_set: ModuleType
) -> Samples:
    """Copies of the samples at `rows`, as a training with that seed sees them in that epoch, from 0."""
    copies = augment(square_images(samples), augmentation, seed, epoch, rows, kernel_set)
    more = samples.weights_at(rows), samples.soft_targets_at(rows)
    return Samples(copies.reshape(len(rows), -1), samples.labels[rows], samples.scale, *more)


def square_images(samples: Samples) -> np.ndarray:
    """The images `(n, side, side)`; DataError where they are not uint8 squares."""
    side = math.isqrt(samples.n_features)
    images = samples.images
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or side * side != samples.n_features:
        raise DataError(
            f"only uint8 images in a square can be distorted, not {samples.images.dtype} ones"
            f" of {samples.n_features} pixels"
        )
    return images.reshape(-1, side, side)
