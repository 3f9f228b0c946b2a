"""Cut a mask of ink into digits: connected parts, without what is none, fragments joined, in reading order."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce

import numpy as np

from .cuts import Cut, Found
from .frames import leave_out_borders, leave_out_frames, leave_out_hairs, leave_out_surroundings
from .groups import ALIKE, FRAGMENT, Group, is_about, usual_height
from .ink import Ink
from .labelling import Runs, components, label_runs
from .leaving_out import (
    SPECK_HEIGHT,
    leave_out_blots,
    leave_out_dashes,
    leave_out_giants,
    leave_out_shade,
    leave_out_small,
    leave_out_specks,
    leave_out_underlines,
)
from .marks import MAY_BE_SLASH, SLASH, marks_among, may_be_marks
from .rows import in_lines, is_sure, slope_of
from .sheet import Box
from .sieve import TOO_SMALL, Edges, Sieve
from .touching import with_alternatives

MOST_DIGITS = 400
CUT_OFF = "cut off by the edge"

_MOST_PARTS = 1000  # are looked at, the largest
_NEAR_BAR = 0.3  # of the usual digit: how far the bar of a 5 begins from the end of the rest, each way
_NEAR = 0.15  # of the usual digit: a gap over which fragments are joined
_NEAR_HALF = 0.3  # of the usual digit: a gap over which halves may be of one, or by which they overlap
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
    edges = Edges(within or (0, 0, mask.shape[1], mask.shape[0]))
    sieve = Sieve(_parts(runs, mask, ink.peaks), runs.drawn(mask), edges)
    sieve.leave_out(TOO_SMALL, lambda group: group.longer < least_side)
    leave_out_shade(sieve, ink)
    leave_out_surroundings(sieve)
    leave_out_borders(sieve)
    leave_out_specks(sieve)
    n = len(sieve.groups)
    leave_out_frames(sieve)
    leave_out_blots(sieve)
    sieve.keep_only("too many", sorted(sieve.groups, key=lambda group: -group.area)[:MOST_DIGITS])
    leave_out_hairs(sieve)
    leave_out_giants(sieve)
    leave_out_underlines(sieve)
    for reason, marks in marks_among(sieve.groups, sieve.own, usual_height(sieve.groups), ruled).items():
        sieve.keep_only(reason, [group for group in sieve.groups if group not in marks])
    if sieve.groups:
        sieve.groups = _join(sieve.groups, edges)
    leave_out_dashes(sieve)
    leave_out_small(sieve)
    left_out = sieve.told()
    slope = ruled or slope_of(_pieces(sieve.groups))
    lines, below = _lines_of(sieve.groups, slope)
    doubted = {CUT_OFF: edges.cut_off(sieve.groups), **may_be_marks(lines, slope, sieve.own)}
    if any(each.reason == SLASH for each in left_out):
        doubted.pop(MAY_BE_SLASH)  # others would be as long
    cuts = [[_cut_out(group, sieve.own, doubted, below) for group in line] for line in lines]
    return Found(cuts, n, left_out, slope if ruled or is_sure(slope, lines) else 0.0)


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


def _cut_out(
    group: Group,
    own: Callable[[Group], np.ndarray],
    doubted: Mapping[str, set[Group]],
    below: Mapping[Group, int],
) -> Cut:
    """The digit that a group is, and what it falls into if it is several.

    `doubted` has groups by the flag; `below` tells how many lines lower than its group each piece is.
    """
    whole = with_alternatives(own(group), group.x0, group.y0)
    its = sorted(group.apart, key=lambda piece: (below.get(piece, 0), piece.x0))
    apart = tuple(replace(_cut_out(piece, own, {}, {}), below=below.get(piece, 0)) for piece in its)
    flags = tuple(flag for flag, groups in doubted.items() if group in groups)
    return replace(whole, alternatives=(apart,) if apart else whole.alternatives, flags=flags)


# ---- Joined ---------------------------------------------------------------------------------------------------------


def _join(groups: list[Group], edges: Edges) -> list[Group]:
    """Join the fragments of one digit: the bar of a 5 that does not touch, a stroke with gaps.

    Where it is doubtful whether they are of one, they are also kept apart, and the network chooses.
    """
    joined = _joined_once(groups, edges)
    return joined if len(joined) == len(groups) else _join(joined, edges)  # what was joined may lie about a fragment


def _joined_once(groups: list[Group], edges: Edges) -> list[Group]:
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
    unequal = (np.minimum(ratio, 1 / ratio) <= _UNEQUAL) & (np.minimum.outer(heights, heights) >= SPECK_HEIGHT * usual)
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
