"""Look at the training while it runs, for as long as somebody has the page open."""

import time
from typing import Any

import panel as pn

from ...session.store import Store
from ...session.training_state import TrainingState

PERIOD = 150  # ms between two looks
PATIENCE = 5  # seconds without a browser before its training is ended; a phone may lose its line for a moment


def watch(state: TrainingState, store: Store) -> None:
    """Have the state look again and again, from when a training begins until it has ended.

    While another tab is open, nothing is sent: a drawing there is answered sooner.
    """
    document = pn.state.curdoc
    seen = time.monotonic()

    def look() -> None:
        nonlocal seen
        if _is_seen(document):
            seen = time.monotonic()
        elif time.monotonic() - seen > PATIENCE:
            state.close()
        is_over = not state.is_active  # asked first: there will be no other look
        if store.tab == tab:
            with pn.io.hold():
                state.look()
        if is_over:
            ticking.stop()

    def begin(*_: Any) -> None:
        nonlocal seen
        if state.is_active and not ticking.running:
            seen = time.monotonic()
            ticking.start()

    def come_back(event: Any) -> None:
        if event.new == tab:
            state.look()

    tab = store.tab
    ticking = pn.state.add_periodic_callback(look, PERIOD, start=False)
    state.param.watch(begin, "snapshot")
    store.param.watch(come_back, "tab")


def _is_seen(document: Any) -> bool:
    """Whether a browser is connected."""
    context = document and document.session_context
    return not context or context.session is None or context.session.connection_count > 0
