"""Strokes that grain broke, of a pencil or of chalk: what is left of them hangs together where there is little ink.

A fragment is joined to the rest without that. But two parts that are each as high as a digit may be two digits, one
below the other, if they do not end in one place.
"""

from functools import reduce

import numpy as np

from .groups import FRAGMENT, Group, usual_height
from .labelling import components, label_runs
from .sieve import Sieve

_NARROW = 0.03  # of the usual height is a break, ...
_REACH = 3  # ... with as many pixels around it in which the ends hang together
_END = 0.3  # of the usual height: as many columns, at most, have both ends


def mend_breaks(sieve: Sieve, faint: np.ndarray) -> None:
    """Join parts, each as high as a digit, that are one stroke; `faint` is where there is any ink."""
    usual = usual_height(sieve.groups)
    large = [group for group in sieve.groups if group.height > FRAGMENT * usual]
    if len(large) < 2:
        return
    x0, y0, x1, y1 = np.array([group.box for group in large]).T
    follows = np.abs(y0 - y1[:, np.newaxis]) <= _NARROW * usual
    is_beside = np.maximum(x0, x0[:, np.newaxis]) - np.minimum(x1, x1[:, np.newaxis]) > _END * usual
    pairs = [
        (upper, lower)
        for upper, lower in zip(*np.nonzero(follows & ~is_beside), strict=True)
        if _hang_together(sieve, large[upper], large[lower], faint, usual)
    ]
    if not pairs:
        return
    strokes = components(len(large), *np.array(pairs).T)
    whole = [
        reduce(Group.joined, (large[i] for i in np.flatnonzero(strokes == number)))
        for number in range(strokes.max() + 1)
    ]
    known = set(large)
    sieve.groups = [group for group in sieve.groups if group not in known] + whole


def _hang_together(sieve: Sieve, upper: Group, lower: Group, faint: np.ndarray, usual: float) -> bool:
    """Whether one part ends where the other begins, with ink between, which does not run on to both sides."""
    upper_end = upper.x0 + np.flatnonzero(sieve.own(upper)[-1])
    lower_end = lower.x0 + np.flatnonzero(sieve.own(lower)[0])
    ends = np.concatenate([upper_end, lower_end])
    if np.ptp(ends) > _END * usual:
        return False
    top, left = max(0, min(upper.y1, lower.y0) - _REACH), max(0, ends.min() - _REACH)
    around = faint[top : max(upper.y1, lower.y0) + _REACH, left : ends.max() + _REACH + 1]
    number = label_runs(around).drawn(around)
    above, below = number[upper.y1 - 1 - top, upper_end - left], number[lower.y0 - top, lower_end - left]
    runs_through = around.all(axis=1).any()
    return not runs_through and bool(np.intersect1d(above[above >= 0], below).size)
