"""Look at the training while it runs, for as long as its session lives."""

from typing import Any

import panel as pn

from ...session.store import Store
from ...session.training_state import TrainingState

PERIOD = 150  # ms between two looks


def watch(state: TrainingState, store: Store) -> None:
    """Have the state look again and again, from when a training begins until it has ended.

    While another tab is open, nothing is sent: a drawing there is answered sooner.
    """

    def look() -> None:
        is_over = not state.is_active  # asked first: there will be no other look
        if store.tab == tab:
            with pn.io.hold():
                state.look()
        if is_over:
            ticking.stop()

    def begin(*_: Any) -> None:
        store.has_training = state.is_active or bool(state.snapshot.run)
        if state.is_active and not ticking.running:
            ticking.start()

    def come_back(event: Any) -> None:
        if event.new == tab:
            pn.state.execute(look, schedule=True)  # figures change only while Bokeh holds the document

    tab = store.tab
    ticking = pn.state.add_periodic_callback(look, PERIOD, start=False)
    state.param.watch(begin, "snapshot")
    store.param.watch(come_back, "tab")
