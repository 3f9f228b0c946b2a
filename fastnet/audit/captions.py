"""What one sees on each picture of an audit and what it means, in words with the figures in them."""

from collections.abc import Callable

from .answers import AMBIGUOUS_MARGIN, DOUBTFUL
from .contents import Audit
from .figures import Coverage, Embedding, Figures

_SPACES = {"hidden": "the last hidden layer", "pixels": "the pixels (the model has no hidden layer)"}


def caption(name: str, audit: Audit) -> str:
    """The caption of a picture; for one that the model has nothing to show on, why."""
    return _CAPTIONS[name](audit.figures)


def _learning_curves(figures: Figures) -> str:
    history = figures.history
    if not history or not history.epoch:
        return "Left out: the model comes without the history of its training (history.json)."
    sentences = [
        f"Loss, error and learning rate of {len(history.epoch)} epochs; at the end"
        f" {_error(history.train_accuracy[-1])} of the training answers were wrong"
    ]
    validation = history.validation_accuracy[-1]
    if validation is None:
        sentences.append(". There was no validation split.")
    else:
        sentences.append(
            f", and {_error(validation)} on the validation digits. A validation loss that rises while the"
            " training loss falls would be overfitting; a training error above the validation error is what distorted"
            " training digits lead to."
        )
    return "".join(sentences)


def _error(accuracy: float) -> str:
    return f"{1 - accuracy:.2%}"


def points_told(embedding: Embedding) -> str:
    """Which test digits are the points of a map."""
    n_drawn = embedding.n_drawn
    if n_drawn is None or n_drawn == embedding.n_points:
        return f"{embedding.n_points:,} test digits"
    return f"{embedding.n_points:,} test digits ({n_drawn:,} at random, and all other errors)"


def _embedding(figures: Figures) -> str:
    found = figures.embedding
    nearest = found.knn_accuracy
    text = (
        f"{points_told(found)} as they lie in {_SPACES[found.space]}, brought to two dimensions by"
        f" t-SNE (perplexity {found.perplexity:.0f}) and by PCA. Neighbours on the left are neighbours there; the"
        " size of groups and the room between them mean little. Rings mark wrong answers: digits that the network puts"
        " among those of another class, or between the groups."
        f" The {found.k} nearest neighbours of a digit tell its class for {nearest['tsne']:.2%} of the digits on"
        f" this map and {nearest['pixels']:.2%} in the raw pixels"
    )
    return text + (f"; in the hidden layer for {nearest['hidden']:.2%}." if "hidden" in nearest else ".")


def _confusion(figures: Figures) -> str:
    overall, n = figures.overall, figures.data.n
    return (
        f"Which class (row) is answered as which (column). {n - overall.n_errors:,} of {n:,} answers are right"
        f" ({overall.accuracy:.2%}) and stand on the diagonal, in bold; the others are shaded by how many they are,"
        " for nothing would be seen of them beside the diagonal."
    )


def _classes(figures: Figures) -> str:
    f1 = figures.classes.f1
    hardest, easiest = (figures.model.class_names[f1.index(extreme)] for extreme in (min(f1), max(f1)))
    return (
        "Precision: how often an answer of that class is right. Recall: how many of the class are found. F1: their"
        f" harmonic mean, from {min(f1):.2%} for class {hardest} to {max(f1):.2%} for class {easiest}, and"
        f" {figures.overall.macro_f1:.2%} on average."
    )


def _errors(figures: Figures) -> str:
    found = figures.errors
    if not found:
        return "There is nothing to show: every answer is right."
    n_ambiguous = sum(error.ambiguous for error in found)
    return (
        f"The wrong answers, the worst first: those that left the least probability to the true class. Below each"
        " stands: true class as answer (probability), and the second guess. An error is called ambiguous if the true"
        f" class is less than {AMBIGUOUS_MARGIN:.0%} of probability behind the answer; that is so for {n_ambiguous} of"
        f" {len(found):,}."
    )


def _label_errors(figures: Figures) -> str:
    found = figures.label_errors
    if not found:
        return f"No label of the test set has a probability below {DOUBTFUL:.0%}: none is doubted."
    n_confident = sum(each.confident for each in found)
    return (
        f"{len(found):,} labels of the test set are doubtful: they have a probability below {DOUBTFUL:.0%}, or"
        f" confident learning (Northcutt et al. 2021) counts them as wrong, as it does {n_confident or 'none'} of them."
        " The model may be wrong, or the label: look."
    )


def _confident(figures: Figures) -> str:
    if not any(figures.confident):
        return "There is nothing to show: no answer is right."
    return (
        "The right answers furthest ahead of the second guess, a row a class: what a class looks like to the model at"
        " its clearest."
    )


def _weights(figures: Figures) -> str:
    ranks = ", ".join(
        f"{layer.name} {layer.effective_rank:.0f} of {min(layer.n_in, layer.n_out)}" for layer in figures.layers
    )
    return (
        "The trained weights of each layer against the normal distribution that they were drawn from (He et al. 2015)."
        " Density is on a logarithmic axis, which shows the tails: the few large weights that training made. Effective"
        f" rank (Roy & Vetterli 2007), or how many directions a layer uses: {ranks}."
    )


def _units(figures: Figures) -> str:
    hidden, activation = figures.layers[:-1], figures.model.between
    if not hidden:
        return "Left out: the model has no hidden layer."
    if activation != "relu":
        return (
            "How many units answer above 0 on which share of the test set. That is their sign alone: units with the"
            f" activation {activation} are never off, so that none is called dead."
        )
    counts = ", ".join(f"{layer.n_dead} of {layer.n_out}" for layer in hidden)
    return (
        f"How many units are active on which share of the test set. Dead units ({counts}) are active on no test digit"
        " and could be removed without changing an answer on it; saturated ones are active on all, and add nothing that"
        " a linear layer would not."
    )


def _filters(figures: Figures) -> str:
    return (
        "The weights from the pixels to single units, with the number of the unit, the largest norms first. Orange ink"
        " speaks against the unit and violet ink for it; each filter has its own scale."
    )


def _calibration(figures: Figures) -> str:
    found = figures.calibration
    share, accuracy = _largest_faultless(found.coverage)
    text = "Left: among the answers of about that probability, how many are right; on the dashed line they agree. "
    if found.temperature is None:
        text += f"The expected calibration error is {found.ece:.2%}; the model was not calibrated. "
    else:
        text += (
            f"A temperature of {found.temperature:.3f}, fitted on other digits, takes the expected calibration error"
            f" from {found.ece_before:.2%} to {found.ece:.2%}. "
        )
    text += "Middle: how many answers each of these points stands for. "
    return text + f"Right: the accuracy if only the surest are answered: {accuracy:.2%} on {share:.0%} of the digits."


def _largest_faultless(coverage: Coverage) -> tuple[float, float]:
    """The largest share that is answered as well as the surest are, and its accuracy."""
    best = max(coverage.accuracy)
    place = max(i for i, accuracy in enumerate(coverage.accuracy) if accuracy == best)
    return coverage.share[place], best


def _robustness(figures: Figures) -> str:
    found = figures.robustness
    if found.curves is None:
        return f"Left out: {found.left_out}."
    return (
        f"Accuracy on {found.n:,} test digits that are distorted more and more; dotted lines mark the digits as they"
        " are. Nobody drew digits like the furthest of them: the curves tell where the model stops working, not how"
        " well it works. Contrast is lowered towards the mean of the picture, so that the paper becomes grey; when"
        " fastnet reads a picture, it takes the paper away before the model sees it."
    )


_CAPTIONS: dict[str, Callable[[Figures], str]] = {
    "learning-curves": _learning_curves,
    "embedding": _embedding,
    "confusion": _confusion,
    "classes": _classes,
    "errors": _errors,
    "label-errors": _label_errors,
    "confident": _confident,
    "calibration": _calibration,
    "weights": _weights,
    "units": _units,
    "filters": _filters,
    "robustness": _robustness,
}
