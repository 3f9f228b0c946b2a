"""Losses with their gradient, in one pass: softmax and cross entropy, and those of targets; the count of right answers.

Softmax and cross entropy take a class of each sample, or soft targets: a probability for each class.

A loss of targets takes each output for itself. It decides what is answered, y: the output itself (squared error), its
logistic function (cross entropy of 0 and 1), or its exponential (Poisson); the gradient of all three is y - target.
Their sums are short, and in double precision.
"""

import math
from typing import NamedTuple

import numpy as np

from .checks import check_axes, check_inputs, check_labels, check_outputs
from .jit import inlined, kernel

CROSS_ENTROPY, SQUARED_ERROR, LOGISTIC, POISSON = range(4)
KINDS = {"cross_entropy": CROSS_ENTROPY, "squared_error": SQUARED_ERROR, "logistic": LOGISTIC, "poisson": POISSON}


class Loss(NamedTuple):
    """One of `KINDS`, and the `smoothing` of softmax and cross entropy."""

    kind: int
    smoothing: np.float32


def softmax_cross_entropy(logits, labels, dlogits, smoothing=0.0, weights=None):
    """Return the mean of -log softmax(logits)[label]; dlogits = (softmax(logits) - one_hot(labels)) / n_samples.

    `logits` and `dlogits` are float32 `(n_samples, n_classes)`. Each row is shifted by its own maximum, so that no
    exponential overflows. With `smoothing`, that share of each one-hot row is spread evenly over all classes, and the
    loss is the cross entropy with that (Szegedy et al. 2016, section 7). ValueError for a label outside the classes,
    and for a smoothing that is no share.

    With `weights (n_samples,)`, float32 and not negative, sample i counts weights[i] / sum(weights) instead of
    1 / n_samples; where they sum to 0, loss and gradient are 0.
    """
    check_axes("softmax_cross_entropy", "logits", logits, 2)
    check_inputs("softmax_cross_entropy", ("logits", logits, logits.shape))
    check_outputs("softmax_cross_entropy", ("dlogits", dlogits, logits.shape))
    check_labels("softmax_cross_entropy", "labels", labels, len(logits))
    if not 0 <= smoothing <= 1:
        raise ValueError(f"softmax_cross_entropy: smoothing must be a share from 0 to 1, not {smoothing}")
    weights = _checked_weights("softmax_cross_entropy", weights, len(logits))
    shares = np.empty(len(logits), np.float32)
    return float(_softmax_cross_entropy(logits, labels, dlogits, np.float32(smoothing), weights, shares))


def soft_cross_entropy(logits, targets, dlogits, weights=None):
    """Return the mean of -sum(targets * log softmax(logits)); dlogits = (softmax(logits) - targets) / n_samples.

    All are float32 `(n_samples, n_classes)`; the rows of `targets` are probabilities, such as a teacher's (Hinton et
    al. 2015), and sum to 1. No exponential overflows, and with `weights` the mean is that of `softmax_cross_entropy`.
    """
    check_axes("soft_cross_entropy", "logits", logits, 2)
    check_inputs("soft_cross_entropy", ("logits", logits, logits.shape), ("targets", targets, logits.shape))
    check_outputs("soft_cross_entropy", ("dlogits", dlogits, logits.shape))
    weights = _checked_weights("soft_cross_entropy", weights, len(logits))
    shares = np.empty(len(logits), np.float32)
    return float(_soft_cross_entropy(logits, targets, dlogits, weights, shares))


def squared_error(outputs, targets, doutputs, weights=None):
    """Return half the mean of (output - target)**2 over samples and outputs; doutputs = (output - target) / n_samples.

    All are float32 `(n_samples, n_outputs)`. As in scikit-learn, the loss is divided by the number of outputs, and its
    gradient is not. With `weights`, the mean over samples is that of `softmax_cross_entropy`.
    """
    return _loss_of_targets("squared_error", "outputs", outputs, targets, "doutputs", doutputs, SQUARED_ERROR, weights)


def logistic_cross_entropy(logits, targets, dlogits, weights=None):
    """Return the mean over samples of the sum over outputs of -target * log(p) - (1 - target) * log(1 - p).

    All are float32 `(n_samples, n_outputs)`; p = 1 / (1 + exp(-logit)), targets are 0 or 1, or what lies between, and
    dlogits = (p - target) / n_samples. With `weights`, the mean is that of `softmax_cross_entropy`.
    """
    return _loss_of_targets("logistic_cross_entropy", "logits", logits, targets, "dlogits", dlogits, LOGISTIC, weights)


def poisson_loss(logs, targets, dlogs, weights=None):
    """Return the mean over samples of the sum over outputs of target * log(target / y) - target + y, with y = exp(log).

    That is half the deviance of Poisson's distribution. All are float32 `(n_samples, n_outputs)`; targets are not
    negative, and where one is 0, so is its product with the logarithm. dlogs = (y - target) / n_samples. With
    `weights`, the mean is that of `softmax_cross_entropy`.
    """
    return _loss_of_targets("poisson_loss", "logs", logs, targets, "dlogs", dlogs, POISSON, weights)


def _loss_of_targets(name, outputs_name, outputs, targets, doutputs_name, doutputs, kind, weights):
    check_axes(name, outputs_name, outputs, 2)
    check_inputs(name, (outputs_name, outputs, outputs.shape), ("targets", targets, outputs.shape))
    check_outputs(name, (doutputs_name, doutputs, outputs.shape))
    weights = _checked_weights(name, weights, len(outputs))
    shares = np.empty(len(outputs), np.float32)
    return float(_differentiate(outputs, targets, doutputs, kind, weights, shares))


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
    largest, total = exponentiate_row(logits, dlogits, i)
    shifted = np.float32(0)
    for j in range(n_classes):
        shifted += logits[i, j] - largest
    kept, spread = np.float32(1) - smoothing, smoothing / np.float32(n_classes)
    for j in range(n_classes):
        dlogits[i, j] = dlogits[i, j] * (share / total) - spread * share
    dlogits[i, labels[i]] -= kept * share
    return math.log(total) - (kept * (logits[i, labels[i]] - largest) + spread * shifted)


@kernel(allocates=True)
def _soft_cross_entropy(logits, targets, dlogits, weights, shares):
    share_out(weights, np.arange(len(logits)), shares)
    mean_loss = 0.0
    for i in range(len(logits)):
        mean_loss += shares[i] * differentiate_soft_row(logits, targets, dlogits, i, shares[i])
    return mean_loss


@inlined
def differentiate_soft_row(logits, targets, dlogits, i, share):
    """As `differentiate_row`, where row i of `targets` has the probability of each class."""
    n_classes = logits.shape[1]
    largest, total = exponentiate_row(logits, dlogits, i)
    expected = np.float32(0)
    for j in range(n_classes):
        expected += targets[i, j] * (logits[i, j] - largest)
        dlogits[i, j] = dlogits[i, j] * (share / total) - targets[i, j] * share
    return math.log(total) - expected


@inlined
def exponentiate_row(logits, exponentials, i):
    """Row i of `exponentials` = exp(logits - the largest of the row); return that, and the sum of the row."""
    largest = logits[i, 0]
    for j in range(1, logits.shape[1]):
        largest = max(largest, logits[i, j])
    total = np.float32(0)
    for j in range(logits.shape[1]):
        exponentials[i, j] = math.exp(logits[i, j] - largest)
        total += exponentials[i, j]
    return largest, total


@kernel(allocates=True)
def _differentiate(outputs, targets, doutputs, kind, weights, shares):
    share_out(weights, np.arange(len(outputs)), shares)
    mean_loss = 0.0
    for i in range(len(outputs)):
        mean_loss += shares[i] * differentiate_targets(outputs, targets, doutputs, i, shares[i], kind)
    return mean_loss


@inlined
def differentiate_targets(outputs, targets, doutputs, i, share, kind):
    """The loss of sample i, and row i of doutputs, times `share`."""
    n_outputs, total = outputs.shape[1], 0.0
    for j in range(n_outputs):
        output, target = np.float64(outputs[i, j]), np.float64(targets[i, j])
        y = output_function(output, kind)
        total += loss_of_output(output, y, target, kind)
        doutputs[i, j] = (y - target) * share
    return total / n_outputs if kind == SQUARED_ERROR else total


@inlined
def output_function(output, kind):
    """What is answered, in double precision."""
    if kind == POISSON:
        return math.exp(output)
    if kind == LOGISTIC:
        small = math.exp(-abs(output))
        return (small if output < 0 else 1.0) / (1.0 + small)
    return output


@inlined
def loss_of_output(output, y, target, kind):
    """The loss of one output whose answer is y."""
    if kind == POISSON:
        log_target = math.log(target) if target > 0 else 0.0
        return target * (log_target - output) - target + y
    if kind == LOGISTIC:
        return (output if output > 0 else 0.0) - output * target + math.log1p(math.exp(-abs(output)))
    return (output - target) ** 2 / 2


@inlined
def differentiate_sample(outputs, labels, doutputs, i, share, loss, answers):
    """The loss of sample i, and row i of doutputs, times `share`.

    Labels are classes, or have two axes: targets, soft ones where what is answered is a class.
    """
    if labels.ndim == 1:
        return differentiate_row(outputs, labels, doutputs, i, share, loss.smoothing)
    if answers.ndim == 1:
        return differentiate_soft_row(outputs, labels, doutputs, i, share)
    return differentiate_targets(outputs, labels, doutputs, i, share, loss.kind)


@inlined
def answer(outputs, i, loss, answers, k):
    """answers[k] = the likeliest class of row i, or, where there is room for all outputs, the y of each."""
    if answers.ndim == 1:
        answers[k] = index_of_largest(outputs, i)
    else:
        for j in range(outputs.shape[1]):
            answers[k, j] = output_function(np.float64(outputs[i, j]), loss.kind)


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
