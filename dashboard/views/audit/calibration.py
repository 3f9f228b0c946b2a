"""How far probabilities can be trusted: reliability, and accuracy against the share of digits that are answered."""

from typing import Any

import panel as pn
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from fastnet.audit import Audit

from .figures import FIRST, QUIET, SECOND, figures, hover, plot


def calibration_view(audit: Audit) -> pn.Column:
    """Two figures."""
    calibration = audit.figures["calibration"]
    before, after, temperature = calibration["ece_before"], calibration["ece"], calibration["temperature"]
    caption = f"Expected calibration error {after:.2%}"
    if temperature is not None:
        caption += f", and {before:.2%} before the temperature {temperature:.2f}"
    return figures(_reliability(calibration), _coverage(calibration["coverage"]), caption=f"{caption}.")


def _reliability(calibration: dict[str, Any]) -> figure:
    reliability = plot("Reliability", "probability of the answer", "share of right answers", height=280)
    reliability.line([0, 1], [0, 1], color=QUIET, line_dash="dotted", width=2)
    parts = [("after", FIRST, "circle", "calibrated"), ("before", SECOND, "square", "before")]
    for name, colour, marker, legend in parts if calibration["temperature"] is not None else parts[1:]:
        bins = calibration[name]
        filled = [at for at, n in enumerate(bins["n"]) if n]
        source = ColumnDataSource({key: [bins[key][at] for at in filled] for key in ("n", "confidence", "accuracy")})
        line = {"source": source, "color": colour, "legend_label": legend}
        reliability.line("confidence", "accuracy", width=2, **line)
        points = reliability.scatter("confidence", "accuracy", marker=marker, size=7, **line)
        fields = ("digits", "@n"), ("probability", "@confidence{0.0%}"), ("right", "@accuracy{0.0%}")
        hover(reliability, [points], *fields)
    reliability.legend.location = "top_left"
    return reliability


def _coverage(coverage: dict[str, list[float]]) -> figure:
    answered = plot("Answering only when sure", "share of digits that are answered", "accuracy", height=280)
    line = answered.line("share", "accuracy", source=ColumnDataSource(coverage), color=FIRST, width=2)
    fields = ("answered", "@share{0%}"), ("right", "@accuracy{0.00%}"), ("surer than", "@threshold{0.0%}")
    hover(answered, [line], *fields, mode="vline")
    return answered
