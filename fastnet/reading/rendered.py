"""Digits as people's pictures show them, drawn from a seed: pens, paper, light, lenses, files, what is in the way.

A model is calibrated on them as they come through the pipeline: what it must doubt there is not what MNIST's own pixels
tell. The pictures are small and plain; what the documents quote is measured on others (`benchmarks/rendering.py`).
"""

import io

import numpy as np
from PIL import Image, ImageFilter

from .pictures import Part, prepare

_CUT_OFF, _NEIGHBOUR, _RULED = 0.08, 0.12, 0.12  # shares of the pictures


def seen_in_pictures(digits: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Each of the digits `(n, 28, 28)`, as the pipeline finds it in a picture of it, and the numbers of those found.

    Where the picture falls into several parts, it is the one that has most of the digit's place.
    """
    found: list[np.ndarray] = []
    numbers: list[int] = []
    for number, digit in enumerate(digits):
        if not digit.any():
            continue
        pixels, place = picture_of(digit, digits[rng.integers(len(digits))], rng)
        parts = prepare(pixels).parts
        if parts:
            found.append(max(parts, key=lambda part: _overlap(part, place)).pixels)
            numbers.append(number)
    return np.array(found, np.uint8).reshape(-1, *digits.shape[1:]), np.array(numbers, int)


def picture_of(
    digit: np.ndarray, other: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """A grey picture, uint8, that shows a digit, perhaps beside a bit of another one; and the box of its ink there."""
    ink = _written(digit, int(rng.integers(16, 90)), rng)
    height, width = ink.shape
    left, top, right, bottom = (int(edge) for edge in rng.integers(max(3, height // 6), height + 8, 4))
    page = np.zeros((top + height + bottom, left + width + right), np.uint8)
    page[top : top + height, left : left + width] = ink
    if rng.random() < _NEIGHBOUR:
        _put_beside(page, _written(other, height, rng), left + width, top, rng)
    if rng.random() < _RULED:
        _rule(page, height, rng)
    x, y = left, top
    if rng.random() < _CUT_OFF:
        x, y, page = _cut_off(page, left, top, width, height, rng)
    return _photographed(page, rng), (x, y, x + width, y + height)


def _written(digit: np.ndarray, height: int, rng: np.random.Generator) -> np.ndarray:
    """Its ink, uint8, that many pixels high or wide, by a thinner or thicker pen, a little turned."""
    large = Image.fromarray(np.pad(digit, 4)).resize((108, 108), Image.Resampling.BICUBIC)
    turned = large.rotate(float(rng.uniform(-10, 10)), Image.Resampling.BILINEAR).filter(ImageFilter.GaussianBlur(2))
    level = rng.choice([50, 110, 110, 110, 170])  # where the stroke ends: a thick pen, a usual one, a thin one
    sharp = np.clip((np.asarray(turned, np.float32) - level) * 3 + 128, 0, 255).astype(np.uint8)
    rows, columns = (np.flatnonzero((sharp > 64).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.asarray(Image.fromarray(digit).resize((height, height)))
    cropped = Image.fromarray(sharp[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = height / max(cropped.size)
    size = max(1, round(cropped.width * scale)), max(1, round(cropped.height * scale))
    return np.asarray(cropped.resize(size, Image.Resampling.BOX))


def _put_beside(page: np.ndarray, ink: np.ndarray, x: int, y: int, rng: np.random.Generator) -> None:
    """A neighbour at the right, cut off by the picture's edge where it has no room."""
    x += int(rng.integers(2, 12))
    place = page[y : y + ink.shape[0], x : x + ink.shape[1]]
    np.maximum(place, ink[: place.shape[0], : place.shape[1]], out=place)


def _rule(page: np.ndarray, height: int, rng: np.random.Generator) -> None:
    """Thin lines across, paler than the ink, which the pipeline removes but for traces."""
    gap, thickness = max(6, int(height * rng.uniform(0.5, 1.3))), max(1, height // 40)
    shade = np.uint8(rng.integers(80, 200))
    for y in range(int(rng.integers(gap)), len(page), gap):
        np.maximum(page[y : y + thickness], shade, out=page[y : y + thickness])


def _cut_off(
    page: np.ndarray, left: int, top: int, width: int, height: int, rng: np.random.Generator
) -> tuple[int, int, np.ndarray]:
    """The page without one side, up to a third of the digit; and where the digit is then."""
    share, side = rng.uniform(0.03, 0.3), int(rng.integers(4))
    if side == 0:
        return left, -int(share * height), page[top + int(share * height) :]
    if side == 1:
        return -int(share * width), top, page[:, left + int(share * width) :]
    if side == 2:
        return left, top, page[: top + height - int(share * height)]
    return left, top, page[:, : left + width - int(share * width)]


def _photographed(page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ink on paper in some light, out of focus, with grain, as a file keeps it; light on dark as often."""
    paper, ink = rng.uniform(170, 255), rng.uniform(0, 90)
    blur = float(rng.choice([0, 0, 0.6, 1.2, 2.0])) * max(page.shape) / 150
    amount = np.asarray(Image.fromarray(page).filter(ImageFilter.GaussianBlur(blur)), np.float32) / 255
    light = np.linspace(1, rng.uniform(0.75, 1), page.shape[1], dtype=np.float32)
    grey = (paper + (ink - paper) * amount) * light + rng.normal(0, rng.choice([0, 2, 6]), page.shape)
    pixels = np.clip(grey if rng.random() < 0.5 else 255 - grey, 0, 255).astype(np.uint8)
    quality = int(rng.choice([0, 0, 10, 30, 75]))
    return _compressed(pixels, quality) if quality else pixels


def _compressed(pixels: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def _overlap(part: Part, place: tuple[int, int, int, int]) -> int:
    (a, b, c, d), (x0, y0, x1, y1) = part.box, place
    return max(0, min(c, x1) - max(a, x0)) * max(0, min(d, y1) - max(b, y0))
