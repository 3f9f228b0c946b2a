"""Bring the groups of a picture into lines, and these into reading order."""

from itertools import pairwise

import numpy as np

from .groups import Group

STEEPEST = 0.3  # rows a column: a line, of digits or ruled, slants by up to 16 degrees

_SHARED = 0.4  # more of the rows of one of a line are those of the next; of two lines, that are one, on the average
_BESIDE = 0.3  # is enough where these lie beside each other, as a 1 that stands lower than all before it

_SLOPES = np.linspace(-STEEPEST, STEEPEST, 61)
_FEWEST = 4  # groups tell how their lines slant
_MANY, _SURELY = 5, 0.1  # so many digits in a line fall by so much on purpose: level ones waver by less
_CORE = 0.2  # of the height: what a group has above and below its middle part, which says where its line is
_GAINED = 0.15  # of the usual height: fewer rows that the lines cover once straight, or they are straight as they are


def in_lines(groups: list[Group], slope: float) -> list[list[Group]]:
    """Lines from top to bottom, each from left to right; they fall by `slope` rows a column, and may waver."""
    rows = {group: straight_rows(group, slope) for group in groups}
    lines: list[list[Group]] = []
    for group in sorted(groups, key=lambda group: group.x0):
        fitting = [(shared, line) for line in lines if (shared := _overlap(rows[line[-1]], rows[group])) > _SHARED]
        if fitting:
            max(fitting, key=lambda pair: pair[0])[1].append(group)
        else:
            lines.append([group])

    def middle(line: list[Group]) -> tuple[float, float]:
        top, bottom = np.mean([rows[group] for group in line], axis=0)
        return float(top), float(bottom)

    ordered: list[list[Group]] = []
    for line in sorted(lines, key=lambda line: middle(line)[0]):
        if ordered:
            together = _from_left(ordered[-1] + line)
            if _overlap(middle(ordered[-1]), middle(line)) > (_BESIDE if _is_one_row(together) else _SHARED):
                ordered[-1] = together
                continue
        ordered.append(_from_left(line))
    return ordered


def _from_left(line: list[Group]) -> list[Group]:
    return sorted(line, key=lambda group: group.x0)


def _is_one_row(line: list[Group]) -> bool:
    """Whether none of the groups, from left to right, lies above another."""
    return all(left.x1 <= right.x0 for left, right in pairwise(line))


def slope_of(groups: list[Group]) -> float:
    """How many rows the lines fall for each column: the slope along which all groups together cover the fewest rows."""
    if len(groups) < _FEWEST:
        return 0.0
    x, top, height = np.array([((group.x0 + group.x1) / 2, group.y0, group.height) for group in groups]).T
    first = top + _CORE * height - _SLOPES[:, np.newaxis] * x
    covered = _covered(first, first + (1 - 2 * _CORE) * height)
    usual = float(np.median(height))
    least = int((covered + 0.5 * usual * np.abs(_SLOPES)).argmin())
    is_gain = covered[len(_SLOPES) // 2] - covered[least] > _GAINED * usual
    return float(_SLOPES[least]) if is_gain else 0.0


def is_sure(slope: float, lines: list[list[Group]]) -> bool:
    """Whether lines of which that is said to be the slope are not level ones that waver."""
    return abs(slope) >= _SURELY and max(map(len, lines), default=0) >= _MANY


def _covered(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """The length of the union of the intervals from `first` to `last` in each row, `(n_slopes, n)`."""
    order = first.argsort(axis=1)
    first, last = (np.take_along_axis(each, order, axis=1) for each in (first, last))
    reached = np.maximum.accumulate(last, axis=1)
    before = np.concatenate([first[:, :1], reached[:, :-1]], axis=1)
    covered: np.ndarray = np.maximum(last - np.maximum(first, before), 0).sum(axis=1)
    return covered


def straight_rows(group: Group, slope: float) -> tuple[float, float]:
    """The first row of a group and the one after its last, as they were if lines did not slant."""
    fall = slope * (group.x0 + group.x1) / 2
    return group.y0 - fall, group.y1 - fall


def _overlap(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The share of the less high one's rows that the other has too."""
    return (min(a[1], b[1]) - max(a[0], b[0])) / min(a[1] - a[0], b[1] - b[0])
