"""What a network's outputs say, in NumPy: probabilities or numbers, which the loss decides, and each sample's loss."""

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """The probability of each class, as `logits (n, n_classes)`; rows sum to 1, and no exponential overflows."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def in_percent(probability: float, decimals: int = 2) -> str:
    """A probability of one answer, for people: nothing is quite certain, and nothing quite impossible."""
    told, step = f"{probability:.{decimals}%}", 10.0 ** -(2 + decimals)
    if told == f"{1:.{decimals}%}":
        return f">{1 - step:.{decimals}%}"
    return f"<{step:.{decimals}%}" if told == f"{0:.{decimals}%}" else told


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Its logarithm, `(n, n_classes)`, also where a probability is too small for a number."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    logarithms: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return logarithms


def answers_of(outputs: np.ndarray, loss: str) -> np.ndarray:
    """What a network trained with a loss answers, of what its last layer computes `(n, n_outputs)`: of classes and of
    labels their probabilities, of a regression its numbers."""
    if loss == "cross_entropy":
        return softmax(outputs)
    answers = outputs
    if loss == "logistic":
        small = np.exp(-np.abs(outputs))  # no exponential overflows
        answers = np.where(outputs < 0, small, 1) / (1 + small)
    elif loss == "poisson":
        with np.errstate(over="ignore"):  # what is too large for a number is infinite
            answers = np.exp(outputs)
    return answers


def losses_of(outputs: np.ndarray, labels: np.ndarray, loss: str) -> np.ndarray:
    """The loss of each sample, `(n,)`, of what the last layer computes and the labels or targets."""
    if loss == "cross_entropy":
        return cross_entropies(outputs, labels)
    losses: np.ndarray
    if loss == "squared_error":
        losses = ((outputs.astype(np.float64) - labels) ** 2).mean(axis=1) / 2
    elif loss == "logistic":
        losses = (np.maximum(outputs, 0) - outputs * labels + np.log1p(np.exp(-np.abs(outputs)))).sum(axis=1)
    else:
        logs = np.log(np.where(labels > 0, labels, 1))
        losses = (labels * (logs - outputs) - labels + np.exp(outputs.astype(np.float64))).sum(axis=1)
    return losses


def cross_entropies(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """-log softmax(logits)[label] of each sample, `(n,)`, also where that probability is too small for a number.

    Labels may be soft targets, a probability for each class `(n, n_classes)`: then the loss is the mean by these.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    at_label = shifted[np.arange(len(labels)), labels] if labels.ndim == 1 else (labels * shifted).sum(axis=1)
    losses: np.ndarray = np.log(np.exp(shifted).sum(axis=1)) - at_label
    return losses


def are_right(answers: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Whether each sample is answered rightly, bool `(n,)`: its class, or all of its labels, each at a probability
    above a half."""
    right: np.ndarray = answers == labels if labels.ndim == 1 else ((answers > 0.5) == (labels > 0.5)).all(axis=1)
    return right


def r2(answers: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None) -> float:
    """The share of the targets' variance that is answered, 1 at best: the mean of the outputs' R^2, as in scikit-learn.

    Of a target that is always the same, it is 1 where that is answered, else 0.
    """
    answers, targets = answers.astype(np.float64), targets.astype(np.float64)
    error = np.average((targets - answers) ** 2, axis=0, weights=weights)
    variance = np.average((targets - np.average(targets, axis=0, weights=weights)) ** 2, axis=0, weights=weights)
    constant = variance == 0
    shares = np.where(constant, error == 0, 1 - error / np.where(constant, 1, variance))
    return float(shares.mean())
