"""Cut a mask of ink into digits: connected parts, without specks, fragments joined, in reading order."""

from dataclasses import dataclass

import numpy as np

from .ink import Ink
from .labelling import Runs, label_runs
from .sheet import Box

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
_WIDE = 1.25  # times as wide as high: it may be two digits that touch
_MOST_PIECES = 10
_USUAL_WIDTH = 0.75  # of a digit's height
_NEAR = 0.15  # of the usual digit: a gap over which fragments are joined


@dataclass(frozen=True, eq=False)
class Cut:
    """One digit: its box (x0, y0, x1, y1; x1 and y1 are one past the last), its ink there, and how to part it.

    `pieces` are what it would fall into if it were several digits that touch; empty if it is too narrow for that.
    """

    box: Box
    own: np.ndarray
    pieces: tuple["Cut", ...] = ()


@dataclass
class Group:
    """Parts that make one digit, and the box around them (x1 and y1 are one past the last)."""

    labels: list[int]
    area: int
    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        """Columns of the box."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Rows of the box."""
        return self.y1 - self.y0

    def joined(self, other: "Group") -> "Group":
        """Both as one."""
        return Group(
            self.labels + other.labels,
            self.area + other.area,
            min(self.x0, other.x0),
            min(self.y0, other.y0),
            max(self.x1, other.x1),
            max(self.y1, other.y1),
        )


def cut(mask: np.ndarray, ink: Ink, least_side: float) -> tuple[list[Cut], int]:
    """Return the digits in reading order, at most `MOST_DIGITS`, and how many parts there were.

    `mask` is the ink's, without ruled lines. A part without any of the ink's peaks is left out, and one that is smaller
    than `least_side` both ways.
    """
    runs = label_runs(mask)
    groups = _without_specks(_parts(runs, mask, ink.peaks), least_side)
    groups = _without_frame(_without_shade(groups, runs, ink), mask.shape)
    n = len(groups)
    groups = [group for group in groups if not _is_blot(group)]
    if not groups:
        return [], n
    groups = sorted(groups, key=lambda group: -group.area)[:MOST_DIGITS]
    labels = np.full(mask.shape, -1, np.int32)
    labels[mask] = np.repeat(runs.label, runs.stop - runs.start)
    digits = []
    for group in in_reading_order(_without_marks(_join(groups))):
        own = np.isin(labels[group.y0 : group.y1, group.x0 : group.x1], group.labels)
        digits.append(Cut((group.x0, group.y0, group.x1, group.y1), own, _pieces(own, group.x0, group.y0)))
    return digits, n


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
    groups = [group for group in groups if group.width <= _MOST_PIECES * group.height]
    if not groups:
        return []
    usual = _usual_height(groups)
    heavy = float(np.median([group.area for group in groups if group.height >= usual / 2] or [0]))
    return [group for group in groups if group.height >= _SPECK_HEIGHT * usual or group.area > heavy / 3]


def in_reading_order(groups: list[Group]) -> list[Group]:
    """Lines from top to bottom, each from left to right; a line may slant, and waver."""
    lines: list[list[Group]] = []
    for group in sorted(groups, key=lambda group: group.x0):
        fitting = [(overlap, line) for line in lines if (overlap := _overlap_y(line[-1], group)) > 0.4]
        if fitting:
            max(fitting, key=lambda pair: pair[0])[1].append(group)
        else:
            lines.append([group])
    ordered: list[tuple[float, float, list[Group]]] = []  # top and bottom of each line, on the average
    for line in sorted(lines, key=lambda line: _middle(line)[0]):
        top, bottom = _middle(line)
        if ordered and (ordered[-1][1] - top) > 0.4 * min(bottom - top, ordered[-1][1] - ordered[-1][0]):
            line = ordered.pop()[2] + line
        ordered.append((*_middle(line), line))
    return [group for *_, line in ordered for group in sorted(line, key=lambda group: group.x0)]


def _middle(line: list[Group]) -> tuple[float, float]:
    return float(np.mean([group.y0 for group in line])), float(np.mean([group.y1 for group in line]))


def _overlap_y(a: Group, b: Group) -> float:
    """The share of the less high one's rows that the other has too."""
    return (min(a.y1, b.y1) - max(a.y0, b.y0)) / min(a.height, b.height)


def _pieces(own: np.ndarray, x0: int, y0: int) -> tuple[Cut, ...]:
    """A part that is wide for one digit, cut into as many as it may be, where there is least ink."""
    height, width = own.shape
    n = round(width / (_USUAL_WIDTH * height))
    if width < _WIDE * height or not 2 <= n <= _MOST_PIECES or width < 4 * n:
        return ()
    ink = own.sum(axis=0)
    cuts = [0]
    for number in range(1, n):
        middle, reach = number * width // n, max(1, width // (4 * n))
        window = ink[middle - reach : middle + reach]
        cuts.append(middle - reach + int(np.flatnonzero(window == window.min()).mean()))
    pairs = zip(cuts, [*cuts[1:], width], strict=True)
    return tuple(_cropped(own[:, left:right], x0 + left, y0) for left, right in pairs if own[:, left:right].any())


def _cropped(own: np.ndarray, x0: int, y0: int) -> Cut:
    rows, columns = (np.flatnonzero(own.any(axis=axis)) for axis in (1, 0))
    top, bottom, left, right = (int(edge) for edge in (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1))
    return Cut((x0 + left, y0 + top, x0 + right, y0 + bottom), own[top:bottom, left:right])
