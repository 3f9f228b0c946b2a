"""The training beside others: earlier ones, the other engine, models."""

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from ...session.comparison import difference
from ...session.training_state import TrainingState, run_name
from ...worker.snapshot import Snapshot
from ..parts import html, wide_table
from .curves import RIVALS, TRAINING
from .figures import NOTHING, percent

_HEADINGS = ("", "Training", "Epochs", "Samples/s", "Loss", "Validation", "Test")


def comparison_view(state: TrainingState) -> list[Any]:
    """The choice of rivals and a table; their curves are in the figures."""
    choice = pmui.MultiChoice.from_param(
        state.param.rivals, label="Compare with", description="", sizing_mode="stretch_width"
    )

    def table(snapshot: Snapshot, rivals: list[str]) -> str:
        return comparison_html(state)

    return [choice, html(pn.bind(table, state.param.snapshot, state.param.rivals))]


def comparison_html(state: TrainingState) -> str:
    """A row for the training and each rival, and what tells the two engines apart."""
    snapshot, rivals = state.snapshot, state.chosen_rivals()
    runs = [(TRAINING, run_name(snapshot), snapshot)] if snapshot.number else []
    runs += [(RIVALS[number % len(RIVALS)], rival.name, rival.snapshot) for number, rival in enumerate(rivals)]
    if not runs:
        return '<p class="quiet">Train twice, once with each engine, or choose a model to see them side by side.</p>'
    head = "".join(f"<th scope=col>{heading}</th>" for heading in _HEADINGS)
    rows = "".join(_row(*run) for run in runs)
    sentences = [difference(snapshot, rival.snapshot, rival.name) for rival in rivals]
    told = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences if sentence)
    return wide_table("Side by side", head, rows) + told


def _row(colour: str, name: str, snapshot: Snapshot) -> str:
    last = snapshot.epochs[-1] if snapshot.epochs else None
    speed = snapshot.samples_per_second
    cells = [
        str(last.epoch) if last else NOTHING,
        f"{speed:,.0f}" if speed else NOTHING,
        f"{last.train_loss:.4f}" if last else NOTHING,
        percent(last.validation_accuracy if last else None),
        percent(snapshot.test_accuracy),
    ]
    told = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><td><i style="background:{colour}"></i></td><th scope=row>{escape(name)}</th>{told}</tr>'
