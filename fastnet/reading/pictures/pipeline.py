"""The whole way from a picture to the 28x28 pixels of each of its digits, with the stages between."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from .borders import padded
from .closeup import find_close_up
from .cuts import Cut, Found
from .cuts import LeftOut as LeftOut
from .grid import find_grid, may_have_grid
from .ink import Ink, coarse, contrasting_channel, find_ink, reduced
from .mnist_form import SIDE, is_in_mnist_form, to_mnist_form, to_pair_form, turned_level
from .outside import MISSED, NO_CELLS, cells_missed, digits_missed
from .parts import MOST_DIGITS, cut
from .reading import Limits, Source, open_picture
from .ruling import without_ruled_lines
from .sheet import Box, Sheet, box_seen, find_sheet
from .surroundings import without_surroundings
from .touching import closer_cuts, may_be_two

UNLIKE = "unlike any digit"  # a flag, of what is seen here as of what the network says
_WORK_PIXELS = 320_000  # a larger picture is reduced to about that, which shows all but small digits well enough
_CELLS_PIXELS = 2 * _WORK_PIXELS  # of a form with small cells
_ENLARGED, _TINY_CELL = 3, 24  # times as wide and high is a form with tiny cells looked at; pixels of their height
_MISSED = 3  # cells, from afar, on each side of those that were seen
_SMALL = 60  # pixels: if the highest digit has fewer in the reduced picture, a closer look is taken
_LEAST_SIDE = 6  # pixels of a digit: nobody could read less
_ON_SHEET = 0.8  # of the area of a form's cells
_LOW_CONTRAST = 40  # of 255
_BAR = 2  # times as long as wide, or more: a stroke of a marker may be, a sheet is hardly
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
    small, factor = reduced(picture.image, _WORK_PIXELS)
    look = _look_at(*without_surroundings(picture.image, small, factor), factor)
    lines = enumerate(look.found.lines)
    known: dict[int, Part] = {}
    parts = tuple(_part(look, one, picture.scale, number, known) for number, line in lines for one in line)
    left_out = tuple(LeftOut(_box_of(look, each.box, picture.scale), each.reason) for each in look.found.left_out)
    width, height = (round(side * picture.scale) for side in picture.image.size)
    return Prepared(parts, _flags(look), _stages(small, look, parts), (width, height), left_out)


# ---- Looking: at all of it, then closer -----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Look:
    """The ink on some region of a picture and the digits in it; a pixel is `scale` pixels, from (x, y) of the whole."""

    x: int
    y: int
    scale: float
    ink: Ink
    mask: np.ndarray  # of the ink, without ruled lines
    found: Found
    plane: np.ndarray | None = None  # (3, 3), takes pixels of a sheet that was straightened into the picture

    @property
    def cuts(self) -> list[Cut]:
        """All digits in reading order."""
        return self.found.cuts

    def outside(self, box: Box) -> tuple[float, float, float, float]:
        """The same box in pixels of the whole picture."""
        x0, y0, x1, y1 = (edge * self.scale for edge in box)
        outside = self.x + x0, self.y + y0, self.x + x1, self.y + y1
        return outside if self.plane is None else box_seen(outside, self.plane)


def _look_at(image: Image.Image, small: Image.Image, factor: int) -> Look:
    """Look at the grid or the sheet of paper that the picture shows, or at all of it."""
    coarse_copy = coarse(small)
    form = _form_in(image, small, factor)
    sheet = find_sheet(coarse_copy, image.size)
    if form and (sheet is None or _lies_on(form, sheet)):
        return form
    look = _look_at_sheet(image, sheet) if sheet else None
    if look is None:
        channel = contrasting_channel(small, coarse_copy)
        look = _look_at_close_up(channel, factor) or _closer(image, _seen(find_ink(channel), factor, 0, 0))
    return look


def _closer(image: Image.Image, look: Look) -> Look:
    """Look closer at digits that are small."""
    if look.scale > 1 and look.cuts and max(one.own.shape[0] for one in look.cuts) < _SMALL:
        return _look(image, _around(look, image.size), look.ink.is_dark)
    return look


def _form_in(image: Image.Image, small: Image.Image, factor: int) -> Look | None:
    """The form that a picture shows; None if it shows none. Where cells are tiny, they are found when enlarged."""
    form = _look_at_grid(image, small, factor) if may_have_grid(small) else None
    if form or not _is_tiny(image):
        return form
    larger = _enlarged(image)
    form = _look_at_grid(larger, larger, 1 / _ENLARGED) if may_have_grid(larger) else None
    return form if form and any(one.kind != "empty" for one in form.cuts) else None


def _is_tiny(image: Image.Image) -> bool:
    return image.width * image.height * _ENLARGED**2 <= _CELLS_PIXELS


def _enlarged(image: Image.Image) -> Image.Image:
    return image.resize((image.width * _ENLARGED, image.height * _ENLARGED), Image.Resampling.BICUBIC)


def _look_at_grid(image: Image.Image, small: Image.Image, factor: float) -> Look | None:
    """Look at the cells of a form, closer if they are small; None if there are none."""
    page, scale, x, y = small, factor, 0, 0
    look = None
    while True:
        ink = find_ink(page, has_lines=True)
        grid = find_grid(ink, _LEAST_SIDE / scale)
        if grid is None or (look and scale < 1 and len(grid.found.cuts) < len(look.cuts)):
            return look
        look = Look(x, y, scale, ink, grid.mask, grid.found)
        if scale < 1 or grid.height >= (_SMALL if scale > 1 else _TINY_CELL) or not _is_in_cells(look):
            return look
        x0, y0, x1, y1 = (round(edge) for edge in look.outside(grid.box))
        margin = round(_MISSED * grid.height * scale)
        x, y = max(0, x0 - margin), max(0, y0 - margin)
        part = image.crop((x, y, min(image.width, x1 + margin), min(image.height, y1 + margin)))
        page, closer = _closer_page(part, scale)
        if closer >= scale:
            return look
        scale = closer


def _closer_page(part: Image.Image, scale: float) -> tuple[Image.Image, float]:
    """A part of a picture that was seen at a scale, and a scale at which more of it may be seen."""
    if scale == 1 and _is_tiny(part):
        return _enlarged(part), 1 / _ENLARGED
    return reduced(part, _CELLS_PIXELS)


def _is_in_cells(form: Look) -> bool:
    """Whether the digits of a form are in its cells; else they were written beside what looks like cells."""
    return all(one.column is not None for one in form.cuts)


def _look_at_close_up(channel: Image.Image, factor: int) -> Look | None:
    """Look at a digit that fills the picture; None if none does."""
    found = find_close_up(channel)
    if found is None:
        return None
    page, margin = found
    within = margin, margin, page.width - margin, page.height - margin
    return _seen(find_ink(page, is_dark=False), factor, -margin * factor, -margin * factor, within)


def _lies_on(form: Look, sheet: Sheet) -> bool:
    """Whether most of a form lies on the sheet that the picture shows; what else looks like cells is a desk's grain.

    What is as dark as the form's ink is no sheet for it, but a block beside it. What stands beside cells is no form.
    """
    if not _is_in_cells(form):
        return False
    if form.ink.is_dark != sheet.is_light:
        return True
    boxes = np.array([form.outside(one.box) for one in form.cuts])
    (left, top), (right, bottom) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    (x0, y0), (x1, y1) = sheet.corners.min(axis=0), sheet.corners.max(axis=0)
    shared = max(0.0, min(right, x1) - max(left, x0)) * max(0.0, min(bottom, y1) - max(top, y0))
    return bool(shared >= _ON_SHEET * (right - left) * (bottom - top))


def _look_at_sheet(image: Image.Image, sheet: Sheet) -> Look | None:
    """Look at the sheet that lies in the picture; None if it may be none: small and long, or empty and either."""
    width, height = sheet.size
    is_bar = max(width, height) >= _BAR * min(width, height)
    if is_bar and sheet.must_have_digits:
        return None
    page, plane = sheet.straightened(image) if sheet.box is None else (image.crop(sheet.box), None)
    look = _form_on(page, sheet) or _closer(page, _look(page, (0, 0, *page.size), is_dark=sheet.is_light))
    left, top = (0, 0) if sheet.box is None else sheet.box[:2]
    look = replace(look, x=look.x + left, y=look.y + top, plane=plane)
    if look.cuts and look.ink.contrast >= _LOW_CONTRAST:
        return look
    return None if is_bar or sheet.must_have_digits or look.cuts else look


def _form_on(page: Image.Image, sheet: Sheet) -> Look | None:
    """The form on a sheet, which was not seen among what lies around it."""
    form = _form_in(page, *reduced(page, _WORK_PIXELS))
    return form if form and _is_in_cells(form) and form.ink.is_dark == sheet.is_light else None


def _look(image: Image.Image, region: Box, is_dark: bool | None = None) -> Look:
    part, scale = reduced(image.crop(region), _WORK_PIXELS)
    return _seen(find_ink(part, is_dark), scale, region[0], region[1])


def _seen(ink: Ink, scale: int, x: int, y: int, within: Box | None = None) -> Look:
    """The digits in the ink on a part of a picture that was reduced by `scale` and begins at (x, y).

    `within` is where the picture itself is in that part, if it has a margin around it.
    """
    mask, slope = without_ruled_lines(ink.mask, ink.faint, ink.even)
    return Look(x, y, scale, ink, mask, cut(mask, ink, _LEAST_SIDE / scale, within, slope))


def _around(look: Look, size: tuple[int, int]) -> Box:
    """All digits of a look with some paper around them, in pixels of the whole picture."""
    boxes = np.array([look.outside(one.box) for one in look.cuts])
    (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    margin = 2 * int((boxes[:, 3] - boxes[:, 1]).max())
    return (
        max(0, int(x0) - margin),
        max(0, int(y0) - margin),
        min(size[0], int(x1) + margin),
        min(size[1], int(y1) + margin),
    )


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
    elif look.ink.contrast < _LOW_CONTRAST:
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
