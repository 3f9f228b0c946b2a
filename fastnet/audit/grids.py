"""The audit's pictures of samples and filters, in grids; one function each, None where there is nothing to show."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from fastnet.data.samples import Samples

from .comparison import Comparison
from .contents import Audit
from .drawing import AMBER, INK, RUST, draw_images, new_figure, plain
from .images import grey, image_shape

N_ERRORS = 64
N_FILTERS = 96
_COLUMNS = 8
_MOST_CLASSES = 20


def draw_filters(audit: Audit, w: np.ndarray) -> Figure:
    """The first layer's filters, of `w (n_features, n_units)`: those of the largest norm, the largest first."""
    norms = np.linalg.norm(w, axis=0)
    strongest = np.argsort(-norms, kind="stable")[:N_FILTERS]
    shape = audit.figures.data.image_shape
    largest = np.maximum(np.abs(w[:, strongest]).max(axis=0), 1e-30)
    filters = (w[:, strongest] / largest).T.reshape(-1, *shape)
    figure, places = _grid(len(filters), 12, 0.95)
    names = [str(unit) for unit in strongest]
    draw_images(places, filters, names, [INK] * len(filters), cmap="PuOr", vmin=-1, vmax=1)
    return figure


def draw_confident(audit: Audit) -> Figure | None:
    """The right answers that the model is surest of, a row a class."""
    rows = audit.figures.confident[:_MOST_CLASSES]
    n_columns = max(map(len, rows), default=0)
    if not n_columns:
        return None
    figure, places = new_figure(0.85 * n_columns + 0.5, 0.85 * len(rows), len(rows), n_columns)
    for axes, of_class, name in zip(places, rows, audit.figures.model.class_names, strict=False):
        draw_images(axes, _images(audit, of_class), [""] * len(of_class), [INK] * len(of_class))
        axes[0].set_ylabel(plain(name), rotation=0, fontsize=14, labelpad=12, va="center", ha="right")
    return figure


def draw_errors(audit: Audit) -> Figure | None:
    """The wrong answers, the worst first, with true class, answer and second guess."""
    errors, names = audit.figures.errors[:N_ERRORS], audit.figures.model.class_names
    if not errors:
        return None
    figure, places = _grid(len(errors), _COLUMNS, 1.95)
    texts = [
        plain(f"{names[error.true]} as {names[error.predicted]} ({error.probability:.0%})\nelse {names[error.second]}")
        + (", ambiguous" if error.ambiguous else "")
        for error in errors
    ]
    colours = [AMBER if error.ambiguous else RUST for error in errors]
    draw_images(places, _images(audit, [error.row for error in errors]), texts, colours)
    return figure


def draw_label_errors(audit: Audit) -> Figure | None:
    """Samples whose label may be wrong, the least probable label first."""
    found, names = audit.figures.label_errors[: N_ERRORS // 2], audit.figures.model.class_names
    if not found:
        return None
    figure, places = _grid(len(found), _COLUMNS, 1.95)
    texts = [
        plain(f"labelled {names[each.label]}\nrather {names[each.suggested]} ({each.probability:.0%})")
        for each in found
    ]
    draw_images(places, _images(audit, [each.row for each in found]), texts, [INK] * len(found))
    return figure


def draw_disagreements(
    comparison: Comparison, names: Sequence[str], samples: Samples, classes: Sequence[str]
) -> Figure | None:
    """The samples that only one of two models reads right, those of the first one above; see `compare_models`."""
    shape = image_shape(samples.n_features)
    digits = (comparison.digits.only_first, comparison.digits.only_second)
    if not any(digits):
        return None
    groups = [found[: N_ERRORS // 2] for found in digits]
    n_rows = [max(1, -(-len(group) // _COLUMNS)) for group in groups]
    figure = Figure(figsize=(12, 1.85 * sum(n_rows) + 0.8), layout="constrained", facecolor="white")
    parts: Any = figure.subfigures(2, height_ratios=n_rows)
    for part, found, group, name, n in zip(parts, digits, groups, names, n_rows, strict=True):
        shown = f" ({len(group)} of {len(found)})" if len(group) < len(found) else ""
        part.suptitle(
            f"Only {name} reads these right{shown}" if group else f"None is read by {name} alone", fontsize=11
        )
        rows = [digit.row for digit in group]
        wrong = [min(set(digit.answers) - {digit.label}) for digit in group]
        texts = [plain(f"{classes[digit.label]}, not {classes[n]}") for digit, n in zip(group, wrong, strict=True)]
        images = grey(samples.pixels[rows]).reshape(-1, *shape)
        draw_images(part.subplots(n, _COLUMNS, squeeze=False).ravel(), images, texts, [INK] * len(rows))
    return figure


def _grid(n: int, n_columns: int, height: float) -> tuple[Figure, Any]:
    """A figure 12 inches wide with at least `n` axes, rows of that height in inches."""
    n_rows = -(-n // n_columns)
    figure, places = new_figure(12, height * n_rows, n_rows, n_columns)
    return figure, places.ravel()


def _images(audit: Audit, rows: Sequence[int]) -> np.ndarray:
    """The images of samples that are known to be kept."""
    return audit.images[np.searchsorted(audit.image_rows, rows)]
