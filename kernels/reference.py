"""The textbook: every kernel of this package in plain NumPy, with the same name and signature.

The fast kernels are tested against these functions; a training runs on them with `engine="reference"`. They work in
float32 and in float64. Shapes: `x (n_samples, n_in)`, `w (n_in, n_out)`, `b (n_out,)`; results go to the
out-parameters, which may hold anything on entry.
"""

import numpy as np

from .reference_augment import distort_images as distort_images
from .reference_augment import random_words


def linear(x, w, b, out):
    """out = x @ w + b."""
    out[:] = x @ w + b


def linear_relu(x, w, b, out):
    """out = max(x @ w + b, 0)."""
    out[:] = np.maximum(x @ w + b, 0)


def linear_backward(x, w, dout, dw, db, dx):
    """Gradients of `linear` from that of its output: dw = x^T @ dout, db = column sums of dout, dx = dout @ w^T.

    `dx` may be None where nobody needs the gradient of the input (the first layer).
    """
    dw[:] = x.T @ dout
    db[:] = dout.sum(axis=0)
    if dx is not None:
        dx[:] = dout @ w.T


def linear_relu_backward(x, w, out, dout, dz, dw, db, dx):
    """Gradients of `linear_relu`, which returned `out`: dz = dout where out > 0 else 0, then as `linear_backward`.

    `dz` may be the same array as `dout`.
    """
    dz[:] = dout * (out > 0)
    linear_backward(x, w, dz, dw, db, dx)


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
    samples = np.arange(n_samples)
    weights = np.ones(n_samples) if weights is None else weights.astype(np.float64)
    shares = weights / (weights.sum() or 1)
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=1, keepdims=True)
    losses = np.log(sums[:, 0]) - ((1 - smoothing) * shifted[samples, labels] + smoothing * shifted.mean(axis=1))
    dlogits[:] = exponentials / sums - smoothing / n_classes
    dlogits[samples, labels] -= 1 - smoothing
    dlogits *= shares[:, None]
    return losses @ shares


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


def gather_batch(images, labels, rows, scale, x, y):
    """x = scale * images[rows], y = labels[rows]; IndexError for a row that is not there.

    `images` are an array, or rows without their zeros (`sparse_rows.SparseRows`).
    """
    n_images, _ = images.shape
    if not 0 <= rows.min() <= rows.max() < n_images:
        raise IndexError(f"gather_batch: a row is outside 0..{n_images - 1}")
    chosen = images[rows] if isinstance(images, np.ndarray) else images.take(rows).dense()
    x[:] = chosen * x.dtype.type(scale)
    y[:] = labels[rows]


def count_correct(logits, labels, weights=None):
    """Return how many rows of `logits` are largest at their label (the first of equals counts).

    With `weights (n_samples,)`, the sum of their weights.
    """
    is_correct = logits.argmax(axis=1) == labels
    return int(is_correct.sum()) if weights is None else float(is_correct @ weights.astype(np.float64))
