"""Leave out what stands about digits: what lies beyond a page, borders, boxes and circles, hairs of thin lines."""

import numpy as np

from .groups import ALIKE, FRAGMENT, Group, is_about, usual_height
from .mnist_form import stroke_width
from .sieve import AT_EDGE, Sieve
from .wedges import Sides, is_strip, is_wedge

A_FRAME, EMPTY_FRAME = "a frame", "an empty frame"  # reasons
MAY_BE_CIRCLED = "may be a 1 in a circle"  # a flag of a 0 with a stroke in it
_ALONG = 0.6  # of its longer side lies on the picture's edge: it runs along it
_LEAST_LEFT = 0.05  # of the largest part has all that is left without a border, or the border is a digit
_LEAST_FRAMED = 0.01  # of the picture: a digit cut off by its edge has more ink, the end of a shadow has less
_IN_FRAME, _ENCLOSED = 0.1, 0.9  # of the height of a frame is a digit in it; of that digit has it on all sides
_FRAME_STROKE, _CORNER = 0.1, 0.08  # of a frame's shorter side is its stroke; of a box's sides are its corners
_IN_ZERO = 0.35  # times as high as a 0 is the dot in it, at most
_ROUND_RING, _IN_RING = 0.9, 0.6  # of its longer side is a ring's shorter one: a stroke at least so high in it is a 1
_STRAIGHT = 0.5  # of its width is the ink's deviation from a straight stroke's middle; 0.29 if it is quite even
_AWAY = 0.1  # of its height is between a ring and both ends of a stroke that does not strike a 0 through
_SAME_SIZE, _SAME_AREA = 0.06, 1.25  # of a frame's sides differ those of another, and so many times is its ink
_THIN_LINE, _LINE_LENGTH = 0.35, 8  # of the digits' stroke is a line wide that is no 1; times that long, at least
_FAR_LONGER = 1.5  # times as long as digits is a line at an edge that is no 1
_ASKEW = 0.1  # of their height differ the ends of a frame's two sides, at most
_NOT_FAR_SHORTER = 0.25  # times as long as the line is what shows the digits' stroke, and no blot
_NEAR_EDGE, _HAIR, _HAIR_LENGTH = 0.05, 0.01, 8  # of the picture's side from its edge is a hair, and as thick ...
# ... at most; and so many times as long


def leave_out_surroundings(sieve: Sieve) -> None:
    """Leave out what lies beyond a page a little askew: wedges, and strips if nothing else is about as long.

    Beside a digit, an upright stroke at the edge is a 1, in a picture that was cut out close to its ink.
    """
    touched = sieve.edges.touched
    sieve.leave_out(AT_EDGE, lambda group: is_wedge(sieve.own(group), touched(group)))
    strips = {group for group in sieve.groups if is_strip(sieve.own(group), touched(group))}
    longest = max((group.longer for group in sieve.groups if group not in strips), default=0)
    if longest:
        sieve.leave_out(AT_EDGE, lambda group: group in strips and longest < FRAGMENT * group.longer)
    _leave_out_thin_lines(sieve, strips)


def _leave_out_thin_lines(sieve: Sieve, strips: set[Group]) -> None:
    """Leave out strips, lines that run out at edges, and both sides of a frame, if far thinner than digits' strokes."""
    lines = strips | {group for group in sieve.groups if group.longer >= _LINE_LENGTH * group.shorter}
    least = _NOT_FAR_SHORTER * max((group.longer for group in lines), default=0)
    others = [group for group in sieve.groups if group not in lines and group.longer >= least] if lines else []
    if others:
        thin = _THIN_LINE * float(np.median([stroke_width(sieve.own(group)) for group in others]))
        thin_ones = {group for group in lines if group.area <= thin * group.longer}
        touching = {line for line in thin_ones - strips if any(sieve.edges.touched(line))}
        if len(touching) == 1:  # of a frame there is more, and a lone line may be a 1
            longest = _FAR_LONGER * float(np.median([group.longer for group in others]))
            touching = {line for line in touching if _runs_through(sieve.edges.touched(line)) or line.longer >= longest}
        at_edge = touching | (thin_ones & strips)
        sieve.leave_out(AT_EDGE, lambda group: group in at_edge)
        frame = _outermost_pair(thin_ones - at_edge, others)
        sieve.leave_out(A_FRAME, lambda group: group in frame)


def _runs_through(touched: Sides) -> bool:
    """Whether a line goes from edge to edge."""
    left, upper, right, lower = touched
    return (left and right) or (upper and lower)


def _outermost_pair(lines: set[Group], others: list[Group]) -> list[Group]:
    """Two lines with all the others between them, higher than these and as high as each other; or none."""
    uprights = [line for line in lines if line.height > line.width]
    if len(uprights) != 2:
        return []
    left, right = sorted(uprights, key=lambda line: line.x0)
    are_between = all(left.x1 <= other.x0 and other.x1 <= right.x0 for other in others)
    highest = max(other.height for other in others)
    are_higher = highest < min(left.height, right.height) <= max(left.height, right.height) < highest / FRAGMENT
    apart = max(abs(left.y0 - right.y0), abs(left.y1 - right.y1))
    return [left, right] if are_between and are_higher and apart <= _ASKEW * left.height else []


def leave_out_borders(sieve: Sieve) -> None:
    """Leave out what runs along the picture's edge (a table, a shadow, a border), if anything is left then.

    What is about as high as the other digits is none of these, though it touches the edge.
    """
    groups = sieve.groups
    n_touched = {group: sum(sieve.edges.touched(group)) for group in groups}
    usual = usual_height([group for group in groups if n_touched[group] == 0 or not _runs_along(group, sieve)])

    def is_border(group: Group) -> bool:
        if n_touched[group] == 0 or (is_about(group.height, usual) and group.width <= ALIKE * usual):
            return False
        return n_touched[group] >= 2 or group.area >= 0.5 * group.width * group.height

    inside = [group for group in groups if not is_border(group)]
    largest = max((group.area for group in groups), default=0)
    if sum(group.area for group in inside) <= _LEAST_LEFT * largest:
        inside = [group for group in groups if group.area > _LEAST_FRAMED * sieve.labels.size]
    sieve.keep_only(AT_EDGE, inside)


def _runs_along(group: Group, sieve: Sieve) -> bool:
    """Whether most of a part's length lies on the picture's edge."""
    x0, y0, x1, y1 = sieve.edges.box
    labels = sieve.labels
    lines = labels[:, x0], labels[y0], labels[:, x1 - 1], labels[y1 - 1]
    spans = slice(group.y0, group.y1), slice(group.x0, group.x1)
    contact = sum(
        int((lines[side][spans[side % 2]] >= 0).sum())
        for side, touches in enumerate(sieve.edges.touched(group))
        if touches
    )
    return contact >= _ALONG * group.longer


def leave_out_frames(sieve: Sieve) -> list[Group]:
    """Leave out boxes and circles around digits, also those that go on beyond the edge, and empty ones as large.

    What is returned are rings with a stroke in them that touches nothing: a 0, or a circle about a 1.
    """
    groups, labels = sieve.groups, sieve.labels
    rings: list[Group] = []
    boxes = np.array([group.box for group in groups]).reshape(-1, 4)

    def is_frame(frame: Group) -> bool:
        inside = [groups[i] for i in np.flatnonzero(_may_be_framed(boxes, frame))]
        if not inside:
            return False
        own = sieve.own(frame)
        if stroke_width(own) > _FRAME_STROKE * frame.shorter:
            return False
        if not _has_corners(own):
            strokes = [group for group in inside if _may_be_in_zero(group, frame, sieve)]
            inside = [group for group in inside if group not in strokes]
            rings.extend(frame for stroke in strokes if not inside and _may_be_one(stroke, frame))
        enclosed = _enclosed(own, sieve.edges.touched(frame))
        around = labels[frame.y0 : frame.y1, frame.x0 : frame.x1]
        return any(enclosed[np.isin(around, group.labels)].mean() >= _ENCLOSED for group in inside)

    sieve.leave_out(A_FRAME, is_frame)
    left = set(sieve.groups)
    frames = [group for group in groups if group not in left]
    same = {group for group in sieve.groups if any(_are_same(group, frame) for frame in frames)}
    about = {ring for ring in same if _may_be_framed(boxes, ring).any()}  # a 1
    sieve.leave_out(A_FRAME, lambda group: group in about)
    sieve.leave_out(EMPTY_FRAME, lambda group: group in same)
    return rings


def _are_same(group: Group, frame: Group) -> bool:
    """Whether a part is as large as a frame and has as much ink, as one that encloses nothing."""
    off = max(abs(group.width - frame.width), abs(group.height - frame.height))
    alike = frame.area / _SAME_AREA <= group.area <= frame.area * _SAME_AREA
    return alike and off <= max(1, _SAME_SIZE * frame.shorter)


def _may_be_one(stroke: Group, ring: Group) -> bool:
    """Whether a stroke in a ring, no dot, stays away from it above and below, as a 1 in a circle does."""
    away = min(stroke.y0 - ring.y0, ring.y1 - stroke.y1)
    return stroke.height >= _IN_ZERO * ring.height and away >= _AWAY * ring.height


def _may_be_framed(boxes: np.ndarray, frame: Group) -> np.ndarray:
    """Which parts lie in the box of another, and are no specks beside it."""
    x0, y0, x1, y1 = boxes.T
    is_within = (frame.x0 < x0) & (frame.y0 < y0) & (x1 < frame.x1) & (y1 < frame.y1)
    may_be: np.ndarray = is_within & (y1 - y0 >= _IN_FRAME * frame.height)
    return may_be


def _may_be_in_zero(group: Group, zero: Group, sieve: Sieve) -> bool:
    """Whether a part may be the dot in a 0, or the straight stroke that strikes it through."""
    if group.height < _IN_ZERO * zero.height:
        return True
    is_round = zero.shorter >= _ROUND_RING * zero.longer
    if is_round and group.height >= _IN_RING * zero.height:
        return False
    own = sieve.own(group)
    across = np.linalg.eigvalsh(np.cov(np.nonzero(own)))[0]  # the variance of ink about the line nearest to it
    return bool(across <= (_STRAIGHT * stroke_width(own)) ** 2)


def _has_corners(own: np.ndarray) -> bool:
    """Whether a part has ink in the corners of its box, as one that is a box has."""
    height, width = (max(1, round(_CORNER * side)) for side in own.shape)
    return all(
        own[rows, columns].any()
        for rows in (slice(height), slice(-height, None))
        for columns in (slice(width), slice(-width, None))
    )


def _enclosed(own: np.ndarray, is_open: Sides) -> np.ndarray:
    """The pixels that have ink on all four sides, or the end of the picture where it goes on beyond."""
    ways = own, own.T, own[:, ::-1], own.T[:, ::-1]
    from_left, from_above, from_right, from_below = (
        np.maximum.accumulate(way, axis=1) | beyond for way, beyond in zip(ways, is_open, strict=True)
    )
    enclosed: np.ndarray = from_left & from_above.T & from_right[:, ::-1] & from_below[:, ::-1].T
    return enclosed


def leave_out_hairs(sieve: Sieve) -> None:
    """Leave out pieces of thin lines along the edges of the picture, of a frame, if there is anything else.

    A thin 1 at the beginning of a line is about as high as its other digits, and no piece of the same line.
    """
    x0, y0, x1, y1 = sieve.edges.box
    margin_x, margin_y = (x1 - x0) * _NEAR_EDGE, (y1 - y0) * _NEAR_EDGE
    thickest = max(_HAIR * max(x1 - x0, y1 - y0), 2)

    def is_hair(group: Group) -> bool:
        if group.shorter > thickest or group.longer < _HAIR_LENGTH * group.shorter:
            return False
        if group.height > group.width:
            return group.x1 <= x0 + margin_x or group.x0 >= x1 - margin_x
        return group.y1 <= y0 + margin_y or group.y0 >= y1 - margin_y

    others = [group for group in sieve.groups if not is_hair(group)]
    if others:
        usual = usual_height(others)
        pieces = [group for group in sieve.groups if is_hair(group) and not is_about(group.height, usual)]
        sieve.leave_out(
            A_FRAME,
            lambda group: is_hair(group) and any(_are_of_one_line(group, piece) for piece in pieces),
        )


def _are_of_one_line(one: Group, other: Group) -> bool:
    """Whether two long thin parts are both upright, one above the other, or both flat, side by side."""
    is_upright = one.height > one.width
    return is_upright == (other.height > other.width) and one.gaps(other)[0 if is_upright else 1] < 0
