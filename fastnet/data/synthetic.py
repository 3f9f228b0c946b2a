"""Synthetic digits: made of true ones, as other people write them and as other cameras show them.

MNIST's writers are Americans of one decade: hardly a 1 of theirs has a flag or a foot, few a 7 has a bar and few a 9 a
hook, and the two sides of a 4 are about as high. Its images are sharp, whole and alone. Strokes are drawn as capsules
(all within a radius of a segment), with soft edges.
"""

from collections.abc import Callable

import numpy as np

from fastnet.errors import DataError

from .augment import square_images
from .samples import Samples

SIDE = 28
_INK = 127  # a pixel that has more belongs to a stroke
_FIRST, _LAST = 4, SIDE - 5  # rows and columns in which MNIST's digits lie
_COARSENESS = (1.2, 3.2)  # pixels of an image for one of a coarse one
_N_GRIDS = 64  # of coarse pixels, in size and place

Rng = np.random.Generator
Kind = Callable[[np.ndarray, np.ndarray, Rng], np.ndarray]
Points = tuple[np.ndarray, np.ndarray]  # rows and columns, float `(n,)` each


def with_synthetic(samples: Samples, share: float, rng: Rng) -> Samples:
    """The samples, and after them `share` as many synthetic ones, of all `KINDS`; each is made of digits that it suits.

    Weights go with them, soft targets do not. DataError where they are not digits: uint8 images of 28 x 28 pixels in
    the classes 0 to 9.
    """
    images = square_images(samples)
    if images.shape[1:] != (SIDE, SIDE) or samples.has_targets or samples.largest_label > 9:
        raise DataError("synthetic digits are made of images of 28 x 28 pixels, in the classes 0 to 9")
    parts, rows = [images], [np.arange(len(images))]
    for kind, its_share in KINDS.items():
        suited = np.flatnonzero(np.isin(samples.labels, SUITED.get(kind, range(10))))
        chosen = rng.choice(suited, round(share * its_share * len(samples))) if len(suited) else suited
        parts.append(kind(images[chosen].astype(np.float32), samples.labels[chosen], rng))
        rows.append(chosen)
    all_rows, all_images = np.concatenate(rows), np.concatenate(parts)
    weights = samples.weights_at(all_rows)
    return Samples(all_images.reshape(len(all_rows), -1), samples.labels[all_rows], samples.scale, weights)


# ---- The kinds: float32 images `(n, 28, 28)` -> uint8 ---------------------------------------------------------------


def other_hands(images: np.ndarray, labels: np.ndarray, rng: Rng) -> np.ndarray:
    """1 with a flag, a foot or both; 4 with a short stem; 7 with a bar, a tick on the left or both; 9 with a hook."""
    made = images.copy()
    for digit, as_others in ((1, _add_to_ones), (4, _with_short_stems), (7, _add_to_sevens), (9, _hooked)):
        made[labels == digit] = as_others(images[labels == digit], rng)
    return _centred(_as_bytes(made))


def coarse_hands(images: np.ndarray, labels: np.ndarray, rng: Rng) -> np.ndarray:
    """Both: as other people write them, in a coarse picture."""
    return coarse(other_hands(images, labels, rng).astype(np.float32), labels, rng)


def coarse(images: np.ndarray, labels: np.ndarray, rng: Rng) -> np.ndarray:
    """As a coarse picture shows it once enlarged, smoothly or as blocks, with full contrast."""
    grids = np.array([_through_coarse_pixels(rng) for _ in range(_N_GRIDS)], np.float32)
    down, across = (grids[rng.integers(_N_GRIDS, size=len(images))] for _ in range(2))
    blurred = down @ images @ across.transpose(0, 2, 1)
    return _as_bytes(blurred * (255 / np.maximum(blurred.max(axis=(1, 2), keepdims=True), 1)))


def with_remnant(images: np.ndarray, labels: np.ndarray, rng: Rng) -> np.ndarray:
    """With a bit of a neighbour or of a ruled line beside it, paler or as dark."""
    n = len(images)
    along, across, side = rng.uniform(_FIRST, _LAST, n), rng.uniform(3, 6, n), rng.integers(4, size=n)
    across = np.where(side % 2, SIDE - 1 - across, across)
    middle = np.where(side < 2, across, along), np.where(side < 2, along, across)
    half, angle = rng.uniform(0.5, 4, n), rng.uniform(0, np.pi, n)
    ends = _away(middle, half, angle), _away(middle, -half, angle)
    return _as_bytes(_drawn(images, *ends, rng.uniform(0.5, 1.3, n), rng.uniform(120, 255, n)))


def with_gap(images: np.ndarray, labels: np.ndarray, rng: Rng) -> np.ndarray:
    """With a stroke that is interrupted."""
    n = len(images)
    place = np.array([rng.choice(np.flatnonzero(image > _INK)) if image.max() > _INK else 0 for image in images])
    middle, angle = (place // SIDE, place % SIDE), rng.uniform(0, np.pi, n)
    ends = _away(middle, np.full(n, 3.0), angle), _away(middle, np.full(n, -3.0), angle)
    return _as_bytes(images - np.minimum(images, _drawn(np.zeros_like(images), *ends, rng.uniform(0, 1.2, n))))


KINDS: dict[Kind, float] = {
    other_hands: 0.25,
    coarse_hands: 0.2,
    coarse: 0.35,
    with_remnant: 0.1,
    with_gap: 0.1,
}
SUITED: dict[Kind, tuple[int, ...]] = dict.fromkeys((other_hands, coarse_hands), (1, 4, 7, 9))


# ---- Strokes --------------------------------------------------------------------------------------------------------


def _add_to_ones(images: np.ndarray, rng: Rng) -> np.ndarray:
    n, radius = len(images), _stroke_radii(images)
    (top, at_top), (bottom, at_bottom) = _end(images, first=True), _end(images, first=False)
    draw = rng.random(n)
    head = top + 0.7 * radius, at_top
    stem = np.arctan2(bottom - top, at_bottom - at_top)  # from its head downwards; pi / 2 where it is upright
    aslant = np.minimum(stem + np.radians(rng.uniform(25, 60, n)), np.radians(165))  # or it were a 7
    flag = _away(head, rng.uniform(3, 13, n), -aslant)
    flagged = _drawn(images, head, flag, np.where(draw < 0.8, radius, -1))
    foot, tilt = (bottom - 0.7 * radius, at_bottom), np.radians(rng.normal(0, 6, n))
    ends = _away(foot, rng.uniform(2, 6, n), tilt), _away(foot, -rng.uniform(2, 6, n), tilt)
    return _drawn(flagged, *ends, np.where(draw > 0.5, radius, -1))


def _add_to_sevens(images: np.ndarray, rng: Rng) -> np.ndarray:
    n, radius = len(images), _stroke_radii(images)
    (top, _), (bottom, _) = _end(images, first=True), _end(images, first=False)
    draw = rng.random(n)
    row = np.rint(top + rng.uniform(0.42, 0.65, n) * (bottom - top)).astype(np.int64)
    stem = row.astype(np.float64), _last_ink(images[np.arange(n), row]) - radius
    tilt = np.radians(rng.normal(8, 10, n))
    ends = _away(stem, rng.uniform(2, 5.5, n), tilt), _away(stem, -rng.uniform(2.5, 6, n), tilt)
    barred = _drawn(images, *ends, np.where(draw < 0.8, radius, -1))
    start = _left_end(images, top)
    tick = _away(start, rng.uniform(2, 5, n), np.radians(rng.uniform(260, 285, n)))
    return _drawn(barred, start, tick, np.where(draw > 0.65, radius, -1))


def _with_short_stems(images: np.ndarray, rng: Rng) -> np.ndarray:
    """4 anew, as thick as it was: a long stroke down to the left, the bar from there, a stem that is short above it."""
    n, radius = len(images), _stroke_radii(images)
    top, bottom = np.full(n, _FIRST + 1.0), np.full(n, _LAST - 1.0)
    corner = rng.uniform(14, 19.5, n), rng.uniform(6, 9.5, n)
    foot = bottom, rng.uniform(13, 17, n)
    head = corner[0] - rng.uniform(1.5, 8, n), foot[1] + rng.uniform(-0.5, 6, n)
    bar = corner[0] - rng.uniform(-0.5, 2.5, n), foot[1] + rng.uniform(1.5, 7, n)
    strokes = ((top, rng.uniform(10, 16.5, n)), corner), (corner, bar), (head, foot)
    made = np.zeros_like(images)
    for start, end in strokes:
        made = _drawn(made, start, end, radius)
    return made


def _hooked(images: np.ndarray, rng: Rng) -> np.ndarray:
    n, radius = len(images), _stroke_radii(images)
    bottom, at_bottom = _end(images, first=False)
    tail, length = (bottom - 0.7 * radius, at_bottom), np.minimum(rng.uniform(3, 8, n), (at_bottom - 1) / 1.6)
    lowest = tail[0] + rng.uniform(-0.5, 1, n), tail[1] - 0.6 * length
    tip = _away(lowest, length, np.pi - np.radians(rng.uniform(-5, 50, n)))
    return _drawn(_drawn(images, tail, lowest, radius), lowest, tip, radius)


def _away(start: Points, distance: np.ndarray, angle: np.ndarray) -> Points:
    """The points at that distance, in the direction of the angle: 0 is to the right, pi / 2 upwards."""
    return start[0] - distance * np.sin(angle), start[1] + distance * np.cos(angle)


def _drawn(
    images: np.ndarray, start: Points, end: Points, radius: np.ndarray, level: np.ndarray | float = 255.0
) -> np.ndarray:
    """The images with a stroke each; none where the radius is -1."""
    places = np.arange(SIDE, dtype=np.float32)
    y0, x0, y1, x1, reach, grey = (
        np.broadcast_to(np.asarray(numbers, np.float32), len(images))[:, np.newaxis, np.newaxis]
        for numbers in (*start, *end, radius + 0.5, level)
    )
    down, right = places[:, np.newaxis] - y0, places - x0
    dy, dx = y1 - y0, x1 - x0
    along = np.clip((down * dy + right * dx) / np.maximum(dy * dy + dx * dx, 1e-6), 0, 1)
    distance = np.hypot(down - along * dy, right - along * dx)
    drawn: np.ndarray = np.maximum(images, grey * np.clip(reach - distance, 0, 1))
    return drawn


def _stroke_radii(images: np.ndarray) -> np.ndarray:
    """A little less than half of the usual width of the strokes, which is twice the area over the outline's length."""
    ink = np.pad(images > _INK, ((0, 0), (1, 1), (1, 1)))
    inner = ink[:, :-2, 1:-1] & ink[:, 2:, 1:-1] & ink[:, 1:-1, :-2] & ink[:, 1:-1, 2:] & ink[:, 1:-1, 1:-1]
    area = ink.sum(axis=(1, 2))
    radii: np.ndarray = np.clip(0.84 * area / np.maximum(area - inner.sum(axis=(1, 2)), 1), 0.6, 2)
    return radii


def _end(images: np.ndarray, first: bool) -> Points:
    """The first or the last row with ink, and the middle of the ink in it and in the next one."""
    rows = np.asarray((images > _INK).any(axis=2))
    row = rows.argmax(axis=1) if first else SIDE - 1 - rows[:, ::-1].argmax(axis=1)
    each = np.arange(len(images))
    ink = images[each, row] + images[each, np.clip(row + (1 if first else -1), 0, SIDE - 1)]
    return row.astype(np.float64), ink @ np.arange(SIDE) / np.maximum(ink.sum(axis=1), 1)


def _last_ink(lines: np.ndarray) -> np.ndarray:
    """The last column with ink of each line of pixels."""
    last: np.ndarray = SIDE - 1 - (lines[:, ::-1] > _INK).argmax(axis=1)
    return last


def _left_end(images: np.ndarray, top: np.ndarray) -> Points:
    """Where the ink of the upper eight rows begins on the left."""
    each = np.arange(len(images))
    rows = np.clip(top.astype(np.int64)[:, np.newaxis] + np.arange(8), 0, SIDE - 1)
    ink = images[each[:, np.newaxis], rows] > _INK
    column = ink.any(axis=1).argmax(axis=1)
    return top + ink[each, :, column].argmax(axis=1), column.astype(np.float64)


# ---- Pixels ---------------------------------------------------------------------------------------------------------


def _through_coarse_pixels(rng: Rng) -> np.ndarray:
    """What becomes of a line of pixels that coarse ones saw, once it is enlarged again: a matrix `(28, 28)`."""
    size = rng.uniform(*_COARSENESS)
    first = rng.uniform(0, size)
    n = int(np.ceil((SIDE + first) / size))
    borders = np.arange(n + 1) * size - first
    pixels = np.arange(SIDE)
    shares = np.minimum(borders[1:, np.newaxis], pixels + 1) - np.maximum(borders[:-1, np.newaxis], pixels)
    seen = np.clip(shares, 0, None) / size
    places = (pixels + 0.5 + first) / size - 0.5  # in coarse pixels
    if rng.random() < 0.3:
        places = np.rint(places)  # blocks
    shown = np.clip(1 - np.abs(places[:, np.newaxis] - np.arange(n)), 0, 1)
    matrix: np.ndarray = shown @ seen
    return matrix


def _as_bytes(images: np.ndarray) -> np.ndarray:
    rounded: np.ndarray = np.clip(np.rint(images), 0, 255).astype(np.uint8)
    return rounded


def _centred(images: np.ndarray) -> np.ndarray:
    """Moved so that the centre of mass lies in the middle again, as MNIST's does; ink that would leave stays."""
    places = np.arange(SIDE)
    total = np.maximum(images.sum(axis=(1, 2), dtype=np.int64), 1)
    for axis in (1, 2):
        profile = images.sum(axis=3 - axis, dtype=np.int64)
        wanted = np.rint(SIDE / 2 - profile @ places / total).astype(np.int64)
        before, after = (profile > 0).argmax(axis=1), (profile[:, ::-1] > 0).argmax(axis=1)
        moved = np.clip(wanted, -before, after)
        sources = (places - moved[:, np.newaxis]) % SIDE
        images = np.take_along_axis(images, np.expand_dims(sources, 3 - axis), axis=axis)
    return images
