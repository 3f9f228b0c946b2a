"""Tell marks from digits by how they stand in their line: commas hang below it, slashes and brackets are longer."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .groups import Group
from .mnist_form import stroke_width
from .rows import in_lines, slope_of, straight_rows

SIGNS = COMMA, SLASH, BRACKET = "a comma", "a slash", "a bracket"  # reasons why they are left out
MAY_BE_SLASH, MAY_BE_BRACKET = "may be a slash", "may be a bracket"  # flags of strokes, read as a 1 mostly

_LARGE = 0.5  # of the usual digit: what is smaller is no digit that tells where its line is
_EVEN = 0.5  # of its width is the ink's deviation from the bow that a stroke is, at most; 0.29 if it is quite even
_BEYOND, _LONGER = 0.08, 0.33  # of the digits' height: a slash reaches so far beyond them, above and below, and in all
_BRACKET_BEYOND, _BOW = 0.05, 0.05  # ... brackets, which come in pairs; of their height is the middle beside the ends
_DEEP, _NOT_BEYOND = 0.1, -0.1  # ... of those that bow so far, which hardly a 1 does: they may be a little shorter
_LEAN = 0.15  # columns a row, at least, by which a slash leans to the right: the height tells the rest
_BARELY_BEYOND = 0.01  # ... what may be one: a 1 stands on the line, where a slash goes at least a little below
_DOUBTFUL = 0.22  # ... twice by so much it goes beyond; to which counts by how much more it leans than others
_LONGEST = 2  # times as high as the digits are brackets, at most: pieces of a circle are longer
_COMMA, _COMMA_WIDTH = (0.1, 0.6), 1.5  # of the digits' height is a comma's; times as wide as high, at most
_HANGS, _BELOW, _DROPPED = 0.5, 0.06, 0.2  # of the digits' height: it begins so low, ends below them, is not farther
_SHARED = 0.5  # of its columns has what is above or below a part of the same digit


@dataclass(frozen=True, eq=False)
class _Stroke:
    """A single stroke: how far it leans to the right, columns a row, and bows to the left, of its height."""

    group: Group
    lean: float
    bow: float


@dataclass(frozen=True, eq=False)
class _Line:
    """Groups from left to right, those that are single strokes, and the rows of the others, as if it were level."""

    groups: list[Group]
    strokes: list[_Stroke]
    slope: float
    top: float
    bottom: float

    @property
    def height(self) -> float:
        """The digits' height."""
        return self.bottom - self.top

    def beyond(self, group: Group) -> tuple[float, float]:
        """How far a group reaches above the digits, and below, in their height."""
        top, bottom = straight_rows(group, self.slope)
        return (self.top - top) / self.height, (bottom - self.bottom) / self.height

    def is_between(self, group: Group) -> bool:
        """Whether the line begins before a group and ends behind it."""
        return self.groups[0].x0 < group.x0 and group.x1 < self.groups[-1].x1


def marks_among(
    groups: list[Group], own: Callable[[Group], np.ndarray], usual: float, ruled: float
) -> dict[str, set[Group]]:
    """What is a mark rather than a digit of the usual height, by the reason; `own` tells a group's ink.

    `ruled` is the slope of ruled lines, if they slant.
    """
    if len(groups) < 3:  # no mark stands between digits
        return {}
    large = [group for group in groups if group.height >= _LARGE * usual]
    slope = ruled or slope_of(large)
    marks: dict[str, set[Group]] = {COMMA: set(), SLASH: set(), BRACKET: set()}
    for line in _lines(in_lines(large, slope), slope, own):
        marks[COMMA] |= {group for group in groups if _is_comma(group, line, groups)}
        marks[SLASH] |= {each.group for each in line.strokes if _is_slash(each, line)}
        marks[BRACKET] |= {each.group for each in _brackets(line)}
    return marks


def may_be_marks(lines: list[list[Group]], slope: float, own: Callable[[Group], np.ndarray]) -> dict[str, set[Group]]:
    """Strokes that may be marks rather than digits, by the flag; `own` tells a group's ink."""
    doubted: dict[str, set[Group]] = {MAY_BE_SLASH: set(), MAY_BE_BRACKET: set()}
    for line in _lines(lines, slope, own):
        doubted[MAY_BE_SLASH] |= {each.group for each in line.strokes if _may_be_slash(each, line, own)}
        doubted[MAY_BE_BRACKET] |= {each.group for each in line.strokes if _may_be_bracket(each, line)}
    return doubted


def _lines(lines: list[list[Group]], slope: float, own: Callable[[Group], np.ndarray]) -> list[_Line]:
    """The lines of two or more groups, of which those that are no strokes tell where they are, if there are any."""
    result = []
    for groups in lines:
        if len(groups) < 2:
            continue
        strokes = [stroke for group in groups if (stroke := _stroke(group, own))]
        its = {stroke.group for stroke in strokes}
        plain = [group for group in groups if group not in its] or groups
        top, bottom = np.median([straight_rows(group, slope) for group in plain], axis=0).tolist()
        result.append(_Line(groups, strokes, slope, top, bottom))
    return result


def _lean(ink: np.ndarray) -> float:
    """How far ink leans to the right, columns a row."""
    y, x = (places - places.mean() for places in np.nonzero(ink))
    return float(-(x @ y) / max(y @ y, 1.0))


def _stroke(group: Group, own: Callable[[Group], np.ndarray]) -> _Stroke | None:
    """The single stroke that a group is, straight or a bow; None if it is none, or rather flat."""
    if group.width > group.height or group.height < 3:
        return None
    ink = own(group)
    squares, sums, n = (ink @ np.vander(np.arange(group.width, dtype=float), 3)).T  # of the columns, row by row
    at = np.linspace(-0.5, 0.5, group.height)
    bend = np.polyfit(at, sums / np.maximum(n, 1), 2, w=np.sqrt(n))
    bow, lean, _ = (bend / group.height).tolist()
    middle = np.polyval(bend, at)
    variance = float((squares - 2 * middle * sums + middle**2 * n).sum() / n.sum())
    across = (variance / (1 + lean**2)) ** 0.5
    return _Stroke(group, -lean, bow / 4) if across <= _EVEN * stroke_width(ink) else None


def _is_slash(stroke: _Stroke, line: _Line) -> bool:
    """Whether a stroke between digits that leans to the right is far longer than these, both above and below."""
    beyond = line.beyond(stroke.group)
    is_long = min(beyond) >= _BEYOND and sum(beyond) >= _LONGER
    return is_long and stroke.lean >= _LEAN and line.is_between(stroke.group)


def _may_be_slash(stroke: _Stroke, line: _Line, own: Callable[[Group], np.ndarray]) -> bool:
    """Whether a stroke between digits leans to the right, and is longer than these or barely longer and leans more."""
    beyond = min(line.beyond(stroke.group))
    if beyond < _BARELY_BEYOND or stroke.lean < _LEAN or not line.is_between(stroke.group):
        return False
    usual = float(np.median([_lean(own(group)) for group in line.groups if group is not stroke.group]))
    return 2 * beyond + stroke.lean - usual >= _DOUBTFUL


def _may_be_bracket(stroke: _Stroke, line: _Line) -> bool:
    """Whether a stroke bows as a bracket before or behind digits does, alone."""
    bows_far = abs(stroke.bow) >= _DEEP and stroke.group is not line.groups[-1 if stroke.bow > 0 else 0]
    return bows_far and _is_as_long_as_a_bracket(stroke, line)


def _brackets(line: _Line) -> list[_Stroke]:
    """Strokes that reach beyond the line and come in pairs, the first bowing to the left, the other to the right."""
    pairs: list[_Stroke] = []
    opened = None
    for each in line.strokes:
        if not _is_as_long_as_a_bracket(each, line):
            continue
        if each.bow >= _BOW:
            opened = each
        elif opened and each.bow <= -_BOW:
            pairs += [opened, each]
            opened = None
    return pairs


def _is_as_long_as_a_bracket(stroke: _Stroke, line: _Line) -> bool:
    """Whether a stroke is longer than the digits, or bows far and is nearly as long as those that are no strokes."""
    bows_far = abs(stroke.bow) >= _DEEP and len(line.strokes) < len(line.groups)
    least = _NOT_BEYOND if bows_far else _BRACKET_BEYOND
    return min(line.beyond(stroke.group)) >= least and stroke.group.height <= _LONGEST * line.height


def _is_comma(group: Group, line: _Line, groups: list[Group]) -> bool:
    """Whether a small part hangs below the line between two digits, and neither is above it."""
    above, below = line.beyond(group)
    if not _COMMA[0] <= group.height / line.height <= _COMMA[1] or group.width > _COMMA_WIDTH * group.height:
        return False
    if not (-1 - _DROPPED <= above <= -_HANGS and below >= _BELOW):
        return False
    return line.is_between(group) and not any(
        other is not group and min(other.x1, group.x1) - max(other.x0, group.x0) > _SHARED * group.width
        for other in groups
        if abs(other.y0 - group.y0) < 2 * line.height
    )
