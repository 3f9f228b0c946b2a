"""Precision, recall and F1 of each class."""

from collections.abc import Sequence

import panel as pn

from fastnet.audit import Audit

from ..parts import wide_table
from .figures import text


def classes_view(audit: Audit) -> pn.pane.HTML:
    """A table, a class a row."""
    return text(classes_html(audit))


def classes_html(audit: Audit) -> str:
    """The table's HTML."""
    classes = audit.figures.classes
    columns = zip(classes.support, classes.precision, classes.recall, classes.f1, strict=True)
    rows = "".join(
        f'<tr><th scope="row">{digit}</th><td>{support:,}</td><td>{precision:.2%}</td><td>{recall:.2%}</td>'
        f"<td>{f1:.2%}</td><td>{_taken_for(classes.confusion[digit], digit)}</td></tr>"
        for digit, (support, precision, recall, f1) in enumerate(columns)
    )
    names = ("Digit", "Samples", "Precision", "Recall", "F1", "Most taken for")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    return wide_table("Digit by digit", head, rows)


def _taken_for(counts: Sequence[int], digit: int) -> str:
    """The wrong answer that this class gets most often, with how often."""
    n, other = max((n, -other) for other, n in enumerate(counts) if other != digit)
    return f"{-other} ({n})" if n else ""
