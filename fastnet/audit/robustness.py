"""How accuracy falls as test images are turned, shifted, scaled, blurred, ...: the same images for each model."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from fastnet import kernels
from fastnet.data.samples import Samples
from fastnet.kernels.displacements import smooth_basis
from fastnet.models.files import ModelFiles
from fastnet.training.evaluation import load_engine

MOST_IMAGES = 10_000

_DIRECTIONS = ((1, 0), (0, 1), (-1, 0), (0, -1))
_SMOOTHNESS = 6.0  # of displacements, which are 0 here
_N_RIM = 8  # places on the rim of the disc that strokes are thickened by


@dataclass(frozen=True)
class Distortion:
    """One way to distort images: `apply(images, strength, seed)` yields one or more versions of them, all uint8."""

    title: str
    unit: str
    strengths: tuple[float, ...]
    apply: Callable[[np.ndarray, float, int], Iterable[np.ndarray]]


Reader = Callable[[np.ndarray], np.ndarray]  # of images (n, height, width) to classes (n,)


def moved(images: np.ndarray, rotation: float = 0, scale: float = 1, down: float = 0, right: float = 0) -> np.ndarray:
    """Images `(n, height, width)` turned counter-clockwise by degrees, scaled by a factor and shifted by pixels."""
    affine = np.array([math.radians(rotation), math.log(scale), 0, 0, down, right, 0])
    down_basis, across_basis = (smooth_basis(side, _SMOOTHNESS) for side in images.shape[1:])
    copies = np.empty_like(images)
    distort_images = kernels.fastest().distort_images
    distort_images(images, np.arange(len(images)), 0, 0, affine, affine, down_basis, across_basis, 0.0, copies)
    return copies


def _rotations(images: np.ndarray, degrees: float, seed: int) -> Iterable[np.ndarray]:
    yield moved(images, rotation=degrees)


def _shifts(images: np.ndarray, pixels: float, seed: int) -> Iterable[np.ndarray]:
    for down, right in _DIRECTIONS if pixels else _DIRECTIONS[:1]:
        yield moved(images, down=down * pixels, right=right * pixels)


def _scales(images: np.ndarray, factor: float, seed: int) -> Iterable[np.ndarray]:
    yield moved(images, scale=factor)


def _noises(images: np.ndarray, deviation: float, seed: int) -> Iterable[np.ndarray]:
    noise = np.random.default_rng(seed).standard_normal(images.shape, np.float32)
    yield _grey(images + 255 * deviation * noise)


def _blurs(images: np.ndarray, sigma: float, seed: int) -> Iterable[np.ndarray]:
    # Of uint8, SciPy would cut off what is behind the point, once for each axis, and make images darker.
    yield _grey(gaussian_filter(images.astype(np.float32), (0, sigma, sigma), mode="constant"))


def _strokes(images: np.ndarray, pixels: float, seed: int) -> Iterable[np.ndarray]:
    """Grey-level dilation or erosion by a disc: the brightest or darkest of copies shifted to its rim."""
    result = images
    for angle in np.arange(_N_RIM if pixels else 0) * 2 * math.pi / _N_RIM:
        shifted = moved(images, down=abs(pixels) / 2 * math.sin(angle), right=abs(pixels) / 2 * math.cos(angle))
        result = np.maximum(result, shifted) if pixels > 0 else np.minimum(result, shifted)
    yield result


def _contrasts(images: np.ndarray, factor: float, seed: int) -> Iterable[np.ndarray]:
    """Closer to or further from each image's mean grey (Hendrycks & Dietterich 2019)."""
    means = images.mean(axis=(1, 2), keepdims=True, dtype=np.float32)
    yield _grey(means + np.float32(factor) * (images - means))


def _grey(values: np.ndarray) -> np.ndarray:
    grey: np.ndarray = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return grey


DISTORTIONS = {
    "rotation": Distortion("Rotation", "degrees, counter-clockwise", tuple(range(-60, 61, 10)), _rotations),
    "shift": Distortion("Shift", "pixels, mean of four directions", tuple(range(9)), _shifts),
    "scale": Distortion("Scale", "factor", (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.5), _scales),
    "noise": Distortion("Noise", "deviation, share of white", (0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5), _noises),
    "blur": Distortion("Blur", "sigma, pixels", (0, 0.5, 1, 1.25, 1.5, 1.75, 2, 2.5), _blurs),
    "stroke": Distortion("Stroke thickness", "change, pixels", (-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4), _strokes),
    "contrast": Distortion("Contrast", "factor", (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 2), _contrasts),
}


def make_reader(files: ModelFiles, samples: Samples) -> Reader:
    """A model as a reader of copies of samples."""
    engine = load_engine(files, samples)

    def read(images: np.ndarray) -> np.ndarray:
        return engine.predict(Samples(images.reshape(len(images), -1), samples.labels, files.pixel_scale))

    return read


def robustness_curve(
    distortion: Distortion, images: np.ndarray, labels: np.ndarray, readers: Sequence[Reader], seed: int
) -> list[tuple[float, ...]]:
    """For each reader, its accuracy at each strength, on uint8 images `(n, height, width)`."""
    curves: list[list[float]] = [[] for _ in readers]
    for strength in distortion.strengths:
        versions = list(distortion.apply(images, strength, seed))
        for curve, reader in zip(curves, readers, strict=True):
            curve.append(float(np.mean([reader(version) == labels for version in versions])))
    return [tuple(curve) for curve in curves]
