"""How the network learned: loss, accuracy and learning rate over the epochs."""

from typing import Any

import panel as pn
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from fastnet.audit import Audit
from fastnet.audit.captions import caption
from fastnet.models.fields import to_json

from ..axes import PERCENT, set_decimal_ticks, write_ticks
from .figures import FIRST, QUIET, SECOND, figures, hover, plot

_TOOLS = "box_zoom,reset,save"


def learning_view(audit: Audit) -> pn.Column:
    """Three figures that share their epochs."""
    history = audit.figures.history
    known = {name: values for name, values in to_json(history).items() if None not in values}
    known["train_error"] = [1 - accuracy for accuracy in known["train_accuracy"]]
    if "validation_accuracy" in known:
        known["validation_error"] = [1 - accuracy for accuracy in known["validation_accuracy"]]
    source = ColumnDataSource(known)
    loss = _curves(source, "Loss", "loss", "_loss", "0.0000")
    error = _curves(source, "Error", "share of wrong answers", "_error", "0.00%")
    set_decimal_ticks(error.yaxis, PERCENT)
    rate = plot("Learning rate", "epoch", "learning rate", tools=_TOOLS)
    write_ticks(rate.yaxis, "0.0000")
    line = rate.line("epoch", "learning_rate", source=source, color=QUIET, line_width=2)
    hover(rate, [line], ("epoch", "@epoch"), ("learning rate", "@learning_rate{0.00000}"), mode="vline")
    for each in (error, rate):
        each.x_range = loss.x_range
    return figures(loss, error, rate, sentence=caption("learning-curves", audit))


def _curves(source: ColumnDataSource, title: str, label: str, ending: str, form: str) -> figure:
    """Training and, if there is one, validation."""
    curves = plot(title, "epoch", label, y_axis_type="log", tools=_TOOLS)
    for part, colour, dash in (("train", FIRST, "solid"), ("validation", SECOND, "dashed")):
        name = part + ending
        if name in source.data:
            options: dict[str, Any] = {"color": colour, "line_width": 2, "line_dash": dash, "legend_label": part}
            line = curves.line("epoch", name, source=source, **options)
            hover(curves, [line], (f"epoch @epoch, {part}", f"@{name}{{{form}}}"))
    set_decimal_ticks(curves.yaxis)
    curves.legend.location = "top_right"  # where a curve that falls is not
    return curves
