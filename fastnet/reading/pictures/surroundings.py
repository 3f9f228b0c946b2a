"""Paint over what lies beyond a page, so that it is not taken for ink, nor for the paper.

Where a page is a little askew, pictures show, along an edge, a wedge or a strip of the desk or of the scanner's lid. It
is as dark as ink, and often darker, so that it would also say what ink looks like. Where a picture was turned, or is
transparent at its edges, wedges, strips or round corners of one tone are as light as no paper in the shade; bars make
it fit a screen. And a bare desk along one side is as dark as no shadow.
"""

import itertools
from collections.abc import Iterator

import numpy as np
from PIL import Image

from .ink import coarse, contrasting_channel, find_ink, reduced
from .labelling import label_runs

Sides = tuple[bool, bool, bool, bool]  # left, upper, right, lower
Depths = list[np.ndarray]  # of each side, how much of each row, from that side, is beyond the page

_NOTHING: Depths = [np.zeros(1)] * 4

_PIXELS = 100_000  # of a copy that shows what lies beyond the page
_ANOTHER = 40  # of 255: what differs by more from most of the picture's border may be no paper
_NO_OTHER, _ALIKE = 15, 0.8  # of 255: what differs by no more from so much of the paper beside it is as paper
_LEAST_LENGTH = 0.15  # of a side has a wedge, at least
_MOST_DEPTH = 0.35  # of the picture is beyond the page, at most
_WHOLE = 0.9  # of a side: a strip along all of it
_LEAST_STRIP = 0.015  # of the picture is as wide as a strip; a frame that was drawn is narrower
_TAPERED = 0.3  # of its wider end is the other of a wedge, at most
_UNEVEN = 0.01  # of a side's length is the edge of a page off a straight line, or two pixels
_STRAIGHT = 0.9  # of its rows, or more, lie so
_BESIDE = 0.03  # of the picture is the paper beside it, by its median: a frame may be drawn there
_AS_LONG = 0.6  # of an edge's length is what may be a digit beside a 1, in a close crop
_FULL = 0.95  # of a part is between an edge and the line
_SLIVER = 4  # pixels wide is what is left of a thin wedge that noise broke, at most
_SOFT = 2  # pixels of a soft edge
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
_TRIES = 12  # rows, through two of which each line is tried


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
    """What lies beyond the page and is as ink, or else far darker than the page, as a bare desk is."""
    grey, mask = np.asarray(channel), find_ink(channel).mask
    usual = float(np.median(grey))
    sides = zip(_from_edges(grey), _from_edges(mask), strict=True)
    return [_ink_or_desk(rows, ink, usual) for rows, ink in sides]


def _ink_or_desk(rows: np.ndarray, ink: np.ndarray, usual: float) -> np.ndarray:
    depth = _depths(ink)
    return depth if depth.any() else _desk(rows, ink, usual)


def _desk(rows: np.ndarray, ink: np.ndarray, usual: float) -> np.ndarray:
    """How much of each row is far darker than usual, up to a sharp edge, and bare.

    Where light fades, there is no such edge, and in a shadow there may be ink.
    """
    nothing = np.zeros(len(rows))
    tone = float(np.median(rows[:, : max(1, round(_LEAST_STRIP * rows.shape[1]))]))
    if usual - tone <= _ANOTHER:
        return nothing
    depth = _depths(rows < (usual + tone) / 2)
    its = np.flatnonzero(depth)
    if not len(its):
        return nothing
    inner, outer = (np.clip(depth[its] + off, 0, rows.shape[1] - 1).astype(int) for off in (-2 * _SOFT, 2 * _SOFT))
    is_sharp = np.median(rows[its, outer].astype(int) - rows[its, inner]) >= _SHARP * (usual - tone)
    places = np.arange(rows.shape[1]) - depth[:, np.newaxis]
    on_desk, on_page = (_longest(ink & part) for part in (places < -2 * _SOFT, places > 2 * _SOFT))
    is_bare = on_desk <= min(_SPECK * min(rows.shape), _SPECK_ON_PAGE * on_page)
    return depth if is_sharp and is_bare else nothing


def _longest(mask: np.ndarray) -> int:
    """The longer side of the longest part."""
    box = label_runs(mask).box
    return int((box[:, 2:] - box[:, :2]).max(initial=0))


def _foreign_tone(grey: np.ndarray) -> int | None:
    """The one tone of much of a picture's border, or of its corners, if little is of it in the middle: no paper's."""
    corners = grey[[0, 0, -1, -1], [0, -1, 0, -1]]
    border = np.concatenate([rows[:, 0] for rows in _from_edges(grey)])
    counts = np.bincount(border)
    are_alike = np.ptp(corners) == 0
    tone = int(corners[0] if are_alike else counts.argmax())
    if counts[tone] < (_LEAST_CORNERS if are_alike else _LEAST_LENGTH) * len(border):
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
    depths = [_depths(rows, _DEEPEST) for rows in _from_edges(mask)]
    is_below_a_sheet = np.median(grey) - tone > _ANOTHER
    if is_below_a_sheet and any(np.ptp(each) > _SOFT for each in depths):
        return _NOTHING  # the sheet is looked for as such, and straightened
    if not _is_any(depths):
        depths = _round_corners(grey == tone)
    elif _passes_for_paper(grey, depths, tone):
        return _NOTHING
    page = np.ones_like(mask)
    for rows, depth in zip(_from_edges(page), depths, strict=True):
        rows &= np.arange(rows.shape[1]) >= depth[:, np.newaxis]
    at_border = np.concatenate([rows[:, 0] for rows in _from_edges((grey == tone) & page)])
    is_page = page.mean() >= _LEAST_PAGE and np.mean(grey[page] == tone) <= _MOST_TONE
    return depths if is_page and at_border.mean() <= _LEFT_OVER else _NOTHING


def _passes_for_paper(grey: np.ndarray, depths: Depths, tone: int) -> bool:
    """Whether the paper beside what lies beyond the page has nearly its tone: then it is no ink as it is."""
    beside = []
    for rows, depth in zip(_from_edges(grey), depths, strict=True):
        its = np.flatnonzero(depth)
        width = max(1, round(_BESIDE * rows.shape[1]))
        first = np.ceil(depth[its] + _SOFT).astype(int).clip(max=rows.shape[1] - width)
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


def is_wedge(part: np.ndarray, touched: Sides) -> bool:
    """Whether a part, in its box, is all that lies between an edge that it touches and a straight line to its end."""
    left, upper, right, lower = touched
    has_corner = (left or right) and (upper or lower)
    return has_corner and any(_is_tapered(_filled(rows)) and _fills(rows) for rows in _from_touched(part, touched))


def is_strip(part: np.ndarray, touched: Sides) -> bool:
    """Whether a part is all between a straight line and an edge, along all of it or thin; so is a 1 in a close crop."""
    left, upper, right, lower = touched
    is_whole = (left and right) or (upper and lower)
    return (is_whole or min(part.shape) <= _SLIVER) and any(
        len(rows) >= rows.shape[1] and _fills(rows) for rows in _from_touched(part, touched)
    )


def _from_touched(part: np.ndarray, touched: Sides) -> Iterator[np.ndarray]:
    """Views of a part whose rows begin at an edge that it touches."""
    return itertools.compress(_from_edges(part), touched)


def _is_tapered(depth: np.ndarray) -> bool:
    """Whether rows are far shorter at one end than where they are longest."""
    return bool(min(depth[0], depth[-1]) <= _TAPERED * depth.max())


def _fills(rows: np.ndarray) -> bool:
    """Whether rows are full up to a straight line."""
    depth = _filled(rows)
    if depth.sum() < _FULL * rows.sum():
        return False
    if len(rows) < 3:
        return True
    line = _straight(depth, rows.shape[1], _SOFT)
    return float(np.mean(abs(line - depth) <= _SOFT)) >= _FULL


def _may_have_any(grey: Image.Image) -> bool:
    """Whether enough of an edge is unlike most of the picture's border."""
    edges = [rows[:, 0].astype(int) for rows in _from_edges(np.asarray(grey))]
    usual = np.median(np.concatenate(edges))
    return any(np.mean(abs(edge - usual) > _ANOTHER) >= _LEAST_LENGTH for edge in edges)


def _from_edges(pixels: np.ndarray) -> Iterator[np.ndarray]:
    """Views of a picture whose rows begin at its left, upper, right and lower edge."""
    yield pixels
    yield pixels.swapaxes(0, 1)
    yield pixels[:, ::-1]
    yield pixels[::-1].swapaxes(0, 1)


def _filled(rows: np.ndarray) -> np.ndarray:
    """How much of each row is set before anything is not."""
    filled: np.ndarray = np.where(rows.all(axis=1), rows.shape[1], rows.argmin(axis=1))
    return filled


def _depths(rows: np.ndarray, most: float = _MOST_DEPTH) -> np.ndarray:
    """How much of each row is beyond the page, from its beginning: all up to a straight line, or nothing."""
    length, width = rows.shape
    depth = _filled(rows)
    tolerance = max(_SOFT, _UNEVEN * length)
    line = _straight(depth, most * width, tolerance)
    beyond: np.ndarray = np.maximum(line, 0)
    its = np.flatnonzero(beyond)
    if len(its) < _LEAST_LENGTH * length or beyond.max() > most * width:
        return np.zeros(length)
    if np.mean(depth[its] >= beyond[its] - tolerance) < _STRAIGHT:
        return np.zeros(length)
    if _is_tapered(beyond) and beyond.max() > tolerance:
        return beyond
    is_along = len(its) >= _WHOLE * length and beyond.max() >= _LEAST_STRIP * width
    return beyond if is_along and not _has_as_long(rows, beyond.max()) else np.zeros(length)


def _has_as_long(rows: np.ndarray, depth: float) -> bool:
    """Whether anything beyond that depth is about as long as an edge, and no strip itself: then these may be digits."""
    runs = label_runs(rows)
    labels = runs.drawn(rows)
    width = rows.shape[1]
    for label, (x0, y0, x1, y1) in enumerate(runs.box.tolist()):
        if x0 >= depth and y1 - y0 >= _AS_LONG * len(rows):
            its = labels[y0:y1, x0:x1] == label
            if not (x1 == width and _fills(its[:, ::-1])):
                return True
    return False


def _straight(depth: np.ndarray, most: float, tolerance: float) -> np.ndarray:
    """The straight line that most rows end on, of those that end before `most`, for all rows; below 0 without one."""
    places = np.flatnonzero((depth > 0) & (depth <= most))
    if len(places) < 3:
        return np.full(len(depth), -1.0)
    some = places[np.linspace(0, len(places) - 1, min(_TRIES, len(places))).astype(int)]
    i, j = np.triu_indices(len(some), 1)
    slope = (depth[some[j]] - depth[some[i]]) / (some[j] - some[i])
    lines = depth[some[i]] + slope * (places[:, np.newaxis] - some[i])
    on_line = abs(lines - depth[places, np.newaxis]) <= tolerance
    its = places[on_line[:, on_line.sum(axis=0).argmax()]]
    line: np.ndarray = np.polyval(np.polyfit(its, depth[its], 1), np.arange(len(depth)))
    return line


def _painted(image: Image.Image, depths: Depths, factor: int) -> Image.Image:
    """A picture with the beginnings of its rows as what follows; `depths` are those of a copy reduced by `factor`."""
    if not _is_any(depths):
        return image
    pixels = np.array(image)
    for rows, depth in zip(_from_edges(pixels), depths, strict=True):
        beside = max(1, round(_BESIDE * rows.shape[1]))
        ends = np.ceil((depth + _SOFT) * factor).astype(int).clip(max=rows.shape[1] - beside)
        for small_row in np.flatnonzero(depth):
            end = ends[small_row]
            its = rows[small_row * factor : (small_row + 1) * factor]
            its[:, :end] = np.median(its[:, end : end + beside], axis=1, keepdims=True)
    return Image.fromarray(pixels)
