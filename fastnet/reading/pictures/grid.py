"""Find the cells of a form, a table or a sudoku: rectangles between straight lines, and the ink in each of them."""

import math
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from .bordered import Frame, bordered, with_missed
from .combs import comb_on
from .crossings import prolonged
from .cuts import Cut, Found, LeftOut
from .groups import Group
from .ink import Ink
from .labelling import label_runs
from .lattice import evened
from .outside import OUTSIDE, THIN, is_far_larger
from .parts import cut
from .rows import in_lines, slope_of
from .sheet import Box
from .sides import likely_sides, sides, turned, without_strokes
from .straight import Line, drawn_lines, lines_across, with_true_ends, without_echoes, without_lines

_ALONG = 9  # pixels of a line that are averaged, and by how much these stand out: of the usual ink, of the grain
_FAINT, _NOISES = 0.1, 5.0
_ROUGH, _OF_INK = 0.22, 1.5  # of the page stands out a little, and times as much as the ink: a desk, or cloth
_FAN = 0.06  # rows for each column, by which lines may differ in perspective
_STRIP = 24  # pixels: lines are straight and level over so many
_BASE, _UPRIGHT, _UPRIGHTS = 4, 6, 3  # strips that a comb's base is long; pixels of those of its uprights; how many
_STANDS_OUT = 8  # of 255: what a line differs by from what is beside it, on the average of a strip
_THICKEST = 0.02  # of the picture's longer side
_LEAST_SIDE = 10  # pixels of a cell
_LEAST_CELL = 5  # times as wide as its lines are thick
_FILLS = 0.72  # of its box, that a cell covers: it may slant
_ALIKE = 0.6  # of the usual height of cells, or 1 / 0.6
_NEARLY, _MOST = 0.15, 0.6  # of their usual width, of all cells
_GAP = 0.35  # of the width of wide cells: what is narrower lies between boxes
_CELLS = range(2, 401)  # with more, it is squared paper
_MARK = 0.22  # of the height of a cell: what is smaller both ways is dirt, or left of a line
_ON_SIDE = 2  # pixels from a cell's side ends what is left of its line
_AMONG = 0.6  # of their height is ink among empty cells, which are tiles or panes then
_BEYOND = 0.04  # of the picture lies beyond the cells of squared paper, at least, on each side
_RUNS_ON = 0.12  # of a cell, beyond the outermost ones, do the lines of squared paper go on, at least
_PART = 0.75  # of a square is what a frame cut off of one, at most
_MARGINS, _NARROW = 0.075, 10  # of the picture's width, or pixels, are beside a line of ruled paper, at most
_LONG = 1.7  # times as long as high is that line, at least
_FITS = 0.6  # of the ink in a grid stays in its cells; where it does not, somebody wrote across squared paper


@dataclass(frozen=True, eq=False)
class Grid:
    """The cells of a picture, and its mask without their lines."""

    found: Found
    mask: np.ndarray
    height: float  # the usual one of a cell
    cells: tuple[Box, ...]  # none, if it is no form after all
    box: Box  # around all of them


# ---- A cheap sign of lines ------------------------------------------------------------------------------------------


def may_have_grid(image: Image.Image) -> bool:
    """Whether there are thin straight lines both across and down, or one across and short ones down, as of a comb.

    That is far cheaper to tell than what they enclose.
    """
    grey = image.convert("L").convert("F")
    across, longer = _strips(grey, (_STRIP, 1)), max(grey.size)
    n_across = _n_lines(across, longer)
    if n_across >= 2 and _n_lines(_strips(grey, (1, _STRIP)).T, longer) >= 2:
        return True
    is_comb = n_across >= 1 and _n_lines(across, longer, _BASE) >= 1
    return is_comb and _n_lines(_strips(grey, (1, _UPRIGHT)).T, longer) >= _UPRIGHTS


def _strips(grey: Image.Image, by: tuple[int, int]) -> np.ndarray:
    """The means of whole strips, so wide and so high."""
    width, height = (side // step * step for side, step in zip(grey.size, by, strict=True))
    if not width or not height:
        return np.empty((0, 0), np.float32)
    return np.asarray(grey.reduce(by, (0, 0, width, height)))


def _n_lines(strips: np.ndarray, longer: int, least: int = 2) -> int:
    """About how many thin lines run across so many strips, `(height, n)`, of a picture with such a longer side."""
    height, n = strips.shape
    reach = max(3, round(_THICKEST * longer) // 2 + 2)
    if n < least or height < 4 * reach:
        return 0
    inner, above, below = strips[reach:-reach], strips[: -2 * reach], strips[2 * reach :]
    darker, lighter = np.minimum(above, below) - inner, inner - np.maximum(above, below)
    stands_out = np.maximum(darker, lighter) > _STANDS_OUT
    near = stands_out.copy()
    for shift in (1, 2, 3):
        near[shift:] |= stands_out[:-shift]
        near[:-shift] |= stands_out[shift:]
    goes_on = near[:, :-1] & stands_out[:, 1:]
    n_places = goes_on.shape[1] - least + 2
    for shift in range(1, least - 1):
        goes_on[:, :n_places] &= goes_on[:, shift : shift + n_places]
    is_line = goes_on[:, :n_places]
    anywhere: np.ndarray = is_line.any(axis=1, keepdims=True)
    return max(_n_begun(anywhere), _n_begun(is_line))  # lines that slant share rows


def _n_begun(is_line: np.ndarray) -> int:
    """How many lines begin in one column, downwards, at most."""
    begun: np.ndarray = np.count_nonzero(is_line[1:] & ~is_line[:-1], axis=0) + is_line[0]
    return int(begun.max(initial=0))


# ---- Lines and what they enclose ------------------------------------------------------------------------------------


def find_grid(ink: Ink, least_side: float) -> Grid | None:
    """The cells on a picture, empty ones too, row by row; None if there are no two cells alike, or not written in."""
    is_rough = ink.faint.mean() > max(_ROUGH, _OF_INK * ink.mask.mean())
    if is_rough:
        return None
    thickest = max(3, round(_THICKEST * max(ink.mask.shape)))
    least_ink = max(_FAINT * ink.contrast, _NOISES * ink.noise / math.sqrt(_ALONG), 3.0)
    across = _lines(_along(ink.faint, ink.even, thickest, least_ink), thickest, 2 * _LEAST_SIDE)
    if not across:
        return None
    along_down = _along(ink.faint.T, ink.even.T, thickest, least_ink)
    frame = _closed(ink, across, _lines(along_down, thickest, 2 * _LEAST_SIDE), thickest)
    if frame is None:  # uprights of combs may be shorter than sides of cells
        frame = _combs(ink.faint.shape, across, _lines(along_down, thickest, _LEAST_SIDE))
    if frame is None or _is_ruled_paper(frame.cells, ink.mask.shape[1]):
        return None
    return written_in(frame, without_lines(ink.mask, ink.even, frame.across, frame.down), ink, least_side)


def _closed(ink: Ink, across: list[Line], down: list[Line], thickest: int) -> Frame | None:
    """Cells with lines on all sides."""
    for choose in (likely_sides, sides):  # where strokes are no lines, there are other cells
        if not (across and down):
            return None
        across, down = evened(across, down, ink.even), evened(down, across, ink.even.T)
        _, cells = _cells(ink.faint.shape, across, down)
        if len(cells) not in _CELLS:
            return None
        on_end = [turned(cell) for cell in cells]
        across, down = without_strokes(across, cells, ink.even), without_strokes(down, on_end, ink.even.T)
        across, down = choose(across, cells), choose(down, on_end)
        across, down = prolonged(across, down, ink.even), prolonged(down, across, ink.even.T)
    if not (across and down):
        return None
    across, down = evened(across, down, ink.even), evened(down, across, ink.even.T)
    regions, cells = _cells(ink.faint.shape, across, down)
    cells, palest = bordered(cells, ink.even, thickest)
    frame = with_missed(Frame(across, down, regions, cells), ink, thickest, palest)
    return frame if len(frame.cells) in _CELLS else None


def _combs(shape: tuple[int, ...], across: list[Line], down: list[Line]) -> Frame | None:
    """Cells that are open above."""
    bases, roofs, uprights = [], [], []
    for base in across:
        if comb := comb_on(base, down):
            bases.append(base)
            roofs.append(comb[0])
            uprights += comb[1]
    if not bases:
        return None
    regions, cells = _cells(shape, bases + roofs, uprights)
    return Frame(bases, uprights, regions, cells, is_closed=False) if len(cells) in _CELLS else None


def _is_ruled_paper(cells: list[Group], width: int) -> bool:
    """Whether there is but one long cell in each row, as wide as the picture: its lines are those of ruled paper."""
    rows = in_lines(cells, slope_of(cells))
    margins = max(_MARGINS * width, _NARROW)
    is_long = all(cell.width >= max(width - margins, _LONG * cell.height) for cell in cells)
    return is_long and all(len(row) == 1 for row in rows)


def written_in(frame: Frame, mask: np.ndarray, ink: Ink, least_side: float) -> Grid | None:
    """What of a mask without lines is in the cells; None if it reaches over them, or they are empty beside what is far
    larger.
    """
    cells, regions = frame.cells, frame.regions
    height = float(np.median([cell.height for cell in cells]))
    contents, others = _sorted_ink(mask, ink, regions, cells, _MARK * height)
    if contents is None:
        return None
    rows = in_lines(cells, slope_of(cells))
    columns = _columns(rows)
    lines = []
    in_cells: list[LeftOut] = []
    for row in rows:
        cuts: list[Cut] = []
        for cell in row:
            inside, column = contents.get(cell.labels[0]), columns[cell.labels[0]]
            its, left_out = _in_cell(inside, column, ink, least_side) if inside else ([], [])
            cuts += its or [_empty(cell, column)]
            in_cells += left_out
        lines.append(cuts)
    box = (
        min(cell.x0 for cell in cells),
        min(cell.y0 for cell in cells),
        max(cell.x1 for cell in cells),
        max(cell.y1 for cell in cells),
    )
    found = Found(lines, len(contents), others + in_cells)
    n_digits = sum(one.kind != "empty" for one in found.cuts)
    if not n_digits and is_far_larger(others, height, box):
        return None
    is_no_form = not n_digits and _is_written_among(others, height, box)
    is_no_form |= n_digits == 1 and frame.is_closed and _is_squared_paper(frame, mask.shape)
    across = cut(mask, ink, least_side) if is_no_form else None
    if across and across.cuts:
        return Grid(across, mask, height, (), box)
    return Grid(found, mask, height, tuple(cell.box for cell in cells), box)


def _is_squared_paper(frame: Frame, shape: tuple[int, ...]) -> bool:
    """Whether lines run on beyond the outermost cells, as a form's hardly do.

    There may be a frame around them, if it cuts off parts of squares: a form that was cut out along its lines has none.
    """
    if _runs_on(frame):
        return True
    height, width = shape
    rows, columns = _inner(frame.across, height), _inner(frame.down, width)
    if not rows or not columns or not (_reach_edges(rows, width) and _reach_edges(columns, height)):
        return False
    return _has_parts(rows, height) or _has_parts(columns, width)


def _runs_on(frame: Frame) -> bool:
    """Whether lines go on beyond the outermost ones that cross them, on two sides or more, as on squared paper."""
    cells = np.median([(cell.width, cell.height) for cell in frame.cells], axis=0)
    beyond = [*(_beyond(frame.across, frame.down) / cells[0]), *(_beyond(frame.down, frame.across) / cells[1])]
    return sum(bool(share >= _RUNS_ON) for share in beyond) >= 2  # the edges of a sheet on a desk are lines, too


def _beyond(lines: list[Line], crossing: list[Line]) -> np.ndarray:
    """How many pixels lines across begin before, and end behind, all those down, as a rule."""
    places = [line.middle.mean() for line in crossing]
    starts, stops = np.median([(line.start, line.stop) for line in lines], axis=0)
    return np.array([min(places) - starts, stops - max(places)])


def _inner(lines: list[Line], length: int) -> list[Line]:
    """The lines across, from above, that are not at the edges of a picture so high."""
    least = _BEYOND * length
    inner = [line for line in lines if least <= line.middle.mean() <= length - least]
    return sorted(inner, key=lambda line: float(line.middle.mean()))


def _reach_edges(lines: list[Line], length: int) -> bool:
    """Whether lines run from edge to edge of a picture of that length."""
    least = _BEYOND * length / 2
    return all(line.start <= least and line.stop >= length - least for line in lines)


def _has_parts(lines: list[Line], length: int) -> bool:
    """Whether there is less between the outermost lines and the edges of a picture so high than between two lines."""
    places = np.array([line.middle.mean() for line in lines])
    if len(places) < 2:
        return False
    apart = float(np.median(np.diff(places)))
    return bool(min(places[0], length - places[-1]) < _PART * apart)


def _is_written_among(outside: list[LeftOut], height: float, box: Box) -> bool:
    """Whether ink about as high as the cells lies among them, but in none, as on a sheet that lies on tiles."""
    boxes = np.array([each.box for each in outside]).reshape(-1, 4)
    is_among = (boxes[:, :2] > box[:2]).all(axis=1) & (boxes[:, 2:] < box[2:]).all(axis=1)
    return bool((boxes[is_among, 3] - boxes[is_among, 1] >= _AMONG * height).any())


@dataclass(frozen=True, eq=False)
class _Along:
    """How dark all is, on the average of some columns, and where lines across may be."""

    dark: np.ndarray
    mask: np.ndarray


def _along(faint: np.ndarray, even: np.ndarray, thickest: int, least_ink: float) -> _Along:
    """Where there is anything, or what is so much darker than what is above and below, as a pale line is."""
    half, (height, width) = _ALONG // 2, even.shape
    padded = np.pad(even, ((0, 0), (half, half)), "edge").astype(np.uint16)
    sums = np.zeros((height, width), np.uint16)
    for shift in range(_ALONG):
        sums += padded[:, shift : shift + width]
    dark = sums / np.float32(_ALONG)
    return _Along(dark, faint | _ridges(dark, thickest, least_ink))


def _lines(along: _Along, thickest: int, shortest: int) -> list[Line]:
    """The lines across, no shorter."""
    lines = without_echoes(lines_across(along.mask, thickest, shortest), along.dark)
    if not lines:
        return []
    usual = float(np.median(np.repeat([line.slope for line in lines], [len(line.middle) for line in lines])))
    return [with_true_ends(line, along.dark) for line in lines if abs(line.slope - usual) <= _FAN]


def _ridges(along: np.ndarray, thickest: int, least: float) -> np.ndarray:
    """Where there is more ink than both above and below."""
    ridges = np.zeros(along.shape, bool)
    for reach in (3, 6, thickest + 2):
        if len(along) > 2 * reach:
            sides = np.maximum(along[: -2 * reach], along[2 * reach :])
            ridges[reach:-reach] |= along[reach:-reach] - sides > least
    return ridges


def _cells(shape: tuple[int, ...], across: list[Line], down: list[Line]) -> tuple[np.ndarray, list[Group]]:
    """What the lines enclose: the number of each pixel's region, and the regions that are cells."""
    thickness = float(np.median([line.thickness for line in across + down]))
    free = ~drawn_lines(shape, across, down, more=0.5, longer=round(thickness / 2) + 4)
    runs = label_runs(free)
    regions, area, box = runs.drawn(free), runs.area, runs.box
    least = max(_LEAST_SIDE, _LEAST_CELL * thickness)
    width, height = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    inside = (box[:, :2] > 0).all(axis=1) & (box[:, 2] < shape[1]) & (box[:, 3] < shape[0])
    is_cell = inside & (np.minimum(width, height) >= least) & (area >= _FILLS * width * height)
    cells = [
        Group([int(i)], int(area[i]), int(x0), int(y0), int(x1), int(y1))
        for i, (x0, y0, x1, y1) in zip(np.flatnonzero(is_cell), box[is_cell], strict=True)
    ]
    if not cells:
        return regions, []
    usual, narrowest = float(np.median([cell.height for cell in cells])), _narrowest([cell.width for cell in cells])
    return regions, [
        cell for cell in cells if _ALIKE * usual <= cell.height <= usual / _ALIKE and cell.width >= narrowest
    ]


def _narrowest(widths: list[int]) -> float:
    """What a cell is wide at least: where most are alike, half of one lies beside a 1 as high as its cell."""
    usual, wide = np.quantile(widths, (0.5, 0.75))
    are_alike = np.mean(np.abs(np.array(widths) - usual) <= _NEARLY * usual) >= _MOST
    return float(max(_GAP * wide, _ALIKE * usual * are_alike))


# ---- Ink in cells ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Content:
    """The ink of one cell, cropped with a margin to the box that begins at (x0, y0)."""

    x0: int
    y0: int
    own: np.ndarray


def _sorted_ink(
    mask: np.ndarray, ink: Ink, regions: np.ndarray, cells: list[Group], least: float
) -> tuple[dict[int, _Content] | None, list[LeftOut]]:
    """The ink by the cell in which most of it lies, and what is outside; None for the first if much is in no cell."""
    runs = label_runs(mask)
    if not len(runs.row):
        return {}, []
    n, area, box, of_pixel = runs.n_parts, runs.area, runs.box, runs.label_of_pixels
    numbers = np.full(int(regions.max()) + 2, -1)
    for number, cell in enumerate(cells):
        numbers[cell.labels[0]] = number
    where = numbers[regions[mask]]
    within = where >= 0
    shares = np.zeros((n, len(cells)), np.int32)
    np.add.at(shares, (of_pixel[within], where[within]), 1)
    has_peak = np.zeros(n, bool)
    has_peak[of_pixel[ink.peaks[mask]]] = True
    home, most = shares.argmax(axis=1), shares.max(axis=1)
    sides = np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1])
    is_mark = has_peak & (sides >= least)
    inside = is_mark & (most > 0)
    inside &= np.array([not _is_left_of_side(box[i], cells[home[i]]) for i in range(n)], bool)
    fits = np.array([_fits(box[i], cells[home[i]]) for i in range(n)])
    total = area[inside].sum()
    if total and area[inside & fits].sum() < _FITS * total:
        return None, []
    contents = {}
    own = inside & fits
    labels = runs.drawn(mask)
    for number, cell in enumerate(cells):
        its = np.flatnonzero(own & (home == number))
        if len(its):
            x0, y0 = (int(v) for v in box[its, :2].min(axis=0))
            x1, y1 = (int(v) for v in box[its, 2:].max(axis=0))
            x0, y0, x1, y1 = max(0, x0 - 2), max(0, y0 - 2), x1 + 2, y1 + 2
            contents[cell.labels[0]] = _Content(x0, y0, np.isin(labels[y0:y1, x0:x1], its))
    outside = np.flatnonzero(is_mark & ~own)
    boxes = ([int(edge) for edge in box[i]] for i in outside)
    return contents, [LeftOut((x0, y0, x1, y1), OUTSIDE) for x0, y0, x1, y1 in boxes]


def _is_left_of_side(box: np.ndarray, cell: Group) -> bool:
    """Whether ink is thinner than a pen, along a side of its cell: left of a line that is a little thicker there."""
    x0, y0, x1, y1 = box
    beside = x1 <= cell.x0 + _ON_SIDE or x0 >= cell.x1 - _ON_SIDE
    above = y1 <= cell.y0 + _ON_SIDE or y0 >= cell.y1 - _ON_SIDE
    return bool((beside and x1 - x0 <= THIN * (y1 - y0)) or (above and y1 - y0 <= THIN * (x1 - x0)))


def _fits(box: np.ndarray, cell: Group) -> bool:
    return bool(box[2] - box[0] <= 1.4 * cell.width and box[3] - box[1] <= 1.4 * cell.height)


def _in_cell(content: _Content, column: int, ink: Ink, least_side: float) -> tuple[list[Cut], list[LeftOut]]:
    """The digits in one cell, and what was left out there."""
    place = slice(content.y0, content.y0 + content.own.shape[0]), slice(content.x0, content.x0 + content.own.shape[1])
    part = replace(
        ink, **{name: getattr(ink, name)[place] for name in ("grey", "even", "amount", "mask", "peaks", "faint")}
    )
    found = cut(content.own, part, least_side)
    known: dict[int, Cut] = {}
    cuts = [_placed(one, content, column, known) for one in found.cuts]
    return cuts, [LeftOut(_moved(each.box, content), each.reason) for each in found.left_out]


def _moved(box: Box, content: _Content) -> Box:
    """A box of a cell's ink, in the grid."""
    x0, y0, x1, y1 = box
    return x0 + content.x0, y0 + content.y0, x1 + content.x0, y1 + content.y0


def _placed(one: Cut, content: _Content, column: int, known: dict[int, Cut]) -> Cut:
    """A cut of a cell, and its alternatives, in the grid, all in one line; those that are shared stay shared."""
    if id(one) not in known:
        others = tuple(tuple(_placed(each, content, column, known) for each in other) for other in one.alternatives)
        known[id(one)] = replace(one, box=_moved(one.box, content), alternatives=others, column=column, below=0)
    return known[id(one)]


def _empty(cell: Group, column: int) -> Cut:
    own = np.zeros((cell.height, cell.width), bool)
    return Cut((cell.x0, cell.y0, cell.x1, cell.y1), own, kind="empty", column=column)


def _columns(rows: list[list[Group]]) -> dict[int, int]:
    """The column of each cell by its number: by where it stands, if the rows are of one table, else by its rank."""
    ranks = {cell.labels[0]: rank for row in rows for rank, cell in enumerate(row)}
    cells = sorted((cell for row in rows for cell in row), key=lambda cell: cell.x0 + cell.x1)
    least = 0.5 * min(cell.width for cell in cells)
    columns: dict[int, int] = {}
    column, last = 0, cells[0].x0 + cells[0].x1
    for cell in cells:
        middle = cell.x0 + cell.x1
        if middle - last > 2 * least:
            column += 1
        last = middle
        columns[cell.labels[0]] = column
    is_table = all(len({columns[cell.labels[0]] for cell in row}) == len(row) for row in rows)
    return columns if is_table and column < 2 * max(len(row) for row in rows) else ranks
