"""Leave out what is no digit by its size or shape: specks, shade, blots, underlines, dashes, what is far too large."""

import math

import numpy as np

from .groups import FRAGMENT, Group, is_about, usual_height
from .ink import Ink
from .labelling import runs_of
from .mnist_form import stroke_width
from .sieve import AT_EDGE, TOO_SMALL, Sieve
from .touching import MOST_PIECES

SPECK_HEIGHT = 0.3  # of the usual digit: what is neither as high nor a third as heavy is no digit

_SOFT = 0.28  # of the usual ink: what changes by less over 3 pixels at its edges is a shadow, or a blurred stroke, ...
_SOFT_STROKE = 0.5  # ... if it changes by more over the stroke's width
_BLACK_INK = 150  # contrast of 255 from which even a soft edge is of ink: pictures that were enlarged or are blurred
_SPECK_AREA, _SPECK_SIDE = 0.004, 0.04  # of the usual digit: less is dirt
_SOLID, _SQUARE = 0.9, 1.7  # of its box is ink, and no side is so many times the other: a sheet or a blot
_ROUND, _THICK = 0.7, 0.45  # of its box is ink, and its stroke is so wide for its longer side: a dot
_HOLE = 0.25  # of the digits' height is a punched hole, at least
_LEAST_DISC, _DISC_SIDES, _OFF_DISC = 8, 1.15, 0.06  # pixels, times its shorter side, off its share of its box
_MANY_ALIKE, _FAR_LARGER = 6, 4  # beside so many digits that are alike, what is so many times as high is none
_LONG, _BELOW, _BEYOND = 5, 0.5, 0.05  # an underline is so many times as wide as high, begins within such a share ...
# ... of a digit's height below it, and goes on to both sides by such a share of it; the foot of a 2 or a 1 hardly does
_STRAIGHT = 0.6  # so wide for its height is the stroke of a dash
_NARROW_MARK, _MARK_HEIGHT = 0.12, 0.46  # of the usual digit: what is so narrow is a 1 only from that height on


def leave_out_shade(sieve: Sieve, ink: Ink) -> None:
    """Leave out what is faint and has no edge, left behind where light was evened out, or is a hair of a ruled line."""
    if ink.contrast >= _BLACK_INK:
        return
    height, width = ink.even.shape

    def is_shade(group: Group) -> bool:
        if group.shorter <= 1:
            return True
        own = sieve.own(group)
        if rise_at_edges(own, group, ink.even, 3) >= _SOFT * ink.contrast:
            return False
        if group.x0 == 0 or group.y0 == 0 or group.x1 == width or group.y1 == height:
            return True  # as most shade does
        stroke = stroke_width(own)
        rise = rise_at_edges(own, group, ink.even, max(3, round(stroke)))
        return stroke > _THICK * group.longer or rise < _SOFT_STROKE * ink.contrast

    sieve.leave_out("a shadow", is_shade)


def rise_at_edges(own: np.ndarray, group: Group, even: np.ndarray, reach: int) -> float:
    """By how much the ink changes over `reach` pixels about the ends of its runs: the median of both ends' average."""
    row, start, stop = runs_of(own)
    row, start, stop = row + group.y0, start + group.x0, stop + group.x0
    last = even.shape[1] - 1
    inner, outer = reach // 2, (reach + 1) // 2

    def at(column: np.ndarray) -> np.ndarray:
        its: np.ndarray = even[row, column].astype(np.int16)
        return its

    left = at(np.minimum(start + inner, stop - 1)) - at(np.maximum(start - outer, 0))
    right = at(np.maximum(stop - 1 - inner, start)) - at(np.minimum(stop - 1 + outer, last))
    at_left, at_right = start == 0, stop > last  # what goes on beyond the picture has no end there
    return float(np.median(np.where(at_left, right, np.where(at_right, left, (left + right) / 2))))


def leave_out_specks(sieve: Sieve) -> None:
    """Leave out what is far smaller than the digits, or far lighter: dirt."""
    usual = usual_height(sieve.groups)
    alike = [group.area for group in sieve.groups if is_about(group.longer, usual)]
    least_area, least_side = _SPECK_AREA * float(np.median(alike or [0])), _SPECK_SIDE * usual
    sieve.leave_out(TOO_SMALL, lambda group: group.area < least_area or group.longer < least_side)


def leave_out_blots(sieve: Sieve) -> None:
    """Leave out what is solid and about square or round, as no digit is: a sheet, a screen, a tap of a pen, a hole.

    What is less than half as high as the digits may be a piece of one, unless it is quite round and stands apart.
    """
    groups = sieve.groups
    usual = usual_height(groups)

    def is_blot(group: Group) -> bool:
        solid = group.area / (group.width * group.height)
        if group.longer > _SQUARE * group.shorter or solid <= _ROUND:
            return False
        is_disc = _LEAST_DISC <= group.longer <= _DISC_SIDES * group.shorter and abs(solid - math.pi / 4) <= _OFF_DISC
        least = _HOLE if is_disc and _stands_apart(group, groups) else 0.5
        is_thick = group.longer >= least * usual and stroke_width(sieve.own(group)) >= _THICK * group.longer
        return solid > _SOLID or is_thick

    sieve.leave_out("a blot", is_blot)


def _stands_apart(group: Group, groups: list[Group]) -> bool:
    """Whether nothing else is nearer than half its own size."""
    return all(max(group.gaps(other)) > group.longer / 2 for other in groups if other is not group)


def leave_out_giants(sieve: Sieve) -> None:
    """Leave out what is far larger than many digits that are alike: the edge of a shadow, a bracket."""
    usual = usual_height(sieve.groups)
    if sum(is_about(group.longer, usual) for group in sieve.groups) >= _MANY_ALIKE:
        sieve.leave_out("too large", lambda group: group.height > _FAR_LARGER * usual)


def leave_out_underlines(sieve: Sieve) -> None:
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


def leave_out_dashes(sieve: Sieve) -> None:
    """Leave out dashes and flat lines."""

    def is_dash(group: Group) -> bool:
        if not group.is_flat:
            return False
        is_line = group.width > MOST_PIECES * group.height
        return is_line or stroke_width(sieve.own(group)) >= _STRAIGHT * group.height

    sieve.leave_out("a dash", is_dash)


def leave_out_small(sieve: Sieve) -> None:
    """Leave out points and commas between digits, and the ends of what lies beyond the edge."""
    usual = usual_height(sieve.groups)
    heavy = float(np.median([group.area for group in sieve.groups if group.height >= usual / 2] or [0]))
    sieve.leave_out(TOO_SMALL, lambda group: group.height < _least_height(group, usual) and group.area <= heavy / 3)
    cut_off = sieve.edges.cut_off(sieve.groups)
    sieve.leave_out(AT_EDGE, lambda group: group in cut_off and group.longer < FRAGMENT * usual)


def _least_height(group: Group, usual: float) -> float:
    """How high a digit must be, among digits of a usual height: an upright stroke higher than others."""
    return usual * (_MARK_HEIGHT if group.width <= _NARROW_MARK * usual else SPECK_HEIGHT)
