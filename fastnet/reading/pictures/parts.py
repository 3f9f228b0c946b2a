"""Cut a mask of ink into digits: connected parts, without what is none, fragments joined, in reading order."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from .breaks import mend_breaks
from .cuts import Cut, Found
from .frames import MAY_BE_CIRCLED, leave_out_borders, leave_out_frames, leave_out_hairs, leave_out_surroundings
from .groups import Group, usual_height
from .ink import Ink
from .joining import join, pieces
from .labelling import Runs, label_runs
from .leaving_out import (
    leave_out_blots,
    leave_out_dashes,
    leave_out_giants,
    leave_out_shade,
    leave_out_small,
    leave_out_specks,
    leave_out_underlines,
)
from .marks import MAY_BE_SLASH, SLASH, marks_among, may_be_marks
from .pale import pale_among
from .rows import in_lines, is_sure, slope_of
from .sheet import Box
from .sieve import TOO_PALE, TOO_SMALL, Edges, Sieve
from .touching import with_alternatives

MOST_DIGITS = 400
CUT_OFF = "cut off by the edge"

_MOST_PARTS = 1000  # are looked at, the largest


def cut(mask: np.ndarray, ink: Ink, least_side: float, within: Box | None = None, ruled: float = 0.0) -> Found:
    """The digits in reading order, at most `MOST_DIGITS`, and what was left out.

    `mask` is the ink's, without ruled lines. A part without any of the ink's peaks is left out, unless it may be a pale
    digit among others, and one that is smaller than `least_side` both ways. `within` is the box of the picture in the
    mask, if that has a margin around it. `ruled` is the slope of ruled lines (rows a column), if they slant: else the
    digits tell how their lines do.
    """
    runs = label_runs(mask)
    edges = Edges(within or (0, 0, mask.shape[1], mask.shape[0]))
    parts, pale = _parts(runs, mask, ink.peaks, least_side)
    sieve = Sieve(parts, runs.drawn(mask), edges)
    sieve.leave_out(TOO_SMALL, lambda group: group.longer < least_side)
    leave_out_shade(sieve, ink)
    leave_out_surroundings(sieve)
    leave_out_borders(sieve)
    leave_out_specks(sieve)
    mend_breaks(sieve, ink.faint)
    n = len(sieve.groups)
    rings = leave_out_frames(sieve)
    leave_out_blots(sieve)
    sieve.keep_only("too many", sorted(sieve.groups, key=lambda group: -group.area)[:MOST_DIGITS])
    leave_out_hairs(sieve)
    leave_out_giants(sieve)
    leave_out_underlines(sieve)
    for reason, marks in marks_among(sieve.groups, sieve.own, usual_height(sieve.groups), ruled).items():
        sieve.keep_only(reason, [group for group in sieve.groups if group not in marks])
    sieve.groups = join(sieve.groups, edges)
    leave_out_dashes(sieve)
    leave_out_small(sieve)
    slope = ruled or slope_of(pieces(sieve.groups))
    legible, too_pale = pale_among(sieve, pale, ink, slope)
    sieve.groups = sieve.groups + legible + too_pale
    sieve.leave_out(TOO_PALE, lambda group: group in too_pale)
    left_out = sieve.told()
    lines, below = _lines_of(sieve.groups, slope)
    circled = {group for group in sieve.groups if any(ring.labels[0] in group.labels for ring in rings)}
    doubted = {
        CUT_OFF: edges.cut_off(sieve.groups),
        MAY_BE_CIRCLED: circled,
        **may_be_marks(lines, slope, sieve.own),
    }
    if any(each.reason == SLASH for each in left_out):
        doubted.pop(MAY_BE_SLASH)  # others would be as long
    cuts = [[_cut_out(group, sieve.own, doubted, below) for group in line] for line in lines]
    return Found(cuts, n, left_out, slope if ruled or is_sure(slope, lines) else 0.0)


def _parts(runs: Runs, mask: np.ndarray, peaks: np.ndarray, least_side: float) -> tuple[list[Group], list[Group]]:
    """The connected parts that have a peak, and those without that are as high as a digit must be.

    If there are very many, the largest of them.
    """
    if not len(runs.row):
        return [], []
    area, box, has_peak = runs.area, runs.box, np.zeros(runs.n_parts, bool)
    has_peak[runs.label_of_pixels[peaks[mask]]] = True

    def largest(are_meant: np.ndarray) -> list[Group]:
        keep = np.flatnonzero(are_meant)
        if len(keep) > _MOST_PARTS:
            keep = np.sort(keep[np.argsort(-area[keep], kind="stable")[:_MOST_PARTS]])
        corners = box[keep].tolist()
        return [
            Group([int(i)], int(area[i]), x0, y0, x1, y1) for i, (x0, y0, x1, y1) in zip(keep, corners, strict=True)
        ]

    return largest(has_peak & (area >= 2)), largest(~has_peak & (box[:, 3] - box[:, 1] >= least_side))


def _lines_of(groups: list[Group], slope: float) -> tuple[list[list[Group]], dict[Group, int]]:
    """The groups line by line; and for each piece that one may fall into, how many lines lower that is.

    The pieces tell the lines, as a column of them is as high as several lines of digits beside it; so there may be
    lines without a group. A group that may fall into pieces is in the first line of the others beside it.
    """
    lines_of_pieces = in_lines(pieces(groups), slope)
    number = {piece: number for number, line in enumerate(lines_of_pieces) for piece in line}
    lines: list[list[Group]] = [[] for _ in lines_of_pieces]
    below: dict[Group, int] = {}
    for line in in_lines(groups, slope):
        whole = [group for group in line if group in number]
        first = min(number[piece] for piece in whole or pieces(line))
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
