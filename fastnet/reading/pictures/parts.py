"""Cut a mask of ink into digits: connected parts, without specks, fragments joined, in reading order."""

import numpy as np

from .cuts import Cut, Found, Group
from .ink import Ink
from .labelling import Runs, label_runs
from .rows import in_lines
from .touching import MOST_PIECES, with_alternatives

MOST_DIGITS = 64

_SOFT = 0.28  # of the usual ink: what changes by less over 3 pixels at its edges is a shadow
_BLACK_INK = (
    150  # contrast of 255 from which even a soft edge is of ink: pictures that were enlarged or are out of focus
)
_SOLID, _SQUARE = 0.9, 1.7  # of its box is ink, and no side is so many times the other: a sheet or a blot
_LEAST_FRAMED = 0.01  # of the picture: a digit cut off by its edge has more ink, the end of a shadow has less
_SPECK_AREA = 0.004  # of the largest part: less is dirt
_SPECK_HEIGHT = 0.3  # of the usual digit: what is neither as high nor a third as heavy is no digit
_FRAGMENT = 0.6  # of the usual digit: what is smaller both ways may belong to a neighbour
_NEAR = 0.15  # of the usual digit: a gap over which fragments are joined


def cut(mask: np.ndarray, ink: Ink, least_side: float) -> Found:
    """The digits in reading order, at most `MOST_DIGITS`.

    `mask` is the ink's, without ruled lines. A part without any of the ink's peaks is left out, and one that is smaller
    than `least_side` both ways.
    """
    runs = label_runs(mask)
    groups = _without_specks(_parts(runs, mask, ink.peaks), least_side)
    groups = _without_frame(_without_shade(groups, runs, ink), mask.shape)
    n = len(groups)
    groups = [group for group in groups if not _is_blot(group)]
    if not groups:
        return Found([], n, [])
    groups = sorted(groups, key=lambda group: -group.area)[:MOST_DIGITS]
    labels = np.full(mask.shape, -1, np.int32)
    labels[mask] = np.repeat(runs.label, runs.stop - runs.start)
    lines = in_lines(_without_marks(_join(groups)))
    return Found([[_cut_out(group, labels) for group in line] for line in lines], n, [])


def _cut_out(group: Group, labels: np.ndarray) -> Cut:
    """The digit that a group is, and what it falls into if it is several."""
    own = np.isin(labels[group.y0 : group.y1, group.x0 : group.x1], group.labels)
    return with_alternatives(own, group.x0, group.y0)


def _parts(runs: Runs, mask: np.ndarray, peaks: np.ndarray) -> list[Group]:
    if not len(runs.row):
        return []
    n = int(runs.label.max()) + 1
    area = np.bincount(runs.label, runs.stop - runs.start, n).astype(int)
    box = np.full((n, 4), 2**31 - 1)
    for column, values in enumerate((runs.start, runs.row, -runs.stop, -runs.row - 1)):
        np.minimum.at(box[:, column], runs.label, values)
    box[:, 2:] *= -1
    has_peak = np.zeros(n, bool)
    has_peak[np.repeat(runs.label, runs.stop - runs.start)[peaks[mask]]] = True
    keep = np.flatnonzero(has_peak & (area >= max(_SPECK_AREA * area.max(), 2)))
    return [Group([int(i)], int(area[i]), *(int(value) for value in box[i])) for i in keep]


def _without_specks(groups: list[Group], least_side: float) -> list[Group]:
    largest = max((max(group.width, group.height) for group in groups), default=0)
    least = max(least_side, 0.04 * largest)
    return [group for group in groups if max(group.width, group.height) >= least]


def _without_shade(groups: list[Group], runs: Runs, ink: Ink) -> list[Group]:
    """Leave out what is faint and has no edge, left behind where light was evened out, or is a hair of a ruled line."""
    if ink.contrast >= _BLACK_INK:
        return groups
    groups = [group for group in groups if min(group.width, group.height) > 1]
    rises = _rises(runs, ink.even)
    least = _SOFT * ink.contrast
    return [group for group in groups if np.median(rises[np.isin(runs.label, group.labels)]) >= least]


def _is_blot(group: Group) -> bool:
    """Whether that is solid and about square, as no digit is, but a sheet on a desk or a switched-off screen."""
    longer, shorter = max(group.width, group.height), min(group.width, group.height)
    return group.area > _SOLID * group.width * group.height and longer <= _SQUARE * shorter


def _rises(runs: Runs, even: np.ndarray) -> np.ndarray:
    """By how much the ink changes over 3 pixels about the ends of each run, on the average of both ends."""
    row, start, stop = runs.row, runs.start, runs.stop
    last = even.shape[1] - 1
    even = even.astype(np.int16)
    left = even[row, np.minimum(start + 1, stop - 1)] - even[row, np.maximum(start - 2, 0)]
    right = even[row, np.maximum(stop - 2, start)] - even[row, np.minimum(stop + 1, last)]
    at_left, at_right = start == 0, stop > last  # what goes on beyond the picture has no end there
    rises: np.ndarray = np.where(at_left, right, np.where(at_right, left, (left + right) / 2))
    return rises


def _without_frame(groups: list[Group], shape: tuple[int, ...]) -> list[Group]:
    """Leave out what runs along the picture's edge (a table, a shadow, a border), if anything is left then."""
    height, width = shape

    def is_frame(group: Group) -> bool:
        sides = (group.x0 == 0) + (group.y0 == 0) + (group.x1 == width) + (group.y1 == height)
        thin = group.area < 0.5 * group.width * group.height
        return sides >= 3 or (sides >= 1 and not thin) or (sides == 2 and thin)

    inside = [group for group in groups if not is_frame(group)]
    largest = max((group.area for group in groups), default=0)
    if sum(group.area for group in inside) > 0.05 * largest:
        return inside
    return [group for group in groups if group.area > _LEAST_FRAMED * width * height]


def _usual_height(groups: list[Group]) -> float:
    sizes = np.array([max(group.height, group.width / 1.5) for group in groups])
    return float(np.median(sizes[sizes >= 0.5 * sizes.max()]))


def _join(groups: list[Group]) -> list[Group]:
    """Join the fragments of one digit: the bar of a 5 that does not touch, a stroke with gaps."""
    usual = _usual_height(groups)
    done = False
    while not done:
        done = True
        for i, a in enumerate(groups):
            j = next((j for j in range(i + 1, len(groups)) if _belong(a, groups[j], usual)), None)
            if j is not None:
                groups = [group for k, group in enumerate(groups) if k not in (i, j)] + [a.joined(groups[j])]
                done = False
                break
    return groups


def _belong(a: Group, b: Group, usual: float) -> bool:
    """Whether two parts are of one digit: one is a fragment, near the other or inside its box, and not beside it."""
    small, large = sorted((a, b), key=lambda group: group.height)
    gap_x = max(a.x0, b.x0) - min(a.x1, b.x1)  # negative where they overlap
    gap_y = max(a.y0, b.y0) - min(a.y1, b.y1)
    both = a.joined(b)
    if both.height > 2.2 * usual or both.width > 2.2 * usual:
        return False
    if small.height > _FRAGMENT * usual:  # two halves of one digit, if they nearly touch
        return -gap_x >= 0.5 * small.width and gap_y <= 0.5 * _NEAR * usual
    nested = -gap_x >= 0.9 * small.width and -gap_y >= 0.9 * small.height
    stacked = -gap_x >= 0.5 * min(a.width, b.width) and gap_y <= 0.3 * usual
    centre = ((small.y0 + small.y1) / 2 - large.y0) / large.height
    dash = gap_x > 0 and 0.3 < centre < 0.8  # beside the middle or on the base line: a hyphen, a point
    return nested or stacked or (max(gap_x, gap_y) <= _NEAR * usual and not dash)


def _without_marks(groups: list[Group]) -> list[Group]:
    """Leave out points, commas and dashes between digits, and flat lines."""
    groups = [group for group in groups if group.width <= MOST_PIECES * group.height]
    if not groups:
        return []
    usual = _usual_height(groups)
    heavy = float(np.median([group.area for group in groups if group.height >= usual / 2] or [0]))
    return [group for group in groups if group.height >= _SPECK_HEIGHT * usual or group.area > heavy / 3]
