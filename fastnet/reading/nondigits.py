"""Things that are no digits, drawn from a seed: letters in hand and print, scribbles, textures, marks, spoilt digits.

A model is calibrated on them: where it answers these as surely as digits, it must learn to hold back.
"""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from .pictures.mnist_form import to_mnist_form

# Letters that no hand writes like a digit, as strokes over a field of 4 columns and 6 rows: "column row" pairs.
_STROKES = {
    "A": ["06 20 46", "14 34"],
    "C": ["41 30 10 02 04 16 36 45"],
    "E": ["40 00 06 46", "03 33"],
    "F": ["40 00 06", "03 33"],
    "G": ["41 30 10 02 04 16 36 45 43 23"],
    "H": ["00 06", "40 46", "03 43"],
    "J": ["10 40", "30 35 16 05"],
    "K": ["00 06", "40 03 46"],
    "L": ["00 06 46"],
    "M": ["06 00 23 40 46"],
    "N": ["06 00 46 40"],
    "P": ["06 00 30 41 42 33 03"],
    "R": ["06 00 30 41 42 33 03", "23 46"],
    "T": ["00 40", "20 26"],
    "U": ["00 04 16 36 44 40"],
    "V": ["00 26 40"],
    "W": ["00 16 23 36 40"],
    "X": ["00 46", "40 06"],
    "Y": ["00 23 40", "23 26"],
    "a": ["32 12 03 05 16 35 32 36 46"],
    "d": ["40 46", "43 22 03 05 16 36 45"],
    "e": ["04 44 43 32 12 03 05 16 36 45"],
    "f": ["41 30 21 26", "03 43"],
    "h": ["00 06", "04 22 33 36"],
    "k": ["00 06", "32 04 36"],
    "m": ["02 06", "03 12 23 26", "23 32 43 46"],
    "n": ["02 06", "03 22 33 36"],
    "p": ["02 08", "03 22 43 45 26 05"],
    "r": ["02 06", "04 22 42"],
    "t": ["20 25 36 46", "02 42"],
    "u": ["02 05 16 35", "32 36"],
    "w": ["02 16 23 36 42"],
    "x": ["02 46", "42 06"],
}
_SIDE = 120  # of the pictures


def nondigits(n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` of them as the network sees them, uint8 `(n, 28, 28)`."""
    kinds = (_written_letter, _printed_letter, _scribble, _written_letter, _printed_letter, _scribble, _texture, _mark)
    return np.stack([to_mnist_form(_inked(255 - kinds[i % len(kinds)](rng))) for i in range(n)])


def spoilt_digits(digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What digits `(n, 28, 28)` become that are not one digit any more, as many, uint8: half of one, or two at once."""
    return np.stack([_spoilt(digit, digits[rng.integers(len(digits))], rng) for digit in digits])


def _spoilt(digit: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < 0.5:
        half = _halves(digit)[int(rng.integers(4))]
        return to_mnist_form(_inked(half)) if (half > 64).any() else digit
    shift = int(rng.integers(8, 20)) * int(rng.choice([-1, 1]))
    both = np.maximum(np.pad(digit, ((0, 0), (20, 20))), np.roll(np.pad(other, ((0, 0), (20, 20))), shift, axis=1))
    return to_mnist_form(_inked(both)) if (both > 64).any() else digit


def _halves(digit: np.ndarray) -> tuple[np.ndarray, ...]:
    middle = digit.shape[0] // 2
    return digit[:middle], digit[middle:], digit[:, :middle], digit[:, middle:]


def _inked(pixels: np.ndarray) -> np.ndarray:
    """The part of a picture that has ink."""
    rows, columns = (np.flatnonzero((pixels > 64).any(axis=axis)) for axis in (1, 0))
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _written_letter(rng: np.random.Generator) -> np.ndarray:
    """A letter of a few strokes, by a shaky hand that slants."""
    strokes = _STROKES[rng.choice(list(_STROKES))]
    skew = np.eye(2) + rng.uniform(-0.25, 0.25, (2, 2))
    lines = [
        [(np.array([int(point[0]) - 2, int(point[1]) - 3]) + rng.normal(0, 0.25, 2)) @ skew for point in stroke.split()]
        for stroke in strokes
    ]
    return _drawn([_rounded(np.array(line)) * 11 for line in lines], int(rng.integers(3, 12)))


def _printed_letter(rng: np.random.Generator) -> np.ndarray:
    image = Image.new("L", (_SIDE, _SIDE), 255)
    font = _font(int(rng.integers(60, 101)))
    ImageDraw.Draw(image).text((60, 60), str(rng.choice(list(_STROKES))), 0, font, "mm")
    return np.asarray(image.rotate(float(rng.uniform(-12, 12)), Image.Resampling.BILINEAR, fillcolor=255))


@cache
def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def _scribble(rng: np.random.Generator) -> np.ndarray:
    points = np.cumsum(rng.normal(0, 20, (int(rng.integers(8, 30)), 2)), axis=0)
    return _drawn([_rounded(points - points.mean(axis=0))], int(rng.integers(2, 9)))


def _texture(rng: np.random.Generator) -> np.ndarray:
    cells = int(rng.integers(3, 40))
    spots = Image.fromarray(rng.normal(128, 60, (cells, cells)).clip(0, 255).astype(np.uint8))
    return np.asarray(spots.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC))


def _mark(rng: np.random.Generator) -> np.ndarray:
    """A dot, a dash, a tick, a cross, a box or a plus, as a pen makes them."""
    kind, width = int(rng.integers(6)), int(rng.integers(4, 14))
    x, y = rng.uniform(15, 40, 2)

    def shake(*points: tuple[float, float]) -> np.ndarray:
        return np.array(points, float) + rng.normal(0, 3, (len(points), 2))

    if kind == 0:
        image, radius = Image.new("L", (_SIDE, _SIDE), 255), rng.uniform(4, 40)
        ImageDraw.Draw(image).ellipse((60 - radius, 60 - radius * rng.uniform(0.8, 1.2), 60 + radius, 60 + radius), 0)
        return np.asarray(image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 2)))))
    lines = (
        [shake((-x, 0), (x, 0))],
        [_rounded(shake((-x / 2, 0), (0, y / 2), (x, -y)))],
        [shake((-x, -x), (x, x)), shake((-x, x), (x, -x))],
        [np.array([(-x, -y), (x, -y), (x, y), (-x, y), (-x, -y)])],
        [shake((-x, 0), (x, 0)), shake((0, -y), (0, y))],
    )
    return _drawn(lines[kind - 1], width)


def _rounded(points: np.ndarray) -> np.ndarray:
    """The corners cut twice (Chaikin 1974), as a pen does."""
    for _ in range(2):
        near, far = points[:-1] * 0.75 + points[1:] * 0.25, points[:-1] * 0.25 + points[1:] * 0.75
        points = np.concatenate([points[:1], np.stack([near, far], 1).reshape(-1, 2), points[-1:]])
    return points


def _drawn(lines: list[np.ndarray], width: int) -> np.ndarray:
    image = Image.new("L", (_SIDE, _SIDE), 255)
    for line in lines:
        ImageDraw.Draw(image).line([(float(x) + 60, float(y) + 60) for x, y in line], 0, width, joint="curve")
    return np.asarray(image)
