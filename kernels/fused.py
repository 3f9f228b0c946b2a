"""Whole training steps, with gradients that go from registers straight into the optimizer.

Threads help themselves to tasks from a `board`, phase by phase; the tasks are those of `batches`, `lists`, `sparse`,
`active` and `products`. While a mini-batch goes through the first layer, the next one is prepared: each has a slot of
its own, 0 or 1. The layers' arrays come in named tuples, one entry a layer. The first layer may be sparse: then its
weights and moments are those of a `SparseLayer`, packed in panels, and its entries in `Layers` are not used.

What a training does not need is not compiled: that is told by types. A network of ReLUs has no `activation` but None,
one whose hidden layers are small no `activity` but None, and SGD no second moments; labels that are classes have one
axis, and targets two, as have the answers to them; where answers are classes, targets are soft. And what is the same
for networks of any depth and samples of any type, the work on one layer, is a kernel of its own: then only the walk
through the layers is compiled anew for another network.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import types

from .activations import activate_backward_block, activate_block
from .active import (
    Activity,
    active_backward_task,
    active_linear_task,
    active_step_task,
    n_note_tasks,
    n_panel_tasks,
    n_step_tasks,
    note_task,
)
from .batches import TASK_ROWS as GATHER_ROWS
from .batches import gather_labels, gather_task, n_gather_tasks
from .board import claim, claim_next, wait_for
from .choices import CHOICES
from .denormals import flush_denormals, restore_denormals
from .dropout import drop_block, drop_listed_task
from .jit import inlined, inner_kernel, kernel, result_type
from .lists import list_task, n_list_tasks
from .losses import answer, differentiate_sample, share_out
from .optimizers import Adam, Sgd, clipping_gain, coefficients, updated
from .products import (
    TILE_COLUMNS,
    block_of_task,
    multiply_add_task,
    multiply_step_narrow_task,
    multiply_step_task,
    multiply_transposed_plain_task,
    multiply_transposed_relu_task,
    n_product_tasks,
    n_transposed_tasks,
)
from .simd import LANES, first_lanes, load, splat, store, sum_lanes
from .sparse import PANEL_COLUMNS, sparse_linear_task, sparse_step_task

TAKES_TURNS = CHOICES.shares == "back and forth"
LOSS_ROWS = 16  # samples whose loss one task computes
ZERO = np.int64(0)  # for a plain 0, Numba would compile what is called with it once more


class Batches(NamedTuple):
    """Room for two mini-batches: `x (2, n, n_features)`, empty where the first layer is sparse, `y (2, n)` or, of
    targets, `(2, n, n_outputs)`, and the share of each sample in the mean loss, `shares (2, n)`."""

    x: np.ndarray
    y: np.ndarray
    shares: np.ndarray


class Layers(NamedTuple):
    """Weights, biases, their moments and room for a batch and gradients, each a tuple with one array a layer.

    SGD's velocity stands in the place of first moments, and None in that of second ones, `w_v` and `b_v`. `squares`,
    float64, has a number for each task of the layer's update. `activity` has one entry more, for each layer's input and
    the last one's output: which units are on, empty for what is no hidden layer; or None for all, as where hidden units
    are no ReLUs.
    """

    w: tuple[np.ndarray, ...]
    b: tuple[np.ndarray, ...]
    w_m: tuple[np.ndarray, ...]
    w_v: tuple[np.ndarray | None, ...]
    b_m: tuple[np.ndarray, ...]
    b_v: tuple[np.ndarray | None, ...]
    out: tuple[np.ndarray, ...]
    dout: tuple[np.ndarray, ...]
    narrow_dw: tuple[np.ndarray, ...]
    squares: tuple[np.ndarray, ...]
    activity: tuple[Activity | None, ...]


class Optimizer(NamedTuple):
    """What stays the same from step to step; `clip_norm` is 0 where gradients are not clipped."""

    settings: Adam | Sgd
    weight_decay: float
    clip_norm: float


def n_phases(n_layers: int, n_steps: int) -> int:
    """Phases of steps: the first mini-batch; each layer forward, which of its units are on, the next mini-batch, loss,
    each layer but the first backward, each layer's norm, each layer's update."""
    return 1 + n_steps * (5 * n_layers + 1)


def compile_parts(
    worker, board, data, rows, batches, layers, first, _, __, ___, optimizer, activation, loss, dropout, losses, answers
):
    """Compile the parts of `train_steps`, from the last to the first, for arguments of such types."""
    count, number = types.intp, types.float64
    c = result_type(coefficients_of_step, optimizer, count, number, number, number)
    result_type(update, worker, board, count, count, count, batches, layers, first, c, types.boolean)
    result_type(backward, worker, board, count, count, layers, activation, dropout, count)
    result_type(differentiate_loss, worker, board, count, count, count, batches, layers, loss, losses, answers)
    result_type(forward, worker, board, count, data, rows, count, batches, layers, first, activation, dropout, count)


@kernel(compile_parts=compile_parts)
def train_steps(
    worker,
    board,
    data,
    rows,
    batches,
    layers,
    first,
    first_step,
    learning_rates,
    l2s,
    optimizer,
    activation,
    loss,
    dropout,
    losses,
    answers,
):
    """Steps first_step, first_step + 1, ... on consecutive mini-batches of the samples at `rows`.

    Every thread that calls this with the same arguments helps; `board` is all zeros at first, with `n_phases`. There is
    a step for each of `learning_rates`, with one of `l2s`, which `adam_step` adds to its gradient. Without any, no step
    is taken: that is an evaluation, which as a kernel of its own would take as long to compile. The `Loss` and the
    `answer` of each sample, both before its step, go to `losses` and `answers`. `data` is (images, labels, weights,
    scale); labels must lie within the classes, and weights may be empty: then all samples weigh the same. `activation`
    is that of `activate_block`, and None for the ReLU. `dropout`, of the first layer's input and of hidden layers'
    output, is that of `drop_units` for the number of the step, with layer 0 for the input.
    """
    saved = flush_denormals()
    phase = prepare_first(worker, board, data, rows, batches, first, dropout, first_step)
    for s in range((len(rows) + batches.y.shape[1] - 1) // batches.y.shape[1]):
        step, slot, n = first_step + s, s % 2, batch_length(rows, s, batches)
        phase = forward(worker, board, phase, data, rows, s, batches, layers, first, activation, dropout, step)
        phase = differentiate_loss(worker, board, phase, s, n, batches, layers, loss, losses, answers)
        if len(learning_rates) == 0:
            continue
        phase = backward(worker, board, phase, n, layers, activation, dropout, step)
        # Where gradients are clipped, they are computed twice: what is never stored is measured, then stepped with.
        gain = 1.0
        for is_last in range(0 if optimizer.clip_norm > 0 else 1, 2):
            c = coefficients_of_step(optimizer, step, learning_rates[s], l2s[s], gain)
            phase = update(worker, board, phase, slot, n, batches, layers, first, c, is_last == 0)
            if is_last == 0:
                gain = clipping_gain(gradient_norm(layers, first), optimizer.clip_norm)
    restore_denormals(saved)


@inlined
def batch_range(rows, s, batches):
    """Where the rows of mini-batch number s start and stop; there are none after the last."""
    size = batches.y.shape[1]
    return min(s * size, len(rows)), min((s + 1) * size, len(rows))


@inlined
def batch_length(rows, s, batches):
    """The samples of mini-batch number s."""
    start, stop = batch_range(rows, s, batches)
    return stop - start


@inlined
def prepare_first(worker, board, data, rows, batches, first, dropout, step):
    """The first mini-batch, before any step."""
    phase = s = ZERO
    prepare(worker, board, phase, data, rows, s, batches, first, dropout, step)
    wait_for(board, phase, n_prepare_tasks(batch_length(rows, s, batches), first))
    return phase + 1


@inner_kernel()
def prepare(worker, board, phase, data, rows, s, batches, first, dropout, step):
    """Mini-batch number s of the samples at `rows`, for that step, into its slot: its lists or its x, its y and its
    shares. Nobody waits here."""
    images, labels, weights, scale = data
    start_row, stop_row = batch_range(rows, s, batches)
    batch, later, slot = rows[start_row:stop_row], rows[stop_row : stop_row + batches.y.shape[1]], s % 2
    n_tasks = n_prepare_tasks(len(batch), first)
    task = claim(board, phase, worker, n_tasks, False)
    while task >= 0:
        if first.is_used:
            list_task(images, batch, later, scale, first.lists, slot, task)
            if dropout.features.threshold > 0:
                drop_listed_task(first.lists, slot, len(batch), dropout.features, dropout.key, step, ZERO, task)
        else:
            gather_task(images, batch, scale, batches.x[slot], task)
            if dropout.features.threshold > 0:
                start, stop = task * GATHER_ROWS, min((task + 1) * GATHER_ROWS, len(batch))
                drop_block(
                    batches.x[slot], start, stop, ZERO, batches.x.shape[2], dropout.features, dropout.key, step, ZERO
                )
        if task == 0:
            gather_labels(labels, batch, batches.y[slot])
            share_out(weights, batch, batches.shares[slot])
        task = claim_next(board, phase, worker, n_tasks, False)


@inlined
def n_prepare_tasks(n, first):
    """The tasks into which a mini-batch of n samples is split; none if it is empty."""
    if n > 0 and first.is_used:
        return n_list_tasks(first.lists)
    return n_gather_tasks(n)


@inlined
def is_backwards(slot):
    """Whether shares of a layer's tasks are taken backwards in a step with that slot: in every other, or in none."""
    return TAKES_TURNS and slot == 1


@inlined
def forward(worker, board, phase, data, rows, s, batches, layers, first, activation, dropout, step):
    """The output of each layer for mini-batch number s, into `layers.out`; meanwhile the next one is prepared."""
    n_layers = len(layers.w)
    slot, n = s % 2, batch_length(rows, s, batches)
    for i in range(n_layers):
        is_hidden, b, out = i < n_layers - 1, layers.b[i], layers.out[i][:n]
        if i == 0 and first.is_used:
            n_tasks = len(first.w)
            forward_sparse(worker, board, phase, first, slot, b, out, is_hidden, activation, dropout, step)
        else:
            below = batches.x[slot, :n] if i == 0 else layers.out[i - 1][:n]
            w, activity = layers.w[i], layers.activity[i]
            n_tasks = n_forward_tasks(activity, w, out)
            forward_dense(
                worker, board, phase, slot, activity, below, w, b, out, is_hidden, activation, dropout, step, i + 1
            )
        if i == 0:
            prepare(worker, board, phase + 2 * n_layers, data, rows, s + 1, batches, first, dropout, step + 1)
        wait_for(board, phase, n_tasks)
        note(worker, board, phase + 1, out, layers.activity[i + 1])
        phase += 2
    wait_for(board, phase, n_prepare_tasks(batch_length(rows, s + 1, batches), first))
    return phase + 1


@inner_kernel()
def forward_sparse(worker, board, phase, first, slot, b, out, is_hidden, activation, dropout, step):
    """The output of a sparse first layer."""
    n, n_columns = out.shape
    n_tasks, backwards = len(first.w), is_backwards(slot)
    task = claim(board, phase, worker, n_tasks, backwards)
    while task >= 0:
        sparse_linear_task(first, slot, b, is_hidden and activation is None, out, task)
        if is_hidden:
            left, right = task * PANEL_COLUMNS, min((task + 1) * PANEL_COLUMNS, n_columns)
            finish_block(out, ZERO, n, left, right, activation, dropout, step, ZERO + 1)
        task = claim_next(board, phase, worker, n_tasks, backwards)


@inner_kernel()
def forward_dense(worker, board, phase, slot, activity, below, w, b, out, is_hidden, activation, dropout, step, layer):
    """The output of a layer whose input is `below`."""
    n_tasks, backwards = n_forward_tasks(activity, w, out), is_backwards(slot)
    task = claim(board, phase, worker, n_tasks, backwards)
    while task >= 0:
        start, stop, left, right = forward_task(activity, below, w, b, is_hidden and activation is None, out, task)
        if is_hidden:
            finish_block(out, start, stop, left, right, activation, dropout, step, layer)
        task = claim_next(board, phase, worker, n_tasks, backwards)


@inlined
def goes_by(activity, w):
    """Whether products with `w` go by which units are on. Where its rows don't fill a panel, that wins little.

    Who asks looks for None first, as Numba compiles no branch that the type of a function's argument rules out.
    """
    return len(activity.counts) > 0 and w.shape[1] >= PANEL_COLUMNS


@inlined
def n_forward_tasks(activity, w, out):
    """The tasks into which a layer's way forward is split."""
    if activity is not None and goes_by(activity, w):
        return n_panel_tasks(out)
    return n_product_tasks(out)


@inlined
def forward_task(activity, below, w, b, with_relu, out, task):
    """Task number `task` of a layer's way forward; returns where the rows and columns of its output start and stop."""
    if activity is not None and goes_by(activity, w):
        active_linear_task(activity, below, w, b, with_relu, out, task)
        left = task * PANEL_COLUMNS
        return ZERO, len(out), left, min(left + PANEL_COLUMNS, out.shape[1])
    multiply_add_task(below, w, b, with_relu, out, task)
    start, stop, left = block_of_task(out, task)
    return start, stop, left, min(left + TILE_COLUMNS, out.shape[1])


@inlined
def finish_block(out, start, stop, left, right, activation, dropout, step, layer):
    """The activation, unless that is the ReLU, which the products have, and dropout of a block of hidden units."""
    if activation is not None:
        activate_block(out, start, stop, left, right, activation)
    if dropout.units.threshold > 0:
        drop_block(out, start, stop, left, right, dropout.units, dropout.key, step, layer)


@inlined
def note(worker, board, phase, out, activity):
    """Which units of a layer's output are on, where that is told."""
    if activity is not None:
        note_units(worker, board, phase, out, activity)


@inner_kernel()
def note_units(worker, board, phase, out, activity):
    """`note` for one layer."""
    n_tasks = n_note_tasks(activity)
    task = claim(board, phase, worker, n_tasks, False)
    while task >= 0:
        note_task(out, activity, task)
        task = claim_next(board, phase, worker, n_tasks, False)
    wait_for(board, phase, n_tasks)


@inlined
def differentiate_loss(worker, board, phase, s, n, batches, layers, loss, losses, answers):
    """Loss and answer of each sample of mini-batch number s, and the gradient of the outputs."""
    labels, shares, outputs, doutputs = batches.y[s % 2], batches.shares[s % 2], layers.out[-1][:n], layers.dout[-1][:n]
    start = s * batches.y.shape[1]
    differentiate_outputs(worker, board, phase, outputs, labels, shares, doutputs, loss, losses, answers, start)
    return phase + 1


@inner_kernel()
def differentiate_outputs(worker, board, phase, outputs, labels, shares, doutputs, loss, losses, answers, start):
    """`differentiate_loss` for one mini-batch, whose losses and answers begin at number `start`."""
    n = len(outputs)
    n_tasks = (n + LOSS_ROWS - 1) // LOSS_ROWS
    task = claim(board, phase, worker, n_tasks, False)
    while task >= 0:
        for i in range(task * LOSS_ROWS, min((task + 1) * LOSS_ROWS, n)):
            losses[start + i] = differentiate_sample(outputs, labels, doutputs, i, shares[i], loss, answers)
            answer(outputs, i, loss, answers, start + i)
        task = claim_next(board, phase, worker, n_tasks, False)
    wait_for(board, phase, n_tasks)


@inlined
def backward(worker, board, phase, n, layers, activation, dropout, step):
    """The gradient of each layer's sums, into `layers.dout`, from the last to the first."""
    for i in range(len(layers.w) - 1, 0, -1):
        dout, below, dbelow = layers.dout[i][:n], layers.out[i - 1][:n], layers.dout[i - 1][:n]
        activity = layers.activity[i + 1]
        backward_layer(worker, board, phase, activity, dout, layers.w[i], below, dbelow, activation, dropout, step, i)
        phase += 1
    return phase


@inner_kernel()
def backward_layer(worker, board, phase, activity, dout, w, below, dbelow, activation, dropout, step, layer):
    """The gradient of the sums of hidden layer number `layer`, from 1, that `below` is the output of."""
    n_tasks = n_backward_tasks(activity, w, dbelow)
    task = claim(board, phase, worker, n_tasks, False)
    while task >= 0:
        backward_task(activity, dout, w, below, dbelow, task, activation, dropout, step, layer)
        task = claim_next(board, phase, worker, n_tasks, False)
    wait_for(board, phase, n_tasks)


@inlined
def n_backward_tasks(activity, w, dbelow):
    """The tasks into which a layer's way back is split."""
    if activity is not None and goes_by(activity, w):
        return n_panel_tasks(dbelow)
    return n_transposed_tasks(w)


@inlined
def backward_task(activity, dout, w, below, dbelow, task, activation, dropout, step, layer):
    """Task number `task` of `backward`, to the hidden layer that `below` is the output of.

    The ReLU's gradient stops where `below` is 0, and so dropout's does. Of other activations, 0 is a value like others:
    what was dropped is drawn once more.
    """
    if activity is not None and goes_by(activity, w):
        active_backward_task(activity, dout, w, below, dropout.units.factor, dbelow, task)
        return
    if activation is None:
        multiply_transposed_relu_task(dout, w, below, dropout.units.factor, dbelow, task)
    else:
        multiply_transposed_plain_task(dout, w, dbelow, task)
        n, n_units = below.shape
        left, right = task * TILE_COLUMNS, min((task + 1) * TILE_COLUMNS, n_units)
        undropped = np.float32(1) / dropout.units.factor
        activate_backward_block(below, undropped, dbelow, dbelow, ZERO, n, left, right, activation)
        if dropout.units.threshold > 0:
            drop_block(dbelow, ZERO, n, left, right, dropout.units, dropout.key, step, layer)


@inlined
def coefficients_of_step(optimizer, step, learning_rate, l2, gain):
    """Those of the weights, and those of the biases, which have neither decay nor penalty."""
    return (
        coefficients(optimizer.settings, step, learning_rate, optimizer.weight_decay, l2, gain),
        coefficients(optimizer.settings, step, learning_rate, 0.0, 0.0, gain),
    )


@inlined
def gradient_norm(layers, first):
    """The 2-norm of the gradient of all parameters, when the phases of `update` that measure it are done.

    Each thread adds up the tasks' squares for itself, in the same order. One that comes late may find those of the next
    step there; then no task of this step's update is left, and it does nothing with them.
    """
    total = 0.0
    for i in range(len(layers.w)):
        for task in range(n_update_tasks(layers, first, i)):
            total += layers.squares[i][task]
    return math.sqrt(total)


@inlined
def update(worker, board, phase, slot, n, batches, layers, first, c, only_measure):
    """A step with all parameters; or, if `only_measure`, each task's share of the gradient's squares into
    `layers.squares`. The coefficients `c` are those of weights and those of biases.

    Nobody waits between the layers; the last task of each is its biases.
    """
    n_layers = len(layers.w)
    for i in range(n_layers):
        below = batches.x[slot, :n] if i == 0 else layers.out[i - 1][:n]
        is_sparse, n_tasks, dout = i == 0 and first.is_used, n_update_tasks(layers, first, i), layers.dout[i][:n]
        weights = layers.w[i], layers.w_m[i], layers.w_v[i], layers.narrow_dw[i]
        arrays = weights, (layers.b[i], layers.b_m[i], layers.b_v[i])
        squares = layers.squares[i]
        activity = layers.activity[i]
        update_layer(
            worker,
            board,
            phase + i,
            n_tasks,
            slot,
            is_sparse,
            first,
            activity,
            below,
            dout,
            arrays,
            c,
            only_measure,
            squares,
        )
    for i in range(n_layers):
        wait_for(board, phase + i, n_update_tasks(layers, first, i))
    return phase + n_layers


@inner_kernel()
def update_layer(
    worker, board, phase, n_tasks, slot, is_sparse, first, activity, below, dout, arrays, c, only_measure, squares
):
    """`update` for one layer, with `arrays` of its weights, moments and room for a narrow gradient, and its biases."""
    ((w, m, v, dw), (b, b_m, b_v)), (of_weights, of_biases) = arrays, c
    backwards = is_backwards(slot)
    task = claim(board, phase, worker, n_tasks, backwards)
    while task >= 0:
        if task == n_tasks - 1:
            square = update_biases(dout, b, b_m, b_v, of_biases, only_measure)
        elif is_sparse:
            square = sparse_step_task(first, slot, dout, of_weights, only_measure, task)
        elif len(dw) > 0:
            square = multiply_step_narrow_task(below.T, dout, w, m, v, dw, of_weights, only_measure, task)
        elif activity is not None and goes_by(activity, w):
            square = active_step_task(activity, below, dout, w, m, v, of_weights, only_measure, task)
        else:
            square = multiply_step_task(below.T, dout, w, m, v, of_weights, only_measure, task)
        if only_measure:
            squares[task] = square
        task = claim_next(board, phase, worker, n_tasks, backwards)


@inlined
def n_update_tasks(layers, first, i):
    """The tasks of layer i's update: its weights', and one for its biases."""
    return 1 + (len(first.w) if i == 0 and first.is_used else n_weight_tasks(layers.activity[i], layers.w[i]))


@inlined
def n_weight_tasks(activity, w):
    """The tasks into which the update of a dense layer's weights is split."""
    if activity is not None and goes_by(activity, w):
        return n_step_tasks(w)
    return n_product_tasks(w)


@inlined
def update_biases(dout, b, m, v, c, only_measure):
    """One step of the optimizer on the biases, whose gradient is dout's column sums; none if `only_measure`.

    Returns the sum of their squares."""
    n_rows, n_columns = dout.shape
    squares = splat(0.0)
    for j in range(0, n_columns, LANES):
        mask = first_lanes(n_columns - j)
        total = splat(0.0)
        for i in range(n_rows):
            total = total + load(dout, (i, j), mask)
        squares = squares + total * total
        if not only_measure:
            new = updated(load(b, (j,), mask), total, load(m, (j,), mask), load(v, (j,), mask), c)
            store(b, (j,), new[0], mask)
            store(m, (j,), new[1], mask)
            store(v, (j,), new[2], mask)
    return sum_lanes(squares)
