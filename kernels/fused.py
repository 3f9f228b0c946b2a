"""Whole training steps, with gradients that go from registers straight into Adam.

Threads help themselves to tasks from a `board`, phase by phase; the tasks are those of `batches`, `sparse` and
`products`. The layers' arrays come in named tuples, one entry a layer. The first layer may be sparse: then its weights
and moments are those of a `SparseLayer`, packed in panels, and its entries in `Layers` are not used.
"""

from typing import NamedTuple

import numpy as np

from .batches import gather_task, n_gather_tasks
from .board import claim, claim_next, complete, wait_for
from .denormals import flush_denormals, restore_denormals
from .jit import inlined, kernel
from .losses import _count_correct, _softmax_cross_entropy, find_largest
from .optimizers import AdamCoefficients, adam_coefficients, adam_update
from .products import (
    multiply_adam_task,
    multiply_add_task,
    multiply_transposed_relu_task,
    n_product_tasks,
    n_transposed_tasks,
)
from .simd import LANES, first_lanes, load, splat, store
from .sparse import list_groups_task, n_list_tasks, sparse_adam_task, sparse_linear_task


class Layers(NamedTuple):
    """Weights, biases, their moments and room for a batch, each a tuple with one array a layer."""

    w: tuple[np.ndarray, ...]
    b: tuple[np.ndarray, ...]
    w_m: tuple[np.ndarray, ...]
    w_v: tuple[np.ndarray, ...]
    b_m: tuple[np.ndarray, ...]
    b_v: tuple[np.ndarray, ...]
    out: tuple[np.ndarray, ...]
    dout: tuple[np.ndarray, ...]


class Adam(NamedTuple):
    """Adam's settings that stay the same from step to step."""

    beta1: float
    beta2: float
    eps: float
    weight_decay: float


def n_phases(n_layers: int) -> int:
    """Phases of a step: batch, lists, each layer forward, loss, each but the first backward, updates of each."""
    return 3 * n_layers + 2


@kernel()
def train_steps(worker, board, data, rows, x, y, layers, first, first_step, learning_rates, adam, losses, n_correct):
    """Steps first_step, first_step + 1, ... on consecutive mini-batches of len(x) of the samples at `rows`.

    Every thread that calls this with the same arguments helps; `board` is all zeros at first, with `n_phases` for each
    step. There is one step for each of `learning_rates`; its loss and right answers, both before the step, go to
    `losses` and `n_correct`. `data` is (images, labels, scale); labels must lie within the classes.
    """
    saved = flush_denormals()
    phase = 0
    for s in range(len(learning_rates)):
        batch = rows[s * len(x) : (s + 1) * len(x)]
        x_batch, y_batch = x[: len(batch)], y[: len(batch)]
        phase = gather(worker, board, phase, data, batch, x_batch, y_batch)
        phase = forward(worker, board, phase, x_batch, layers, first)
        phase = differentiate_loss(worker, board, phase, y_batch, layers, losses, n_correct, s)
        phase = backward(worker, board, phase, len(batch), layers)
        step, learning_rate = first_step + s, learning_rates[s]
        c = adam_coefficients(step, learning_rate, adam.beta1, adam.beta2, adam.eps, adam.weight_decay)
        phase = update(worker, board, phase, x_batch, layers, first, c)
    restore_denormals(saved)


@kernel()
def evaluate_batches(worker, board, data, rows, x, y, layers, first, losses, classes):
    """The loss of consecutive mini-batches, as in `train_steps`, and the likeliest class of each sample."""
    phase = 0
    for s in range(len(losses)):
        batch = rows[s * len(x) : (s + 1) * len(x)]
        x_batch, y_batch = x[: len(batch)], y[: len(batch)]
        phase = gather(worker, board, phase, data, batch, x_batch, y_batch)
        phase = forward(worker, board, phase, x_batch, layers, first)
        if claim(board, phase, worker, 1) == 0:
            logits = layers.out[-1][: len(batch)]
            losses[s] = _softmax_cross_entropy(logits, y_batch, layers.dout[-1][: len(batch)])
            find_largest(logits, classes[s * len(x) :])
            complete(board, phase)
        wait_for(board, phase, 1)
        phase += 1


@inlined
def gather(worker, board, phase, data, batch, x, y):
    """The mini-batch, scaled, into x and y."""
    images, labels, scale = data
    n_tasks = n_gather_tasks(len(batch))
    task = claim(board, phase, worker, n_tasks)
    while task >= 0:
        gather_task(images, labels, batch, scale, x, y, task)
        task = claim_next(board, phase, worker, n_tasks)
    wait_for(board, phase, n_tasks)
    return phase + 1


@inlined
def forward(worker, board, phase, x, layers, first):
    """The output of each layer, into `layers.out`; the last are the logits."""
    n_layers = len(layers.w)
    if first.is_used:
        n_tasks = n_list_tasks(first)
        task = claim(board, phase, worker, n_tasks)
        while task >= 0:
            list_groups_task(x, first, task)
            task = claim_next(board, phase, worker, n_tasks)
        wait_for(board, phase, n_tasks)
    phase += 1
    for i in range(n_layers):
        with_relu, out = i < n_layers - 1, layers.out[i][: len(x)]
        if i == 0 and first.is_used:
            n_tasks = len(first.w)
            task = claim(board, phase, worker, n_tasks)
            while task >= 0:
                sparse_linear_task(x, first, layers.b[0], with_relu, out, task)
                task = claim_next(board, phase, worker, n_tasks)
        else:
            below = x if i == 0 else layers.out[i - 1][: len(x)]
            n_tasks = n_product_tasks(out)
            task = claim(board, phase, worker, n_tasks)
            while task >= 0:
                multiply_add_task(below, layers.w[i], layers.b[i], with_relu, out, task)
                task = claim_next(board, phase, worker, n_tasks)
        wait_for(board, phase, n_tasks)
        phase += 1
    return phase


@inlined
def differentiate_loss(worker, board, phase, y, layers, losses, n_correct, s):
    """Loss and right answers of step s, and the gradient of the logits: one task, for one thread."""
    if claim(board, phase, worker, 1) == 0:
        logits, dlogits = layers.out[-1][: len(y)], layers.dout[-1][: len(y)]
        losses[s] = _softmax_cross_entropy(logits, y, dlogits)
        n_correct[s] = _count_correct(logits, y)
        complete(board, phase)
    wait_for(board, phase, 1)
    return phase + 1


@inlined
def backward(worker, board, phase, n, layers):
    """The gradient of each layer's sums, into `layers.dout`, from the last to the first."""
    for i in range(len(layers.w) - 1, 0, -1):
        below = layers.out[i - 1][:n]
        n_tasks = n_transposed_tasks(layers.w[i])
        task = claim(board, phase, worker, n_tasks)
        while task >= 0:
            multiply_transposed_relu_task(layers.dout[i][:n], layers.w[i], below, layers.dout[i - 1][:n], task)
            task = claim_next(board, phase, worker, n_tasks)
        wait_for(board, phase, n_tasks)
        phase += 1
    return phase


@inlined
def update(worker, board, phase, x, layers, first, c):
    """Adam on all parameters. Nobody waits between the layers; the last task of each is its biases."""
    n_layers = len(layers.w)
    for i in range(n_layers):
        dout = layers.dout[i][: len(x)]
        is_sparse = i == 0 and first.is_used
        n_tasks = n_update_tasks(layers, first, i)
        below = x if i == 0 else layers.out[i - 1][: len(x)]
        task = claim(board, phase + i, worker, n_tasks)
        while task >= 0:
            if task == n_tasks - 1:
                update_biases(dout, layers.b[i], layers.b_m[i], layers.b_v[i], c)
            elif is_sparse:
                sparse_adam_task(x, first, dout, c, task)
            else:
                multiply_adam_task(below.T, dout, layers.w[i], layers.w_m[i], layers.w_v[i], c, task)
            task = claim_next(board, phase + i, worker, n_tasks)
    for i in range(n_layers):
        wait_for(board, phase + i, n_update_tasks(layers, first, i))
    return phase + n_layers


@inlined
def n_update_tasks(layers, first, i):
    """The tasks of layer i's update: its weights', and one for its biases."""
    if i == 0 and first.is_used:
        return len(first.w) + 1
    return n_product_tasks(layers.w[i]) + 1


@inlined
def update_biases(dout, b, m, v, c):
    """One step of Adam on the biases, which don't decay, with the column sums of dout as their gradient."""
    c = AdamCoefficients(c.learning_rate, c.beta1, c.beta2, c.eps, 0.0, c.m_correction, c.v_correction)
    n_rows, n_columns = dout.shape
    for j in range(0, n_columns, LANES):
        mask = first_lanes(n_columns - j)
        total = splat(0.0)
        for i in range(n_rows):
            total = total + load(dout, (i, j), mask)
        new = adam_update(load(b, (j,), mask), total, load(m, (j,), mask), load(v, (j,), mask), c)
        store(b, (j,), new[0], mask)
        store(m, (j,), new[1], mask)
        store(v, (j,), new[2], mask)
