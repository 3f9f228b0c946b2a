"""Find a picture that a digit fills, as when it was cut out close to its ink: there is no paper around it to go by."""

import numpy as np
from PIL import Image

from .ink import coarse, otsu
from .labelling import label_runs
from .mnist_form import stroke_width
from .ruling import without_ruled_lines

_TWO_GROUPS = 0.7  # of the variance is between ink and paper
_MOST_INK = 0.5  # of it is in one part
_SPAN = 0.7  # of the picture's height or width, that this part reaches across
_OPEN = 0.8  # of each side of the picture is ink at most: what fills a side is a shadow, a table or a frame
_THICK = 0.4  # of the longer side of that part: no stroke is thicker
_EVEN = 0.05  # of each side at least is paper at its usual level, ...
_LEVEL = 0.01  # ... within such a share of the contrast
_MARGIN = 0.5  # of the picture's longer side


def find_close_up(channel: Image.Image) -> tuple[Image.Image, int] | None:
    """Light ink on black paper with a margin all around, and its pixels, if a digit fills the picture (L)."""
    small = np.asarray(coarse(channel), np.float32)
    threshold, separation = otsu(small)
    if separation < _TWO_GROUPS:
        return None
    light = small > threshold
    ink_is_dark = bool(np.concatenate(_sides(light)).mean() > 0.5)
    ink = light != ink_is_dark
    if max(side.mean() for side in _sides(ink)) > _OPEN or not _is_digit(ink):
        return None
    if (without_ruled_lines(ink, ink, 255 - small if ink_is_dark else small)[0] != ink).any():
        return None  # the page of a notebook
    paper, full = float(np.bincount(small[~ink].astype(np.uint8)).argmax()), float(np.median(small[ink]))
    is_level = abs(small - paper) <= _LEVEL * abs(full - paper)
    if min(side.mean() for side in _sides(is_level)) < _EVEN:
        return None  # a photograph: the light may not be even
    amount = np.clip((np.asarray(channel, np.float32) - paper) * (255 / (full - paper)), 0, 255).astype(np.uint8)
    margin = max(1, round(_MARGIN * max(channel.size)))
    return Image.fromarray(np.pad(amount, margin)), margin


def _sides(picture: np.ndarray) -> tuple[np.ndarray, ...]:
    return picture[0], picture[-1], picture[:, 0], picture[:, -1]


def _is_digit(ink: np.ndarray) -> bool:
    """Whether the largest part of some ink is of strokes and as large as the picture."""
    runs = label_runs(ink)
    if not len(runs.row):
        return False
    areas = runs.area
    its = runs.label == areas.argmax()
    height, width = np.ptp(runs.row[its]) + 1, runs.stop[its].max() - runs.start[its].min()
    fills = max(height / ink.shape[0], width / ink.shape[1]) >= _SPAN and areas.max() >= _MOST_INK * areas.sum()
    return bool(fills and stroke_width(ink) <= _THICK * max(height, width))
