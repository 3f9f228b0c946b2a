"""The audit in a few figures."""

import panel as pn

from ...session.audit_state import AuditState
from .figures import text


def summary_view(state: AuditState) -> pn.pane.HTML:
    """What one wants to know first."""
    figures = state.audit.figures
    overall, calibration, embedding = figures.overall, figures.calibration, figures.embedding
    facts = {
        "Accuracy": f"{overall.accuracy:.2%}",
        "Errors": f"{overall.n_errors:,} of {figures.data.n:,}",
        "Macro F1": f"{overall.macro_f1:.2%}",
        "Calibration error": f"{calibration.ece:.2%}",
        "Neighbours of its own class": f"{embedding.knn_accuracy[embedding.space]:.2%}",
    }
    rows = "".join(f"<div><dt>{name}</dt><dd><b>{value}</b></dd></div>" for name, value in facts.items())
    return text(f'<dl class="facts">{rows}</dl>')
