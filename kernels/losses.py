"""Softmax and cross entropy, with their gradient, in one pass; and the count of right answers."""

import math

import numpy as np

from .checks import check_axes, check_inputs, check_labels, check_outputs
from .jit import inlined, kernel


def softmax_cross_entropy(logits, labels, dlogits, smoothing=0.0, weights=None):
    """Return the mean of -log softmax(logits)[label]; dlogits = (softmax(logits) - one_hot(labels)) / n_samples.

    `logits` and `dlogits` are float32 `(n_samples, n_classes)`. Each row is shifted by its own maximum, so that no
    exponential overflows. ValueError for a label outside the classes. With `smoothing`, that share of each one-hot row
    is spread evenly over all classes, and the loss is the cross entropy with that (Szegedy et al. 2016, section 7).

    With `weights (n_samples,)`, float32 and not negative, sample i counts weights[i] / sum(weights) instead of
    1 / n_samples; where they sum to 0, loss and gradient are 0.
    """
    check_axes("softmax_cross_entropy", "logits", logits, 2)
    check_inputs("softmax_cross_entropy", ("logits", logits, logits.shape))
    check_outputs("softmax_cross_entropy", ("dlogits", dlogits, logits.shape))
    check_labels("softmax_cross_entropy", "labels", labels, len(logits))
    weights = _checked_weights("softmax_cross_entropy", weights, len(logits))
    shares = np.empty(len(logits), np.float32)
    return float(_softmax_cross_entropy(logits, labels, dlogits, np.float32(smoothing), weights, shares))


def count_correct(logits, labels, weights=None):
    """Return how many rows of `logits` are largest at their label (the first of equals counts).

    With `weights` as in `softmax_cross_entropy`, the sum of their weights.
    """
    check_axes("count_correct", "logits", logits, 2)
    check_inputs("count_correct", ("logits", logits, logits.shape))
    check_labels("count_correct", "labels", labels, len(logits))
    n_correct = _count_correct(logits, labels, _checked_weights("count_correct", weights, len(logits)))
    return int(n_correct) if weights is None else float(n_correct)


def _checked_weights(name, weights, n_samples):
    """The weights as kernels take them: none are an empty array."""
    if weights is None:
        return np.empty(0, np.float32)
    check_inputs(name, ("weights", weights, (n_samples,)))
    return weights


@kernel(allocates=True)
def _softmax_cross_entropy(logits, labels, dlogits, smoothing, weights, shares):
    share_out(weights, np.arange(len(logits)), shares)
    mean_loss = 0.0
    for i in range(len(logits)):
        if labels[i] < 0 or labels[i] >= logits.shape[1]:
            raise ValueError("a label is outside 0..n_classes-1")
        mean_loss += shares[i] * differentiate_row(logits, labels, dlogits, i, shares[i], smoothing)
    return mean_loss


@inlined
def share_out(weights, rows, shares):
    """shares[i] = the share of sample rows[i] in a mean over those at `rows`: its weight's, or an equal one if there
    are no weights; all 0 where the weights are."""
    n, total = len(rows), 0.0
    for i in range(n):
        total += weights[rows[i]] if len(weights) > 0 else 1.0
    for i in range(n):
        weight = weights[rows[i]] if len(weights) > 0 else 1.0
        shares[i] = weight / total if total > 0 else 0.0


@inlined
def differentiate_row(logits, labels, dlogits, i, share, smoothing):
    """The loss of sample i, and row i of dlogits, times `share`; its label lies within the classes."""
    n_classes = logits.shape[1]
    largest = logits[i, 0]
    for j in range(1, n_classes):
        largest = max(largest, logits[i, j])
    total = shifted = np.float32(0)
    for j in range(n_classes):
        shifted += logits[i, j] - largest
        dlogits[i, j] = math.exp(logits[i, j] - largest)
        total += dlogits[i, j]
    kept, spread = np.float32(1) - smoothing, smoothing / np.float32(n_classes)
    for j in range(n_classes):
        dlogits[i, j] = dlogits[i, j] * (share / total) - spread * share
    dlogits[i, labels[i]] -= kept * share
    return math.log(total) - (kept * (logits[i, labels[i]] - largest) + spread * shifted)


@kernel()
def _count_correct(logits, labels, weights):
    n_correct = 0.0
    for i in range(logits.shape[0]):
        if index_of_largest(logits, i) == labels[i]:
            n_correct += weights[i] if len(weights) > 0 else 1.0
    return n_correct


@inlined
def index_of_largest(logits, i):
    """Where row i is largest; the first of equals."""
    best = 0
    for j in range(1, logits.shape[1]):
        if logits[i, j] > logits[i, best]:
            best = j
    return best
