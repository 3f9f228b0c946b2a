"""Softmax and cross entropy, with their gradient, in one pass; and the count of right answers."""

import math

import numpy as np

from .checks import check_axes, check_inputs, check_labels, check_outputs
from .jit import inlined, kernel


def softmax_cross_entropy(logits, labels, dlogits, smoothing=0.0):
    """Return the mean of -log softmax(logits)[label]; dlogits = (softmax(logits) - one_hot(labels)) / n_samples.

    `logits` and `dlogits` are float32 `(n_samples, n_classes)`. Each row is shifted by its own maximum, so that no
    exponential overflows. ValueError for a label outside the classes. With `smoothing`, that share of each one-hot row
    is spread evenly over all classes, and the loss is the cross entropy with that (Szegedy et al. 2016, section 7).
    """
    check_axes("softmax_cross_entropy", "logits", logits, 2)
    check_inputs("softmax_cross_entropy", ("logits", logits, logits.shape))
    check_outputs("softmax_cross_entropy", ("dlogits", dlogits, logits.shape))
    check_labels("softmax_cross_entropy", "labels", labels, len(logits))
    return float(_softmax_cross_entropy(logits, labels, dlogits, np.float32(smoothing)))


def count_correct(logits, labels):
    """Return how many rows of `logits` are largest at their label (the first of equals counts)."""
    check_axes("count_correct", "logits", logits, 2)
    check_inputs("count_correct", ("logits", logits, logits.shape))
    check_labels("count_correct", "labels", labels, len(logits))
    return int(_count_correct(logits, labels))


@kernel()
def _softmax_cross_entropy(logits, labels, dlogits, smoothing):
    total_loss = 0.0
    for i in range(len(logits)):
        if labels[i] < 0 or labels[i] >= logits.shape[1]:
            raise ValueError("a label is outside 0..n_classes-1")
        total_loss += differentiate_row(logits, labels, dlogits, i, smoothing)
    return total_loss / len(logits)


@inlined
def differentiate_row(logits, labels, dlogits, i, smoothing):
    """The loss of sample i, and row i of dlogits; its label lies within the classes."""
    n_samples, n_classes = logits.shape
    largest = logits[i, 0]
    for j in range(1, n_classes):
        largest = max(largest, logits[i, j])
    total = shifted = np.float32(0)
    for j in range(n_classes):
        shifted += logits[i, j] - largest
        dlogits[i, j] = math.exp(logits[i, j] - largest)
        total += dlogits[i, j]
    kept, spread = np.float32(1) - smoothing, smoothing / np.float32(n_classes)
    scale = np.float32(1) / (total * np.float32(n_samples))
    for j in range(n_classes):
        dlogits[i, j] = dlogits[i, j] * scale - spread / np.float32(n_samples)
    dlogits[i, labels[i]] -= kept / np.float32(n_samples)
    return math.log(total) - (kept * (logits[i, labels[i]] - largest) + spread * shifted)


@kernel()
def _count_correct(logits, labels):
    n_correct = 0
    for i in range(logits.shape[0]):
        n_correct += index_of_largest(logits, i) == labels[i]
    return n_correct


@inlined
def index_of_largest(logits, i):
    """Where row i is largest; the first of equals."""
    best = 0
    for j in range(1, logits.shape[1]):
        if logits[i, j] > logits[i, best]:
            best = j
    return best
