"""Look at the training while it runs, for as long as somebody has the page open."""

import time
from typing import Any

import panel as pn

from ...training.state import TrainingState

PERIOD = 150  # ms between two looks
PATIENCE = 5  # seconds without a browser before its training is ended; a phone may lose its line for a moment


def watch(state: TrainingState) -> None:
    """Have the state look again and again, from when a training begins until it has ended."""
    document = pn.state.curdoc
    seen = time.monotonic()

    def look() -> None:
        nonlocal seen
        now = time.monotonic()
        if _is_seen(document):
            seen = now
        if now - seen > PATIENCE:
            state.close()
        with pn.io.hold():
            state.look()
        if not state.snapshot.is_active:
            ticking.stop()

    def begin(*_: Any) -> None:
        nonlocal seen
        if state.snapshot.is_active and not ticking.running:
            seen = time.monotonic()
            ticking.start()

    ticking = pn.state.add_periodic_callback(look, PERIOD, start=False)
    state.param.watch(begin, "snapshot")


def _is_seen(document: Any) -> bool:
    """Whether a browser is connected."""
    context = document and document.session_context
    return not context or context.session is None or context.session.connection_count > 0
