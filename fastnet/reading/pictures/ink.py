"""Tell ink from paper: one grey channel in which they contrast, even light, and how much ink lies on each pixel."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from .borders import padded

_COARSE_PIXELS = 8_000  # light and paper change slowly: a small copy tells them
_CLOSED_PIXELS = 60_000  # a larger copy keeps the edges of shadows where they are
_STROKE, _WIDE_STROKE = 0.12, 0.18  # of the copy's shorter side: between lines, strokes are narrower; any are
_MOST_OF_THE_PAGE = 0.6  # is plain paper
_LUMINANCE = np.array([0.299, 0.587, 0.114])  # ITU-R 601
_FAR_BETTER = 3.0  # how much more of the contrast another mix of colours must show than luminance does
_SMOOTHING = 2  # pixels of the small copy over which paper is averaged
_TWO_GROUPS = 0.7  # of the variance is between light and dark where they are two groups; 0.64 for plain grain
_CLEAR, _QUITE_CLEAR = 0.9, 0.93  # ink and paper are plainly two groups, and no shadow's edge lies on a stroke
_CLEAREST = 0.95  # ... and where wide strokes lie in light that falls off
_SMOOTH = 0.08  # of the contrast is the paper's deviation from a smooth surface, at most
_MOST_INK, _MOST_BORDER = 0.35, 0.15  # of the picture, and of its border, is ink; a shadow has more of the border
_ONE_SIDED = 1.5  # skewness of what is thin, above which it is strokes
_ROUNDS = 8  # of telling ink from paper by a smooth surface, and the surface by the paper
_MOST_POINTS = 1_000  # of the paper, which tell its surface
_NOISES = 5.0  # ink stands out from the paper by so many standard deviations of its grain
_COARSE_GRAIN, _DROWNED = 3.0, 0.6  # from so much on, and where ink must stand out by such a share of its strength, ...
_RADII, _LESS_GRAIN = (1, 2, 4), 0.9  # ... grain is averaged over so many pixels; such a share of it is left at most
_NEAR_BY = 4  # pixels, over which grain differs and light hardly does
_MEDIAN_CHANGE = 0.954  # of grain's standard deviation, between two pixels
_LEAST_INK = 10  # of 255: what contrasts less is no ink
_PEAK, _THRESHOLD, _FAINT = 0.45, 0.28, 0.12  # of the ink's usual strength


@dataclass(frozen=True)
class Ink:
    """How much ink lies on each pixel, with what led to it. All pictures are uint8 of one size."""

    grey: np.ndarray  # the channel in which ink contrasts
    even: np.ndarray  # the same in even light, light ink on dark paper
    amount: np.ndarray  # 0 is paper, 255 the usual ink
    mask: np.ndarray  # bool: where there is ink, if it hangs together with a peak
    peaks: np.ndarray  # bool: where there is ink for certain
    faint: np.ndarray  # bool: where there is anything
    contrast: float  # of the usual ink, from 0 to 255
    noise: float  # standard deviation of the paper's grain
    is_dark: bool  # darker than the paper


def find_ink(image: Image.Image, is_dark: bool | None = None, has_lines: bool = False) -> Ink:
    """Measure the ink on a picture of mode L or RGB; whether it is darker than the paper is found out, if not given.

    Where there are lines all over it, it is written on beyond doubt: then the edge of a shadow is not taken for grain.
    Where the light was dim, grain may be as strong as the ink: then the picture is smoothed first.
    """
    lit = _in_least_grain(contrasting_channel(image), is_dark, has_lines)
    even, strength = lit.even, lit.strength
    grain = max(_NOISES * lit.noise, 1)
    scale = [min(255, round(255 * value / max(strength, 1))) for value in range(256)]
    amount = np.asarray(Image.fromarray(even).point(scale))
    levels = (math.floor(max(share * strength, grain)) for share in (_PEAK, _THRESHOLD, _FAINT))
    peaks, mask, faint = (even > level for level in levels)  # whole numbers: else all pixels become floating point
    return Ink(lit.grey, even, amount, mask, peaks, faint, strength, lit.noise, lit.is_dark)


# ---- Grain ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Lit:
    """A channel, the same in even light, there the grain's standard deviation and the ink's strength, and its side."""

    grey: np.ndarray
    even: np.ndarray
    noise: float
    strength: float
    is_dark: bool

    @property
    def is_drowned(self) -> bool:
        """Whether grain hides much of the ink."""
        return self.noise >= _COARSE_GRAIN and _NOISES * self.noise > _DROWNED * self.strength


def _lit(channel: Image.Image, is_dark: bool | None, has_lines: bool) -> _Lit:
    grey = np.asarray(channel)
    even, noise, is_dark = _in_even_light(channel, grey, is_dark, has_lines)
    return _Lit(grey, even, noise, _usual_strength(even, noise), is_dark)


def _in_least_grain(channel: Image.Image, is_dark: bool | None, has_lines: bool) -> _Lit:
    """The channel; or where grain drowns the ink, its means over neighbourhoods so large that it does no more.

    What they do not make less is no grain, but shade.
    """
    sharp = best = _lit(channel, is_dark, has_lines)
    for radius in _RADII:
        if not best.is_drowned:
            break
        smooth = _lit(channel.filter(ImageFilter.BoxBlur(radius)), is_dark, has_lines)
        if smooth.noise > _LESS_GRAIN * best.noise:
            break
        best = smooth
    return sharp if best.is_drowned else best


# ---- Colour ---------------------------------------------------------------------------------------------------------


def contrasting_channel(image: Image.Image, small: Image.Image | None = None) -> Image.Image:
    """Luminance; or, where another mix of the colours shows far more contrast, that mix.

    `small` is its coarse copy, for who has it.
    """
    if image.mode == "L":
        return image
    colours = local_contrast(np.asarray(small or coarse(image), np.float32), 2).reshape(-1, 3)
    covariance = colours.T @ colours / len(colours)
    mix = np.linalg.eigh(covariance)[1][:, -1]  # the direction of most variance
    luminance = _LUMINANCE / np.linalg.norm(_LUMINANCE)
    if mix @ covariance @ mix < _FAR_BETTER * (luminance @ covariance @ luminance) + 1:
        return image.convert("L")
    mix *= 1 if mix @ luminance >= 0 else -1
    span = np.abs(mix).sum()
    return image.convert("L", (*(mix / span), 255 * float(-mix[mix < 0].sum() / span)))


# ---- Light ----------------------------------------------------------------------------------------------------------


def _in_even_light(
    grey: Image.Image, full: np.ndarray, is_dark: bool | None, has_lines: bool
) -> tuple[np.ndarray, float, bool]:
    """How far each pixel is from the paper around it towards the ink, the paper's grain, and which side ink is on.

    `full` holds the pixels of `grey`.
    """
    of_light = _paper_between_lines if has_lines else _lit_paper
    paper, is_dark = _plain_paper(full, is_dark) or of_light(grey, is_dark)
    level = enlarged(paper, grey.size)
    depth = _depth(level, full, is_dark)
    return np.clip(depth, 0, 255).astype(np.uint8), _grain(depth, has_lines), is_dark


def _depth(paper: np.ndarray | np.float32, pixels: np.ndarray, is_dark: bool) -> np.ndarray:
    """How far each pixel is from the paper towards the ink, of 255; shade dims ink and paper alike."""
    depth: np.ndarray = paper - pixels if is_dark else pixels - paper
    depth *= 255 / np.maximum(paper if is_dark else 255 - paper, np.float32(32))
    return depth


def _grain(depth: np.ndarray, near_by: bool) -> float:
    """The standard deviation of the paper's grain, from how far each pixel is from the paper's brightness.

    Grain lies on the far side of the paper from the ink. In a small picture, where light falls off within a few pixels,
    and in any if asked, it is also what changes from a pixel to one near by.
    """
    sample = depth[:: max(1, depth.shape[0] // 100), :: max(1, depth.shape[1] // 100)]
    middle, lighter = np.quantile(sample, (1 / 2, 1 / 6))
    spread = max(0.0, min(float(middle), 0.0) - float(lighter))
    if (depth.size > _COARSE_PIXELS and not near_by) or depth.shape[1] <= _NEAR_BY:
        return spread
    rows = depth[:: max(1, depth.shape[0] // 100)]
    changes = abs(rows[:, _NEAR_BY:] - rows[:, :-_NEAR_BY])
    return min(spread, float(np.median(changes)) / _MEDIAN_CHANGE)


def _plain_paper(full: np.ndarray, is_dark: bool | None) -> tuple[np.ndarray, bool] | None:
    """The brightness of the paper and whether ink is darker; None unless the light is even beyond doubt.

    That is where the whole border and most other pixels have one value: drawings on a screen, and clean scans.
    """
    paper = full[0, 0]
    is_paper = full == paper
    if not (is_paper[[0, -1]].all() and is_paper[:, [0, -1]].all() and is_paper.mean() > _MOST_OF_THE_PAGE):
        return None
    if is_dark is None:
        is_dark = full.mean() < paper
    return np.full((1, 1), paper, np.float32), bool(is_dark)


def _lit_paper(grey: Image.Image, is_dark: bool | None) -> tuple[np.ndarray, bool]:
    """The brightness of the paper on a small copy, in whatever light, and whether ink is darker."""
    g = np.asarray(coarse(grey), np.float32)
    best = _paper_and_side(g, 2, is_dark)
    if best[2] < _CLEAR:
        best = max(best, _paper_and_side(g, 8, is_dark), key=lambda guess: guess[2])
    if best[2] < _QUITE_CLEAR:
        closed = _closed_paper(grey, is_dark, _WIDE_STROKE)
        best = closed if closed[2] > max(best[2], _CLEAR) else best
    if best[2] < _CLEAREST:
        sides = (True, False) if is_dark is None and best[2] < _CLEAR else (best[1],)
        best = max([best, *_smooth_papers(g[::2, ::2], sides)], key=lambda guess: guess[2])
    return best[0], best[1]


def _smooth_papers(g: np.ndarray, sides: tuple[bool, ...]) -> Iterator[tuple[np.ndarray, bool, float]]:
    """As `_paper_and_side`, where light falls off smoothly, also below strokes that are wide for the picture: for
    darker ink or for lighter, as `sides` tells, if a smooth surface then describes the paper well."""
    is_first, first_is_dark = _first_split(g, 2)
    for side in sides:
        paper, is_ink = surface_of_paper(g, is_first if first_is_dark == side else ~is_first, side)
        depth, is_paper = _depth(paper, g, side), ~highest(is_ink, 1)
        border = np.concatenate([is_ink[0], is_ink[-1], is_ink[:, 0], is_ink[:, -1]])
        is_writing = 0 < is_ink.mean() < _MOST_INK and border.mean() < _MOST_BORDER and is_paper.any()
        if is_writing and depth[is_paper].std() <= _SMOOTH * np.median(depth[is_ink]):
            yield paper, side, otsu(depth)[1]


def _paper_between_lines(grey: Image.Image, is_dark: bool | None) -> tuple[np.ndarray, bool]:
    """The same where lines run all over the page."""
    return _closed_paper(grey, is_dark, _STROKE)[:2]


def _closed_paper(grey: Image.Image, is_dark: bool | None, widest: float) -> tuple[np.ndarray, bool, float]:
    """As `_paper_and_side`, with light as it is on both sides of the edge of a shadow, on a larger copy.

    Most is nearer to the brightness of the paper than to that of the ink, of which there is some near by. Strokes are
    narrow, and shadows are not: closing fills what is dark and no wider than the share `widest` of the shorter side,
    and does not move the edge of a shadow.
    """
    g = np.asarray(reduced(grey, _CLOSED_PIXELS)[0], np.float32)
    reach = math.ceil(widest * min(g.shape) / 2)
    if is_dark is None:
        is_dark = bool((2 * g - highest(g, 2 * reach) + highest(-g, 2 * reach)).sum() > 0)
    paper = _closed(g, reach) if is_dark else -_closed(-g, reach)
    paper -= np.median(paper - g)  # closed grain is lighter than paper
    return paper, is_dark, otsu(_depth(paper, g, is_dark)[::2, ::2])[1]


def _closed(values: np.ndarray, reach: int) -> np.ndarray:
    """The same without what is low and no wider than twice `reach` and a pixel."""
    closed: np.ndarray = -highest(-highest(values, reach), reach)
    return closed


def highest(values: np.ndarray, reach: int) -> np.ndarray:
    """The highest value up to `reach` rows and columns away, in the shape and dtype of the values, also of a mask."""
    for axis in (0, 1):
        edge = [(reach, reach) if axis == n else (0, 0) for n in (0, 1)]
        values = np.pad(values, edge, "edge").swapaxes(0, axis)
        width, most = 1, 2 * reach + 1
        while width < most:
            step = min(width, most - width)
            values = np.maximum(values[:-step], values[step:])
            width += step
        values = values.swapaxes(0, axis)
    return values


def _paper_and_side(g: np.ndarray, fraction: float, is_dark: bool | None) -> tuple[np.ndarray, bool, float]:
    """The brightness of the paper, whether ink is darker, and how clearly ink and paper are two groups then.

    Ink is what stands out from a neighbourhood of the picture's side / `fraction`: a wide one is needed for thick
    strokes, a narrow one beside the edge of a shadow.
    """
    is_ink, ink_is_dark = _first_split(g, fraction)
    if is_dark not in (None, ink_is_dark):
        is_ink, ink_is_dark = ~is_ink, not ink_is_dark
    paper = _paper(g, is_ink)
    for _ in range(2):
        depth = (paper - g) if ink_is_dark else (g - paper)
        paper = _paper(g, depth > max(0.2 * float(depth.max()), 8))
    clearness = otsu(paper - g)[1]
    # Beside the edge of a shadow, the mean lies between light and shade; take the side that makes less ink.
    paper = -highest(-paper, _SMOOTHING) if ink_is_dark else highest(paper, _SMOOTHING)
    return paper, ink_is_dark, clearness


def _first_split(g: np.ndarray, fraction: float) -> tuple[np.ndarray, bool]:
    """Where there may be ink on the small copy, and whether ink is darker than paper.

    Paper is what lies along the border and what there is more of. But strokes are thin and stand out to one side,
    where the edge of a shadow goes to both: if thin things say otherwise, they are believed.
    """
    local = local_contrast(g, fraction)
    threshold, separation = otsu(local)
    light = local > threshold
    border = np.concatenate([light[0], light[-1], light[1:-1, 0], light[1:-1, -1]])
    ink_is_dark = bool(2 * border.mean() + light.mean() > 1.5)
    fine = local_contrast(g, 8)
    skewness = float(np.mean(fine**3) / max(np.mean(fine**2), 1e-6) ** 1.5)
    if separation > _TWO_GROUPS and not (abs(skewness) > _ONE_SIDED and (skewness < 0) != ink_is_dark):
        return (~light if ink_is_dark else light), ink_is_dark
    depth = -fine if skewness < 0 else fine
    return depth > 0.3 * depth.max(), skewness < 0


def _paper(g: np.ndarray, is_ink: np.ndarray) -> np.ndarray:
    """The brightness of the paper, also below the ink: the mean of the paper near by, or farther away."""
    near_ink = highest(is_ink, 1)  # the soft edge of a stroke is no paper
    weight = (~near_ink).astype(np.float32)
    everywhere = float((g * weight).sum() / max(weight.sum(), 1e-6)) if weight.any() else float(g.mean())
    sums, weights = np.full_like(g, 1e-6 * everywhere), np.full_like(g, 1e-6)
    for radius, trust in ((_SMOOTHING, 1.0), (4 * _SMOOTHING, 1e-3)):
        sums += trust * box_mean(g * weight, radius)
        weights += trust * box_mean(weight, radius)
    paper: np.ndarray = sums / weights
    return paper


# ---- Strength -------------------------------------------------------------------------------------------------------


def _usual_strength(even: np.ndarray, noise: float) -> float:
    """How far ink is from paper: the mean of the upper of two groups among what stands out from the grain."""
    floor = min(254, math.ceil(max(_NOISES * noise, _LEAST_INK)))
    counts = np.bincount(even[even >= floor], minlength=256).astype(np.float64)
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
    width = (most - least) / 256
    counts = np.bincount(np.minimum((values.ravel() - least) / width, 255).astype(np.uint8), minlength=256)
    threshold, share = _otsu_of_histogram(counts.astype(np.float64))
    return least + (round(threshold) + 1) * width, share


def _otsu_of_histogram(counts: np.ndarray) -> tuple[float, float]:
    levels = np.arange(len(counts))
    n = counts.cumsum()
    total = (counts * levels).cumsum()
    mean = total[-1] / n[-1]
    variance = float((counts * (levels - mean) ** 2).sum() / n[-1])
    if variance < 1e-9:
        return float(mean) - 1, 0.0  # one value alone is above the threshold
    between = (mean * n - total) ** 2 / np.maximum(n * (n[-1] - n), 1)  # 0 where one group has nothing
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9)).mean()  # the middle of an empty gap
    return float(np.floor(best)), float(between.max()) / variance


# ---- Light that falls off smoothly ----------------------------------------------------------------------------------


def surface_of_paper(g: np.ndarray, is_ink: np.ndarray, is_dark: bool) -> tuple[np.ndarray, np.ndarray]:
    """The brightness of the paper, a surface of the second degree, and the mask of the ink, from a guess of that.

    Both have the shape of the grey picture `g`. Ink and paper tell each other until they agree.
    """
    paper = np.full_like(g, g.mean())
    for _ in range(_ROUNDS):
        soft = highest(is_ink, 1)  # the soft edge of a stroke is no paper
        if soft.all():
            break
        paper = _surface(g, ~soft)
        depth = paper - g if is_dark else g - paper
        before, is_ink = is_ink, depth > otsu(depth)[0]
        if (is_ink == before).all():
            break
    return paper, is_ink


def _surface(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The surface of the second degree that is nearest to the values where they are known, everywhere."""
    rows, columns = (np.linspace(-1, 1, n, dtype=np.float32) for n in values.shape)
    y, x = np.broadcast_arrays(rows[:, np.newaxis], columns)
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    at = np.flatnonzero(known)
    at = at[:: -(-len(at) // _MOST_POINTS)]
    factors = np.linalg.lstsq(terms.reshape(-1, 6)[at], values.ravel()[at], rcond=None)[0]
    surface: np.ndarray = terms @ factors
    return surface


# ---- Helpers --------------------------------------------------------------------------------------------------------


def coarse(image: Image.Image) -> Image.Image:
    """A small copy."""
    return reduced(image, _COARSE_PIXELS)[0]


def reduced(image: Image.Image, most: int) -> tuple[Image.Image, int]:
    """The picture from afar, with about so many pixels at most, and how many of its own are one there, each way."""
    factor = math.ceil(math.sqrt(image.width * image.height / most))
    return (image.reduce((min(factor, image.width), min(factor, image.height))) if factor > 1 else image), factor


def local_contrast(values: np.ndarray, fraction: float) -> np.ndarray:
    """How far each value, `(height, width, ...)`, is from the mean about it: of a square of the side / `fraction`."""
    contrast: np.ndarray = values - box_mean(values, max(1, round(min(values.shape[:2]) / fraction / 2)))
    return contrast


def box_mean(values: np.ndarray, radius: int) -> np.ndarray:
    """The mean of float `(height, width, ...)` over rows and columns up to `radius` away, as far as there are any."""
    return _mean_along(_mean_along(values, radius, 1), radius, 0)


def _mean_along(values: np.ndarray, radius: int, axis: int) -> np.ndarray:
    """The mean over places up to `radius` away on one axis, as far as there are any.

    Sums over 2, 4, 8, ... places are each made of two before; those that the whole width is made of are added up.
    """
    n, width = values.shape[axis], 2 * radius + 1
    along = (slice(None),) * axis
    sums = padded(values, radius, axis)
    total, first, size = sums[(*along, slice(n))].copy(), 1, 2  # the width is odd
    while size <= width:
        sums = sums[(*along, slice(None, -size // 2))] + sums[(*along, slice(size // 2, None))]
        if width & size:
            total += sums[(*along, slice(first, first + n))]
            first += size
        size *= 2
    total /= _window_sizes(n, radius).astype(values.dtype).reshape(-1, *[1] * (values.ndim - 1 - axis))
    return total


def _window_sizes(n: int, radius: int) -> np.ndarray:
    """How many of `n` places in a row are up to `radius` from each."""
    places = np.arange(n)
    return np.minimum(places + radius + 1, n) - np.maximum(places - radius, 0)


def enlarged(field: np.ndarray, size: tuple[int, int]) -> np.ndarray | np.float32:
    """A slowly changing field on all pixels, float32, of that width and height; one number where it hardly changes."""
    if np.ptp(field) < 0.02 * abs(float(field.mean())) + 1e-3:
        return np.float32(np.median(field))
    return np.asarray(Image.fromarray(field.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))
