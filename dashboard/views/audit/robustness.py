"""How accuracy falls as digits are turned, shifted, blurred, ..."""

from typing import Any

import panel as pn
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from fastnet.audit import Audit
from fastnet.audit.figures import Curve

from ..axes import PERCENT, write_ticks
from ..heard import curve_html
from .figures import FIRST, SECOND, figures, hover, plot, text


def robustness_view(audit: Audit) -> Any:
    """A small figure for each way to distort the test digits."""
    robustness = audit.figures.robustness
    if robustness.curves is None:
        return text(f'<p class="quiet">{robustness.left_out}</p>')
    curves = [_curve(curve, robustness.against) for curve in robustness.curves.values()]
    for each in curves[1:]:
        each.y_range = curves[0].y_range
    caption = f"Accuracy on {robustness.n:,} test digits, the same ones at each strength."
    if robustness.against:
        caption += f" Dashed: {robustness.against}."
    words = [curve_html(each.title, each.strengths, each.accuracy, ".2%") for each in robustness.curves.values()]
    return pn.Column(figures(*curves, sentence=caption), text("".join(words)), sizing_mode="stretch_width", margin=0)


def _curve(curve: Curve, against: str | None) -> figure:
    small = plot(curve.title, curve.unit, "accuracy", height=210, y_range=(0, 1.02))
    source = ColumnDataSource({"strength": curve.strengths, "accuracy": curve.accuracy})
    write_ticks(small.yaxis, PERCENT)
    small.line("strength", "accuracy", source=source, color=FIRST, line_width=2)
    points = small.scatter("strength", "accuracy", source=source, color=FIRST, size=6)
    hover(small, [points], (curve.unit, "@strength"), ("accuracy", "@accuracy{0.00%}"))
    if against and curve.against:
        small.line(curve.strengths, curve.against, color=SECOND, line_width=2, line_dash="dashed")
    return small
