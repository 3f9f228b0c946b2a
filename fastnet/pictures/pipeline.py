"""The whole way from a picture to the 28x28 pixels of each of its digits, with the stages between."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from .ink import Ink, find_ink
from .mnist_form import SIDE, is_in_mnist_form, to_mnist_form
from .parts import MOST_DIGITS, Cut, cut
from .reading import Limits, Source, open_picture
from .ruling import without_ruled_lines
from .sheet import find_sheet

_LOW_CONTRAST = 25  # of 255
_TOO_MUCH_INK = 0.6  # of the picture


@dataclass(frozen=True, eq=False)
class Stage:
    """A picture on the way, `(H, W)` or `(H, W, 3)` uint8, with a name for people."""

    name: str
    pixels: np.ndarray


@dataclass(frozen=True, eq=False)
class Part:
    """One digit: where it is in the upright picture (x0, y0, x1, y1) and its 28x28 pixels, white ink on black.

    `pieces` are what it is if it is several digits that touch.
    """

    box: tuple[int, int, int, int]
    pixels: np.ndarray
    pieces: tuple["Part", ...] = ()


@dataclass(frozen=True, eq=False)
class Prepared:
    """The digits of a picture in reading order, what is odd about the picture, and how it got there."""

    parts: tuple[Part, ...]
    flags: tuple[str, ...]
    stages: tuple[Stage, ...]


def prepare(source: Source, name: str | None = None, limits: Limits | None = None) -> Prepared:
    """Read a picture and cut it into digits of MNIST's form; DataError if it cannot be read.

    `name` is what messages call it (a path, if not given).
    """
    picture = open_picture(source, name or _name(source), limits or Limits())
    opened = Stage("picture", np.asarray(picture.image))
    if picture.image.size == (SIDE, SIDE) and (ready := _ready(np.asarray(picture.image.convert("L")))) is not None:
        seen = Stage("what the network sees", ready)
        return Prepared((Part((0, 0, SIDE, SIDE), ready),), (), (opened, seen))
    ink, x0, y0 = _ink_on_the_sheet(picture.image)
    mask = without_ruled_lines(ink.mask, ink.faint, ink.even)
    cuts, n_found = cut(mask, ink.peaks)
    parts = tuple(_part(one, ink.amount, (x0, y0), picture.scale) for one in cuts)
    stages = [
        opened,
        Stage("ink against paper", ink.grey),
        Stage("in even light", ink.even),
        Stage("ink", np.where(mask, ink.amount, 0).astype(np.uint8)),
    ]
    if parts:
        stages.append(Stage("what the network sees", np.hstack([part.pixels for part in parts])))
    return Prepared(parts, _flags(ink, n_found), tuple(stages))


def _ink_on_the_sheet(image: Image.Image) -> tuple[Ink, int, int]:
    """The ink of a picture, or of the sheet of paper that it shows, and where that begins (x, y)."""
    ink = find_ink(image)
    box = find_sheet(ink.mask)
    if box:
        inside = find_ink(image.crop(box), is_dark=not ink.is_dark)
        if inside.contrast >= _LOW_CONTRAST and inside.mask.any():
            return inside, box[0], box[1]
    return ink, 0, 0


def _part(one: Cut, amount: np.ndarray, origin: tuple[int, int], scale: float) -> Part:
    """The box in pixels of the file and the 28x28 pixels of one digit, and of its pieces."""
    x0, y0, x1, y1 = one.box
    box = ((x0 + origin[0]) * scale, (y0 + origin[1]) * scale, (x1 + origin[0]) * scale, (y1 + origin[1]) * scale)
    pixels = to_mnist_form(_own_ink(amount[y0:y1, x0:x1], one.own))
    left, top, right, bottom = (round(edge) for edge in box)
    pieces = tuple(_part(piece, amount, origin, scale) for piece in one.pieces)
    return Part((left, top, right, bottom), pixels, pieces)


def _name(source: Source) -> str:
    return str(source) if isinstance(source, (str, Path)) else "picture"


def _ready(grey: np.ndarray) -> np.ndarray | None:
    """The pixels themselves, or their negative, if that is in MNIST's form already."""
    return next((pixels for pixels in (grey, 255 - grey) if is_in_mnist_form(pixels)), None)


def _own_ink(amount: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The ink of one digit, with the soft edge of its strokes, without its neighbours'."""
    reach = np.pad(own, 1)
    reach = reach[1:-1] | reach[:-2] | reach[2:]
    reach = reach[:, 1:-1] | reach[:, :-2] | reach[:, 2:]
    return np.where(reach, amount, 0).astype(np.uint8)


def _flags(ink: Ink, n_found: int) -> tuple[str, ...]:
    flags = []
    if not ink.peaks.any():
        flags.append("blank")
    elif ink.contrast < _LOW_CONTRAST:
        flags.append("low contrast")
    if ink.mask.mean() > _TOO_MUCH_INK or n_found > MOST_DIGITS:
        flags.append("too much ink")
    return tuple(flags)
