"""Tell ink from paper: one grey channel in which they contrast, even light, and how much ink lies on each pixel."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

_COARSE_SIDE = 96  # light and paper change slowly: a small copy tells them
_LUMINANCE = np.array([0.299, 0.587, 0.114])  # ITU-R 601
_FAR_BETTER = 3.0  # how much more of the contrast another mix of colours must show than luminance does
_NOISES = 5.0  # ink stands out from the paper by so many standard deviations of its grain
_LEAST_INK = 10  # of 255: what contrasts less is no ink
_THRESHOLD = 0.45  # of the ink's usual strength


@dataclass(frozen=True)
class Ink:
    """How much ink lies on each pixel, with what led to it. All pictures are uint8 of one size."""

    grey: np.ndarray  # the channel in which ink contrasts
    even: np.ndarray  # the same in even light, light ink on dark paper
    amount: np.ndarray  # 0 is paper, 255 the usual ink
    mask: np.ndarray  # bool: where there is ink
    contrast: float  # of the usual ink, from 0 to 255
    noise: float  # standard deviation of the paper's grain


def find_ink(image: Image.Image) -> Ink:
    """Measure the ink on a picture of mode L or RGB, dark on light or light on dark."""
    grey = contrasting_channel(image)
    even, noise = _in_even_light(grey)
    strength = _usual_strength(even, noise)
    threshold = max(_THRESHOLD * strength, _NOISES * noise, 1)
    amount = even.point([min(255, round(255 * value / max(strength, 1))) for value in range(256)])
    pixels = np.asarray(even)
    return Ink(np.asarray(grey), pixels, np.asarray(amount), pixels > threshold, strength, noise)


# ---- Colour ---------------------------------------------------------------------------------------------------------


def contrasting_channel(image: Image.Image) -> Image.Image:
    """Luminance; or, where another mix of the colours shows far more contrast, that mix."""
    if image.mode == "L":
        return image
    small = _coarse(image, 2 * _COARSE_SIDE)
    colours = local_contrast(np.asarray(small, np.float32)).reshape(-1, 3)
    covariance = colours.T @ colours / len(colours)
    mix = np.linalg.eigh(covariance)[1][:, -1]  # the direction of most variance
    luminance = _LUMINANCE / np.linalg.norm(_LUMINANCE)
    if mix @ covariance @ mix < _FAR_BETTER * (luminance @ covariance @ luminance) + 1:
        return image.convert("L")
    mix *= 1 if mix @ luminance >= 0 else -1
    span = np.abs(mix).sum()
    return image.convert("L", (*(mix / span), 255 * float(-mix[mix < 0].sum() / span)))


# ---- Light ----------------------------------------------------------------------------------------------------------


def _in_even_light(grey: Image.Image) -> tuple[Image.Image, float]:
    """How far each pixel is from the paper around it towards the ink, and the standard deviation of the paper."""
    coarse = _coarse(grey, _COARSE_SIDE)
    g = np.asarray(coarse, np.float32)
    is_ink, ink_is_dark = _first_split(g)
    paper = _paper(g, is_ink)
    for _ in range(2):
        depth = (paper - g) if ink_is_dark else (g - paper)
        is_ink = depth > max(0.35 * float(depth.max()), 8)
        paper = _paper(g, is_ink)
    room = paper if ink_is_dark else 255 - paper  # shade dims ink and paper alike
    gain = 255 / np.maximum(room, 32)
    full = np.asarray(grey)
    level, gain = (_enlarged(field, grey.size) for field in (paper, gain))
    depth = (level - full if ink_is_dark else full - level) * gain
    sample = depth[:: max(1, full.shape[0] // 200), :: max(1, full.shape[1] // 200)]
    noise = 1.4826 * float(np.median(np.abs(sample - np.median(sample))))
    return Image.fromarray(np.clip(depth, 0, 255).astype(np.uint8)), noise


def _first_split(g: np.ndarray) -> tuple[np.ndarray, bool]:
    """Where there may be ink on the small copy, and whether ink is darker than paper.

    Paper is what lies along the border and what there is more of; where light and dark are no two groups, ink is
    what is farther from the middle.
    """
    local = local_contrast(g)
    threshold, separation = otsu(local)
    light = local > threshold
    border = np.concatenate([light[0], light[-1], light[1:-1, 0], light[1:-1, -1]])
    if separation < 0.7:
        low, middle, high = np.quantile(local, (0.002, 0.5, 0.998))
        return np.zeros_like(light), bool(middle - low >= high - middle)
    ink_is_dark = 2 * border.mean() + light.mean() > 1.5
    return (~light if ink_is_dark else light), bool(ink_is_dark)


def _paper(g: np.ndarray, is_ink: np.ndarray) -> np.ndarray:
    """The brightness of the paper, also below the ink: the mean of the paper near by, or farther away."""
    weight = (~is_ink).astype(np.float32)
    sums, weights = np.zeros_like(g), np.zeros_like(g)
    for radius, trust in ((3, 1.0), (9, 1e-2), (27, 1e-4), (200, 1e-6)):
        sums += trust * box_mean(g * weight, radius)
        weights += trust * box_mean(weight, radius)
    return sums / np.maximum(weights, 1e-12)


# ---- Strength -------------------------------------------------------------------------------------------------------


def _usual_strength(even: Image.Image, noise: float) -> float:
    """How far ink is from paper: the mean of the upper of two groups among what stands out from the grain."""
    counts = np.array(even.histogram(), np.float64)
    floor = min(254, math.ceil(max(_NOISES * noise, _LEAST_INK)))
    counts[:floor] = 0
    if counts.sum() < 6:
        return 0.0
    levels = np.arange(256)
    threshold = _otsu_of_histogram(counts)[0]
    upper = np.where(levels > threshold, counts, 0)
    return float((upper * levels).sum() / upper.sum())


def otsu(values: np.ndarray) -> tuple[float, float]:
    """The threshold that parts values into two groups best, and the share of the variance that it explains."""
    least, most = float(values.min()), float(values.max())
    if most - least < 1e-6:
        return most, 0.0
    counts, edges = np.histogram(values, 256, (least, most))
    threshold, share = _otsu_of_histogram(counts.astype(np.float64))
    return float(edges[round(threshold) + 1]), share


def _otsu_of_histogram(counts: np.ndarray) -> tuple[float, float]:
    levels = np.arange(len(counts))
    n = counts.cumsum()
    total = (counts * levels).cumsum()
    mean = total[-1] / n[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        between = np.nan_to_num((mean * n - total) ** 2 / (n * (n[-1] - n)), posinf=0)
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9)).mean()  # the middle of an empty gap
    variance = (counts * (levels - mean) ** 2).sum()
    return float(np.floor(best)), float(between.max() / max(variance, 1e-12))


# ---- Helpers --------------------------------------------------------------------------------------------------------


def _coarse(image: Image.Image, side: int) -> Image.Image:
    factor = max(1, math.ceil(max(image.size) / side))
    return image.reduce((min(factor, image.width), min(factor, image.height)))


def local_contrast(values: np.ndarray) -> np.ndarray:
    """How far each value is from the mean of a neighbourhood of half the picture's side."""
    return values - box_mean(values, max(values.shape[:2]) // 4)


def box_mean(values: np.ndarray, radius: int) -> np.ndarray:
    """The mean over rows and columns up to `radius` away, as far as there are any."""
    for axis in (0, 1):
        n = values.shape[axis]
        sums = np.concatenate([np.zeros_like(values.take([0], axis)), values.cumsum(axis)], axis)
        first = np.maximum(np.arange(n) - radius, 0)
        stop = np.minimum(np.arange(n) + radius + 1, n)
        counts = (stop - first).reshape((-1, 1) if axis == 0 else (1, -1))
        difference = sums.take(stop, axis) - sums.take(first, axis)
        values = difference / (counts if values.ndim == 2 else counts[..., np.newaxis])
    return values


def _enlarged(field: np.ndarray, size: tuple[int, int]) -> np.ndarray | np.float32:
    """A slowly changing field on all pixels; one number where it hardly changes."""
    if np.ptp(field) < 0.02 * abs(float(field.mean())) + 1e-3:
        return np.float32(np.median(field))
    return np.asarray(Image.fromarray(field.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))
