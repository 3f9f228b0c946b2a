"""Paint over what lies beyond a page, so that it is not taken for ink, nor for the paper.

Where a page is a little askew, pictures show, along an edge, a wedge or a strip of the desk or of the scanner's lid. It
is as dark as ink, and often darker, so that it would also say what ink looks like. Where a picture was turned, or is
transparent at its edges, wedges, strips or round corners of one tone are as light as no paper in the shade; bars make
it fit a screen. And a bare desk along one side is as dark as no shadow.
"""

import numpy as np
from PIL import Image

from .ink import coarse, contrasting_channel, find_ink, reduced
from .labelling import label_runs
from .wedges import LEAST_LENGTH, LEAST_STRIP, SOFT, depths_of, from_edges

Depths = list[np.ndarray]  # of each side, how much of each row, from that side, is beyond the page

_NOTHING: Depths = [np.zeros(1)] * 4

_PIXELS = 100_000  # of a copy that shows what lies beyond the page
_ANOTHER = 40  # of 255: what differs by more from most of the picture's border may be no paper
_NO_OTHER, _ALIKE = 15, 0.8  # of 255: what differs by no more from so much of the paper beside it is as paper
_BESIDE = 0.03  # of the picture is the paper beside it, by its median: a frame may be drawn there
_SHARP = 0.6  # of the difference between a page and a desk is at the edge between them
_SPECK, _SPECK_ON_PAGE = 0.04, 0.5  # of the picture's shorter side, and of the page's longest ink, is grain of a desk
_SAME = 2  # of 255: so near to each other is what has one tone
_LEAST_CORNERS = 0.05  # of the border has the tone of the four corners, if these are cut off
_MOST_TONE = 0.1  # of the page has just the tone of what lies beyond it, at most; of its middle nearly that
_DEEPEST = 0.5  # of the picture is all of that tone, at most
_LEFT_OVER = 0.05  # of the border may have that tone on the page
_LEAST_PAGE = 0.5  # of the picture is page: a digit cut out close is less
_MOST_ROUND = 0.25  # of the shorter side has a round corner
_ROUGH = 0.25  # of a round corner may be other than in the one beside it


def without_surroundings(image: Image.Image, small: Image.Image, factor: int) -> tuple[Image.Image, Image.Image]:
    """A picture and its copy, reduced by `factor`, with what lies beyond the page as the paper beside it."""
    tiny = coarse(small).convert("L")
    tone, may_have_others = _foreign_tone(np.asarray(tiny)), _may_have_any(tiny)
    looked_at, more = reduced(small, _PIXELS)
    steps = []
    if tone is not None:
        steps.append(_of_tone(np.asarray(looked_at.convert("L")), tone))
        looked_at = _painted(looked_at, steps[-1], 1)
    if may_have_others:
        steps.append(_beyond(contrasting_channel(looked_at)))
    for depths in steps:
        image, small = _painted(image, depths, more * factor), _painted(small, depths, more)
    return image, small


def _is_any(depths: Depths) -> bool:
    return any(each.any() for each in depths)


def _beyond(channel: Image.Image) -> Depths:
    """What lies beyond the page and is as ink, or else far darker than the page, as a bare desk is beside dark ink."""
    ink = find_ink(channel)
    depths = [depths_of(rows) for rows in from_edges(ink.mask)]
    if not ink.is_dark:
        return depths
    grey = np.asarray(channel)
    usual = float(np.median(grey))
    sides = zip(depths, from_edges(grey), from_edges(ink.mask), strict=True)
    return [depth if depth.any() else _desk(rows, its, usual) for depth, rows, its in sides]


def _desk(rows: np.ndarray, ink: np.ndarray, usual: float) -> np.ndarray:
    """How much of each row is far darker than usual, up to a sharp edge, and bare.

    Where light fades, there is no such edge, and in a shadow there may be ink.
    """
    nothing = np.zeros(len(rows))
    tone = float(np.median(rows[:, : max(1, round(LEAST_STRIP * rows.shape[1]))]))
    if usual - tone <= _ANOTHER:
        return nothing
    depth = depths_of(rows < (usual + tone) / 2)
    its = np.flatnonzero(depth)
    if not len(its):
        return nothing
    inner, outer = (np.clip(depth[its] + off, 0, rows.shape[1] - 1).astype(int) for off in (-2 * SOFT, 2 * SOFT))
    is_sharp = np.median(rows[its, outer].astype(int) - rows[its, inner]) >= _SHARP * (usual - tone)
    places = np.arange(rows.shape[1]) - depth[:, np.newaxis]
    on_desk, on_page = (_longest(ink & part) for part in (places < -2 * SOFT, places > 2 * SOFT))
    is_bare = on_desk <= min(_SPECK * min(rows.shape), _SPECK_ON_PAGE * on_page)
    return depth if is_sharp and is_bare else nothing


def _longest(mask: np.ndarray) -> int:
    """The longer side of the longest part."""
    box = label_runs(mask).box
    return int((box[:, 2:] - box[:, :2]).max(initial=0))


def _foreign_tone(grey: np.ndarray) -> int | None:
    """The one tone of much of a picture's border, or of its corners, if little is of it in the middle: no paper's."""
    corners = grey[[0, 0, -1, -1], [0, -1, 0, -1]]
    border = np.concatenate([rows[:, 0] for rows in from_edges(grey)])
    counts = np.bincount(border)
    are_alike = np.ptp(corners) == 0
    tone = int(corners[0] if are_alike else counts.argmax())
    if counts[tone] < (_LEAST_CORNERS if are_alike else LEAST_LENGTH) * len(border):
        return None
    height, width = grey.shape
    middle = grey[height // 4 : height - height // 4, width // 4 : width - width // 4]
    is_of_page = np.mean(abs(middle.astype(np.int16) - tone) <= _NO_OTHER) > _MOST_TONE
    return None if is_of_page else tone


def _of_tone(grey: np.ndarray, tone: int) -> Depths:
    """What lies beyond the page and is all of one tone: wedges, strips, and four corners that are round alike.

    Nothing, if more of that tone is on the page or at the border, the page would be small, or it is a sheet askew.
    """
    mask = abs(grey.astype(np.int16) - tone) <= _SAME
    depths = [depths_of(rows, _DEEPEST) for rows in from_edges(mask)]
    is_below_a_sheet = np.median(grey) - tone > _ANOTHER
    if is_below_a_sheet and any(np.ptp(each) > SOFT for each in depths):
        return _NOTHING  # the sheet is looked for as such, and straightened
    if not _is_any(depths):
        depths = _round_corners(grey == tone)
    elif _passes_for_paper(grey, depths, tone):
        return _NOTHING
    page = np.ones_like(mask)
    for rows, depth in zip(from_edges(page), depths, strict=True):
        rows &= np.arange(rows.shape[1]) >= depth[:, np.newaxis]
    at_border = np.concatenate([rows[:, 0] for rows in from_edges((grey == tone) & page)])
    is_page = page.mean() >= _LEAST_PAGE and np.mean(grey[page] == tone) <= _MOST_TONE
    return depths if is_page and at_border.mean() <= _LEFT_OVER else _NOTHING


def _passes_for_paper(grey: np.ndarray, depths: Depths, tone: int) -> bool:
    """Whether the paper beside what lies beyond the page has nearly its tone: then it is no ink as it is."""
    beside = []
    for rows, depth in zip(from_edges(grey), depths, strict=True):
        its = np.flatnonzero(depth)
        width = max(1, round(_BESIDE * rows.shape[1]))
        first = np.ceil(depth[its] + SOFT).astype(int).clip(max=rows.shape[1] - width)
        beside.append(np.median(rows[its[:, np.newaxis], first[:, np.newaxis] + np.arange(width)], axis=1))
    return bool(np.mean(abs(np.concatenate(beside) - tone) <= _NO_OTHER) >= _ALIKE)


def _round_corners(mask: np.ndarray) -> Depths:
    """How deep the four corners are, if they are alike: a card or a screen with round ones was cut out."""
    reach = max(1, round(_MOST_ROUND * min(mask.shape)))
    first, *others = (
        _from_corner(each[:reach, :reach]) for each in (mask, mask[:, ::-1], mask[::-1], mask[::-1, ::-1])
    )
    is_round = first[0, 0] and not (first[-1].any() or first[:, -1].any())
    if not is_round or any((first != each).sum() > _ROUGH * first.sum() for each in others):
        return _NOTHING
    depth = np.zeros(len(mask))
    depth[:reach] = first.sum(axis=1)
    depth += depth[::-1]
    return [depth, np.zeros(mask.shape[1]), depth, np.zeros(mask.shape[1])]


def _from_corner(mask: np.ndarray) -> np.ndarray:
    """What hangs together with the upper left corner straight along rows and columns."""
    corner: np.ndarray = np.logical_and.accumulate(mask, axis=1) & np.logical_and.accumulate(mask, axis=0)
    return corner


def _may_have_any(grey: Image.Image) -> bool:
    """Whether enough of an edge is unlike most of the picture's border."""
    edges = [rows[:, 0].astype(int) for rows in from_edges(np.asarray(grey))]
    usual = np.median(np.concatenate(edges))
    return any(np.mean(abs(edge - usual) > _ANOTHER) >= LEAST_LENGTH for edge in edges)


def _painted(image: Image.Image, depths: Depths, factor: int) -> Image.Image:
    """A picture with the beginnings of its rows as what follows; `depths` are those of a copy reduced by `factor`."""
    if not _is_any(depths):
        return image
    pixels = np.array(image)
    for rows, depth in zip(from_edges(pixels), depths, strict=True):
        beside = max(1, round(_BESIDE * rows.shape[1]))
        ends = np.ceil((depth + SOFT) * factor).astype(int).clip(max=rows.shape[1] - beside)
        for small_row in np.flatnonzero(depth):
            end = ends[small_row]
            its = rows[small_row * factor : (small_row + 1) * factor]
            its[:, :end] = np.median(its[:, end : end + beside], axis=1, keepdims=True)
    return Image.fromarray(pixels)
