"""The "Audit" tab: what the network learned and where it fails, all of it linked."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import panel as pn

from ...session.audit_state import Audited, AuditState
from ...session.store import Store
from ..mode import for_scientists
from ..parts import card, model_choice
from .calibration import calibration_view
from .classes import classes_view
from .confusion import ConfusionView
from .digits import ConfidentView, DigitsSource, ErrorsView, LabelErrorsView
from .downloads import DownloadsView
from .embedding import embedding_view
from .figures import later, words
from .layers import layers_view
from .learning import learning_view
from .point import PointView
from .recompute import recompute_view
from .robustness import robustness_view
from .styles import STYLES
from .summary import summary_view
from .units import UnitsView


def audit_view(store: Store) -> pn.Column:
    """The whole tab; it is built anew for another model's audit."""
    state = AuditState(store)
    body = pn.Column(css_classes=["audit"], stylesheets=[STYLES], sizing_mode="stretch_width", margin=(0, 10))

    def build(*_: Any) -> None:
        body.clear()
        add(_cards(store, state), state.audited)

    def add(cards: Iterator[pn.Column], audited: Audited | None) -> None:
        """The next card, and the others after it: between them the server hears other people."""
        card = next(cards, None) if audited is state.audited else None  # another model may have been chosen
        if card is not None:
            body.append(card)
            later(partial(add, cards, audited))

    state.param.watch(build, ["audited"])
    build()
    return body


def _cards(store: Store, state: AuditState) -> Iterator[pn.Column]:
    if state.audited is None:
        yield card("The audit", model_choice(store), recompute_view(state), area="summary")
        return
    audit = state.audit
    yield card(
        "The audit", model_choice(store), summary_view(state), DownloadsView(state), DigitsSource(state), area="summary"
    )
    yield card("Confusion matrix", ConfusionView(state), area="confusion")
    yield card("Embedding", *embedding_view(state), area="embedding")
    yield card("Errors, the worst first", ErrorsView(state), words("errors", audit), area="errors")
    yield card("The chosen digit", PointView(state), area="point")
    if state.n_units:
        yield card("First-layer filters", UnitsView(state), area="filters")
    if audit.figures.history:
        yield for_scientists(card("Learning curves", learning_view(audit), area="learning"))
    yield for_scientists(card("Digit by digit", classes_view(audit), words("classes", audit), area="classes"))
    surest = card("The surest answers", ConfidentView(state), words("confident", audit), area="confident")
    surest.styles = {**surest.styles, "grid-column": "var(--surest, confident)"}  # alone in its row in the playful mode
    yield surest
    yield for_scientists(card("Weights", layers_view(audit), area="weights"))
    yield for_scientists(card("Calibration", calibration_view(audit), area="calibration"))
    yield for_scientists(card("Robustness", robustness_view(audit), area="robustness"))
    yield card(
        "Labels that are probably wrong", LabelErrorsView(state), words("label-errors", audit), area="mislabelled"
    )
