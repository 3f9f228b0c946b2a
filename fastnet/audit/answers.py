"""What a model answers on test samples: confusions, errors, what it is surest of, and labels that may be wrong."""

import numpy as np

from .figures import Classes, Confusion, DoubtfulLabel, WrongAnswer

AMBIGUOUS_MARGIN = 0.3  # an error is ambiguous if the true class is less than this probability behind the answer
DOUBTFUL = 0.05  # a label is doubted if it is less probable than this
N_CONFIDENT = 10  # answers of each class
N_MOST_CONFUSED = 15


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray, n_classes: int) -> np.ndarray:
    """How many samples of each class (row) are answered as each class (column), int64 `(n_classes, n_classes)`."""
    return np.bincount(labels * n_classes + predictions, minlength=n_classes**2).reshape(n_classes, n_classes)


def class_figures(confusion: np.ndarray) -> Classes:
    """Precision, recall and F1 of each class (0 where nothing is counted), its samples, and the most confused pairs."""
    right, answered, support = confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1)
    return Classes(
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        precision=tuple(_ratio(right, answered).tolist()),
        recall=tuple(_ratio(right, support).tolist()),
        f1=tuple(_ratio(2 * right, answered + support).tolist()),
        support=tuple(support.tolist()),
        most_confused=tuple(_most_confused(confusion)),
    )


def errors(labels: np.ndarray, probabilities: np.ndarray) -> tuple[WrongAnswer, ...]:
    """Every wrong answer, the worst first: the one with the least probability for the true class."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    of_label = probabilities[np.arange(len(labels)), labels]
    rows = np.flatnonzero(order[:, 0] != labels)
    worst_first = rows[np.lexsort((-probabilities[rows, order[rows, 0]], of_label[rows]))]
    found = []
    for row in worst_first.tolist():
        predicted, second = order[row].tolist()
        probability, true_probability = float(probabilities[row, predicted]), float(of_label[row])
        found.append(
            WrongAnswer(
                row=row,
                true=int(labels[row]),
                predicted=predicted,
                second=second,
                probability=probability,
                true_probability=true_probability,
                ambiguous=probability - true_probability < AMBIGUOUS_MARGIN,
            )
        )
    return tuple(found)


def confident_rows(labels: np.ndarray, logits: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """For each class, the samples of it that the model is surest of: right answers furthest ahead of the second guess.

    Many probabilities are 1 to the last bit; the margins of logits still tell them apart.
    """
    second, first = np.partition(logits, -2, axis=1)[:, -2:].T
    margins = np.where(logits.argmax(axis=1) == labels, first - second, -np.inf)
    surest_first = np.argsort(-margins, kind="stable")
    surest_first = surest_first[margins[surest_first] > 0]
    return tuple(tuple(surest_first[labels[surest_first] == c][:N_CONFIDENT].tolist()) for c in range(logits.shape[1]))


def label_errors(labels: np.ndarray, probabilities: np.ndarray) -> tuple[DoubtfulLabel, ...]:
    """Samples whose label may be wrong, the least probable label first.

    Listed is a label that has next to no probability, and what confident learning counts as a wrong one (`confident`;
    Northcutt, Jiang & Chuang 2021, section 3.1): there, a sample counts towards the classes that are at least as
    probable for it as they are, on average, for the samples of that label, and the likeliest of these is not its label.
    The probabilities must not come from a model that was trained on the samples.
    """
    n_classes = probabilities.shape[1]
    of_label = probabilities[np.arange(len(labels)), labels]
    sums, counts = np.bincount(labels, of_label, n_classes), np.bincount(labels, minlength=n_classes)
    thresholds = _ratio(sums, counts, otherwise=np.inf)
    candidates = np.where(probabilities >= thresholds, probabilities, -1)
    confident = (candidates.max(axis=1) >= 0) & (candidates.argmax(axis=1) != labels)
    suggested = np.where(confident, candidates.argmax(axis=1), probabilities.argmax(axis=1))
    rows = np.flatnonzero(confident | (of_label < DOUBTFUL))
    return tuple(
        DoubtfulLabel(
            row=row,
            label=int(labels[row]),
            suggested=int(suggested[row]),
            probability=float(probabilities[row, suggested[row]]),
            label_probability=float(of_label[row]),
            confident=bool(confident[row]),
        )
        for row in rows[np.argsort(of_label[rows], kind="stable")].tolist()
    )


def _most_confused(confusion: np.ndarray) -> list[Confusion]:
    wrong = confusion * ~np.eye(len(confusion), dtype=bool)
    pairs = np.argsort(-wrong, axis=None, kind="stable")[:N_MOST_CONFUSED].tolist()
    found = []
    for true, predicted in (divmod(pair, len(confusion)) for pair in pairs):
        n = int(wrong[true, predicted])
        if n:
            share = n / int(confusion[true].sum())
            found.append(Confusion(true, predicted, n, share))
    return found


def _ratio(numbers: np.ndarray, counts: np.ndarray, otherwise: float = 0.0) -> np.ndarray:
    """numbers / counts, and `otherwise` where nothing is counted."""
    ratios: np.ndarray = np.divide(numbers, counts, out=np.full(len(counts), otherwise), where=counts > 0)
    return ratios
