"""Loss and accuracy over the epochs: the training under way as it goes, and what it is compared with."""

from functools import partial
from html import escape
from typing import Any

import panel as pn
from bokeh.models import ColumnDataSource
from bokeh.models.annotations import Legend, LegendItem
from bokeh.plotting import figure

from ...session.training_state import TrainingState
from ...worker.snapshot import Snapshot
from ..axes import PERCENT, set_decimal_ticks, thin_decimal_ticks, write_ticks
from ..heard import curve_html
from ..parts import drawn, html

TRAINING, VALIDATION = "#4a9fe0", "#f58025"
RIVALS = ("#b07aa1", "#59a14f", "#9c755f", "#76b7b2", "#e15759", "#bab0ac", "#8c8c00", "#d37295")
_HEIGHT = 260
_WIDE = 100.0  # times the least loss


class CurvesView:
    """Two figures; both follow the state."""

    def __init__(self, state: TrainingState) -> None:
        self._state = state
        self._shown: Snapshot = Snapshot()
        self._live: Any = ColumnDataSource({"epoch": [], "loss": [], "accuracy": []})
        self._epochs: Any = ColumnDataSource({"epoch": [], "loss": [], "accuracy": []})
        self._rivals: Any = ColumnDataSource(_NO_RIVALS)
        self._legends: list[tuple[Legend, list[LegendItem], Any]] = []  # with the curves of the rivals that it names
        self._loss_figure = self._figure("loss", y_axis_type="log")
        set_decimal_ticks(self._loss_figure.yaxis)
        self._accuracy_figure = self._figure("accuracy", y_range=(0, 1))
        write_ticks(self._accuracy_figure.yaxis, PERCENT)
        state.param.watch(self._show, "snapshot")
        state.param.watch(self._show_rivals, "rivals")
        self._notes = html(""), html("")
        self._show_rivals()
        self.loss, self.accuracy = (
            pn.Column(
                note,
                drawn(plot, height=_HEIGHT),
                html(pn.bind(partial(_heard_html, name, form), state.param.snapshot)),
                sizing_mode="stretch_width",
                margin=0,
            )
            for note, plot, name, form in (
                (self._notes[0], self._loss_figure, "loss", ".4f"),
                (self._notes[1], self._accuracy_figure, "accuracy", ".2%"),
            )
        )

    def _figure(self, name: str, **options: Any) -> Any:
        plot: Any = figure(height=_HEIGHT, sizing_mode="stretch_width", toolbar_location=None, tools="", **options)
        plot.multi_line("epochs", f"train_{name}", source=self._rivals, color="color", line_width=1, line_alpha=0.6)
        rivals = plot.multi_line(
            "epochs", f"validation_{name}", source=self._rivals, color="color", line_width=2, line_dash="dashed"
        )
        live = plot.line("epoch", name, source=self._live, color=TRAINING, line_width=1.5)
        validation = {"source": self._epochs, "color": VALIDATION}
        epochs = [
            plot.line("epoch", name, line_width=2, **validation),
            plot.scatter("epoch", name, size=5, **validation),
        ]
        plot.outline_line_width = 0
        plot.xaxis.axis_label = "epoch"
        items = [LegendItem(label="training", renderers=[live]), LegendItem(label="validation", renderers=epochs)]
        legend = Legend(items=items, ncols=2, border_line_alpha=0, background_fill_alpha=0)
        plot.add_layout(legend, "above")  # never over a curve
        self._legends.append((legend, items, rivals))
        return plot

    def _show(self, *_: Any) -> None:
        now, before = self._state.snapshot, self._shown
        if not now.steps:
            return  # what was shown stays until there is something new: an empty figure has no ranges
        is_same = now.number == before.number
        self._shown = now
        _extend(self._live, _points(now, len(before.steps) if is_same else 0), is_same)
        _extend(self._epochs, _records(now, len(before.epochs) if is_same else 0), is_same)
        if not before.number:
            self._show_rivals()  # no example any more
        self._set_range()

    def _show_rivals(self, *_: Any) -> None:
        columns: dict[str, list[Any]] = {name: [] for name in _NO_RIVALS}
        is_example = not (self._shown.number or self._state.chosen_rivals())
        rivals = self._state.example() if is_example else self._state.chosen_rivals()
        for note in self._notes:
            note.object = _example_html(rivals[0].name) if is_example else ""
        for number, rival in enumerate(rivals):
            columns["color"].append(RIVALS[number % len(RIVALS)])
            epochs = rival.snapshot.epochs
            columns["epochs"].append([record.epoch for record in epochs])
            for name in _CURVES:
                columns[name].append([_number(getattr(record, name)) for record in epochs])
        self._rivals.data = columns
        for legend, own, curves in self._legends:
            names = [
                LegendItem(label=rival.name, renderers=[curves], index=number) for number, rival in enumerate(rivals)
            ]
            legend.items = [*(own if self._shown.number else []), *names]
        self._set_range()

    def _set_range(self) -> None:
        """From a little below what most of the curves show: the first steps would squeeze all that follows."""
        losses = [*self._live.data["loss"], *(loss for curve in self._rivals.data["train_loss"] for loss in curve)]
        known = [loss for loss in losses if loss > 0]
        thin_decimal_ticks(self._loss_figure.yaxis[0], bool(known) and max(known) > _WIDE * min(known))
        shown = sorted(self._live.data["accuracy"])[len(self._live.data["accuracy"]) // 20 :][:1]
        lowest = [*shown, *self._epochs.data["accuracy"], *(curve[0] for curve in _filled(self._rivals))]
        if lowest:
            self._accuracy_figure.y_range.start = max(0.0, min(lowest) - 0.01)


_CURVES = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
_NO_RIVALS: dict[str, list[Any]] = {name: [] for name in ("color", "epochs", *_CURVES)}


def _heard_html(name: str, form: str, snapshot: Snapshot) -> str:
    """Training and validation, epoch by epoch."""
    epochs = [record.epoch for record in snapshot.epochs]
    return "".join(
        curve_html(
            f"{title} {name} by epoch", epochs, [getattr(one, f"{part}_{name}") for one in snapshot.epochs], form
        )
        for title, part in (("Training", "train"), ("Validation", "validation"))
    )


def _example_html(name: str) -> str:
    """Whose curves these are before the first training."""
    return (
        f'<p class="quiet">This is how {escape(name)} learned, dashed on digits that it was not trained on; yours will'
        " be drawn here.</p>"
    )


def _extend(source: Any, columns: dict[str, list[Any]], is_same: bool) -> None:
    if not is_same:
        source.data = columns
    elif columns["epoch"]:
        source.stream(columns)


def _points(snapshot: Snapshot, start: int) -> dict[str, list[Any]]:
    return {
        "epoch": [step / snapshot.steps_per_epoch for step in snapshot.steps[start:]],
        "loss": list(snapshot.losses[start:]),
        "accuracy": list(snapshot.accuracies[start:]),
    }


def _records(snapshot: Snapshot, start: int) -> dict[str, list[Any]]:
    records = [record for record in snapshot.epochs[start:] if record.validation_loss is not None]
    return {
        "epoch": [record.epoch for record in records],
        "loss": [record.validation_loss for record in records],
        "accuracy": [record.validation_accuracy for record in records],
    }


def _filled(rivals: Any) -> list[list[float]]:
    return [curve for curve in rivals.data["train_accuracy"] if len(curve)]


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
