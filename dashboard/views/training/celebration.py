"""The end of a training in the playful mode: what the network can do now, and a button that lets one try it."""

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from ...session.store import Store
from ...session.training_state import TrainingState
from ...worker.snapshot import Snapshot
from ..mode import for_players
from ..parts import aside, html
from .choices import mistakes


def celebration_view(state: TrainingState, store: Store) -> pn.Column:
    """Words, and the button; nothing before there is a network to try."""
    button = pmui.Button(label="Try it", color="primary", variant="contained", margin=(4, 10))

    def finish(problem: str) -> None:
        button.disabled = False
        state.saved = problem
        if not problem:
            store.models_changed(state.kept_as)  # news of it may be on their way yet
            store.model, store.tab = state.kept_as, "read"

    def begin(_: Any) -> None:
        button.disabled = True
        aside(state.keep, finish)

    def show(*_: Any) -> None:
        shown.visible = state.snapshot.can_be_saved

    button.on_click(begin)
    words = html(pn.bind(celebration_html, state.param.snapshot))
    problem = html(pn.bind(_problem_html, state.param.saved))
    shown = pn.Column(words, button, problem, sizing_mode="stretch_width", margin=0)
    state.param.watch(show, "snapshot")
    show()
    return for_players(pn.Column(shown, sizing_mode="stretch_width", margin=0))


def celebration_html(snapshot: Snapshot) -> str:
    """Ten digits that cheer, and how good the network is."""
    accuracy = snapshot.test_accuracy
    if not snapshot.can_be_saved or accuracy is None:
        return ""
    digits = "".join(f"<span>{digit}</span>" for digit in range(10))
    return (
        f'<p class="cheer" aria-hidden="true">{digits}</p><p class="done"><b>Your network can read.</b>'
        f" It was shown digits that it had never seen, and made {mistakes(accuracy)}.</p>"
    )


def _problem_html(sentence: str) -> str:
    return f'<p class="quiet" role="status">{escape(sentence)}</p>' if sentence else ""
