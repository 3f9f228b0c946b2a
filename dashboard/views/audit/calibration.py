"""How far probabilities can be trusted: reliability, and accuracy against the share of digits that are answered."""

from typing import Any

import panel as pn
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from fastnet.audit import Audit
from fastnet.audit.captions import caption
from fastnet.audit.figures import Bins, CalibrationFigures, Coverage
from fastnet.models.fields import to_json

from ..axes import COUNT, PERCENT, write_ticks
from .figures import FIRST, QUIET, SECOND, figures, hover, plot


def calibration_view(audit: Audit) -> pn.Column:
    """Three figures."""
    calibration = audit.figures.calibration
    shown = _reliability(calibration), _confidence(calibration.after), _coverage(calibration.coverage)
    return figures(*shown, sentence=caption("calibration", audit))


def _reliability(calibration: CalibrationFigures) -> figure:
    reliability = plot("Reliability", "probability of the answer", "share of right answers", height=280)
    reliability.line([0, 1], [0, 1], color=QUIET, line_dash="dashed", line_width=2)
    parts = [
        (calibration.after, FIRST, "circle", "calibrated"),
        (calibration.before, SECOND, "square", "before"),
    ]
    for bins, colour, marker, legend in parts if calibration.temperature is not None else parts[1:]:
        filled = [at for at, n in enumerate(bins.n) if n]
        columns = {"n": bins.n, "confidence": bins.confidence, "accuracy": bins.accuracy}
        source = ColumnDataSource({name: [values[at] for at in filled] for name, values in columns.items()})
        line: dict[str, Any] = {"source": source, "color": colour, "legend_label": legend}
        reliability.line("confidence", "accuracy", line_width=2, **line)
        points = reliability.scatter("confidence", "accuracy", marker=marker, size=7, **line)
        fields = ("digits", "@n{0,0}"), ("probability", "@confidence{0.0%}"), ("right", "@accuracy{0.00%}")
        hover(reliability, [points], *fields)
    reliability.legend.location = "top_left"
    write_ticks(reliability.axis, PERCENT)
    return reliability


def _confidence(bins: Bins) -> figure:
    how_sure = plot("How sure", "probability of the answer", "digits", height=280, y_range=(0, 1.05 * max(bins.n)))
    edges = bins.edges
    columns = {"left": edges[:-1], "right": edges[1:], "n": bins.n}
    bars = how_sure.quad(
        left="left", right="right", top="n", bottom=0, source=ColumnDataSource(columns), color=FIRST, line_color=None
    )
    write_ticks(how_sure.xaxis, PERCENT)
    write_ticks(how_sure.yaxis, COUNT)
    hover(how_sure, [bars], ("probability", "@left{0%} to @right{0%}"), ("digits", "@n{0,0}"))
    return how_sure


def _coverage(coverage: Coverage) -> figure:
    answered = plot("Answering only when sure", "share of digits that are answered", "accuracy", height=280)
    line = answered.line("share", "accuracy", source=ColumnDataSource(to_json(coverage)), color=FIRST, line_width=2)
    write_ticks(answered.axis, PERCENT)
    fields = ("answered", "@share{0%}"), ("right", "@accuracy{0.00%}"), ("surer than", "@threshold{0.0%}")
    hover(answered, [line], *fields, mode="vline")
    return answered
