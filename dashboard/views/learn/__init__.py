"""The "Learn" tab: a network at work, one step of its training with all its numbers, and why that is fast."""

import panel as pn

from ...session.store import Store
from ..parts import ASSETS, card
from .ladder import LadderView
from .network import NetworkAtWork
from .step import StepView

_GRID = (ASSETS / "learn.css").read_text(encoding="utf-8")


def learn_view(store: Store) -> pn.Column:
    """The whole tab."""
    return pn.Column(
        card("A network at work", NetworkAtWork(store), area="network"),
        card("One training step, slowly", StepView(store), area="step"),
        card("Why it is fast", LadderView(store), area="ladder"),
        stylesheets=[_GRID],
        margin=(0, 10),
        sizing_mode="stretch_width",
    )
