"""Find a picture that a digit fills, as when it was cut out close to its ink: there is no paper around it to go by."""

import numpy as np
from PIL import Image

from .ink import coarse, enlarged, highest, otsu, surface_of_paper
from .labelling import label_runs
from .mnist_form import stroke_width
from .ruling import without_ruled_lines

_TWO_GROUPS = 0.7  # of the variance is between ink and paper
_MOST_INK = 0.5  # of it is in one part
_SPAN = 0.7  # of the picture's height or width, that this part reaches across
_TWO_TONES = 0.82  # of the ink's variance is between a shadow and the ink in it; less within strokes with soft edges
_OPEN = 0.8  # of each side of the picture is ink at most: what fills a side is a shadow, a table or a frame
_THICK = 0.4  # of the longer side of that part: no stroke is thicker
_EVEN = 0.05  # of each side at least is paper at its usual level, ...
_LEVEL = 0.01  # ... within such a share of the contrast
_MARGIN = 0.5  # of the picture's longer side

# Where light falls off across a close-up, only dark ink on paper that a smooth surface describes well is believed.
_LEAST_INK = 0.2  # of the picture: a page with digits on it has less, and need not be tried
_TOUCHED = 0.5  # of a side's length is ink at most, on all four sides together: shadows run from side to side
_MOST_NOISE = 0.16  # of the contrast: paper's deviation from its surface, which is larger where a shadow ends

_Levels = tuple[float, float] | tuple[np.ndarray, np.ndarray]  # the brightness of paper and of ink, on each pixel


def find_close_up(channel: Image.Image) -> tuple[Image.Image, int] | None:
    """Light ink on black paper with a margin all around, and its pixels, if a digit fills the picture (L)."""
    small = np.asarray(coarse(channel), np.float32)
    threshold, separation = otsu(small)
    if separation < _TWO_GROUPS:
        return None
    light = small > threshold
    ink_is_dark = bool(np.concatenate(_sides(light)).mean() > 0.5)
    levels = _in_level_light(small, light != ink_is_dark, ink_is_dark)
    if levels is None and ink_is_dark:
        levels = _in_falling_light(small, ~light, channel.size)
    if levels is None:
        return None
    paper, full = levels
    amount = np.clip((np.asarray(channel, np.float32) - paper) * (255 / (full - paper)), 0, 255).astype(np.uint8)
    margin = max(1, round(_MARGIN * max(channel.size)))
    return Image.fromarray(np.pad(amount, margin)), margin


def _in_level_light(small: np.ndarray, ink: np.ndarray, ink_is_dark: bool) -> _Levels | None:
    """What paper and ink are everywhere; None if the ink is no digit, or the light not even, as on photographs."""
    if not _is_digit(ink, 255 - small if ink_is_dark else small):
        return None
    paper, full = float(np.bincount(small[~ink].astype(np.uint8)).argmax()), float(np.median(small[ink]))
    is_level = abs(small - paper) <= _LEVEL * abs(full - paper)
    if min(side.mean() for side in _sides(is_level)) < _EVEN:
        return None
    return paper, full


def _in_falling_light(small: np.ndarray, ink: np.ndarray, size: tuple[int, int]) -> _Levels | None:
    """What paper, a surface of the second degree, and dark ink are on so large a picture; None if it is no digit."""
    if ink.mean() < _LEAST_INK:
        return None
    paper, ink = surface_of_paper(small, ink, is_dark=True)
    touched = sum(side.mean() for side in _sides(ink))
    if otsu(paper - small)[1] < _TWO_GROUPS or touched > _TOUCHED or paper.min() < 1:  # black paper has no share of ink
        return None
    share = 1 - small / paper  # shade dims ink and paper alike
    strength, is_paper = float(np.median(share[ink])), ~highest(ink, 2)
    if not is_paper.any() or share[is_paper].std() > _MOST_NOISE * strength or not _is_digit(ink, 255 * share):
        return None
    level = np.asarray(enlarged(paper, size))
    return level, level * np.float32(1 - strength)


def _sides(picture: np.ndarray) -> tuple[np.ndarray, ...]:
    return picture[0], picture[-1], picture[:, 0], picture[:, -1]


def _is_written_on(amount: np.ndarray) -> bool:
    """Whether what seems ink is two things, of which the darker is less: a shadow, with ink in it."""
    threshold, separation = otsu(amount)
    return bool(separation >= _TWO_TONES and (amount > threshold).mean() < 0.5)


def _is_digit(ink: np.ndarray, amount: np.ndarray) -> bool:
    """Whether the ink's largest part is of strokes and as large as the picture, which is no page of a notebook."""
    if max(side.mean() for side in _sides(ink)) > _OPEN:
        return False
    runs = label_runs(ink)
    if not len(runs.row):
        return False
    areas = runs.area
    its = runs.label == areas.argmax()
    height, width = np.ptp(runs.row[its]) + 1, runs.stop[its].max() - runs.start[its].min()
    fills = max(height / ink.shape[0], width / ink.shape[1]) >= _SPAN and areas.max() >= _MOST_INK * areas.sum()
    if not fills or stroke_width(ink) > _THICK * max(height, width) or _is_written_on(amount[ink]):
        return False
    return bool((without_ruled_lines(ink, ink, amount)[0] == ink).all())
