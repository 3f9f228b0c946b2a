"""Digits seen another way, for networks that are to err on other digits than each other: straight, or all as wide.

As in Ciresan et al., "Better digit recognition with a committee of simple neural nets" (ICDAR 2011).
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from PIL import Image

from fastnet.data.samples import Samples

_SIDE = 28
_WIDTH = 14  # pixels
_INK = 60  # of 255, at least

View = Callable[[np.ndarray], Image.Image]


def straight(digit: np.ndarray) -> Image.Image:
    """A digit, uint8 `(28, 28)`, without its slant: sheared until its columns and rows do not go together."""
    weights = digit / max(1, int(digit.sum()))
    rows, columns = np.mgrid[:_SIDE, :_SIDE]
    middle = (weights * rows).sum()
    down = rows - middle
    slant = (weights * down * columns).sum() / max(1e-6, (weights * down**2).sum())
    shear = (1, slant, -slant * (middle + 0.5), 0, 1, 0)  # Pillow's pixels have their middles at 0.5
    return Image.fromarray(digit).transform((_SIDE, _SIDE), Image.Transform.AFFINE, shear, Image.Resampling.BILINEAR)


def as_wide(digit: np.ndarray) -> Image.Image:
    """A digit, uint8 `(28, 28)`, made 14 pixels wide, in the middle."""
    columns = np.flatnonzero((digit > _INK).any(axis=0))
    page = Image.new("L", (_SIDE, _SIDE))
    if len(columns):
        ink = Image.fromarray(digit[:, columns[0] : columns[-1] + 1])
        page.paste(ink.resize((_WIDTH, _SIDE), Image.Resampling.BILINEAR), ((_SIDE - _WIDTH) // 2, 0))
    return page


VIEWS: dict[str, View] = {"straight": straight, "wide": as_wide}


def seen(samples: Samples, view: View) -> Samples:
    """The same digits, seen so; pixels are uint8."""
    digits = np.asarray(samples.images).reshape(-1, _SIDE, _SIDE)
    images = np.stack([np.asarray(view(digit)).ravel() for digit in digits])
    return dataclasses.replace(samples, images=images)
