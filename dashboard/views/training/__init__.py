"""The "Train" tab: choose a network and a recipe, watch it learn, compare it, keep it."""

import panel as pn

from ...session.store import Store
from ...session.training_state import TrainingState
from ..parts import ASSETS, card
from .comparison import comparison_view
from .curves import CurvesView
from .deletion import deletion_view
from .figures import figures_view
from .form import form_view
from .looks import ConfusionView, EmbeddingView, filters_view
from .saving import saving_view
from .watch import watch

_GRID = (ASSETS / "training.css").read_text(encoding="utf-8")


def training_view(store: Store) -> pn.Column:
    """The whole tab."""
    state = TrainingState(store.trainer, store.shared.library, lambda: store.owner)
    watch(state, store)
    curves = CurvesView(state)
    return pn.Column(
        card("Train a network", *form_view(state), area="form"),
        card("How it gets on", *figures_view(state), area="figures"),
        card("Loss", curves.loss, area="loss"),
        card("Accuracy", curves.accuracy, area="accuracy"),
        card("First filters", filters_view(state), area="filters"),
        card("How the classes draw apart", EmbeddingView(state).place, area="embedding"),
        card("What is taken for what", ConfusionView(state).place, area="confusion"),
        card("Compare", *comparison_view(state), area="comparison"),
        card("Keep it", *saving_view(state, store), *deletion_view(store), area="saving"),
        stylesheets=[_GRID],
        margin=(0, 10),
        sizing_mode="stretch_width",
    )
