"""How a training gets on, in figures. The animation moves above them while it runs."""

from html import escape
from typing import Any

import panel as pn

from fastnet.kernels.compilation import N_FUNCTIONS

from ...session.time_limits import clock
from ...session.training_state import TrainingState
from ...worker.snapshot import ENDING, FAILED, FINISHED, IDLE, PAUSED, PREPARING, RUNNING, STOPPED, Snapshot
from ..animation import Animation
from ..parts import html

NOTHING = "\N{EN DASH}"

_WORDS = {
    IDLE: "No training yet",
    PREPARING: "Getting ready",
    RUNNING: "Training",
    PAUSED: "Paused",
    ENDING: "Weighing it on the test digits, and calibrating it",
    FINISHED: "Finished",
    STOPPED: "Stopped",
    FAILED: "Failed",
}

_FOR_PLAYERS = ("Time left", "Validation accuracy")

_ABOUT_ALL = 0.98  # of the functions: their number is a guess

_COMPILING = (
    "The kernels are made ready for this machine. The first time they are compiled, which takes ten seconds to half a"
    " minute; then they are kept, and later trainings begin at once"
)


def figures_view(state: TrainingState) -> list[Any]:
    """The animation, then the figures."""
    animation = Animation(label="A training is running", visible=False, sizing_mode="stretch_width", max_width=420)

    def show(event: Any) -> None:
        is_running = event.new.state == RUNNING
        animation.param.update(visible=is_running, playing=is_running)

    state.param.watch(show, "snapshot")
    return [animation, html(pn.bind(figures_html, state.param.snapshot, state.param.waited, state.param.remark))]


def figures_html(snapshot: Snapshot, waited: int = 0, remark: str = "") -> str:
    """State, progress and a tile for each figure; `waited` are the seconds that it has been getting ready."""
    tiles = "".join(_tile(name, value) for name, value in figures(snapshot))
    told = f'<p class="quiet">{escape(remark)}</p>' if remark else ""
    return (
        f'<p class="state" role="status">{_WORDS[snapshot.state]}</p>{_wait(snapshot, waited)}{told}'
        f'{_bar(snapshot)}<dl class="figures">{tiles}</dl>'
    )


def _bar(snapshot: Snapshot) -> str:
    """How far it is: of the functions while they are compiled, then of the steps; before either, that is not known."""
    if snapshot.state != PREPARING:
        share = snapshot.step / snapshot.n_steps if snapshot.n_steps else 0
        return f'<progress value="{share:.4f}" aria-label="Training"></progress>'
    share = min(snapshot.n_compiled / N_FUNCTIONS, _ABOUT_ALL)
    value = f' value="{share:.4f}"' if share else ""
    return f'<progress class="ready"{value} aria-label="Getting ready"></progress>'


def _tile(name: str, value: str) -> str:
    hidden = "" if name in _FOR_PLAYERS else ' class="for-scientists"'
    return f"<div{hidden}><dt>{name}</dt><dd>{value}</dd></div>"


def _wait(snapshot: Snapshot, seconds: int) -> str:
    """What a training waits for that gets ready, and since when; nothing for any other."""
    if snapshot.state != PREPARING:
        return ""
    told = _COMPILING if snapshot.is_compiling else "A process of its own begins and reads the data"
    compiled = f"{snapshot.n_compiled} of about {N_FUNCTIONS} functions, " if snapshot.n_compiled else ""
    return f'<p class="quiet">{told}: {compiled}{_duration(seconds)} so far.</p>'


def figures(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Name and value of each figure; a dash for what is not known."""
    last = snapshot.epochs[-1] if snapshot.epochs else None
    n_epochs = snapshot.recipe.epochs if snapshot.recipe else 0
    under_way = min(snapshot.step // snapshot.steps_per_epoch + 1, n_epochs) if snapshot.steps_per_epoch else 0
    return [
        ("Epoch", f"{under_way} of {n_epochs}" if n_epochs else NOTHING),
        ("Step", f"{snapshot.step:,} of {snapshot.n_steps:,}" if snapshot.n_steps else NOTHING),
        ("Samples/s", f"{snapshot.samples_per_second:,.0f}" if snapshot.samples_per_second else NOTHING),
        ("Time left", _duration(snapshot.seconds_left if snapshot.is_active else None)),
        ("Loss", f"{snapshot.losses[-1]:.4f}" if snapshot.losses else NOTHING),
        ("Training accuracy", percent(snapshot.accuracies[-1] if snapshot.accuracies else None)),
        ("Validation accuracy", percent(last.validation_accuracy if last else None)),
        ("Test accuracy", percent(snapshot.test_accuracy)),
    ]


def percent(share: float | None) -> str:
    """Two decimals, or a dash."""
    return NOTHING if share is None else f"{share:.2%}"


def _duration(seconds: float | None) -> str:
    return NOTHING if seconds is None else clock(seconds)
