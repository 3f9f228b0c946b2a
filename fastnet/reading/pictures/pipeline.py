"""The whole way from a picture to the 28x28 pixels of each of its digits, with the stages between."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from .borders import padded
from .cuts import Cut
from .cuts import LeftOut as LeftOut
from .ink import reduced
from .looking import LOW_CONTRAST, WORK_PIXELS, Look, look_at
from .mnist_form import SIDE, is_in_mnist_form, to_mnist_form, to_pair_form, turned_level
from .outside import MISSED, NO_CELLS, cells_missed, digits_missed
from .parts import MOST_DIGITS
from .reading import Limits, Source, open_picture
from .sheet import Box
from .surroundings import without_surroundings
from .touching import closer_cuts, may_be_two

UNLIKE = "unlike any digit"  # a flag, of what is seen here as of what the network says
_TOO_MUCH_INK = 0.6  # of the picture
_EMPTY = np.zeros((SIDE, SIDE), np.uint8)


@dataclass(frozen=True, eq=False)
class Stage:
    """A picture on the way, `(H, W)` or `(H, W, 3)` uint8, with a name for people."""

    name: str
    pixels: np.ndarray


@dataclass(frozen=True, eq=False)
class Part:
    """One digit: where it is in the upright picture (x0, y0, x1, y1) and its 28x28 pixels, white ink on black.

    Each of `alternatives` is what else it may be: other parts, in reading order, which may have alternatives in turn,
    and share parts. `line` is the number of its line, from 0; some numbers may have none. `kind` is "digit", or "empty"
    for a cell of a grid without ink, whose pixels are black; `column` is the cell's, from 0. `flags` are what speaks
    against it. Where it may be two digits that touch, `as_pair` gives its pixels in the form of pairs, and `closer`
    more alternatives, of two digits each, which take time.
    """

    box: Box
    pixels: np.ndarray
    alternatives: tuple[tuple["Part", ...], ...] = ()
    line: int = 0
    kind: str = "digit"
    column: int | None = None
    flags: tuple[str, ...] = ()
    as_pair: Callable[[], np.ndarray] | None = None
    closer: Callable[[], tuple[tuple["Part", ...], ...]] | None = None


@dataclass(frozen=True, eq=False)
class Prepared:
    """The digits of a picture in reading order, what is odd about the picture, and how it got there."""

    parts: tuple[Part, ...]
    flags: tuple[str, ...]
    stages: tuple[Stage, ...]
    size: tuple[int, int]  # width and height of the upright picture, in which the boxes are
    left_out: tuple[LeftOut, ...] = ()


def prepare(source: Source, name: str | None = None, limits: Limits | None = None) -> Prepared:
    """Read a picture and cut it into digits of MNIST's form; DataError if it cannot be read.

    `name` is what messages call it (a path, if not given).
    """
    picture = open_picture(source, name or name_of(source), limits or Limits())
    if picture.image.size == (SIDE, SIDE) and (ready := _ready(picture.image)) is not None:
        stages = (Stage("picture", np.asarray(picture.image)), Stage("what the network sees", ready))
        return Prepared((Part((0, 0, SIDE, SIDE), ready),), (), stages, (SIDE, SIDE))
    small, factor = reduced(picture.image, WORK_PIXELS)
    look = look_at(*without_surroundings(picture.image, small, factor), factor)
    lines = enumerate(look.found.lines)
    known: dict[int, Part] = {}
    parts = tuple(_part(look, one, picture.scale, number, known) for number, line in lines for one in line)
    left_out = tuple(LeftOut(_box_of(look, each.box, picture.scale), each.reason) for each in look.found.left_out)
    width, height = (round(side * picture.scale) for side in picture.image.size)
    return Prepared(parts, _flags(look), _stages(small, look, parts), (width, height), left_out)


# ---- What comes out -------------------------------------------------------------------------------------------------


def _part(look: Look, one: Cut, scale: float, line: int, known: dict[int, Part]) -> Part:
    """The box in pixels of the file and the 28x28 pixels of one digit, and of its alternatives; `known` by their id."""
    if id(one) not in known:
        x0, y0, x1, y1 = one.box
        line += one.below
        is_empty = one.kind == "empty"
        pixels = _EMPTY if is_empty else to_mnist_form(_ink_of(look, one))
        others = tuple(tuple(_part(look, each, scale, line, known) for each in other) for other in one.alternatives)
        box = _box_of(look, one.box, scale)
        part = Part(box, pixels, others, line, one.kind, one.column, one.flags)
        if not is_empty and may_be_two(x1 - x0, y1 - y0):
            closer = partial(_closer_cut, look, one, scale, line)
            part = replace(part, as_pair=lambda: to_pair_form(_ink_of(look, one)), closer=closer)
        known[id(one)] = part
    return known[id(one)]


def _closer_cut(look: Look, one: Cut, scale: float, line: int) -> tuple[tuple[Part, ...], ...]:
    """What a part may be as two digits that touch; they stand where it stands, and what speaks against it, does so."""
    two = (
        [replace(each, column=one.column, flags=one.flags) for each in pair]
        for pair in closer_cuts(one.own, one.box[0], one.box[1])
    )
    return tuple(tuple(_part(look, each, scale, line, {}) for each in pair) for pair in two)


def _box_of(look: Look, box: Box, scale: float) -> Box:
    """A box of a look in pixels of the file."""
    left, top, right, bottom = (max(0, round(edge * scale)) for edge in look.outside(box))
    return left, top, right, bottom


def _ink_of(look: Look, one: Cut) -> np.ndarray:
    """The ink of one digit, with the soft edge of its strokes, without its neighbours', as in a level line."""
    x0, y0, x1, y1 = one.box
    reach = padded(one.own, 1)
    reach = reach[1:-1] | reach[:-2] | reach[2:]
    reach = reach[:, 1:-1] | reach[:, :-2] | reach[:, 2:]
    ink = np.where(reach, look.ink.amount[y0:y1, x0:x1], 0).astype(np.uint8)
    return turned_level(ink, look.found.slope) if look.found.slope else ink


def _flags(look: Look) -> tuple[str, ...]:
    flags = []
    if not look.cuts:
        flags.append(UNLIKE if look.found.n_parts else "blank")
    elif look.ink.contrast < LOW_CONTRAST:
        flags.append("low contrast")
    if look.mask.mean() > _TOO_MUCH_INK or look.found.n_parts > MOST_DIGITS:
        flags.append("too much ink")
    if digits_missed(look.found):
        flags.append(MISSED)
    if cells_missed(look.found, look.mask):
        flags.append(NO_CELLS)
    return tuple(flags)


def _stages(small: Image.Image, look: Look, parts: tuple[Part, ...]) -> tuple[Stage, ...]:
    stages = [
        Stage("picture", np.asarray(small)),
        Stage("ink against paper", look.ink.grey),
        Stage("in even light", look.ink.even),
        Stage("ink", np.where(look.mask, look.ink.amount, 0).astype(np.uint8)),
    ]
    if parts:
        stages.append(Stage("what the network sees", np.hstack([part.pixels for part in parts])))
    return tuple(stages)


def name_of(source: Source) -> str:
    """What messages call it: its path, if it has one."""
    return str(source) if isinstance(source, (str, Path)) else "picture"


def _ready(image: Image.Image) -> np.ndarray | None:
    """The pixels themselves, or their negative, if that is in MNIST's form already."""
    grey = np.asarray(image.convert("L"))
    return next((pixels for pixels in (grey, 255 - grey) if is_in_mnist_form(pixels)), None)
