"""The textbook: every kernel of this package in plain NumPy, with the same name and signature.

The fast kernels are tested against these functions; a training runs on them with `engine="reference"`. They work in
float32 and in float64. Shapes: `x (n_samples, n_in)`, `w (n_in, n_out)`, `b (n_out,)`; results go to the
out-parameters, which may hold anything on entry. What is no NumPy array where one belongs is a ValueError.
"""

import numpy as np

from .checks import check_activation, check_arrays, takes_arrays
from .reference_augment import distort_images as distort_images
from .reference_augment import random_words
from .sparse_rows import SparseRows


@takes_arrays("x", "w", "b", "out")
def linear(x, w, b, out):
    """out = x @ w + b."""
    out[:] = x @ w + b


@takes_arrays("x", "w", "b", "out")
def linear_relu(x, w, b, out):
    """out = max(x @ w + b, 0)."""
    out[:] = np.maximum(x @ w + b, 0)


@takes_arrays("x", "w", "dout", "dw", "db", or_none="dx")
def linear_backward(x, w, dout, dw, db, dx):
    """Gradients of `linear` from that of its output: dw = x^T @ dout, db = column sums of dout, dx = dout @ w^T.

    `dx` may be None where nobody needs the gradient of the input (the first layer).
    """
    dw[:] = x.T @ dout
    db[:] = dout.sum(axis=0)
    if dx is not None:
        dx[:] = dout @ w.T


@takes_arrays("x", "w", "out", "dout", "dz", "dw", "db", or_none="dx")
def linear_relu_backward(x, w, out, dout, dz, dw, db, dx):
    """Gradients of `linear_relu`, which returned `out`: dz = dout where out > 0 else 0, then as `linear_backward`.

    `dz` may be the same array as `dout`.
    """
    dz[:] = dout * (out > 0)
    linear_backward(x, w, dz, dw, db, dx)


@takes_arrays("z")
def activate(z, activation):
    """z = f(z), in place, where f is "relu", "tanh", "logistic" (1 / (1 + exp(-z))) or "identity"."""
    check_activation("activate", activation)
    if activation == "relu":
        np.maximum(z, 0, out=z)
    elif activation == "tanh":
        np.tanh(z, out=z)
    elif activation == "logistic":
        z[:] = _logistic(z)


@takes_arrays("out", "dout", "dz")
def activate_backward(out, dout, activation, dz):
    """dz = dout * f'(z), where out = f(z) is what `activate` made of z.

    `dz` may be the same array as `dout`.
    """
    check_activation("activate_backward", activation)
    if activation == "relu":
        dz[:] = dout * (out > 0)
    elif activation == "tanh":
        dz[:] = dout * (1 - out * out)
    elif activation == "logistic":
        dz[:] = dout * (out * (1 - out))
    else:
        dz[:] = dout


def _logistic(z):
    """1 / (1 + exp(-z)), with no exponential that overflows."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, small) / (1 + small)


@takes_arrays("logits", "labels", "dlogits", or_none="weights")
def softmax_cross_entropy(logits, labels, dlogits, smoothing=0.0, weights=None):
    """Return the mean of -log softmax(logits)[label]; dlogits = (softmax(logits) - one_hot(labels)) / n_samples.

    Each row is shifted by its own maximum, so that no exponential overflows. ValueError for a label outside the
    classes. With `smoothing`, that share of each one-hot row is spread evenly over all classes, and the loss is the
    cross entropy with that (Szegedy et al. 2016, section 7).

    With `weights (n_samples,)`, not negative, sample i counts weights[i] / sum(weights) instead of 1 / n_samples; where
    they sum to 0, loss and gradient are 0.
    """
    n_samples, n_classes = logits.shape
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError("a label is outside 0..n_classes-1")
    samples, shares = np.arange(n_samples), _shares(weights, n_samples)
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=1, keepdims=True)
    losses = np.log(sums[:, 0]) - ((1 - smoothing) * shifted[samples, labels] + smoothing * shifted.mean(axis=1))
    dlogits[:] = exponentials / sums - smoothing / n_classes
    dlogits[samples, labels] -= 1 - smoothing
    dlogits *= shares[:, None]
    return losses @ shares


@takes_arrays("logits", "targets", "dlogits", or_none="weights")
def soft_cross_entropy(logits, targets, dlogits, weights=None):
    """Return the mean of -sum(targets * log softmax(logits)); dlogits = (softmax(logits) - targets) / n_samples.

    The rows of `targets (n_samples, n_classes)` are probabilities, such as a teacher's (Hinton et al. 2015), and sum
    to 1. With `weights`, the mean is that of `softmax_cross_entropy`.
    """
    shares = _shares(weights, len(logits))
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=1, keepdims=True)
    dlogits[:] = (exponentials / sums - targets) * shares[:, None]
    return (np.log(sums[:, 0]) - (targets * shifted).sum(axis=1)) @ shares


@takes_arrays("logits", "targets", "dlogits", or_none="weights")
def logistic_cross_entropy(logits, targets, dlogits, weights=None):
    """Return the mean over samples of the sum over outputs of -log of what `logistic(logits)` gives to the target.

    `targets (n_samples, n_outputs)` are 0 or 1, or what lies between: the loss of an output is
    -target * log(p) - (1 - target) * log(1 - p), with p = logistic(logit). dlogits = (p - target) / n_samples. With
    `weights`, the mean is that of `softmax_cross_entropy`.
    """
    shares = _shares(weights, len(logits))
    dlogits[:] = (_logistic(logits) - targets) * shares[:, None]
    losses = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    return losses.sum(axis=1) @ shares


@takes_arrays("outputs", "targets", "doutputs", or_none="weights")
def squared_error(outputs, targets, doutputs, weights=None):
    """Return half the mean of (output - target)**2 over samples and outputs; doutputs = (output - target) / n_samples.

    `outputs` and `targets` are `(n_samples, n_outputs)`. As in scikit-learn, the loss is divided by the number of
    outputs, and its gradient is not. With `weights`, the mean over samples is that of `softmax_cross_entropy`.
    """
    shares = _shares(weights, len(outputs))
    errors = outputs - targets
    doutputs[:] = errors * shares[:, None]
    return (errors * errors).mean(axis=1) @ shares / 2


@takes_arrays("logs", "targets", "dlogs", or_none="weights")
def poisson_loss(logs, targets, dlogs, weights=None):
    """Return the mean over samples of the sum over outputs of target * log(target / y) - target + y, with y = exp(log).

    That is half the deviance of Poisson's distribution; `targets (n_samples, n_outputs)` are not negative, and where
    one is 0, its logarithm counts as 0. dlogs = (y - target) / n_samples. With `weights`, the mean is that of
    `softmax_cross_entropy`.
    """
    shares = _shares(weights, len(logs))
    y = np.exp(logs)
    dlogs[:] = (y - targets) * shares[:, None]
    log_targets = np.log(np.where(targets > 0, targets, 1))
    return (targets * (log_targets - logs) - targets + y).sum(axis=1) @ shares


def _shares(weights, n_samples):
    """The share of each sample in a mean: its weight's, or an equal one without weights; 0 where those sum to 0."""
    weights = np.ones(n_samples) if weights is None else weights.astype(np.float64)
    return weights / (weights.sum() or 1)


@takes_arrays("x")
def drop_units(x, rate, key, step, layer):
    """x = x / (1 - rate) or, with probability `rate`, 0, for each number of `x (n_samples, n_units)`.

    Srivastava et al. 2014. `rate`, from 0 to below 1, is rounded to 1/65536. What is dropped depends on `key`, an
    integer below 2**64, on `step` and `layer`, integers of which the lower 32 bits count, and on the place in x.
    """
    n_samples, n_units = x.shape
    threshold = min(round(65536 * rate), 65535)
    words = random_words(key, step % 2**32, np.arange(-(-n_samples // 8)), 4 * n_units, layer % 2**32)
    halves = words.reshape(-1, n_units, 4, 1) >> np.array([0, 16], np.uint64) & np.uint64(65535)
    is_kept = halves.reshape(-1, n_units, 8).transpose(0, 2, 1).reshape(-1, n_units)[:n_samples] >= threshold
    x *= is_kept * x.dtype.type(65536 / (65536 - threshold))


@takes_arrays("param", "grad", "m", "v")
def adam_step(param, grad, m, v, step, learning_rate, beta1, beta2, eps, weight_decay=0.0, l2=0.0):
    """One step of Adam on `param`, in place; `m` and `v` are its moments, `step` counts from 1.

    Kingma & Ba 2015, algorithm 1. `weight_decay` is decoupled (Loshchilov & Hutter 2019): param shrinks by
    learning_rate * weight_decay of itself. `l2 * param` is added to the gradient: that of a penalty in the loss.
    """
    if step < 1:
        raise ValueError(f"adam_step: step counts from 1, not {step}")
    grad = grad + l2 * param
    m[:] = beta1 * m + (1 - beta1) * grad
    v[:] = beta2 * v + (1 - beta2) * grad * grad
    m_hat = m / (1 - beta1**step)
    v_hat = v / (1 - beta2**step)
    param -= learning_rate * (m_hat / (np.sqrt(v_hat) + eps) + weight_decay * param)


@takes_arrays("param", "grad", "velocity")
def sgd_step(param, grad, velocity, learning_rate, momentum, nesterov, weight_decay=0.0, l2=0.0):
    """One step of gradient descent on `param`, in place, with momentum: `velocity`, 0 at first, is the last step.

    velocity = momentum * velocity - learning_rate * grad, and param goes that way; if `nesterov`, it goes by
    momentum * velocity - learning_rate * grad of the new velocity (Sutskever et al. 2013, section 2, as scikit-learn
    has it). `weight_decay` and `l2` are those of `adam_step`.
    """
    grad = grad + l2 * param
    velocity[:] = momentum * velocity - learning_rate * grad
    step = momentum * velocity - learning_rate * grad if nesterov else velocity
    param += step - learning_rate * weight_decay * param


@takes_arrays("labels", "rows", "x", "y")
def gather_batch(images, labels, rows, scale, x, y):
    """x = scale * images[rows], y = labels[rows]; IndexError for a row that is not there.

    `images` are an array, or rows without their zeros (`sparse_rows.SparseRows`); `labels` are classes `(n_images,)` or
    targets `(n_images, n_outputs)`.
    """
    if not isinstance(images, SparseRows):
        check_arrays("gather_batch", images=images)
    n_images, _ = images.shape
    if not 0 <= rows.min() <= rows.max() < n_images:
        raise IndexError(f"gather_batch: a row is outside 0..{n_images - 1}")
    chosen = images[rows] if isinstance(images, np.ndarray) else images.take(rows).dense()
    x[:] = chosen * x.dtype.type(scale)
    y[:] = labels[rows]


@takes_arrays("logits", "labels", or_none="weights")
def count_correct(logits, labels, weights=None):
    """Return how many rows of `logits` are largest at their label (the first of equals counts).

    With `weights (n_samples,)`, the sum of their weights.
    """
    is_correct = logits.argmax(axis=1) == labels
    return int(is_correct.sum()) if weights is None else float(is_correct @ weights.astype(np.float64))
