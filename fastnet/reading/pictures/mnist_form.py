"""Bring the ink of one digit into MNIST's form: 20x20, strokes as thick, centre of mass in the middle of 28x28."""

import math

import numpy as np
from PIL import Image

from .borders import padded

SIDE = 28
PAIR = 20, 44  # rows and columns of two digits that touch

_BOX = 20  # the longer side of the digit
_CENTRE = 14.0  # where the centre of mass lies, counted from 0
_BLACK = 24  # brightest paper, as a JPEG may have it
_FINE = 4  # strokes are thickened on a grid so much finer
_THINNEST, _THICKEST = 2.0, 4.0  # strokes in pixels of the result
_EDGE = 0.28  # of the most ink: what is turned is cropped to that


def turned_level(ink: np.ndarray, slope: float) -> np.ndarray:
    """The ink of a digit in a line that falls by `slope` rows a column, uint8, as it were in a level one; cropped."""
    angle = math.degrees(math.atan(slope))
    turned = np.asarray(Image.fromarray(padded(ink, 1)).rotate(angle, Image.Resampling.BICUBIC, expand=True))
    is_ink = turned > _EDGE * turned.max()
    rows, columns = (np.flatnonzero(is_ink.any(axis=axis)) for axis in (1, 0))
    return turned[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else ink


def to_mnist_form(ink: np.ndarray) -> np.ndarray:
    """White ink on black, uint8 `(28, 28)`, from the ink of one digit, uint8, cropped to it."""
    fine = with_usual_strokes(_fit(ink, _BOX * _FINE))
    small = np.asarray(_square(fine).reduce(_FINE))
    return _centred(small)


def to_pair_form(ink: np.ndarray) -> np.ndarray:
    """The same of two digits that touch: uint8 `PAIR`, as high as that or as wide, and in its middle."""
    fine = with_usual_strokes(_fit_pair(ink))
    height, width = (_FINE * side for side in PAIR)
    if fine.shape[0] > height or fine.shape[1] > width:  # growing made it larger
        fine = _fit_pair(fine)
    return np.asarray(_in_the_middle(fine, (height, width)).reduce(_FINE))


def _fit_pair(ink: np.ndarray) -> np.ndarray:
    """Scale so that the ink is as high or as wide as a pair, on the finer grid."""
    (height, width), (rows, columns) = PAIR, ink.shape
    return _fit(ink, math.floor(_FINE * max(rows, columns) * min(height / rows, width / columns)))


def is_in_mnist_form(pixels: np.ndarray) -> bool:
    """Whether a picture is white on black, of the size and at the place that MNIST's digits have."""
    if pixels.shape != (SIDE, SIDE) or np.median(pixels) > _BLACK or pixels.max() < 128:
        return False
    rows, columns = (np.flatnonzero((pixels > 2 * _BLACK).any(axis=axis)) for axis in (1, 0))
    longer = max(np.ptp(rows), np.ptp(columns)) + 1
    distance = max(abs(centre - _CENTRE) for centre in _centre_of_mass(pixels))
    return bool(_BOX - 3 <= longer <= _BOX + 1 and distance < 1.5)


def with_usual_strokes(fine: np.ndarray) -> np.ndarray:
    """Thicken strokes that are thinner than MNIST's and thin those that are thicker."""
    width = stroke_width(fine > 127) / _FINE
    if width == 0:
        return fine
    grow = (np.clip(width, _THINNEST, _THICKEST) - width) * _FINE / 2
    if grow >= 0.5:
        return _grown(padded(fine, round(grow)), grow)
    if grow <= -0.5:
        return 255 - _grown(255 - fine, -grow)
    return fine


def stroke_width(mask: np.ndarray) -> float:
    """The usual width of the strokes of a mask: twice the area over the length of the outline."""
    inner = padded(mask, 1)
    inner = inner[1:-1, 1:-1] & inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:]
    outline = np.count_nonzero(mask) - np.count_nonzero(inner)
    return 2 * np.count_nonzero(mask) / outline if outline else 0.0


def _grown(pixels: np.ndarray, radius: float) -> np.ndarray:
    """The most ink within that distance of each pixel."""
    reach = int(radius)
    around = padded(pixels, reach)
    height, width = pixels.shape
    result = pixels.copy()
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if dx * dx + dy * dy <= radius * radius:
                shifted = around[reach + dy : reach + dy + height, reach + dx : reach + dx + width]
                np.maximum(result, shifted, out=result)
    return result


def _fit(ink: np.ndarray, side: int) -> np.ndarray:
    """Scale so that the longer side is `side`; thin strokes are kept, though they cover no whole pixel."""
    height, width = ink.shape
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    image = Image.fromarray(ink)
    if scale >= 1:
        return np.asarray(image.resize(size, Image.Resampling.BICUBIC))
    fitted = np.asarray(image.resize(size, Image.Resampling.BOX))
    peak = float(np.quantile(fitted[fitted > 0], 0.9)) if fitted.any() else 255.0
    return np.minimum(fitted * np.float32(255 / max(peak, 1)), 255).astype(np.uint8)


def _square(pixels: np.ndarray) -> Image.Image:
    """Scaled to the box again, if growing made it larger, in the middle of a square."""
    side = _BOX * _FINE
    if max(pixels.shape) > side:
        pixels = _fit(pixels, side)
    return _in_the_middle(pixels, (side, side))


def _in_the_middle(pixels: np.ndarray, shape: tuple[int, int]) -> Image.Image:
    (height, width), page = pixels.shape, np.zeros(shape, np.uint8)
    top, left = (shape[0] - height) // 2, (shape[1] - width) // 2
    page[top : top + height, left : left + width] = pixels
    return Image.fromarray(page)


def _centred(small: np.ndarray) -> np.ndarray:
    result = np.zeros((SIDE, SIDE), np.uint8)
    if small.any():
        y, x = (int(np.clip(round(_CENTRE - c), 0, SIDE - _BOX)) for c in _centre_of_mass(small))
        result[y : y + _BOX, x : x + _BOX] = small
    return result


def _centre_of_mass(pixels: np.ndarray) -> tuple[float, float]:
    total = pixels.sum(dtype=np.int64)
    rows, columns = pixels.sum(axis=1, dtype=np.int64), pixels.sum(axis=0, dtype=np.int64)
    return float(rows @ np.arange(len(rows)) / total), float(columns @ np.arange(len(columns)) / total)
