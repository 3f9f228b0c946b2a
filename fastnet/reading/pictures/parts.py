"""Cut a mask of ink into digits: connected parts, without specks, fragments joined, in reading order."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial, reduce

import numpy as np

from .cuts import Cut, Found, LeftOut
from .groups import ALIKE, FRAGMENT, Group, is_about, usual_height
from .ink import Ink
from .labelling import Runs, components, label_runs
from .marks import MAY_BE_SLASH, SLASH, marks_among, may_be_marks
from .mnist_form import stroke_width
from .rows import in_lines, is_sure, slope_of
from .sheet import Box
from .surroundings import is_strip, is_wedge
from .touching import MOST_PIECES, with_alternatives

MOST_DIGITS = 400
CUT_OFF = "cut off by the edge"

_MOST_PARTS = 1000  # are looked at, the largest
_MOST_TOLD = 300  # parts that were left out
_TOLD_SIDE = 3  # pixels: nobody asks about smaller ones
_SOFT = 0.28  # of the usual ink: what changes by less over 3 pixels at its edges is a shadow, or a blurred stroke, ...
_SOFT_STROKE = 0.5  # ... if it changes by more over the stroke's width
_BLACK_INK = 150  # contrast of 255 from which even a soft edge is of ink: pictures that were enlarged or are blurred
_IN_FRAME, _ENCLOSED = 0.1, 0.9  # of the height of a frame is a digit in it; of that digit has it on all sides
_FRAME_STROKE, _CORNER = 0.1, 0.08  # of a frame's shorter side is its stroke; of a box's sides are its corners
_NEAR_EDGE, _HAIR, _HAIR_LENGTH = 0.05, 0.01, 8  # of the picture's side from its edge is a hair, and as thick ...
# ... at most; and so many times as long
_IN_ZERO = 0.35  # times as high as a 0 is the dot in it, at most
_ROUND_RING, _IN_RING = 0.9, 0.6  # of its longer side is a ring's shorter one: a stroke at least so high in it is a 1
_STRAIGHT_STROKE = 0.5  # of its width is the ink's deviation from a straight stroke's middle; 0.29 if it is quite even
_SOLID, _SQUARE = 0.9, 1.7  # of its box is ink, and no side is so many times the other: a sheet or a blot
_ROUND, _THICK = 0.7, 0.45  # of its box is ink, and its stroke is so wide for its longer side: a dot
_STRAIGHT = 0.6  # so wide for its height is the stroke of a dash
_LONG, _BELOW, _BEYOND = 5, 0.5, 0.05  # an underline is so many times as wide as high, begins within such a share ...
# ... of a digit's height below it, and goes on to both sides by such a share of it; the foot of a 2 or a 1 hardly does
_LEAST_FRAMED = 0.01  # of the picture: a digit cut off by its edge has more ink, the end of a shadow has less
_ALONG = 0.6  # of its longer side lies on the picture's edge: it runs along it
_SPECK_AREA, _SPECK_SIDE = 0.004, 0.04  # of the usual digit: less is dirt
_SPECK_HEIGHT = 0.3  # of the usual digit: what is neither as high nor a third as heavy is no digit
_NARROW_MARK, _MARK_HEIGHT = 0.12, 0.46  # of the usual digit: what is so narrow is a 1 only from that height on
_NEAR_BAR = 0.3  # of the usual digit: how far the bar of a 5 begins from the end of the rest, each way
_NEAR = 0.15  # of the usual digit: a gap over which fragments are joined
_NEAR_HALF = 0.3  # of the usual digit: a gap over which halves may be of one, or by which they overlap
_MANY_ALIKE, _FAR_LARGER = 6, 4  # beside so many digits that are alike, what is so many times as high is none
_TIGHT = 0.04  # of the picture's side: ink that leaves less on both sides was cut out so on purpose
_ONE_DIGIT = 1.2  # times as wide as high at most
_UNEQUAL = 0.85  # of the height of the other: both may be halves of one digit
_NARROW = 0.5  # of the width of all: what is wider stands above its neighbours; what is not lower, beside them
_MANY_PIECES = 3  # near each other are one broken stroke rather than digits


def cut(mask: np.ndarray, ink: Ink, least_side: float, within: Box | None = None, ruled: float = 0.0) -> Found:
    """The digits in reading order, at most `MOST_DIGITS`, and what was left out.

    `mask` is the ink's, without ruled lines. A part without any of the ink's peaks is left out, and one that is smaller
    than `least_side` both ways. `within` is the box of the picture in the mask, if that has a margin around it. `ruled`
    is the slope of ruled lines (rows a column), if they slant: else the digits tell how their lines do.
    """
    runs = label_runs(mask)
    edges = _Edges(within or (0, 0, mask.shape[1], mask.shape[0]))
    sieve = _Sieve(_parts(runs, mask, ink.peaks))
    sieve.leave_out("too small", lambda group: group.longer < least_side)
    sieve.keep_only("a shadow", _without_shade(sieve.groups, runs, ink))
    labels = runs.drawn(mask)
    own = partial(_own, labels=labels)
    _leave_out_surroundings(sieve, own, edges)
    sieve.keep_only("touches the edge", _without_frame(sieve.groups, mask, edges))
    _leave_out_specks(sieve)
    n = len(sieve.groups)
    _leave_out_frames(sieve, labels, edges)
    _leave_out_blots(sieve, labels)
    sieve.keep_only("too many", sorted(sieve.groups, key=lambda group: -group.area)[:MOST_DIGITS])
    if sieve.groups:
        _leave_out_hairs(sieve, edges)
        _leave_out_giants(sieve)
        _leave_out_underlines(sieve)
        for reason, marks in marks_among(sieve.groups, own, usual_height(sieve.groups), ruled).items():
            sieve.keep_only(reason, [group for group in sieve.groups if group not in marks])
        sieve.groups = _join(sieve.groups, edges)
        _leave_out_marks(sieve, labels, edges)
    left_out = sieve.told()
    slope = ruled or slope_of(_pieces(sieve.groups))
    lines, below = _lines_of(sieve.groups, slope)
    doubted = {CUT_OFF: edges.cut_off(sieve.groups), **may_be_marks(lines, slope, own)}
    if any(each.reason == SLASH for each in left_out):
        doubted.pop(MAY_BE_SLASH)  # others would be as long
    cuts = [[_cut_out(group, labels, doubted, below) for group in line] for line in lines]
    return Found(cuts, n, left_out, slope if ruled or is_sure(slope, lines) else 0.0)


class _Sieve:
    """Groups that may be digits, and those that were left out, with the reason."""

    def __init__(self, groups: list[Group]) -> None:
        self.groups = groups
        self._left_out: list[LeftOut] = []

    def leave_out(self, reason: str, is_out: Callable[[Group], bool]) -> None:
        """Leave out the groups of which that is true."""
        self.keep_only(reason, [group for group in self.groups if not is_out(group)])

    def keep_only(self, reason: str, kept: list[Group]) -> None:
        """Leave out all groups but these."""
        known = set(kept)
        self._left_out += [LeftOut(group.box, reason) for group in self.groups if group not in known]
        self.groups = kept

    def told(self) -> list[LeftOut]:
        """What people may ask about: no grain, and the largest if there is very much."""
        side = [max(each.box[2] - each.box[0], each.box[3] - each.box[1]) for each in self._left_out]
        order = sorted(range(len(side)), key=lambda i: -side[i])[:_MOST_TOLD]
        return [self._left_out[i] for i in sorted(order) if side[i] >= _TOLD_SIDE]


class _Edges:
    """The four sides of a picture, and which of them a group touches."""

    def __init__(self, box: Box) -> None:
        self.box = box

    def touched(self, group: Group) -> tuple[bool, bool, bool, bool]:
        """Whether a group touches the left, upper, right and lower side."""
        x0, y0, x1, y1 = self.box
        return group.x0 <= x0, group.y0 <= y0, group.x1 >= x1, group.y1 >= y1

    def cut_off(self, groups: list[Group]) -> set[Group]:
        """Those that the edge cuts off: they touch it, in a picture that was not cut out close on purpose.

        That is one whose ink reaches, or nearly reaches, a side and the opposite one.
        """
        if not groups:
            return set()
        x0, y0, x1, y1 = self.box
        room = (
            min(group.x0 for group in groups) - x0,
            min(group.y0 for group in groups) - y0,
            x1 - max(group.x1 for group in groups),
            y1 - max(group.y1 for group in groups),
        )
        is_tight = [max(room[n], room[n + 2]) <= 1 + _TIGHT * side for n, side in enumerate((x1 - x0, y1 - y0))]
        return {
            group
            for group in groups
            if any(touches and not is_tight[side % 2] for side, touches in enumerate(self.touched(group)))
        }


def _own(group: Group, labels: np.ndarray) -> np.ndarray:
    return np.isin(labels[group.y0 : group.y1, group.x0 : group.x1], group.labels)


def _cut_out(group: Group, labels: np.ndarray, doubted: Mapping[str, set[Group]], below: Mapping[Group, int]) -> Cut:
    """The digit that a group is, and what it falls into if it is several.

    `doubted` has groups by the flag; `below` tells how many lines lower than its group each piece is.
    """
    whole = with_alternatives(_own(group, labels), group.x0, group.y0)
    pieces = sorted(group.apart, key=lambda piece: (below.get(piece, 0), piece.x0))
    apart = tuple(replace(_cut_out(piece, labels, {}, {}), below=below.get(piece, 0)) for piece in pieces)
    flags = tuple(flag for flag, groups in doubted.items() if group in groups)
    return replace(whole, alternatives=(apart,) if apart else whole.alternatives, flags=flags)


def _lines_of(groups: list[Group], slope: float) -> tuple[list[list[Group]], dict[Group, int]]:
    """The groups line by line; and for each piece that one may fall into, how many lines lower that is.

    The pieces tell the lines, as a column of them is as high as several lines of digits beside it; so there may be
    lines without a group. A group that may fall into pieces is in the first line of the others beside it.
    """
    lines_of_pieces = in_lines(_pieces(groups), slope)
    number = {piece: number for number, line in enumerate(lines_of_pieces) for piece in line}
    lines: list[list[Group]] = [[] for _ in lines_of_pieces]
    below: dict[Group, int] = {}
    for line in in_lines(groups, slope):
        whole = [group for group in line if group in number]
        first = min(number[piece] for piece in whole or _pieces(line))
        for group in line:
            lines[number.get(group, first)].append(group)
            if group not in number:
                below |= {piece: number[piece] - first for piece in group.apart}
    return [sorted(line, key=lambda group: group.x0) for line in lines], below


def _parts(runs: Runs, mask: np.ndarray, peaks: np.ndarray) -> list[Group]:
    """The connected parts that have a peak, the largest of them if there are very many."""
    if not len(runs.row):
        return []
    area, box, has_peak = runs.area, runs.box, np.zeros(runs.n_parts, bool)
    has_peak[runs.label_of_pixels[peaks[mask]]] = True
    keep = np.flatnonzero(has_peak & (area >= 2))
    if len(keep) > _MOST_PARTS:
        keep = np.sort(keep[np.argsort(-area[keep], kind="stable")[:_MOST_PARTS]])
    corners = box[keep].tolist()
    return [Group([int(i)], int(area[i]), x0, y0, x1, y1) for i, (x0, y0, x1, y1) in zip(keep, corners, strict=True)]


# ---- Left out -------------------------------------------------------------------------------------------------------


def _leave_out_specks(sieve: _Sieve) -> None:
    if not sieve.groups:
        return
    usual = usual_height(sieve.groups)
    alike = [group.area for group in sieve.groups if is_about(group.longer, usual)]
    least_area, least_side = _SPECK_AREA * float(np.median(alike or [0])), _SPECK_SIDE * usual
    sieve.leave_out("too small", lambda group: group.area < least_area or group.longer < least_side)


def _without_shade(groups: list[Group], runs: Runs, ink: Ink) -> list[Group]:
    """Leave out what is faint and has no edge, left behind where light was evened out, or is a hair of a ruled line."""
    if ink.contrast >= _BLACK_INK:
        return groups
    order = np.argsort(runs.label, kind="stable")
    bounds = np.searchsorted(runs.label[order], np.arange(len(order) + 1))
    height, width = ink.even.shape

    def is_ink(group: Group) -> bool:
        if group.shorter <= 1:
            return False
        its = order[bounds[group.labels[0]] : bounds[group.labels[0] + 1]]
        row, start, stop = runs.row[its], runs.start[its], runs.stop[its]
        if np.median(_rises(row, start, stop, ink.even, 3)) >= _SOFT * ink.contrast:
            return True
        if group.x0 == 0 or group.y0 == 0 or group.x1 == width or group.y1 == height:
            return False  # as most shade does
        own = np.zeros((group.height, group.width + 1), np.int8)
        np.add.at(own, (row - group.y0, start - group.x0), 1)
        np.add.at(own, (row - group.y0, stop - group.x0), -1)
        stroke = stroke_width(own.cumsum(axis=1)[:, :-1] > 0)
        rise = float(np.median(_rises(row, start, stop, ink.even, max(3, round(stroke)))))
        return stroke <= _THICK * group.longer and rise >= _SOFT_STROKE * ink.contrast

    return [group for group in groups if is_ink(group)]


def _rises(row: np.ndarray, start: np.ndarray, stop: np.ndarray, even: np.ndarray, reach: int) -> np.ndarray:
    """By how much the ink changes over `reach` pixels about the ends of each run, on the average of both ends."""
    last = even.shape[1] - 1
    even = even.astype(np.int16)
    inner, outer = reach // 2, (reach + 1) // 2
    left = even[row, np.minimum(start + inner, stop - 1)] - even[row, np.maximum(start - outer, 0)]
    right = even[row, np.maximum(stop - 1 - inner, start)] - even[row, np.minimum(stop - 1 + outer, last)]
    at_left, at_right = start == 0, stop > last  # what goes on beyond the picture has no end there
    rises: np.ndarray = np.where(at_left, right, np.where(at_right, left, (left + right) / 2))
    return rises


def _leave_out_hairs(sieve: _Sieve, edges: _Edges) -> None:
    """Leave out pieces of thin lines along the edges of the picture, of a frame, if there is anything else.

    A thin 1 at the beginning of a line is about as high as its other digits.
    """
    x0, y0, x1, y1 = edges.box
    margin_x, margin_y = (x1 - x0) * _NEAR_EDGE, (y1 - y0) * _NEAR_EDGE
    thickest = max(_HAIR * max(x1 - x0, y1 - y0), 2)

    def is_hair(group: Group) -> bool:
        thin, long = sorted((group.width, group.height))
        if thin > thickest or long < _HAIR_LENGTH * thin:
            return False
        if group.height > group.width:
            return group.x1 <= x0 + margin_x or group.x0 >= x1 - margin_x
        return group.y1 <= y0 + margin_y or group.y0 >= y1 - margin_y

    others = [group for group in sieve.groups if not is_hair(group)]
    if others:
        usual = usual_height(others)
        sieve.leave_out("a frame", lambda group: is_hair(group) and not is_about(group.height, usual))


def _leave_out_giants(sieve: _Sieve) -> None:
    """Leave out what is far larger than many digits that are alike: the edge of a shadow, a bracket."""
    usual = usual_height(sieve.groups)
    n_alike = sum(is_about(group.longer, usual) for group in sieve.groups)
    if n_alike >= _MANY_ALIKE:
        sieve.leave_out("too large", lambda group: group.height > _FAR_LARGER * usual)


def _leave_out_underlines(sieve: _Sieve) -> None:
    """Leave out long flat strokes that lie below digits and reach beyond all of them on both sides."""
    groups = sieve.groups

    def is_underline(stroke: Group) -> bool:
        if stroke.width < _LONG * stroke.height:
            return False
        above = [group for group in groups if _stands_on(group, stroke)]
        return bool(above) and all(
            min(group.x0 - stroke.x0, stroke.x1 - group.x1) >= _BEYOND * group.height for group in above
        )

    sieve.leave_out("an underline", is_underline)


def _stands_on(group: Group, stroke: Group) -> bool:
    """Whether a part that is much higher than a flat stroke ends above it, or a little below."""
    gap_x, gap_y = group.gaps(stroke)
    is_above = group.y0 < stroke.y0 and group.y1 <= stroke.y1 and gap_y <= _BELOW * group.height
    return gap_x < 0 and is_above and group.height >= _LONG * stroke.height


def _leave_out_frames(sieve: _Sieve, labels: np.ndarray, edges: _Edges) -> None:
    """Leave out boxes and circles around digits, also those that go on beyond the edge."""
    groups = sieve.groups
    boxes = np.array([group.box for group in groups]).reshape(-1, 4)

    def is_frame(frame: Group) -> bool:
        inside = [groups[i] for i in np.flatnonzero(_may_be_framed(boxes, frame))]
        if not inside:
            return False
        own = _own(frame, labels)
        if stroke_width(own) > _FRAME_STROKE * min(own.shape):
            return False
        if not _has_corners(own):
            inside = [group for group in inside if not _may_be_in_zero(group, frame, labels)]
        enclosed = _enclosed(own, edges.touched(frame))
        around = labels[frame.y0 : frame.y1, frame.x0 : frame.x1]
        return any(enclosed[np.isin(around, group.labels)].mean() >= _ENCLOSED for group in inside)

    sieve.leave_out("a frame", is_frame)


def _may_be_framed(boxes: np.ndarray, frame: Group) -> np.ndarray:
    """Which parts lie in the box of another, and are no specks beside it."""
    x0, y0, x1, y1 = boxes.T
    is_within = (frame.x0 < x0) & (frame.y0 < y0) & (x1 < frame.x1) & (y1 < frame.y1)
    may_be: np.ndarray = is_within & (y1 - y0 >= _IN_FRAME * frame.height)
    return may_be


def _may_be_in_zero(group: Group, zero: Group, labels: np.ndarray) -> bool:
    """Whether a part may be the dot in a 0, or the straight stroke that strikes it through."""
    if group.height < _IN_ZERO * zero.height:
        return True
    is_round = zero.shorter >= _ROUND_RING * zero.longer
    if is_round and group.height >= _IN_RING * zero.height:
        return False
    own = _own(group, labels)
    across = np.linalg.eigvalsh(np.cov(np.nonzero(own)))[0]  # the variance of ink about the line nearest to it
    return bool(across <= (_STRAIGHT_STROKE * stroke_width(own)) ** 2)


def _has_corners(own: np.ndarray) -> bool:
    """Whether a part has ink in the corners of its box, as one that is a box has."""
    height, width = (max(1, round(_CORNER * side)) for side in own.shape)
    return all(
        own[rows, columns].any()
        for rows in (slice(height), slice(-height, None))
        for columns in (slice(width), slice(-width, None))
    )


def _enclosed(own: np.ndarray, is_open: tuple[bool, bool, bool, bool]) -> np.ndarray:
    """The pixels that have ink on all four sides, or the end of the picture where it goes on beyond (as `touched`)."""
    ways = own, own.T, own[:, ::-1], own.T[:, ::-1]
    from_left, from_above, from_right, from_below = (
        np.maximum.accumulate(way, axis=1) | beyond for way, beyond in zip(ways, is_open, strict=True)
    )
    enclosed: np.ndarray = from_left & from_above.T & from_right[:, ::-1] & from_below[:, ::-1].T
    return enclosed


def _leave_out_blots(sieve: _Sieve, labels: np.ndarray) -> None:
    """Leave out what is solid and about square or round, as no digit is, but a sheet, a screen or a tap of a pen."""
    if not sieve.groups:
        return
    least = usual_height(sieve.groups) / 2

    def is_blot(group: Group) -> bool:
        longer, shorter = group.longer, group.shorter
        solid = group.area / (group.width * group.height)
        if longer > _SQUARE * shorter or solid <= _ROUND:
            return False
        return solid > _SOLID or (longer >= least and stroke_width(_own(group, labels)) >= _THICK * longer)

    sieve.leave_out("a blot", is_blot)


def _leave_out_surroundings(sieve: _Sieve, own: Callable[[Group], np.ndarray], edges: _Edges) -> None:
    """Leave out what lies beyond a page a little askew: wedges, and strips if nothing else is about as long.

    Beside a digit, an upright stroke at the edge is a 1, in a picture that was cut out close to its ink.
    """
    sieve.leave_out("touches the edge", lambda group: is_wedge(own(group), edges.touched(group)))
    strips = [group for group in sieve.groups if is_strip(own(group), edges.touched(group))]
    known = set(strips)
    longest = max((group.longer for group in sieve.groups if group not in known), default=0)
    if longest:
        sieve.leave_out("touches the edge", lambda group: group in known and longest < FRAGMENT * group.longer)


def _without_frame(groups: list[Group], mask: np.ndarray, edges: _Edges) -> list[Group]:
    """Leave out what runs along the picture's edge (a table, a shadow, a border), if anything is left then.

    What is about as high as the other digits is none of these, though it touches the edge.
    """
    touched = {group: sum(edges.touched(group)) for group in groups}
    free = [group for group in groups if touched[group] == 0 or not _runs_along(group, mask, edges)]
    usual = usual_height(free) if free else 0.0

    def is_frame(group: Group) -> bool:
        sides = touched[group]
        if sides == 0:
            return False
        if is_about(group.height, usual) and group.width <= ALIKE * usual:
            return False
        thin = group.area < 0.5 * group.width * group.height
        return sides >= 3 or not thin or sides == 2

    inside = [group for group in groups if not is_frame(group)]
    largest = max((group.area for group in groups), default=0)
    if sum(group.area for group in inside) > 0.05 * largest:
        return inside
    return [group for group in groups if group.area > _LEAST_FRAMED * mask.size]


def _runs_along(group: Group, mask: np.ndarray, edges: _Edges) -> bool:
    """Whether most of a part's length lies on the picture's edge."""
    x0, y0, x1, y1 = edges.box
    lines = mask[:, x0], mask[y0], mask[:, x1 - 1], mask[y1 - 1]
    spans = slice(group.y0, group.y1), slice(group.x0, group.x1)
    contact = sum(
        int(lines[side][spans[side % 2]].sum()) for side, touches in enumerate(edges.touched(group)) if touches
    )
    return contact >= _ALONG * group.longer


def _leave_out_marks(sieve: _Sieve, labels: np.ndarray, edges: _Edges) -> None:
    """Leave out points, commas and dashes between digits, flat lines, and the ends of what lies beyond the edge."""

    def is_dash(group: Group) -> bool:
        if not group.is_flat:
            return False
        return group.width > MOST_PIECES * group.height or (
            stroke_width(_own(group, labels)) >= _STRAIGHT * group.height
        )

    sieve.leave_out("a dash", is_dash)
    if not sieve.groups:
        return
    usual = usual_height(sieve.groups)
    heavy = float(np.median([group.area for group in sieve.groups if group.height >= usual / 2] or [0]))
    sieve.leave_out("too small", lambda group: group.height < _least_height(group, usual) and group.area <= heavy / 3)
    cut_off = edges.cut_off(sieve.groups)
    sieve.leave_out("touches the edge", lambda group: group in cut_off and group.longer < FRAGMENT * usual)


def _least_height(group: Group, usual: float) -> float:
    """How high a digit must be, among digits of a usual height: an upright stroke higher than others."""
    return usual * (_MARK_HEIGHT if group.width <= _NARROW_MARK * usual else _SPECK_HEIGHT)


# ---- Joined ---------------------------------------------------------------------------------------------------------


def _join(groups: list[Group], edges: _Edges) -> list[Group]:
    """Join the fragments of one digit: the bar of a 5 that does not touch, a stroke with gaps.

    Where it is doubtful whether they are of one, they are also kept apart, and the network chooses.
    """
    joined = _joined_once(groups, edges)
    return joined if len(joined) == len(groups) else _join(joined, edges)  # what was joined may lie about a fragment


def _joined_once(groups: list[Group], edges: _Edges) -> list[Group]:
    usual = usual_height(groups)
    n_digits = sum(is_about(group.longer, usual) for group in groups)
    highest = (1.5 if n_digits > 2 else 2.2) * usual
    usual_piece = usual_height(_pieces(groups))  # beside a column that is joined, other digits are no fragments
    remnants = edges.cut_off(groups)
    are_rows = _are_rows([group for group in groups if group.height > FRAGMENT * usual])

    def as_one(a: Group, b: Group) -> Group | None:
        if {a, b} & remnants or not _belong(a, b, usual, highest):
            return None
        are_sure = not (a.apart or b.apart or _are_stacked(a, b, usual_piece))
        return a.joined(b) if are_sure else _or_apart([a, b])

    result = []
    for cluster in _clusters(groups, _are_near(groups, 0.3 * usual)):
        joined = _joined(cluster, as_one)
        for some in _clusters(joined, _are_near(joined, _NEAR * usual)):
            halves = _halves_joined(some, usual)
            result += (_either(halves) if _is_broken(some) and not are_rows else []) or halves
    return [_or_apart(result)] if not remnants and _may_be_halves(result, usual) else result


def _may_be_halves(groups: list[Group], usual: float) -> bool:
    """Whether all there is may be the upper and the lower half of one digit, as of a 3 that does not hang together."""
    if len(groups) != 2:
        return False
    a, b = groups
    gap_x, gap_y = a.gaps(b)
    are_large = min(a.height, b.height) > FRAGMENT * usual
    whole = a.joined(b)
    is_upright = whole.width <= _ONE_DIGIT * whole.height
    return are_large and is_upright and gap_x <= _NEAR * usual and abs(gap_y) <= _NEAR_HALF * usual


def _or_apart(groups: list[Group]) -> Group:
    """Groups as one that may also be all the digits they are made of."""
    return replace(reduce(Group.joined, groups), apart=tuple(_pieces(groups)))


def _pieces(groups: list[Group]) -> list[Group]:
    """The groups, and of those that may fall into some above each other, these; halves side by side stay one digit."""
    return [
        piece for group in groups for piece in (group.apart if len(in_lines(list(group.apart), 0.0)) > 1 else (group,))
    ]


def _is_broken(groups: list[Group]) -> bool:
    """Whether groups near each other may be one stroke in pieces, not digits close above or beside each other."""
    if len(groups) < _MANY_PIECES:
        return False
    whole = reduce(Group.joined, groups)
    width, height = np.median([(group.width, group.height) for group in groups], axis=0)
    return bool(width <= _NARROW * whole.width and height <= _UNEQUAL * whole.height)


def _are_rows(groups: list[Group]) -> bool:
    """Whether groups of one height stand in several lines, three or more in one: digits, however close."""
    if len(groups) <= _MANY_PIECES:
        return False
    heights = [group.height for group in groups]
    lines = [len(line) for line in in_lines(groups, slope_of(groups))]
    return max(heights) <= ALIKE * min(heights) and min(lines) >= 2 and len(lines) >= 2 and max(lines) >= 3


def _joined(groups: list[Group], as_one: Callable[[Group, Group], Group | None]) -> list[Group]:
    todo = list(groups)
    result: list[Group] = []
    while todo:
        group = todo.pop(0)
        j, whole = next(((j, whole) for j, other in enumerate(result) if (whole := as_one(other, group))), (0, None))
        if whole is None:
            result.append(group)
        else:
            result.pop(j)
            todo.insert(0, whole)
    return result


def _are_stacked(a: Group, b: Group, usual: float) -> bool:
    """Whether two parts as large as digits lie above each other."""
    return min(a.height, b.height) > FRAGMENT * usual and _lie_above(a, b, usual)


def _lie_above(a: Group, b: Group, usual: float) -> bool:
    """Whether one of two parts lies above the other, or hardly reaches beside it."""
    return a.gaps(b)[1] >= -2 * _NEAR * usual


def _belong(a: Group, b: Group, usual: float, highest: float) -> bool:
    """Whether two parts are of one digit: one is a fragment, near the other or inside its box, and not beside it."""
    small, large = sorted((a, b), key=lambda group: group.height)
    gap_x, gap_y = a.gaps(b)
    both = a.joined(b)
    if both.height > 2.2 * usual or both.width > 2.2 * usual:
        return False
    if small.height > FRAGMENT * usual:  # two halves of one digit, if they nearly touch
        width = min(a.width, b.width) if _lie_above(a, b, usual) else small.width
        return -gap_x >= 0.5 * width and gap_y <= 0.5 * _NEAR * usual and both.height <= highest
    nested = -gap_x >= 0.9 * small.width and -gap_y >= 0.9 * small.height
    stacked = -gap_x >= 0.5 * min(a.width, b.width) and gap_y <= 0.3 * usual
    centre = ((small.y0 + small.y1) / 2 - large.y0) / large.height
    dash = gap_x > 0 and 0.3 < centre < 0.8  # beside the middle or on the base line: a hyphen, a point
    return nested or stacked or _is_bar(small, large, usual) or (max(gap_x, gap_y) <= _NEAR * usual and not dash)


def _is_bar(bar: Group, hook: Group, usual: float) -> bool:
    """Whether a flat stroke lies above the right end of another part, as the bar of a 5 that does not touch."""
    begins, above = (bar.x0 - hook.x1) / usual, (hook.y0 - bar.y1) / usual
    return bar.is_flat and abs(begins) <= _NEAR_BAR and 0 <= above <= _NEAR_BAR


def _clusters(groups: list[Group], near: np.ndarray) -> list[list[Group]]:
    """The groups that hang together through ones that are near each other, each in the order given."""
    root = components(len(groups), *np.nonzero(near))
    return [[groups[i] for i in np.flatnonzero(root == number)] for number in range(root.max() + 1)]


def _are_near(groups: list[Group], reach: float) -> np.ndarray:
    """Whether no more than `reach` lies between two groups, each way; (n, n)."""
    box = np.array([group.box for group in groups])
    first, last = (np.maximum(box[:, np.newaxis, :2], box[:, :2]), np.minimum(box[:, np.newaxis, 2:], box[:, 2:]))
    near: np.ndarray = (first - last <= reach).all(axis=2)
    return near


def _halves_joined(groups: list[Group], usual: float) -> list[Group]:
    """The groups, of which those that may be halves of one digit are one: near each other, and not alike."""
    if len(groups) == 1:
        return groups
    heights = np.array([group.height for group in groups])
    ratio = heights[:, np.newaxis] / heights
    unequal = (np.minimum(ratio, 1 / ratio) <= _UNEQUAL) & (np.minimum.outer(heights, heights) >= _SPECK_HEIGHT * usual)
    near = _are_near(groups, _NEAR * usual)
    clusters = _clusters(groups, near & unequal)
    return [each for some in clusters for each in (_either(some) if _are_beside(some) else []) or some]


def _are_beside(groups: list[Group]) -> bool:
    """Whether the highest of some groups is nearly as high as all together."""
    whole = max(group.y1 for group in groups) - min(group.y0 for group in groups)
    return whole <= ALIKE * max(group.height for group in groups)


def _either(some: list[Group]) -> list[Group]:
    """Groups as one that may also be taken apart; none if they have not the shape of one digit."""
    if len(some) == 1:
        return some
    whole = _or_apart(some)
    return [whole] if whole.width <= _ONE_DIGIT * whole.height else []
