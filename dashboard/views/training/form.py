"""The form: what to train, and the buttons that start, pause and stop it."""

from collections.abc import Callable
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from ...session.options import ENGINE_TITLES, FIELDS, Options
from ...session.training_state import TrainingState
from ...worker.snapshot import PAUSED, RUNNING, Snapshot
from ..parts import html, notice

_GRID = ":host { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); height: auto; }"
_LOOKS: dict[str, Any] = {"sizing_mode": "stretch_width", "size": "small", "margin": (6, 8)}


def form_view(state: TrainingState) -> list[Any]:
    """Fields, buttons, and what is wrong."""
    options = state.options
    fields = [*_choices(options), *_fields(options), _switch(options)]
    form = pn.Column(*fields, stylesheets=[_GRID], sizing_mode="stretch_width", margin=0)
    terms = html(f'<p class="quiet">{escape(state.terms)}</p>')
    return [form, terms, buttons_view(state), problem_view(state)]


def problem_view(state: TrainingState) -> pn.pane.HTML:
    """Why there is no training."""
    return html(pn.bind(notice, state.param.problem))


def _choices(options: Options) -> list[pmui.Select]:
    engines = {ENGINE_TITLES[engine]: engine for engine in options.param.engine.objects}
    return [
        pmui.Select.from_param(options.param.preset, helper_text="Fills in the fields", description="", **_LOOKS),
        pmui.Select.from_param(options.param.engine, options=engines, helper_text="Try both", description="", **_LOOKS),
        pmui.Select.from_param(
            options.param.activation, helper_text="What follows each hidden layer", description="", **_LOOKS
        ),
        pmui.Select.from_param(
            options.param.solver, helper_text="sgd: with momentum, without weight decay", description="", **_LOOKS
        ),
    ]


def _switch(options: Options) -> pmui.Switch:
    return pmui.Switch.from_param(
        options.param.distorts, description="", styles={"grid-column": "span 2"}, margin=(6, 8)
    )


def _fields(options: Options) -> list[pmui.TextInput]:
    hints = {name: options.param[name].doc for name in FIELDS}
    widgets = {
        name: pmui.TextInput.from_param(options.param[name], helper_text=hint, description="", **_LOOKS)
        for name, hint in hints.items()
    }

    def show(*_: Any) -> None:
        for name, widget in widgets.items():
            problem = options.problems.get(name, "")
            widget.param.update(error_state=bool(problem), helper_text=problem or hints[name])

    options.param.watch(show, "problems")
    return list(widgets.values())


def buttons_view(state: TrainingState, prepare: Callable[[], None] = lambda: None) -> pn.Row:
    """Start, pause and stop; `prepare` is called before a training starts."""

    def begin() -> None:
        prepare()
        state.start()

    start = pmui.Button(label="Start", color="primary", variant="contained", on_click=lambda _: _soon(begin))
    pause = pmui.Button(label="Pause", variant="outlined", on_click=lambda _: state.pause_or_resume())
    stop = pmui.Button(label="Stop", variant="outlined", color="error", on_click=lambda _: _soon(state.stop))

    def show(*_: Any) -> None:
        snapshot: Snapshot = state.snapshot
        start.disabled = snapshot.is_active
        pause.param.update(
            disabled=snapshot.state not in (RUNNING, PAUSED), label="Resume" if snapshot.state == PAUSED else "Pause"
        )
        stop.disabled = not snapshot.can_be_stopped

    state.param.watch(show, "snapshot")
    show()
    return pn.Row(start, pause, stop, margin=(4, 0))


def _soon(act: Callable[[], None]) -> None:
    """Act on the next turn of the event loop: within the click's own, figures may not be changed."""
    pn.state.execute(act, schedule=True)
