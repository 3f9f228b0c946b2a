"""How the network learned: loss, accuracy and learning rate over the epochs."""

import panel as pn
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from fastnet.audit import Audit

from .figures import FIRST, QUIET, SECOND, figures, hover, plot


def learning_view(audit: Audit) -> pn.Column:
    """Three figures that share their epochs."""
    history = audit.figures["history"]
    known = {name: values for name, values in history.items() if None not in values}
    known["train_error"] = [1 - accuracy for accuracy in known["train_accuracy"]]
    if "validation_accuracy" in known:
        known["validation_error"] = [1 - accuracy for accuracy in known["validation_accuracy"]]
    source = ColumnDataSource(known)
    loss = _curves(source, "Loss", "loss", "_loss", "0.0000")
    error = _curves(source, "Error", "share of wrong answers", "_error", "0.00%")
    rate = plot("Learning rate", "epoch", "learning rate")
    line = rate.line("epoch", "learning_rate", source=source, color=QUIET, width=2)
    hover(rate, [line], ("epoch", "@epoch"), ("learning rate", "@learning_rate{0.00000}"), mode="vline")
    for each in (error, rate):
        each.x_range = loss.x_range
    n_epochs, seconds = len(history["epoch"]), sum(history["seconds"])
    caption = f"{n_epochs} epochs in {seconds:.1f} seconds. Loss and error have logarithmic axes."
    return figures(loss, error, rate, caption=caption)


def _curves(source: ColumnDataSource, title: str, label: str, ending: str, form: str) -> figure:
    """Training and, if there is one, validation."""
    curves = plot(title, "epoch", label, y_axis_type="log")
    for part, colour, dash in (("train", FIRST, "solid"), ("validation", SECOND, "dashed")):
        name = part + ending
        if name in source.data:
            options = {"color": colour, "width": 2, "line_dash": dash, "legend_label": part}
            line = curves.line("epoch", name, source=source, **options)
            hover(curves, [line], (f"epoch @epoch, {part}", f"@{name}{{{form}}}"))
    curves.legend.location = "top_right"
    return curves
