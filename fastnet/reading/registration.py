"""Lay the page of a form over its scan: by four printed marks, or by a scan of the empty form.

A map is a 3x3 matrix that takes places on the page, from 0 to 1, to pixels of a scan (in homogeneous coordinates).
"""

import math
from itertools import product

import numpy as np
from PIL import Image, ImageFilter

from fastnet.errors import DataError

from .pictures.ink import otsu
from .pictures.labelling import label_runs
from .pictures.sheet import homography

_REACH = 0.16  # of the scan: so far from its place a mark may be
_LEAST_MARK, _MOST_MARK = 0.004, 0.07  # sides of marks, of the scan's longer side
_MOST_CANDIDATES = 6  # for each mark
_SQUARE = 1.6  # no side of a mark is so many times the other
_MOST_ASKEW = 0.02  # of the scan: marks that are farther from the shape that they should make are others
_MARK_PIXELS = 2_000_000  # a larger scan is reduced: marks are large

_COARSE = 192  # pixels of the longer side, on which turning and scale are tried
_ANGLES = np.arange(-4.5, 4.6, 0.75)  # degrees
_SCALES = (0.96, 0.98, 1.0, 1.02, 1.04)
_FINER = (400, 1000)  # pixels of the longer side, on which tiles are compared then
_TILES = 4  # each way
_TRUSTED = 0.04  # the least peak of a correlation that says something


def page_itself(size: tuple[int, int]) -> np.ndarray:
    """The map for a scan that is the page."""
    return np.diag([float(size[0]), float(size[1]), 1.0])


def straightened(scan: Image.Image, place: np.ndarray, size: tuple[int, int]) -> Image.Image:
    """The page of that size out of a scan; what lies beyond the scan is as its border mostly is."""
    to_scan = place @ np.diag([1 / size[0], 1 / size[1], 1.0])
    coefficients = (to_scan / to_scan[2, 2]).ravel()[:8].tolist()
    return scan.transform(
        size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR, fillcolor=_border(scan)
    )


def usual_size(place: np.ndarray) -> tuple[int, int]:
    """How large the page is in the scan: the mean of its opposite sides."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = applied(place, np.array([(0, 0), (1, 0), (0, 1), (1, 1)], float))
    width = (math.hypot(x1 - x0, y1 - y0) + math.hypot(x3 - x2, y3 - y2)) / 2
    height = (math.hypot(x2 - x0, y2 - y0) + math.hypot(x3 - x1, y3 - y1)) / 2
    return max(1, round(width)), max(1, round(height))


def applied(place: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where a map takes points `(n, 2)`."""
    mapped = np.column_stack([points, np.ones(len(points))]) @ place.T
    result: np.ndarray = mapped[:, :2] / mapped[:, 2:]
    return result


def _border(scan: Image.Image) -> int:
    pixels = np.asarray(scan)
    return int(np.median(np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])))


# ---- By four marks --------------------------------------------------------------------------------------------------


def place_by_marks(scan: Image.Image, marks: tuple[tuple[float, ...], ...], name: str) -> np.ndarray:
    """The map by four marks, filled squares, discs or crosses, given by their places on the page.

    DataError, which `name` opens, where the scan has no four alike ones near these places.
    """
    factor = max(1, math.ceil(math.sqrt(scan.width * scan.height / _MARK_PIXELS)))
    small = scan.reduce(factor)
    expected = np.array(marks) * small.size
    side = max(small.size)
    spots = _spots(small)
    choices = [_near(spots, place, _REACH * side) for place in expected]
    best = (
        min((_strangeness(expected, np.array(four), side), four) for four in product(*choices))
        if all(choices)
        else (math.inf, ())
    )
    if best[0] > 1:
        raise DataError(f"{name}: its four marks were not found near their places on the form")
    found = np.array([spot[:2] for spot in best[1]])
    place: np.ndarray = np.diag([factor, factor, 1.0]) @ homography(np.array(marks), found)
    return place


def _spots(scan: Image.Image) -> list[tuple[float, float, float, float]]:
    """Compact dark parts: the centre of each, its side, and which share of its box is ink."""
    pixels = np.asarray(scan)
    background = np.asarray(scan.reduce(8).filter(ImageFilter.MaxFilter(9)).resize(scan.size), np.float32)
    depth = background - pixels
    runs = label_runs(depth > max(otsu(depth)[0], 30))
    if not len(runs.row):
        return []
    area, (x0, y0, x1, y1) = runs.area, runs.box.T
    width, height, longest = x1 - x0, y1 - y0, max(scan.size)
    side = np.maximum(width, height)
    fits = (side <= _SQUARE * np.minimum(width, height)) & (side >= max(4, _LEAST_MARK * longest))
    fits &= side <= _MOST_MARK * longest
    columns = ((x0 + x1) / 2, (y0 + y1) / 2, side, area / (width * height))
    return list(zip(*(column[fits].tolist() for column in columns), strict=True))


def _near(
    spots: list[tuple[float, float, float, float]], place: np.ndarray, reach: float
) -> list[tuple[float, float, float, float]]:
    """The likeliest marks near a place: the most solid ones, as a square is, and those that are as large."""
    near = [spot for spot in spots if math.hypot(spot[0] - place[0], spot[1] - place[1]) <= reach]
    return sorted(near, key=lambda spot: -spot[2] * spot[3])[:_MOST_CANDIDATES]


def _strangeness(expected: np.ndarray, four: np.ndarray, side: float) -> float:
    """How little four spots look like the marks: above 1, they are others.

    They must be alike, and lie to each other nearly as on the form: what is left of an affine map, and of its shear.
    """
    corners = np.column_stack([expected, np.ones(len(expected))])
    affine, *_ = np.linalg.lstsq(corners, four[:, :2], rcond=None)
    askew = float(np.abs(corners @ affine - four[:, :2]).max()) / (_MOST_ASKEW * side)
    stretch = np.linalg.svd(affine[:2], compute_uv=False)
    unequal = abs(math.log(max(stretch[0], 1e-9) / max(stretch[1], 1e-9))) / 0.2
    sizes, solidity = np.log(four[:, 2]), four[:, 3]
    return max(askew, unequal, float(np.ptp(sizes)) / 0.5, float(np.ptp(solidity)) / 0.35)


# ---- By the empty form ----------------------------------------------------------------------------------------------


def place_by_blank(scan: Image.Image, blank: Image.Image) -> np.ndarray:
    """The affine map by a scan of the empty form: turned by up to 4 degrees, 4% larger or smaller, and shifted.

    Turning and scale are tried on small pictures; then shifts of tiles, on finer and finer ones, are fitted by least
    squares. Pictures of edges are compared, by the phases of their spectra, so that light and handwriting hardly count.
    """
    place = _roughly(scan, blank)
    for side in _FINER:
        place = place @ _correction(scan, blank, place, _within(blank.size, side))
        if side >= max(blank.size):
            break
    return place


def _within(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = min(1, side / max(size))
    return max(8, round(size[0] * scale)), max(8, round(size[1] * scale))


def _roughly(scan: Image.Image, blank: Image.Image) -> np.ndarray:
    """The best of some turns and scales, with its shift."""
    size = _within(blank.size, _COARSE)
    reduced = scan.resize((2 * size[0], 2 * size[1]), Image.Resampling.BOX)
    to_scan = np.diag([scan.width / reduced.width, scan.height / reduced.height, 1.0])
    wanted = np.fft.rfft2(_edges(blank.resize(size, Image.Resampling.BOX)))
    best = (-math.inf, np.eye(3))
    for angle, scale in product(np.radians(_ANGLES), _SCALES):
        place = _about_middle(reduced.size, angle, scale)
        shift, peak = _shift(wanted, _edges(straightened(reduced, place, size)))
        best = max(best, (peak, place @ _moved(shift / size)), key=lambda each: each[0])
    return to_scan @ best[1]


def _about_middle(size: tuple[int, int], angle: float, scale: float) -> np.ndarray:
    """The page turned and scaled about the middle of the scan."""
    middle = np.array(size) / 2
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])
    place: np.ndarray = _moved(middle) @ turn @ _moved(-middle) @ page_itself(size)
    return place


def _moved(shift: np.ndarray) -> np.ndarray:
    return np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1.0]])


def _correction(scan: Image.Image, blank: Image.Image, place: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """What is to be done on the page before a map, by the shifts of tiles; nothing, where they tell nothing."""
    wanted, seen = blank.resize(size, Image.Resampling.BOX), straightened(scan, place, size)
    width, height = (2 * side // (_TILES + 1) for side in size)  # they overlap by half
    middles, shifts, trust = [], [], []
    for column, row in product(range(_TILES), range(_TILES)):
        x, y = column * width // 2, row * height // 2
        box = x, y, x + width, y + height
        shift, peak = _shift(np.fft.rfft2(_edges(wanted.crop(box))), _edges(seen.crop(box)))
        middles.append(((x + width / 2) / size[0], (y + height / 2) / size[1]))
        shifts.append(shift / size)
        trust.append(peak if peak >= _TRUSTED else 0.0)
    return _fitted(np.array(middles), np.array(shifts), np.array(trust))


def _fitted(middles: np.ndarray, shifts: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """The affine map that moves points by their shifts, by least squares, again without those that are far off."""
    corners = np.column_stack([middles, np.ones(len(middles))])
    affine = np.zeros((3, 2))
    for _ in range(3):
        if np.count_nonzero(trust) < 4:
            return np.eye(3)
        weights = np.sqrt(trust)[:, np.newaxis]
        affine, *_ = np.linalg.lstsq(corners * weights, shifts * weights, rcond=None)
        errors = np.linalg.norm(corners @ affine - shifts, axis=1)
        trust = np.where(errors <= 3 * np.median(errors[trust > 0]) + 1e-4, trust, 0)
    return np.eye(3) + np.vstack([affine.T, np.zeros(3)])


def _edges(picture: Image.Image) -> np.ndarray:
    """How steeply brightness changes, fading towards the border."""
    pixels = np.asarray(picture.filter(ImageFilter.BoxBlur(1)), np.float32)
    steep = np.hypot(*np.gradient(pixels))
    down, across = (np.hanning(n).astype(np.float32) for n in pixels.shape)
    faded: np.ndarray = (steep - steep.mean()) * down[:, np.newaxis] * across
    return faded


def _shift(wanted: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, float]:
    """By how many pixels (x, y) what is seen lies farther than what is wanted, a spectrum; and how clearly."""
    cross = np.fft.rfft2(seen) * wanted.conj()
    surface = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-3 * np.abs(cross).max() + 1e-9), seen.shape)
    surface = surface + np.roll(surface, 1, 0) + np.roll(surface, -1, 0)  # what lies between pixels counts for both
    surface = (surface + np.roll(surface, 1, 1) + np.roll(surface, -1, 1)) / 3
    y, x = np.unravel_index(surface.argmax(), surface.shape)
    height, width = surface.shape
    found = [
        (at + _between(line, at) + n // 2) % n - n // 2
        for at, line, n in ((int(x), surface[y], width), (int(y), surface[:, x], height))
    ]
    return np.array(found), float(surface[y, x])


def _between(line: np.ndarray, at: int) -> float:
    """Where, next to its largest value, a curve through three values is highest."""
    before, peak, after = line[at - 1], line[at], line[(at + 1) % len(line)]
    bend = before - 2 * peak + after
    return float((before - after) / (2 * bend)) if bend < 0 else 0.0
