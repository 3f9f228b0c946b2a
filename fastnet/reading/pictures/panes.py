"""Find the cells of a form that no straight lines enclose: white on a tint, tinted on white, or with round corners.

A pane is an area up to a sharp edge all around it, which may be a line's or another tone's, and several are alike.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image, ImageFilter

from .bordered import places_to_look_at
from .borders import padded
from .groups import Group
from .ink import highest, reduced
from .labelling import Runs, label_runs
from .rows import in_lines, slope_of
from .sides import turned

_COPY_PIXELS = 60_000  # of a copy that tells whether there may be any
_REACH, _COPY_REACH = 3, 2  # pixels: over so many, the edge of a pane is sharp, and on a copy
_STEP, _LEAST_STEP = 0.045, 4  # of the brightness, and of 255: by so much, what is beyond an edge is darker
_LEAST_SIDE = 16  # pixels of a pane
_FILLS, _FILLS_COPY = 0.7, 0.5  # of its box, that a pane covers with what is in it
_ALIKE, _ALIKE_COPY = 1.15, 1.4  # no side of a pane is so many times another's
_FEWEST, _MOST = 3, 1_000  # may be a form's; cloth and the like have more areas
_AROUND, _ASIDE = 2, 3  # pixels around a pane are edge, and so far off the place that others tell may it be
_RINGED = 0.8  # of what is around a pane that ink touches is edge
_WHOLE = 0.97  # of a large pane's is the area of one that ink took nothing of
_CROWDED = 0.85  # of what is no pane is edge, as in grain
_GAP = 2  # pixels, half of the widest gap in a dotted line
_THICKEST, _SOFT = 0.06, 6  # of a pane's shorter side is the line around it at most, and pixels, with its soft edges
_BARE = 0.6  # of a pane is bare, as a rule
_DARK = 2.5  # times as dark as panes is no tint, but ink
_OF_LINE = 0.25  # of what is so far from panes is darker, if that is a line, which may be dotted


@dataclass(frozen=True, eq=False)
class Panes:
    """Cells, and the number of each pixel's cell, -1 where there is none."""

    cells: list[Group]
    regions: np.ndarray
    page: Image.Image  # all of it in the tone of the cells
    lines: np.ndarray  # the mask of the lines around them
    are_plain: bool  # of another tone than what is around them, with no lines


def may_have_panes(page: Image.Image) -> bool:
    """Whether a small copy of a page shows some, with no gaps in their edges."""
    copy, factor = reduced(page, _COPY_PIXELS)
    areas = _areas(_light(copy)[0], _COPY_REACH, 0)
    return len(areas.alike(_LEAST_SIDE // factor, _FILLS_COPY, _ALIKE_COPY)) >= _FEWEST


def find_panes(page: Image.Image) -> Panes | None:
    """The panes on a page; None if there are no three alike, or they share lines, as cells of a table or squares do."""
    light, is_light = _light(page)
    smooth = np.asarray(Image.fromarray(light).filter(ImageFilter.BoxBlur(1)))
    candidates = (_areas(smooth, _REACH, gap) for gap in (0, _GAP))
    found = [(areas, areas.alike(_LEAST_SIDE, _FILLS, _ALIKE)) for areas in candidates]
    most_first = sorted(found, key=lambda pair: -len(pair[1]))
    panes = (_panes(areas, its, light, is_light) for areas, its in most_first if len(its) >= _FEWEST)
    return next((each for each in panes if each), None)


def _panes(areas: "_Areas", its: np.ndarray, light: np.ndarray, is_light: bool) -> Panes | None:
    """Some areas as panes of a page that is light, or of one whose negative is; None if they are none."""
    cells, regions, bare = areas.cells(its)
    if len(cells) < _FEWEST or np.median(bare) < _BARE:
        return None  # the middles of strokes
    _complete(cells, regions, areas)
    inside, outside = areas.tones(regions, cells)
    tones = inside / outside
    tone, spread = float(np.median(tones)), float(np.ptp(np.quantile(tones, (0.1, 0.9))))
    if tone < 1 - _STEP / 2:
        regions = highest(regions, _REACH + 2)  # next to paper that is lighter, a pane's own edge is not free
    lines = _lines_around(regions, areas.smooth, (1 - _STEP) * inside / tone, cells)
    has_own_tone = abs(tone - 1) > max(_STEP / 2, spread)  # in shade, any areas differ
    if lines is None or tone > _DARK or not (has_own_tone or areas.lies_between(regions, cells)):
        return None
    as_inside = (np.arange(256) * tone).clip(0, 255).astype(np.uint8)
    even = np.where(regions >= 0, light, as_inside[light])
    in_one_tone = Image.fromarray(even if is_light else 255 - even)
    return Panes(cells, regions, in_one_tone, lines, abs(tone - 1) > _STEP and not lines.any())


def _complete(cells: list[Group], regions: np.ndarray, areas: "_Areas") -> None:
    """Give smaller cells the shape of a large one, where such a share of what is around it is edge: ink that touches an
    edge takes a part of its pane. Add those that rows and columns miss: it may take all of it.
    """
    model = sorted(cells, key=lambda cell: cell.area)[len(cells) * 3 // 4]
    margin = _AROUND + _ASIDE
    shape = padded(regions[model.y0 : model.y1, model.x0 : model.x1] == model.labels[0], margin)
    ring, is_edge = highest(shape, _AROUND) & ~shape, ~areas.free

    def is_put(number: int, middle: np.ndarray) -> bool:
        corner = _best_fit(ring, is_edge, np.round(middle[::-1] - np.array(shape.shape) / 2).astype(int))
        if corner is None:
            return False
        place = tuple(slice(first, first + n) for first, n in zip(corner, shape.shape, strict=True))
        its = regions[place]
        if areas.edges[place][shape].mean() > _CROWDED or not np.isin(its[shape], (-1, number)).all():
            return False
        its[shape] = number
        y0, x0 = (int(first) + margin for first in corner)
        cells[number : number + 1] = [Group([number], model.area, x0, y0, x0 + model.width, y0 + model.height)]
        return True

    for number, cell in enumerate(cells):
        if cell.area < _WHOLE * model.area:
            is_put(number, np.array([cell.x0 + cell.x1, cell.y0 + cell.y1]) / 2)
    for in_rows in (True, False):
        groups, length = (list(cells), regions.shape[1]) if in_rows else (list(map(turned, cells)), regions.shape[0])
        for places in places_to_look_at(groups, length):
            for place in places:
                if not is_put(len(cells), place if in_rows else place[::-1]):
                    break


def _best_fit(ring: np.ndarray, is_edge: np.ndarray, corner: np.ndarray) -> np.ndarray | None:
    """The corner, near that one, at which most of a ring is edge; None if less than such a share is anywhere."""
    corners = corner + np.indices((2 * _ASIDE + 1,) * 2).reshape(2, -1).T - _ASIDE
    corners = corners[((corners >= 0) & (corners + ring.shape <= is_edge.shape)).all(axis=1)]
    if not len(corners):
        return None
    rows, columns = np.nonzero(ring)
    shares = is_edge[corners[:, :1] + rows, corners[:, 1:] + columns].mean(axis=1)
    best: np.ndarray = corners[shares.argmax()]
    return best if shares.max() >= _RINGED else None


def _light(page: Image.Image) -> tuple[np.ndarray, bool]:
    """The brightness of a page, or its negative, if that is lighter; and whether it is the first."""
    grey = np.asarray(page.convert("L"))
    is_light = bool(np.median(grey[::4, ::4]) >= 128)
    return grey if is_light else 255 - grey, is_light


def _lines_around(regions: np.ndarray, smooth: np.ndarray, darker: np.ndarray, cells: list[Group]) -> np.ndarray | None:
    """The mask of the lines around the cells, beside each of which `darker` is as dark as they are; None if they are
    thick for these, as strokes of digits are.
    """
    lines = np.zeros(regions.shape, bool)
    for _ in range(_SOFT + round(_THICKEST * min(cell.shorter for cell in cells))):
        wider = highest(regions, 1)
        ring = (wider >= 0) & (regions < 0)
        if not ring.any() or (smooth[ring] < darker[wider[ring]]).mean() < _OF_LINE:
            return lines
        lines |= ring
        regions = wider
    return None


@dataclass(frozen=True, eq=False)
class _Areas:
    """What hangs together up to sharp edges on a page of that brightness, and the box around each area."""

    smooth: np.ndarray
    edges: np.ndarray  # as they are seen
    free: np.ndarray  # beside edges whose gaps are closed
    runs: Runs
    box: np.ndarray  # (n, 4)

    @property
    def filled(self) -> np.ndarray:
        """Pixels of each area with what is in its rows."""
        order = np.lexsort((self.runs.row, self.runs.label))
        label, row = self.runs.label[order], self.runs.row[order]
        first = np.flatnonzero(np.diff(label, prepend=-1) | np.diff(row, prepend=-1))
        last = np.append(first[1:], len(label))[: len(first)] - 1
        width = self.runs.stop[order][last] - self.runs.start[order][first]
        return np.bincount(label[first], width, len(self.box)).astype(int)

    def alike(self, least: int, fills: float, ratio: float) -> np.ndarray:
        """The most areas that fill such a share of their boxes, have no side shorter than `least` nor more than `ratio`
        times another's, and do not touch the page's edge. None if that cuts others as long, as on squared paper.
        """
        size = self.box[:, 2:] - self.box[:, :2]
        is_cut = (self.box[:, :2] == 0) | (self.box[:, 2:] == self.free.shape[::-1])
        may_be = ~is_cut.any(axis=1) & (size.min(axis=1) >= least) & (self.filled >= fills * size.prod(axis=1))
        its = np.flatnonzero(may_be)
        if not 0 < len(its) <= _MOST:
            return its[:0]
        are_alike = np.all(_are_alike(size[its, np.newaxis], size[its], ratio), axis=2)
        most = (are_alike.sum(axis=1) * size[its].prod(axis=1)).argmax()
        as_long = _are_alike(size, size[its[most]], ratio) & is_cut[:, ::-1]  # along the edge
        is_squared_paper = as_long.any(axis=1).sum() >= _FEWEST
        return its[:0] if is_squared_paper else its[are_alike[most]]

    def cells(self, its: np.ndarray) -> tuple[list[Group], np.ndarray, list[float]]:
        """Some areas as cells with a number each, that on all pixels that they enclose in their rows or columns, and
        what share of these each has itself. One that another encloses is none.
        """
        labels, regions = self.runs.drawn(self.free), np.full(self.free.shape, -1, np.int32)
        cells: list[Group] = []
        bare: list[float] = []
        for label in its.tolist():
            x0, y0, x1, y1 = self.box[label].tolist()
            its_labels, its_regions = labels[y0:y1, x0:x1], regions[y0:y1, x0:x1]
            own = _filled(its_labels == label) & (its_regions < 0)
            if own.any():
                its_regions[own] = len(cells)
                bare.append(float((its_labels == label).sum() / own.sum()))
                cells.append(Group([len(cells)], int(own.sum()), x0, y0, x1, y1))
        return cells, regions, bare

    def tones(self, regions: np.ndarray, cells: list[Group]) -> tuple[np.ndarray, np.ndarray]:
        """The usual brightness of each cell, and around it, (n,) each, which are the same where all around is edge."""
        inside, outside = [], []
        for cell in cells:
            reach = cell.shorter // 2
            place = (
                slice(max(0, cell.y0 - reach), cell.y1 + reach),
                slice(max(0, cell.x0 - reach), cell.x1 + reach),
            )
            free, its = self.free[place], regions[place]
            within, beyond = (self.smooth[place][free & part] for part in (its == cell.labels[0], its < 0))
            inside.append(float(np.median(within)) if len(within) else 1.0)
            outside.append(float(np.median(beyond)) if len(beyond) else inside[-1])
        return np.array(inside).clip(1), np.array(outside).clip(1)

    def lies_between(self, regions: np.ndarray, cells: list[Group]) -> bool:
        """Whether there is paper between most of the cells that stand side by side or one below the other."""
        paper = self.free & (regions < 0)
        found = [
            bool(page[max(left.y0, right.y0) : min(left.y1, right.y1), left.x1 : right.x0].any())
            for page, groups in ((paper, cells), (paper.T, list(map(turned, cells))))
            for row in in_lines(groups, slope_of(groups))
            for left, right in pairwise(row)
        ]
        return sum(found) > len(found) / 2


def _filled(mask: np.ndarray) -> np.ndarray:
    """The mask with what lies between its pixels in rows or columns."""
    filled = np.zeros_like(mask)
    for axis in (0, 1):
        before = np.logical_or.accumulate(mask, axis=axis)
        behind = np.flip(np.logical_or.accumulate(np.flip(mask, axis), axis=axis), axis)
        filled |= before & behind
    return filled


def _are_alike(sizes: np.ndarray, others: np.ndarray, ratio: float) -> np.ndarray:
    are_alike: np.ndarray = np.maximum(sizes, others) <= ratio * np.minimum(sizes, others)
    return are_alike


def _areas(smooth: np.ndarray, reach: int, gap: int) -> _Areas:
    """The areas of a page on which nothing within reach is lighter. Edges part them, also those whose gaps are no wider
    than twice `gap`, and those that hang together over corners alone.
    """
    lightest = highest(smooth, reach)
    edges = lightest - smooth > np.maximum(_STEP * lightest, _LEAST_STEP)
    is_edge = ~highest(~highest(edges, gap), gap) if gap else edges
    falls, rises = is_edge[:-1, :-1] & is_edge[1:, 1:], is_edge[:-1, 1:] & is_edge[1:, :-1]
    free = ~is_edge
    free[1:, :-1] &= ~falls
    free[1:, 1:] &= ~rises
    runs = label_runs(free)
    return _Areas(smooth, edges, free, runs, runs.box)
