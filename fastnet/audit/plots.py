"""The audit's plots: learning curves, embeddings, confusions, weights, calibration, robustness; one function each.

Each takes an audit and returns a figure, or None where the model has nothing to show.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from .contents import Audit
from .drawing import (
    BLUE,
    GREY,
    INK,
    MOST_NAMED_CLASSES,
    ORANGE,
    SKY,
    VERMILION,
    class_colours,
    label,
    new_figure,
    plain,
)

_LEAST_ERROR = 1e-2  # percent, for a logarithmic axis
_LONGEST_LEVEL = 3  # characters of a class's name that have room side by side


def draw_learning_curves(audit: Audit) -> Figure | None:
    """Loss, error and learning rate over the epochs."""
    history = audit.figures.history
    if not history or not history.epoch:
        return None
    figure, ((losses, errors, rates),) = new_figure(11, 3.3, 1, 3)
    for part, loss, accuracy, colour in (
        ("train", history.train_loss, history.train_accuracy, BLUE),
        ("validation", history.validation_loss, history.validation_accuracy, VERMILION),
    ):
        if None in loss:
            continue
        losses.semilogy(history.epoch, loss, color=colour, label=part)
        error = np.maximum(100 * (1 - np.array(accuracy)), _LEAST_ERROR)
        errors.semilogy(history.epoch, error, color=colour, label=part)
    rates.plot(history.epoch, history.learning_rate, color=GREY)
    label(losses, "Loss", "epoch", "cross-entropy, nats")
    label(errors, "Error", "epoch", "wrong answers, %")
    label(rates, "Learning rate", "epoch")
    rates.set_ylim(bottom=0)
    errors.yaxis.set_major_formatter("{x:g}")
    losses.legend(frameon=False)
    return figure


def draw_embedding(audit: Audit) -> Figure:
    """t-SNE and PCA, a point a sample in the colour of its class, errors ringed."""
    figures = audit.figures.embedding
    shares = figures.pca_explained
    figure, ((left, right),) = new_figure(12, 6, 1, 2)
    _scatter(left, audit, audit.tsne)
    _scatter(right, audit, audit.pca)
    label(left, f"t-SNE (k-NN accuracy {figures.knn_accuracy['tsne']:.1%})", "t-SNE 1", "t-SNE 2")
    left.set_xticks([])
    left.set_yticks([])
    names = [f"component {number} ({share:.0%} of the variance)" for number, share in enumerate(shares, start=1)]
    label(right, f"PCA (k-NN accuracy {figures.knn_accuracy['pca']:.1%})", *names)
    return figure


def _scatter(axes: Any, audit: Audit, places: np.ndarray) -> None:
    labels = audit.labels[audit.points]
    wrong = audit.predictions[audit.points] != labels
    colours = class_colours(audit.probabilities.shape[1])
    axes.scatter(*places.T, s=5, c=[colours[c] for c in labels], linewidths=0, alpha=0.8)
    axes.scatter(*places[wrong].T, s=40, facecolors="none", edgecolors=INK, linewidths=1.1, label="answered wrongly")
    for c in np.unique(labels) if len(colours) <= MOST_NAMED_CLASSES else ():
        middle, name = np.median(places[labels == c], axis=0), plain(audit.figures.model.class_names[c])
        text = axes.text(*middle, name, fontsize=17, weight="bold", color=colours[c])
        text.set_path_effects([withStroke(linewidth=3.5, foreground="white")])
        text.set_horizontalalignment("center")
        text.set_verticalalignment("center")
    if wrong.any():
        axes.legend(loc="best", fontsize=9, framealpha=0.8)


def draw_confusion(audit: Audit) -> Figure:
    """The confusion matrix: counts of errors, and shares of each true class."""
    confusion, names = np.array(audit.figures.classes.confusion), audit.figures.model.class_names
    n = len(confusion)
    side = float(np.clip(0.5 * n + 1, 4, 9))
    figure, ((counts, shares),) = new_figure(2 * side, side + 0.5, 1, 2)
    wrong = np.where(np.eye(n, dtype=bool), 0, confusion)
    percentages = 100 * confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    _matrix(counts, wrong, [[str(value) for value in row] for row in confusion.tolist()], names, "Counts")
    texts = [[f"{value:.1f}" if value else "0" for value in row] for row in percentages.tolist()]
    _matrix(shares, np.where(np.eye(n, dtype=bool), 0, percentages), texts, names, "Shares of the true class, %")
    return figure


def _matrix(axes: Any, values: np.ndarray, texts: list[list[str]], names: Sequence[str], title: str) -> None:
    """A matrix in shades of its errors; the diagonal, which would outshine them, stays light."""
    n = len(values)
    axes.imshow(values, cmap="Blues", vmin=0, vmax=max(float(values.max()), 1e-9))
    label(axes, title, "answer", "true class")
    axes.grid(visible=False)
    if n > MOST_NAMED_CLASSES:
        return
    axes.set_xticks(range(n), map(plain, names), rotation=_turn(names))
    axes.set_yticks(range(n), map(plain, names))
    for i in range(n):
        for j in range(n):
            if texts[i][j] != "0":
                colour = "white" if values[i, j] > 0.5 * values.max() else INK
                weight = "bold" if i == j else "normal"
                axes.text(j, i, texts[i][j], ha="center", va="center", fontsize=9, color=colour, weight=weight)


def draw_classes(audit: Audit) -> Figure:
    """Precision, recall and F1 of each class, and the pairs that are confused most."""
    figures, names = audit.figures.classes, audit.figures.model.class_names
    figure, ((scores, pairs),) = new_figure(11, 3.8, 1, 2)
    numbers = np.arange(len(figures.f1))
    for name, values, marker, colour in (
        ("precision", figures.precision, "o", BLUE),
        ("recall", figures.recall, "s", VERMILION),
        ("F1", figures.f1, "_", INK),
    ):
        scores.plot(numbers, 100 * np.array(values), marker, color=colour, label=name, markersize=7, alpha=0.85)
    label(scores, "Each class", "class", "%")
    if len(numbers) <= MOST_NAMED_CLASSES:
        scores.set_xticks(numbers, map(plain, names), rotation=_turn(names))
    scores.legend(ncols=3, loc="lower left", fontsize=9, framealpha=0.8)
    most = figures.most_confused[:10][::-1]
    titles = [plain(f"{names[pair.true]} taken for {names[pair.predicted]}") for pair in most]
    pairs.barh(range(len(most)), [pair.n for pair in most], color=SKY, tick_label=titles)
    label(pairs, "Most confused", "samples")
    pairs.xaxis.get_major_locator().set_params(integer=True)
    return figure


def _turn(names: Sequence[str]) -> float:
    """The degrees by which the names of classes are turned below an axis, so that long ones find room."""
    return 90.0 if max(map(len, names)) > _LONGEST_LEVEL else 0.0


def draw_weights(audit: Audit) -> Figure:
    """The weights of each layer as a histogram, against those of its initialisation."""
    layers = audit.figures.layers
    figure, (places,) = new_figure(5.5 * len(layers), 3.5, 1, len(layers))
    for axes, layer in zip(places, layers, strict=True):
        histogram = layer.histogram
        edges = np.array(histogram.edges)
        axes.stairs(histogram.density, edges, fill=True, color=SKY, label="trained")
        middles = (edges[1:] + edges[:-1]) / 2
        start = histogram.he_density
        axes.plot(middles, start, color=VERMILION, label=f"N(0, 2/{layer.n_in}), at the start")
        label(axes, f"{layer.name}: {layer.n_in} to {layer.n_out}", "weight", "density")
        axes.set_yscale("log")
        axes.set_ylim(min(d for d in histogram.density if d) / 2, 3 * max(*histogram.density, max(start)))
        axes.legend(frameon=False, fontsize=9)
    return figure


def draw_units(audit: Audit) -> Figure | None:
    """How many units of each hidden layer are active on which share of the samples."""
    if not audit.active_shares:
        return None
    n = len(audit.active_shares)
    figure, (places,) = new_figure(max(5.5 * n, 9), 3.3, 1, n)
    for axes, shares, layer in zip(places, audit.active_shares, audit.figures.layers[:n], strict=True):
        axes.hist(100 * shares, bins=50, range=(0, 100), color=SKY)
        found = f": {layer.n_dead} dead, {layer.n_saturated} saturated" if layer.n_dead is not None else ""
        label(axes, f"Hidden layer {layer.name[1:]}{found}", "samples that a unit answers above 0, %", "units")
    return figure


def draw_calibration(audit: Audit) -> Figure:
    """The reliability diagram before and after the temperature, and accuracy against the share that is answered."""
    figures = audit.figures.calibration
    figure, ((diagram, counts, answered),) = new_figure(13, 4, 1, 3)
    diagram.plot([0, 100], [0, 100], color=GREY, linewidth=1, linestyle="--", label="as sure as right")
    kinds = [(figures.before, "as trained", ORANGE, "s", figures.ece_before)]
    if figures.temperature:
        kinds.append((figures.after, f"temperature {figures.temperature:.2f}", BLUE, "o", figures.ece))
    for number, (bins, name, colour, marker, ece) in enumerate(kinds):
        seen = [i for i, n in enumerate(bins.n) if n]
        confidence, accuracy = (
            100 * np.array([column[i] for i in seen]) for column in (bins.confidence, bins.accuracy)
        )
        diagram.plot(confidence, accuracy, marker=marker, color=colour, label=f"{name}: ECE {ece:.2%}", alpha=0.9)
        width = 100 / len(bins.n)
        lefts = 100 * np.array(bins.edges[:-1]) + width * (0.1 + 0.4 * number)
        counts.bar(lefts, bins.n, 0.4 * width, align="edge", color=colour, label=name)
    label(diagram, "Reliability", "probability of the answer, %", "right, %")
    diagram.legend(frameon=False, fontsize=9, loc="upper left")
    label(counts, "Answers in each bin", "probability of the answer, %", "samples")
    counts.set_yscale("log")
    counts.legend(frameon=False, fontsize=9, loc="upper left")
    share, accuracy = (100 * np.array(column) for column in (figures.coverage.share, figures.coverage.accuracy))
    answered.plot(share, accuracy, color=BLUE)
    is_best = accuracy == accuracy.max()
    answered.set_xlim(max(share[is_best].max() - 10, 0), 100)  # where the curve falls
    label(answered, "If only the surest are answered", "answered, %", "right, %")
    return figure


def draw_robustness(audit: Audit) -> Figure | None:
    """Accuracy against the strength of each distortion."""
    figures = audit.figures.robustness
    if figures.curves is None:
        return None
    figure, places = new_figure(13, 6.4, 2, 4)
    figure.set_layout_engine("constrained", h_pad=0.12)
    places = places.ravel()
    names = (audit.figures.model.name, figures.against)
    for axes, (name, curve) in zip(places, figures.curves.items(), strict=False):
        for accuracy, title, colour, marker in (
            (curve.accuracy, names[0], BLUE, "o"),
            (curve.against, names[1], VERMILION, "s"),
        ):
            if accuracy:
                percentages = 100 * np.array(accuracy)
                axes.plot(curve.strengths, percentages, marker=marker, markersize=4, color=colour, label=title)
        untouched = 1 if name in ("scale", "contrast") else 0
        axes.axvline(untouched, color=GREY, linewidth=0.8, linestyle=":")
        label(axes, curve.title, curve.unit, "right, %")
        axes.set_ylim(0, 103)
    for axes in places[len(figures.curves) :]:
        axes.axis("off")
    places[-1].legend(*places[0].get_legend_handles_labels(), loc="center", frameon=False, fontsize=10)
    return figure
