"""Find digits that are far paler than the others of their line: written with another pen, or hardly pressed on."""

from collections.abc import Iterable

import numpy as np

from .groups import ALIKE, Group, is_about, usual_height
from .ink import Ink
from .joining import join
from .labelling import label_runs
from .leaving_out import rise_at_edges
from .mnist_form import stroke_width
from .rows import straight_rows
from .sieve import Sieve

_LEGIBLE = 0.36  # of the usual ink: from there on it is read; what was erased, or shines through, is paler
_STRONG = 0.9  # of its pixels are paler than what tells how strong a part's ink is
_SHARP = 0.35  # of its own ink: what changes by less over 3 pixels at its edges is shade, or shines through
_MARGIN, _LEAST_MARGIN = 0.1, 4  # of the digits' height, and pixels: within that about its box ends all of its ink
_FRAGMENT = 0.25  # of the digits' height, both ways or one: what is smaller is no fragment of a pale one
_LOWEST, _WIDEST = 0.6, 1.5  # of the digits' height: so high is a pale one at least, and so wide at most
_MOST = 40  # parts without a peak: more are texture
_IN_LINE, _REACH = 0.6, 1.5  # of its rows are those of a digit beside it, no farther off than so many heights
_ALIKE_STROKES = 4  # no stroke is so many times as wide as the others


def pale_among(sieve: Sieve, pale: Iterable[Group], ink: Ink, slope: float) -> tuple[list[Group], list[Group]]:
    """Of the parts without any of the ink's peaks, the digits in a line of others: those to read, and the too pale.

    Each is as high as the others, touches no ink, has sharp edges and strokes as wide. All else is texture, shade,
    what was erased or what shines through from the other side. `slope` is that of the lines, rows a column.
    """
    usual = usual_height(sieve.groups)
    fragments = [group for group in pale if group.longer >= _FRAGMENT * usual]
    if not usual or not fragments or len(fragments) > _MOST:
        return [], []
    whole = join(fragments, sieve.edges)
    digits = [
        group for group in whole if _LOWEST * usual <= group.height <= ALIKE * usual and group.width <= _WIDEST * usual
    ]
    stroke = float(np.median([stroke_width(sieve.own(group)) for group in sieve.groups]))
    legible: list[Group] = []
    too_pale: list[Group] = []
    for group in digits:
        if _is_in_line(group, sieve.groups, slope, _REACH * usual) and _is_alone(group, sieve, ink, usual):
            own = sieve.own(group)
            strength = float(np.quantile(ink.even[group.y0 : group.y1, group.x0 : group.x1][own], _STRONG))
            are_alike = stroke / _ALIKE_STROKES <= stroke_width(own) <= stroke * _ALIKE_STROKES
            if are_alike and rise_at_edges(own, group, ink.even, 3) >= _SHARP * strength:
                (legible if strength >= _LEGIBLE * ink.contrast else too_pale).append(group)
    return legible, too_pale


def _is_in_line(group: Group, others: list[Group], slope: float, reach: float) -> bool:
    """Whether a part stands beside another, in its line."""
    top, bottom = straight_rows(group, slope)

    def shared(other: Group) -> float:
        first, last = straight_rows(other, slope)
        return (min(bottom, last) - max(top, first)) / min(group.height, other.height)

    beside = (other for other in others if 0 <= group.gaps(other)[0] <= reach)
    return any(is_about(other.height, group.height) and shared(other) >= _IN_LINE for other in beside)


def _is_alone(group: Group, sieve: Sieve, ink: Ink, usual: float) -> bool:
    """Whether what a part hangs together with, however faint, has no peak and ends just about the part."""
    margin = max(_LEAST_MARGIN, round(_MARGIN * usual))
    x0, y0, x1, y1 = group.x0 - margin, group.y0 - margin, group.x1 + margin, group.y1 + margin
    height, width = ink.faint.shape
    if x0 < 0 or y0 < 0 or x1 > width or y1 > height:
        return False
    here = slice(y0, y1), slice(x0, x1)
    faint = ink.faint[here]
    labels = label_runs(faint).drawn(faint)
    its = np.isin(labels, labels[np.isin(sieve.labels[here], group.labels) & faint])
    ends = its[[0, -1]].any() or its[:, [0, -1]].any()
    return not ends and not ink.peaks[here][its].any()
