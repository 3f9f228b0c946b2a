"""The "Train" tab: choose a network and a recipe, watch it learn, compare it, keep it."""

import panel as pn

from ...session.store import Store
from ...session.training_state import TrainingState
from ..mode import for_players, for_scientists, in_each_mode
from ..parts import ASSETS, card
from .celebration import celebration_view
from .choices import choices_view
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
        for_players(card("Train a network of your own", *choices_view(state), area="form")),
        for_scientists(card("Train a network", *form_view(state), area="form")),
        card("How it gets on", *figures_view(state), celebration_view(state, store), area="figures"),
        for_scientists(card("Loss", curves.loss, area="loss")),
        card(in_each_mode("Accuracy", "How many it gets right"), curves.accuracy, area="accuracy"),
        card(in_each_mode("First filters", "What its units look for"), filters_view(state), area="filters"),
        card(
            in_each_mode("How the classes draw apart", "Like finds like"), EmbeddingView(state).place, area="embedding"
        ),
        for_scientists(card("What is taken for what", ConfusionView(state).place, area="confusion")),
        for_scientists(card("Compare", *comparison_view(state), area="comparison")),
        for_scientists(card("Keep it", *saving_view(state), *deletion_view(store), area="saving")),
        stylesheets=[_GRID],
        margin=(0, 10),
        sizing_mode="stretch_width",
    )
