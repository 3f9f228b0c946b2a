"""Join the fragments of one digit; where it is doubtful whether they are of one, the network gets them both ways."""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce

import numpy as np

from .groups import ALIKE, FRAGMENT, Group, is_about, usual_height
from .labelling import components
from .leaving_out import SPECK_HEIGHT
from .rows import in_lines, slope_of
from .sieve import Edges

_NEAR = 0.15  # of the usual digit: a gap over which fragments are joined
_FAR = 0.3  # ... and where one lies above the other: fragments, halves, or the bar of a 5 and the end of the rest
_ABOVE, _WITHIN = 0.5, 0.9  # of the narrower one's columns: it lies above the other; of a fragment's both ways: in it
_MIDDLE = 0.3, 0.8  # of the height of what it is beside: there a fragment is a hyphen, or a point on the base line
_LARGEST, _HIGHEST = 2.2, 1.5  # times the usual digit is one, at most; so high are two halves, if ...
_MANY = 3  # ... so many are of the usual size
_ONE_DIGIT = 1.2  # times as wide as high at most
_UNEQUAL = 0.85  # of the height of the other: both may be halves of one digit
_NARROW = 0.5  # of the width of all: what is wider stands above its neighbours; what is not lower, beside them
_MANY_PIECES = 3  # near each other are one broken stroke rather than digits


def join(groups: list[Group], edges: Edges) -> list[Group]:
    """Join the fragments of one digit: the bar of a 5 that does not touch, a stroke with gaps.

    Where it is doubtful whether they are of one, they are also kept apart, and the network chooses.
    """
    joined = _joined_once(groups, edges) if groups else []
    return joined if len(joined) == len(groups) else join(joined, edges)  # what was joined may lie about a fragment


def pieces(groups: list[Group]) -> list[Group]:
    """The groups, and of those that may fall into some above each other, these; halves side by side stay one digit."""
    return [
        piece for group in groups for piece in (group.apart if len(in_lines(list(group.apart), 0.0)) > 1 else (group,))
    ]


def _joined_once(groups: list[Group], edges: Edges) -> list[Group]:
    usual = usual_height(groups)
    usual_piece = usual_height(pieces(groups))  # beside a column that is joined, other digits are no fragments
    are_many = sum(is_about(group.longer, usual) for group in groups) >= _MANY
    highest = (_HIGHEST if are_many else _LARGEST) * usual
    remnants = edges.cut_off(groups)
    are_rows = _are_rows([group for group in groups if group.height > FRAGMENT * usual])

    def as_one(a: Group, b: Group) -> Group | None:
        if {a, b} & remnants or not _belong(a, b, usual, highest):
            return None
        are_sure = not (a.apart or b.apart or _are_stacked(a, b, usual_piece))
        return a.joined(b) if are_sure else _both_ways([a, b])

    result = []
    for cluster in _clusters(groups, _FAR * usual):
        for near in _clusters(_joined_in_pairs(cluster, as_one), _NEAR * usual):
            result += _offered(_halves_offered(near, usual), _is_broken(near) and not are_rows)
    return _offered(result, not remnants and _are_upper_and_lower(result, usual))


def _clusters(groups: list[Group], reach: float, may_hang: np.ndarray | bool = True) -> list[list[Group]]:
    """The groups that hang together, each in the order given: no more than `reach` is between two of them, each way.

    `may_hang` tells of which pairs that counts, (n, n).
    """
    box = np.array([group.box for group in groups])
    first, last = np.maximum(box[:, np.newaxis, :2], box[:, :2]), np.minimum(box[:, np.newaxis, 2:], box[:, 2:])
    root = components(len(groups), *np.nonzero((first - last <= reach).all(axis=2) & may_hang))
    return [[groups[i] for i in np.flatnonzero(root == number)] for number in range(root.max() + 1)]


# ---- Pairs ----------------------------------------------------------------------------------------------------------


def _joined_in_pairs(groups: list[Group], as_one: Callable[[Group, Group], Group | None]) -> list[Group]:
    """The groups, of which any two are one as long as `as_one` makes them one."""
    todo = list(groups)
    result: list[Group] = []
    while todo:
        group = todo.pop(0)
        for other in result:
            if whole := as_one(other, group):
                result.remove(other)
                todo.insert(0, whole)
                break
        else:
            result.append(group)
    return result


def _belong(a: Group, b: Group, usual: float, highest: float) -> bool:
    """Whether two parts are of one digit: one is a fragment, near the other or inside its box, and not beside it."""
    small, large = sorted((a, b), key=lambda group: group.height)
    gap_x, gap_y = a.gaps(b)
    whole = a.joined(b)
    if max(whole.height, whole.width) > _LARGEST * usual:
        return False
    if small.height > FRAGMENT * usual:  # two halves of one digit, if they nearly touch
        width = min(a.width, b.width) if _lie_above(a, b, usual) else small.width
        return -gap_x >= _ABOVE * width and gap_y <= 0.5 * _NEAR * usual and whole.height <= highest
    is_within = -gap_x >= _WITHIN * small.width and -gap_y >= _WITHIN * small.height
    is_above = -gap_x >= _ABOVE * min(a.width, b.width) and gap_y <= _FAR * usual
    centre = ((small.y0 + small.y1) / 2 - large.y0) / large.height
    is_dash = gap_x > 0 and _MIDDLE[0] < centre < _MIDDLE[1]
    is_near = max(gap_x, gap_y) <= _NEAR * usual and not is_dash
    return is_within or is_above or is_near or _is_bar(small, large, usual)


def _is_bar(bar: Group, hook: Group, usual: float) -> bool:
    """Whether a flat stroke lies above the right end of another part, as the bar of a 5 that does not touch."""
    begins, above = (bar.x0 - hook.x1) / usual, (hook.y0 - bar.y1) / usual
    return bar.is_flat and abs(begins) <= _FAR and 0 <= above <= _FAR


def _are_stacked(a: Group, b: Group, usual: float) -> bool:
    """Whether two parts as large as digits lie above each other."""
    return min(a.height, b.height) > FRAGMENT * usual and _lie_above(a, b, usual)


def _lie_above(a: Group, b: Group, usual: float) -> bool:
    """Whether one of two parts lies above the other, or hardly reaches beside it."""
    return a.gaps(b)[1] >= -2 * _NEAR * usual


# ---- Offered both ways ----------------------------------------------------------------------------------------------


def _offered(groups: list[Group], may_be_one: bool) -> list[Group]:
    """The groups; if they may be one digit and have the shape of one, this, which may also be taken apart."""
    if len(groups) == 1 or not may_be_one:
        return groups
    whole = _both_ways(groups)
    return [whole] if whole.width <= _ONE_DIGIT * whole.height else groups


def _both_ways(groups: list[Group]) -> Group:
    """Groups as one that may also be all the digits they are made of."""
    return replace(reduce(Group.joined, groups), apart=tuple(pieces(groups)))


def _halves_offered(groups: list[Group], usual: float) -> list[Group]:
    """The groups, of which those are offered as one that may be halves of it: near each other, and not alike."""
    heights = np.array([group.height for group in groups])
    ratio = heights[:, np.newaxis] / heights
    unequal = (np.minimum(ratio, 1 / ratio) <= _UNEQUAL) & (np.minimum.outer(heights, heights) >= SPECK_HEIGHT * usual)
    clusters = _clusters(groups, _NEAR * usual, unequal)
    return [each for some in clusters for each in _offered(some, _are_beside(some))]


def _are_beside(groups: list[Group]) -> bool:
    """Whether the highest of some groups is nearly as high as all together."""
    whole = max(group.y1 for group in groups) - min(group.y0 for group in groups)
    return whole <= ALIKE * max(group.height for group in groups)


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


def _are_upper_and_lower(groups: list[Group], usual: float) -> bool:
    """Whether all there is may be the upper and the lower half of one digit, as of a 3 that does not hang together."""
    if len(groups) != 2:
        return False
    a, b = groups
    gap_x, gap_y = a.gaps(b)
    are_large = min(a.height, b.height) > FRAGMENT * usual
    return are_large and gap_x <= _NEAR * usual and abs(gap_y) <= _FAR * usual
