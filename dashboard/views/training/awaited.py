"""A place for a figure that there is nothing to draw in yet: an empty one has no axes, and its ranges are unknown."""

from collections.abc import Callable
from typing import Any

import panel as pn
from panel.viewable import Viewable

from ...session.training_state import TrainingState
from ..parts import html


def awaited(figure: Viewable, sentence: str, state: TrainingState, has_data: Callable[[], bool]) -> pn.Column:
    """The sentence, and the figure instead of it once there is something to see."""
    place = pn.Column(html(f'<p class="quiet">{sentence}</p>'), sizing_mode="stretch_width", margin=0)

    def show(*_: Any) -> None:
        if has_data():
            state.param.unwatch(watching)
            place[:] = [figure]

    watching = state.param.watch(show, ["snapshot", "rivals"])
    return place
