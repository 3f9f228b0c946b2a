"""The roofline (Williams, Waterman & Patterson 2009): how near the kernels come to what one core can do."""

from collections.abc import Iterable, Iterator
from html import escape
from itertools import cycle, islice
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, Range1d
from bokeh.plotting import figure

from fastnet.timing.texts import time_text

from ..parts import drawn, html
from .styles import STYLES

# Told apart with any colour vision (Okabe & Ito) on light and dark, and by marker as well.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#888888")
_MARKERS = {
    "circle": "●",
    "square": "■",
    "diamond": "◆",
    "inverted_triangle": "▼",
    "triangle": "▲",
    "plus": "✚",
    "x": "✖",
}
_GREY = "#888888"
LEAST, MOST = 0.04, 60.0  # FLOP a byte, where no kernel lies further out

INTRODUCTION = (
    '<p class="quiet">One core, a batch of 64 images: operations a second over operations for each byte that'
    " moves. A kernel left of the bend waits for memory, right of it for multipliers; the table says how much"
    " it reaches of what it waits for.</p>"
)

Figures = dict[str, Any]


def roofline_pane(figures: Figures, introduction: str = INTRODUCTION) -> pn.Column:
    """The picture, and what it shows in words."""
    return pn.Column(
        html(introduction),
        drawn(_figure(figures), margin=0),
        html(f'<p class="quiet">{_roofs(figures["ceilings"])}</p>{_table(figures["kernels"])}', STYLES),
        sizing_mode="stretch_width",
        margin=0,
    )


def _figure(figures: Figures) -> figure:
    roof, rows = figures["ceilings"], figures["kernels"]
    peak = roof["flop"] / 1e9
    places = [row["intensity"] for row in rows if row["flop"]]  # what only moves numbers has no place
    slowest = min([0.8, *(row["flop"] / row["seconds"] / 1e9 for row in rows if row["flop"])])
    intensity = np.geomspace(min([LEAST, *places]), max([MOST, *places]), 100)
    plot = figure(
        x_axis_type="log",
        y_axis_type="log",
        x_axis_label="operations for each byte (FLOP/byte)",
        y_axis_label="GFLOP/s",
        y_range=Range1d(start=slowest / 2, end=2.5 * peak),
        x_range=Range1d(start=intensity[0], end=intensity[-1]),
        height=440,
        sizing_mode="stretch_width",
        toolbar_location=None,
        tools="",
    )
    for level, rate in _bandwidths(roof).items():
        plot.line(intensity, np.minimum(intensity * rate, peak), color=_GREY, line_width=1)
        _name_roof(plot, level, intensity[0], intensity[0] * rate, text_align="left", x_offset=4)
    _name_roof(plot, "multiply-adds", intensity[-1], peak, text_align="right", x_offset=-4)
    marks = _add_kernels(plot, rows)
    plot.add_tools(HoverTool(renderers=[marks], tooltips=[("kernel", "@name"), ("speed", "@y{0.0} GFLOP/s")]))
    return plot


def _name_roof(plot: figure, name: str, x: float, y: float, **where: Any) -> None:
    """A word at the end of a roof, above it."""
    plot.text([x], [y], [name], text_color=_GREY, text_font_size="12px", text_baseline="bottom", y_offset=-3, **where)


def _add_kernels(plot: figure, rows: list[Figures]) -> Any:
    """The kernels' places, as one: of several on a spot, words then stand below one another."""
    colours, markers = zip(*islice(_looks(_MARKERS), len(rows)), strict=True)
    columns = {
        "x": [row["intensity"] for row in rows],
        "y": [row["flop"] / row["seconds"] / 1e9 for row in rows],
        "name": [row["name"] for row in rows],
        "colour": colours,
        "marker": markers,
    }
    return plot.scatter(
        "x", "y", source=ColumnDataSource(columns), marker="marker", size=13, color="colour", line_width=2
    )


def _table(rows: list[Figures]) -> str:
    """The kernels with their markers, times and shares; also what the picture tells to those who don't see it."""
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("kernel", "time", "reaches"))
    body = "".join(
        f'<tr><th scope="row"><span style="color: {colour}">{sign}</span> {escape(row["name"])}</th>'
        f"<td>{time_text(row['seconds'])}</td><td>{escape(reaches(row))}</td></tr>"
        for row, (colour, sign) in zip(rows, _looks(_MARKERS.values()), strict=False)
    )
    return f'<div class="contests kernels"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'


def reaches(row: Figures) -> str:
    """How much of what it waits for a kernel gets; more than a cache gives, where a nearer one serves a part."""
    share, bound = row["share"], row["bound"]
    if share > 1.005:
        return f"all of {bound}, and more from nearer caches"
    return f"<1% of {bound}" if share < 0.005 else f"{share:.0%} of {bound}"


def _looks(signs: Iterable[str]) -> Iterator[tuple[str, str]]:
    """A colour and a sign for each kernel, over and over."""
    return cycle(zip(_COLOURS, signs, strict=True))


def _bandwidths(roof: Figures) -> dict[str, float]:
    """GB/s of each level, of reading or updating, whichever is more."""
    return {level: max(rate, roof["update"][level]) / 1e9 for level, rate in roof["read"].items()}


def _roofs(roof: Figures) -> str:
    """What the lines are, from left to right."""
    levels = ", ".join(f"{level} {rate:,.0f} GB/s" for level, rate in _bandwidths(roof).items())
    return f"The roofs, from left to right: {levels}; above all, {roof['flop'] / 1e9:,.0f} GFLOP/s of multiply-adds."
