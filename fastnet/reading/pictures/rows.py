"""Bring the groups of a picture into lines, and these into reading order."""

import numpy as np

from .cuts import Group


def in_lines(groups: list[Group]) -> list[list[Group]]:
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
    return [sorted(line, key=lambda group: group.x0) for *_, line in ordered]


def _middle(line: list[Group]) -> tuple[float, float]:
    return float(np.mean([group.y0 for group in line])), float(np.mean([group.y1 for group in line]))


def _overlap_y(a: Group, b: Group) -> float:
    """The share of the less high one's rows that the other has too."""
    return (min(a.y1, b.y1) - max(a.y0, b.y0)) / min(a.height, b.height)
