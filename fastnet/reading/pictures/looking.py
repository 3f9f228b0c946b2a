"""Look at a picture: at the form, the sheet or the close-up that it shows, or else at all of it; then closer."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from .bordered import Frame
from .closeup import find_close_up
from .cuts import Cut, Found
from .grid import Grid, find_grid, may_have_grid, written_in
from .ink import Ink, coarse, contrasting_channel, find_ink, reduced
from .outside import digits_missed
from .panes import find_panes, may_have_panes
from .parts import cut
from .ruling import slope_of_lines, without_ruled_lines
from .sheet import Box, Sheet, box_seen, find_sheet, turned

WORK_PIXELS = 320_000  # a larger picture is reduced to about that, which shows all but small digits well enough
LOW_CONTRAST = 40  # of 255
_CELLS_PIXELS = 2 * WORK_PIXELS  # of a form with small cells
_ENLARGED, _TINY_CELL = 3, 24  # times as wide and high is a form with tiny cells looked at; pixels of their height
_SLANTING = 0.05  # rows for each column by which a form's lines fall, so that it is turned level
_CROSSED = 0.25  # of the picture, by one of its lines
_MISSED = 3  # cells, from afar, on each side of those that were seen
_SMALL = 60  # pixels: if the highest digit has fewer in the reduced picture, a closer look is taken
_LEAST_SIDE = 6  # pixels of a digit: nobody could read less
_ON_SHEET = 0.8  # of the area of a form's cells
_TOUCHED, _SAME = 0.1, 0.6  # of a pane does a cell share more, and of both together, if it is the same
_CRUMB = 0.35  # of the height of its cell has a digit as a rule, at least
_UNLIKE = 1.25  # times as large as a form's usual cell is an unlike one, or 1 / 1.25
_BAR = 2  # times as long as wide, or more: a stroke of a marker may be, a sheet is hardly

Seen = tuple[Ink, Grid]
Find = Callable[[Image.Image, float], Seen | None]  # what is in the cells of a page; the least side of a digit there


@dataclass(frozen=True, eq=False)
class Look:
    """The ink on some region of a picture and the digits in it; a pixel is `scale` pixels, from (x, y) of the whole."""

    x: int
    y: int
    scale: float
    ink: Ink
    mask: np.ndarray  # of the ink, without ruled lines
    found: Found
    cells: tuple[Box, ...] = ()  # of a form
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


def look_at(image: Image.Image, small: Image.Image, factor: int) -> Look:
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
    """The form that a picture shows, if it shows one: as it is, turned level, or enlarged where its cells are tiny."""
    forms = []
    has_lines = may_have_grid(small)
    if has_lines:
        ink = find_ink(small, has_lines=True)
        form = _look_at_cells(image, _between_lines(ink, _LEAST_SIDE / factor), factor, _in_lines)
        slope = _slope_of_form(ink.faint)
        forms = [_turned_form(image, slope) if abs(slope) >= _SLANTING else None, form]
    panes = None
    if has_lines or may_have_panes(small):
        panes = _look_at_cells(image, _in_panes(small, _LEAST_SIDE / factor), factor, _in_panes)
    if panes:
        is_surer = not digits_missed(panes.found)
        forms = [panes, *(form for form in forms if form and not (is_surer and _cuts_any(form, panes)))]
    form = max((form for form in forms if form), key=_n_fitting, default=None)
    return form or (_enlarged_form(image) if _may_be_enlarged(image) else None)


def _n_fitting(form: Look) -> tuple[bool, int]:
    """Whether no digit of a form lies outside its cells, and how many these are: of two looks, the higher is better."""
    return not digits_missed(form.found), len(form.cells)


def _cuts_any(form: Look, panes: Look) -> bool:
    """Whether a cell unlike others is a part of a pane, or of one and what is beside it: a stroke is no side of it."""
    if not form.cells:
        return False
    x0, y0, x1, y1 = np.array([panes.outside(pane) for pane in panes.cells]).T
    left, top, right, bottom = np.array([form.outside(cell) for cell in form.cells]).T[:, :, np.newaxis]
    wide, high = np.minimum(right, x1) - np.maximum(left, x0), np.minimum(bottom, y1) - np.maximum(top, y0)
    shared = wide.clip(0) * high.clip(0)
    cell, pane = (right - left) * (bottom - top), (x1 - x0) * (y1 - y0)
    is_unlike = abs(np.log(cell / np.median(cell))) > np.log(_UNLIKE)
    return bool((is_unlike & (shared > _TOUCHED * pane) & (shared < _SAME * (cell + pane - shared))).any())


def _slope_of_form(faint: np.ndarray) -> float:
    """By how many rows a column a form's lines fall, as its lines across say, or those down; either may be short."""
    return slope_of_lines(faint, _CROSSED) or -slope_of_lines(faint.T, _CROSSED)


def _turned_form(image: Image.Image, slope: float) -> Look | None:
    """The form whose lines across fall by so many rows a column."""
    page, plane = turned(image, slope)
    small, factor = reduced(page, WORK_PIXELS)
    form = _look_at_cells(page, _in_lines(small, _LEAST_SIDE / factor), factor, _in_lines)
    return replace(form, plane=plane) if form and _is_in_cells(form) else None


def _enlarged_form(image: Image.Image) -> Look | None:
    """The form with tiny cells."""
    larger = _enlarged(image)
    if not may_have_grid(larger):
        return None
    form = _look_at_cells(larger, _in_lines(larger, _LEAST_SIDE * _ENLARGED), 1 / _ENLARGED, _in_lines)
    return form if form and _has_digits(form) else None


def _has_digits(form: Look) -> bool:
    return any(one.kind != "empty" for one in form.cuts)


def _may_be_enlarged(image: Image.Image) -> bool:
    return image.width * image.height * _ENLARGED**2 <= _CELLS_PIXELS


def _enlarged(image: Image.Image) -> Image.Image:
    return image.resize((image.width * _ENLARGED, image.height * _ENLARGED), Image.Resampling.BICUBIC)


def _between_lines(ink: Ink, least_side: float) -> Seen | None:
    """What is in the cells that straight lines enclose."""
    grid = find_grid(ink, least_side)
    return (ink, grid) if grid else None


def _in_lines(page: Image.Image, least_side: float) -> Seen | None:
    return _between_lines(find_ink(page, has_lines=True), least_side)


def _in_panes(page: Image.Image, least_side: float) -> Seen | None:
    """What is in cells of another tone than what is around them, or with sides that are not straight."""
    panes = find_panes(page)
    if panes is None:
        return None
    ink = find_ink(panes.page, has_lines=True)
    mask = ink.mask & ~panes.lines & (ink.contrast >= LOW_CONTRAST)
    frame = Frame([], [], panes.regions, panes.cells, is_closed=False)
    grid = written_in(frame, mask, ink, least_side)
    if grid is None or not grid.cells:
        return None
    heights = [one.own.shape[0] for one in grid.found.cuts if one.kind != "empty"]
    if heights:  # crumbs are left of rings, as of 0s
        is_form = panes.are_plain or np.median(heights) >= _CRUMB * grid.height
    else:
        is_form = panes.are_plain and not grid.found.left_out
    return (ink, grid) if is_form else None


def _look_at_cells(image: Image.Image, seen: Seen | None, scale: float, find: Find) -> Look | None:
    """Look at the cells of a form that were seen at a scale, closer if they are small; None if none were seen."""
    x = y = 0
    look = None
    while True:
        is_enlarged = scale < 1
        if seen is None or (look and is_enlarged and len(seen[1].found.cuts) < len(look.cuts)):
            return look
        ink, grid = seen
        look = Look(x, y, scale, ink, grid.mask, grid.found, grid.cells)
        is_high = grid.height >= (_SMALL if scale > 1 else _TINY_CELL)
        if is_enlarged or is_high or not _is_in_cells(look):
            return look
        x0, y0, x1, y1 = (round(edge) for edge in look.outside(grid.box))
        margin = round(_MISSED * grid.height * scale)
        x, y = max(0, x0 - margin), max(0, y0 - margin)
        part = image.crop((x, y, min(image.width, x1 + margin), min(image.height, y1 + margin)))
        page, closer = _closer_page(part, scale)
        if closer >= scale:
            return look
        seen, scale = find(page, _LEAST_SIDE / closer), closer


def _closer_page(part: Image.Image, scale: float) -> tuple[Image.Image, float]:
    """A part of a picture for a closer look, and its scale: enlarged if it is tiny and was seen as it is."""
    if scale == 1 and _may_be_enlarged(part):
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
    if look.cuts and look.ink.contrast >= LOW_CONTRAST:
        return look
    return None if is_bar or sheet.must_have_digits or look.cuts else look


def _form_on(page: Image.Image, sheet: Sheet) -> Look | None:
    """The form on a sheet, which was not seen among what lies around it."""
    form = _form_in(page, *reduced(page, WORK_PIXELS))
    if not form or not _has_digits(form) or not _is_in_cells(form):
        return None
    return form if form.ink.is_dark == sheet.is_light else None


def _look(image: Image.Image, region: Box, is_dark: bool | None = None) -> Look:
    part, scale = reduced(image.crop(region), WORK_PIXELS)
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
