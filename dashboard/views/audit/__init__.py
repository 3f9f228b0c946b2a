"""The "Audit" tab: what the network learned and where it fails, all of it linked."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import panel as pn

from ...session.audit_state import Audited, AuditState
from ...session.store import Store
from ..mode import for_scientists, in_each_mode
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
from .sections import Section, SectionsView
from .styles import STYLES
from .summary import summary_view
from .units import UnitsView


def audit_view(store: Store) -> pn.Column:
    """The whole tab; it is built anew for another model's audit."""
    state = AuditState(store)
    body = pn.Column(css_classes=["audit"], stylesheets=[STYLES], sizing_mode="stretch_width", margin=(0, 10))

    def build(*_: Any) -> None:
        body.clear()
        add(_parts(store, state), state.audited)

    def add(parts: Iterator[Any], audited: Audited | None) -> None:
        """The next part, and the others after it: between them the server hears other people."""
        part = next(parts, None) if audited is state.audited else None  # another model may have been chosen
        if part is not None:
            body.append(part)
            later(partial(add, parts, audited))

    state.param.watch(build, ["audited"])
    build()
    return body


def _parts(store: Store, state: AuditState) -> Iterator[Any]:
    if state.audited is None:
        yield card("The audit", model_choice(store), recompute_view(state), area="summary")
        return
    sections = list(_sections(state))
    yield card(
        "The audit", model_choice(store), summary_view(state), DownloadsView(state), DigitsSource(state), area="summary"
    )
    yield SectionsView(sections)
    yield PointView(state)
    yield from map(_card, sections)


def _card(section: Section) -> pn.Column:
    """The card of a section; in the playful mode it may have another place than its own."""
    if not section.playfully:
        return for_scientists(card(section.title, *section.contents(), area=section.area))
    built = card(in_each_mode(section.title, section.playfully), *section.contents(), area=section.area)
    built.styles = {**built.styles, "grid-area": f"var(--audit-{section.area}, {section.area})"}
    return built


def _sections(state: AuditState) -> Iterator[Section]:
    """Those that the model has something to show in, from what one wants to know first to what few do."""
    audit = state.audit
    overall, n = audit.figures.overall, audit.figures.data.n
    yield Section("confusion", "Confusion matrix", lambda: [ConfusionView(state)])
    yield Section(
        "errors",
        "Errors",
        lambda: [ErrorsView(state), words("errors", audit, "Would you have known? Choose one to see what it thought.")],
        f"{overall.n_errors:,} mistakes in {n:,}: look at them",
    )
    yield Section("embedding", "Embedding", lambda: embedding_view(state), "A map of the digits")
    if state.n_units:
        yield Section("filters", "First-layer filters", lambda: [UnitsView(state)], "What each unit looks for")
    if audit.figures.history:
        yield Section("learning", "Learning curves", lambda: [learning_view(audit)])
    yield Section("classes", "Digit by digit", lambda: [classes_view(audit), words("classes", audit)])
    yield Section(
        "confident",
        "Surest answers",
        lambda: [
            ConfidentView(state),
            words("confident", audit, "To the network, digits look like this at their best."),
        ],
        "What it is surest of",
    )
    yield Section("calibration", "Calibration", lambda: [calibration_view(audit)])
    yield Section("weights", "Weights", lambda: [layers_view(audit)])
    yield Section("robustness", "Robustness", lambda: [robustness_view(audit)])
    yield Section(
        "mislabelled",
        "Doubtful labels",
        lambda: [LabelErrorsView(state), words("label-errors", audit, "People labelled these; the network objects.")],
        "Who is right here?",
    )
