"""Distorted copies of images: how strongly, in pixels and degrees, and the copies, for anybody and for a training."""

import math
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from fastnet import kernels
from fastnet.errors import DataError, OptionError
from fastnet.kernels.displacements import MOST_SIDE, smooth_basis, unit_amplitude

from .samples import Samples

_DISTORTION = 3  # what a seed is used for here; 0 to 2 are the training's uses


@dataclass(frozen=True)
class Augmentation:
    """Strengths of distortions; OptionError for what makes no sense.

    Each image gets numbers of its own, uniformly from -strength to strength, of rotation and shear, of the logarithm of
    1 + scale and 1 + aspect, of the shift along either axis, and of thickness. The elastic displacement field is
    Simard's (2003): `elastic` is its root mean square along either axis, `smoothness` the sigma of its Gaussian.
    """

    rotation: float = 10.0  # degrees
    scale: float = 0.1  # a share: 0.1 makes digits up to 10 % larger or smaller
    aspect: float = 0.1  # a share, of height to width
    shear: float = 10.0  # degrees
    shift: float = 1.0  # pixels
    elastic: float = 1.0  # pixels
    smoothness: float = 6.0  # pixels
    thickness: float = 0.0  # pixels by which either side of a stroke moves out or in

    def __post_init__(self) -> None:
        for name, (least, most) in _LIMITS.items():
            value = getattr(self, name)
            is_number = isinstance(value, float) or type(value) is int
            if not (is_number and least <= value <= most):
                raise OptionError(f"{name} must be a number from {least} to {most}, not {value!r}")

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "Augmentation":
        """The augmentation with these fields; OptionError where they are of none."""
        try:
            return cls(**fields)
        except TypeError as error:
            raise OptionError(f"not an augmentation: {error}") from error


_LIMITS = {
    "rotation": (0, 180),
    "scale": (0, 1),
    "aspect": (0, 1),
    "shear": (0, 45),
    "shift": (0, 100),
    "elastic": (0, 100),
    "smoothness": (1, 100),
    "thickness": (0, 1),
}


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
    key = np.random.SeedSequence(seed, spawn_key=(_DISTORTION,)).generate_state(1, np.uint64)[0]
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
    (kernel_set or kernels.fastest()).distort_images(
        images, rows, int(key), epoch, -most, most, *bases, amplitude, copies
    )
    return copies


def augment_samples(
    samples: Samples, rows: np.ndarray, augmentation: Augmentation, seed: int, epoch: int, kernel_set: ModuleType
) -> Samples:
    """Copies of the samples at `rows`, as a training with that seed sees them in that epoch, from 0."""
    copies = augment(square_images(samples), augmentation, seed, epoch, rows, kernel_set)
    return Samples(copies.reshape(len(rows), -1), samples.labels[rows], samples.scale, samples.weights_at(rows))


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
