"""Test digits as photographs and scans may spoil them: the 15 kinds of MNIST-C, made anew from its description.

After N. Mu & J. Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer Vision", with the strengths that are
published with it. The random numbers are others, and so are a few pixels where its packages interpolate: figures are
near those on the published images, and not the same. Each kind is a function of images `(n, 28, 28)`, float32 from 0 to
1, and a generator.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.ndimage import affine_transform, correlate1d, gaussian_filter, label

SIDE = 28
_CENTRE = (SIDE - 1) / 2
_ROWS, _COLUMNS = np.mgrid[:SIDE, :SIDE]


def corrupted(images: np.ndarray, kind: str, seed: int) -> np.ndarray:
    """A corrupted copy of each of uint8 `images (n, 28, 28)`, uint8; `kind` is one of `KINDS`."""
    copies = KINDS[kind](images.astype(np.float32) / 255, np.random.default_rng(seed))
    levels: np.ndarray = np.rint(255 * np.clip(copies, 0, 1)).astype(np.uint8)
    return levels


# ---- Noise and blur -------------------------------------------------------------------------------------------------


def shot_noise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n_photons = 3
    return rng.poisson(images * n_photons) / n_photons


def impulse_noise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    is_hit, is_white = rng.random(images.shape) < 0.17, rng.random(images.shape) < 0.5
    return np.where(is_hit, is_white, images)


def glass_blur(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Twice, each pixel may change its place with one beside it."""
    sigma, n = 0.7, np.arange(len(images))
    glass = blurred(images, sigma)
    for row, column in 2 * [(row, column) for row in range(27, 1, -1) for column in range(27, 1, -1)]:
        rows, columns = row - rng.integers(0, 2, len(n)), column - rng.integers(0, 2, len(n))
        chosen = np.flatnonzero(rng.random(len(n)) < 0.5)
        there = chosen, rows[chosen], columns[chosen]
        glass[chosen, row, column], glass[there] = glass[there], glass[chosen, row, column].copy()
    return blurred(glass, sigma)


def motion_blur(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The camera moves along a line of up to 45 degrees; what it saw last weighs most."""
    sigma, length = 3, 21
    weights = np.exp(-((np.arange(length) / sigma) ** 2) / 2)
    angle = np.radians(rng.uniform(-45, 45, (len(images), 1, 1)))
    moved = np.zeros_like(images)
    for step, weight in enumerate(weights / weights.sum()):
        moved += np.float32(weight) * shifted(
            images, *(np.rint(step * of(angle)).astype(int) for of in (np.sin, np.cos))
        )
    return moved


def blurred(images: np.ndarray, sigma: float) -> np.ndarray:
    result: np.ndarray = gaussian_filter(images, (0, sigma, sigma), mode="nearest")
    return result


# ---- Geometry -------------------------------------------------------------------------------------------------------


def shear(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    angles = 0.4 * signs(len(images), rng)
    return warped(images, np.array([[[np.cos(angle), 0], [-np.sin(angle), 1]] for angle in angles]))


def rotate(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    angles = 0.4 * signs(len(images), rng)
    turns = [[[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]] for angle in angles]
    return warped(images, np.array(turns))


def scale(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return warped(images, np.tile(np.eye(2) / 0.7, (len(images), 1, 1)))


def translate(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    down, right = 3 * signs((len(images), 2), rng).T[:, :, None, None]
    return shifted(images, down, right)


def shifted(images: np.ndarray, down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Each image, seen so many pixels from where it is, int `(n, 1, 1)`."""
    reach = SIDE
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach)))
    seen: np.ndarray = padded[np.arange(len(images))[:, None, None], _ROWS + down + reach, _COLUMNS + right + reach]
    return seen


def warped(images: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """Each image where a matrix takes its (row, column) from, the centre being fixed."""
    centre = np.full(2, _CENTRE)
    return np.stack(
        [
            affine_transform(image, matrix, centre - matrix @ centre, order=1)
            for image, matrix in zip(images, matrices, strict=True)
        ]
    )


def signs(shape: int | tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    return rng.choice([-1, 1], shape)


# ---- Light, weather and dirt ----------------------------------------------------------------------------------------


def brightness(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return images + 0.5


def stripe(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The outer quarters are negatives."""
    return np.where((_COLUMNS < 7) | (_COLUMNS >= 21), 1 - images, images)


def fog(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    thickness, n_at_once = 3.0, 100  # clouds are large
    starts = range(0, len(images), n_at_once)
    clouds = np.concatenate([cloud(min(n_at_once, len(images) - start), rng) for start in starts])
    brightest = images.max(axis=(1, 2), keepdims=True)
    foggy: np.ndarray = (images + thickness * clouds) * brightest / (brightest + thickness)
    return foggy


def cloud(n: int, rng: np.random.Generator) -> np.ndarray:
    """Corners of fractal clouds, by diamonds and squares (Fournier, Fussell & Carpenter 1982), on a torus of 256."""
    size = 256
    heights = np.zeros((n, size, size), np.float32)
    step, roughness = size, 100.0
    while step > 1:
        half = step // 2

        def rough(n_rows: int, reach: float = roughness**2, step: int = step) -> np.ndarray:
            return rng.uniform(-reach, reach, (n, n_rows, size // step)).astype(np.float32)

        corners = heights[:, ::step, ::step]
        below = corners + np.roll(corners, -1, axis=1)
        heights[:, half::step, half::step] = (below + np.roll(below, -1, axis=2)) / 4 + rough(size // step)
        centres = heights[:, half::step, half::step]
        across, down = corners + np.roll(corners, -1, axis=2), corners + np.roll(corners, -1, axis=1)
        above, before = centres + np.roll(centres, 1, axis=1), centres + np.roll(centres, 1, axis=2)
        heights[:, ::step, half::step] = (across + above) / 4 + rough(size // step)
        heights[:, half::step, ::step] = (down + before) / 4 + rough(size // step)
        step, roughness = half, roughness / 1.4
    heights -= heights.min(axis=(1, 2), keepdims=True)
    heights /= heights.max(axis=(1, 2), keepdims=True)
    return heights[:, :SIDE, :SIDE]


def spatter(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Dark mud where a smoothed noise is high."""
    drops = blurred(rng.normal(0.65, 0.3, images.shape), 1)
    mud = blurred((drops > 0.65).astype(np.float32), 1.5)
    mud[mud < 0.8] = 0
    muddy: np.ndarray = images * (1 - mud) + mud * (63 / 255)
    return muddy


# ---- Lines ----------------------------------------------------------------------------------------------------------


def dotted_line(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """From one side to the other, two columns of every four."""
    ends = rng.integers(0, 27, (len(images), 2))
    lines = np.stack([line(0, first, 27, last) for first, last in ends])
    dotted: np.ndarray = images + np.where(_COLUMNS // 2 % 2 == 1, lines, 0)
    return dotted


def zigzag(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    starts, falls = rng.integers(0, 27, len(images)), rng.integers(-5, 5, len(images))
    lines = np.stack([zigzag_line(start, start + fall) for start, fall in zip(starts, falls, strict=True)])
    crossed: np.ndarray = images + lines
    return crossed


def zigzag_line(first_row: float, last_row: float) -> np.ndarray:
    """A zigzag two pixels high to either side, along the line from column 2 to 25."""
    way = np.array([23.0, last_row - first_row])  # columns, rows
    length = np.hypot(*way)
    along = np.array([0, *np.arange(2, length, 4), length])
    aside = np.array([0, *(2 * (-1) ** np.arange(len(along) - 2)), 0])
    columns, rows = np.outer(way, along / length) + np.outer([-way[1], way[0]], aside / length)
    points = np.stack([columns + 2, rows + first_row], axis=1)
    pieces = [line(*start, *end) for start, end in pairwise(points)]
    zigzag: np.ndarray = np.clip(np.sum(pieces, axis=0), 0, 1)
    return zigzag


def line(first_column: float, first_row: float, last_column: float, last_row: float) -> np.ndarray:
    """A soft line between two points, brightest in its middle."""
    if first_column == last_column:
        return np.zeros((SIDE, SIDE))
    slope = (last_row - first_row) / (last_column - first_column)
    distance = np.abs(_ROWS - first_row - slope * (_COLUMNS - first_column))
    light = 1 + np.log(1 - np.minimum(distance, 2.299) / 2.3)
    is_between = (np.floor(first_column) <= _COLUMNS) & (np.ceil(last_column) > _COLUMNS)
    return np.where(is_between, np.clip(light, 0, 1), 0)


def canny_edges(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Canny 1986: thin ridges of the gradient, the weak ones where they are joined to strong ones."""
    weak, strong = 0.1, 0.2
    smooth = blurred(images, 1)
    down, right = (correlate1d(correlate1d(smooth, [-1, 0, 1], a), [1, 2, 1], 3 - a) for a in (1, 2))  # Sobel
    slope = np.hypot(down, right)
    octant = np.rint(np.arctan2(down, right) / (np.pi / 4)).astype(int) % 4
    is_ridge = np.zeros(images.shape, bool)
    for number, step in enumerate([(0, 1), (1, 1), (1, 0), (1, -1)]):
        ahead, behind = (np.roll(slope, (sign * step[0], sign * step[1]), axis=(1, 2)) for sign in (-1, 1))
        is_ridge |= (octant == number) & (slope >= ahead) & (slope > behind)
    return np.stack(
        [
            _joined(ridge, ridge & (steep > strong))
            for ridge, steep in zip(is_ridge & (slope > weak), slope, strict=True)
        ]
    )


def _joined(ridges: np.ndarray, strong: np.ndarray) -> np.ndarray:
    """The ridges that hold a strong pixel."""
    numbers, _ = label(ridges, np.ones((3, 3)))
    return ridges & np.isin(numbers, numbers[strong])


KINDS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        shot_noise,
        impulse_noise,
        glass_blur,
        motion_blur,
        shear,
        scale,
        rotate,
        brightness,
        translate,
        stripe,
        fog,
        spatter,
        dotted_line,
        zigzag,
        canny_edges,
    )
}
