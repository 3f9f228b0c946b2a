"""Layers next to a hidden layer of ReLUs: most of its outputs are 0, and only those that are not are visited.

When a hidden layer's output is there, it is noted which units are on for which samples, a bit each (`Activity`). The
products on either side of it walk these bits, for one panel of PANEL_COLUMNS columns at a time:

    forward    out[sample]    += x[sample, unit] * w[unit]       out stays in registers, w in the L1 cache
    gradient   dw[unit]       += x[sample, unit] * dz[sample]    dw stays in registers, dz in the L1 cache
    back       dbelow[sample] += dz[sample, unit] * w[:, unit]   dbelow stays in registers, w in the L1 cache

where dz, too, is 0 for units that are off: no gradient goes through them. As long as all numbers are finite, what is
left out would add 0, and sums have the order that they have in `products`, so that results are the same to the bit.
Where many units are on, it is the tiles of `products` that compute a panel.
"""

from typing import NamedTuple

import numpy as np

from .arrays import aligned_zeros
from .choices import CHOICES
from .jit import inlined, inner_kernel
from .lists import bits_of_run
from .products import (
    TASK_ROWS,
    TILE_COLUMNS,
    copy_panel,
    load_tile,
    multiply_add_task,
    multiply_step_task,
    multiply_transposed_relu_task,
    n_product_tasks,
    n_row_tasks,
    n_transposed_tasks,
    step_weights,
    store_gated,
    store_linear,
    store_tile,
    transpose_panel,
)
from .simd import BITS, LANES, bits_at, broadcast, count_bits, load, lowest_bit, prefetch, sum_lanes, words_with
from .sparse import PANEL_COLUMNS, PANEL_VECTORS
from .tiles import scratch, tile

MOST_ACTIVE = CHOICES.most_active
LEAST_WEIGHTS = 2**16  # between two hidden layers, from which skipping is worth its price
MOST_SAMPLES = 256  # of a mini-batch whose gradient is summed so: their panel is to stay near the L1 cache
BLOCK_ROWS = 8 * TASK_ROWS  # units whose weights one task steps on
PANEL_TILES = PANEL_COLUMNS // TILE_COLUMNS
AHEAD = 2  # units between the one whose gradient is summed and the one whose weights and moments are asked for


class Activity(NamedTuple):
    """Which units of a hidden layer are on, for which samples of a mini-batch; empty where that is not noted.

    A bit for each of BITS units, `of_samples (n_runs, n_samples)`, and a bit for each of BITS samples,
    `of_units (n_units, n_words)`; how many are on in each run of units, `counts (n_runs,)`."""

    of_samples: np.ndarray
    of_units: np.ndarray
    counts: np.ndarray


def new_activity(n_units: int, n_samples: int) -> Activity:
    """Room for a layer of that size, and mini-batches of up to so many samples; none with 0 units."""
    n_runs, n_words = -(-n_units // BITS), -(-n_samples // BITS)
    return Activity(
        of_samples=aligned_zeros((n_runs, n_words * BITS), np.uint64),
        of_units=aligned_zeros((n_units, n_words), np.uint64),
        counts=np.zeros(n_runs, np.int64),
    )


@inlined
def n_note_tasks(activity):
    """The tasks into which the noting of a layer is split."""
    return len(activity.counts)


@inner_kernel()
def note_task(out, activity, task):
    """Note which of BITS units are on, from the layer's output."""
    n_samples, n_units = out.shape
    n_on, first_unit = 0, task * BITS
    for first in range(0, n_samples, BITS):
        n = min(BITS, n_samples - first)
        for i in range(first, first + n):
            activity.of_samples[task, i] = bits_of_run(out, i, first_unit)
        for i in range(first + n, first + BITS):
            activity.of_samples[task, i] = 0
        for unit in range(first_unit, min(first_unit + BITS, n_units)):
            word = words_with(activity.of_samples, (task, first), 1 << (unit - first_unit))
            activity.of_units[unit, first // BITS] = word
            n_on += count_bits(word)
    activity.counts[task] = n_on


@inlined
def mostly_off(activity, n_samples):
    """Whether so few units are on that skipping the others is worth it."""
    n_on = 0
    for run in range(len(activity.counts)):
        n_on += activity.counts[run]
    return n_on <= MOST_ACTIVE * n_samples * len(activity.of_units)


# ---- Forward and back ----------------------------------------------------------------------------------------------
# `n_left` is as in `products`: None where a whole panel fits.


@inlined
def add_run(activity, run, a, panel, out, j, n_left):
    """out[:, j:] += a[:, units of the run] @ panel, where `a` is 0 for what is off; the first run begins the sum."""
    for i in range(len(out)):
        acc = tile(1, PANEL_VECTORS)
        if run > 0:
            load_tile(out, i, j, n_left, acc)
        bits = bits_at(activity.of_samples, (run, i))
        while bits != 0:
            unit = lowest_bit(bits)
            bits &= bits - 1
            a_ik = broadcast(a, (i, run * BITS + unit))
            for v in range(PANEL_VECTORS):
                acc[0, v] = acc[0, v] + a_ik * load(panel, (unit, v * LANES))
        store_tile(acc, out, i, j, n_left)


@inlined
def finish_panel(out, j, n_left, finish, target):
    """Go on with the columns of a panel, whose sums are in `out`."""
    for i in range(len(out)):
        acc = tile(1, PANEL_VECTORS)
        load_tile(out, i, j, n_left, acc)
        finish(acc, i, j, n_left, target)


@inlined
def n_panel_tasks(out):
    """The tasks into which a product of that shape is split."""
    return (out.shape[1] + PANEL_COLUMNS - 1) // PANEL_COLUMNS


@inner_kernel()
def active_linear_task(activity, x, w, b, with_relu, out, p):
    """Panel p of out = x @ w + b, then max(out, 0) if `with_relu`."""
    n_left = out.shape[1] - p * PANEL_COLUMNS
    if not mostly_off(activity, len(x)):
        per_panel = PANEL_TILES * n_row_tasks(out)
        for task in range(p * per_panel, min((p + 1) * per_panel, n_product_tasks(out))):
            multiply_add_task(x, w, b, with_relu, out, task)
    elif n_left >= PANEL_COLUMNS:
        linear_panel(activity, x, w, b, with_relu, out, p, None)
    else:
        linear_panel(activity, x, w, b, with_relu, out, p, n_left)


@inlined
def linear_panel(activity, x, w, b, with_relu, out, p, n_left):
    """`active_linear_task` for units of which most are off."""
    j, panel = p * PANEL_COLUMNS, scratch(BITS, PANEL_VECTORS)
    for run in range(len(activity.counts)):
        copy_panel(w, j, run * BITS, min(BITS, len(w) - run * BITS), n_left, panel)
        add_run(activity, run, x, panel, out, j, n_left)
    finish_panel(out, j, n_left, store_linear, (b, with_relu, out))


@inner_kernel()
def active_backward_task(activity, dout, w, hidden, factor, dbelow, p):
    """Panel p of dbelow = factor * dout @ w^T where hidden > 0, else 0; `activity` is that of the layer above."""
    n_left = dbelow.shape[1] - p * PANEL_COLUMNS
    if not mostly_off(activity, len(dout)):
        for task in range(p * PANEL_TILES, min((p + 1) * PANEL_TILES, n_transposed_tasks(w))):
            multiply_transposed_relu_task(dout, w, hidden, factor, dbelow, task)
    elif n_left >= PANEL_COLUMNS:
        backward_panel(activity, dout, w, hidden, factor, dbelow, p, None)
    else:
        backward_panel(activity, dout, w, hidden, factor, dbelow, p, n_left)


@inlined
def backward_panel(activity, dout, w, hidden, factor, dbelow, p, n_left):
    """`active_backward_task` for units of which most are off."""
    j, panel = p * PANEL_COLUMNS, scratch(BITS, PANEL_VECTORS)
    for run in range(len(activity.counts)):
        transpose_panel(w, j, run * BITS, min(BITS, w.shape[1] - run * BITS), panel)
        add_run(activity, run, dout, panel, dbelow, j, n_left)
    finish_panel(dbelow, j, n_left, store_gated, (hidden, factor, dbelow))


# ---- The gradient, and a step with it -------------------------------------------------------------------------------


@inlined
def n_blocks(w):
    """The blocks of units into which the steps on a panel of `w` are split."""
    return (len(w) + BLOCK_ROWS - 1) // BLOCK_ROWS


@inlined
def n_step_tasks(w):
    """The tasks into which a step on weights is split."""
    return n_blocks(w) * n_panel_tasks(w)


@inner_kernel()
def active_step_task(activity, x, dout, w, m, v, c, only_measure, task):
    """Task number `task` of one step of the optimizer on `w`, with the gradient x^T @ dout; or, if `only_measure`, no
    step.

    Returns the sum of the squares of the gradient if that is all there is to do, else 0.
    """
    block, p = task % n_blocks(w), task // n_blocks(w)
    start, stop = block * BLOCK_ROWS, min((block + 1) * BLOCK_ROWS, len(w))
    n_left = w.shape[1] - p * PANEL_COLUMNS
    if len(x) > MOST_SAMPLES or not mostly_off(activity, len(x)):
        return step_tiles(x, dout, w, m, v, c, only_measure, start, stop, p)
    if n_left >= PANEL_COLUMNS:
        return step_panel(activity, x, dout, w, m, v, c, only_measure, start, stop, p, None)
    return step_panel(activity, x, dout, w, m, v, c, only_measure, start, stop, p, n_left)


@inlined
def step_panel(activity, x, dout, w, m, v, c, only_measure, start, stop, p, n_left):
    """`active_step_task` for units of which most are off: those from `start` to `stop`."""
    j, total = p * PANEL_COLUMNS, tile(1, 1)
    panel = scratch(MOST_SAMPLES, PANEL_VECTORS)
    copy_panel(dout, j, 0, len(dout), n_left, panel)
    for unit in range(start, stop):
        if not only_measure:
            prefetch_row(unit + AHEAD, j, w, m, v)
        acc = tile(1, PANEL_VECTORS)
        sum_gradient(activity, unit, x, panel, acc)
        step_weights(acc, unit, j, n_left, (w, m, v, c, only_measure, total))
    return sum_lanes(total[0, 0])


@inlined
def prefetch_row(unit, j, w, m, v):
    """Ask for a panel's row of weights and moments, as rows are pages apart. Beyond the last row that is no fault."""
    for k in range(PANEL_VECTORS):
        index = (unit, j + k * LANES)
        prefetch(w, index)
        prefetch(m, index)
        prefetch(v, index)


@inlined
def sum_gradient(activity, unit, x, panel, acc):
    """acc += x[:, unit]^T @ panel."""
    for word in range((len(x) + BITS - 1) // BITS):
        bits = bits_at(activity.of_units, (unit, word))
        while bits != 0:
            i = word * BITS + lowest_bit(bits)
            bits &= bits - 1
            x_iu = broadcast(x, (i, unit))
            for k in range(PANEL_VECTORS):
                acc[0, k] = acc[0, k] + x_iu * load(panel, (i, k * LANES))


@inlined
def step_tiles(x, dout, w, m, v, c, only_measure, start, stop, p):
    """`active_step_task` by the tiles of `products`, for the units from `start` to `stop`."""
    total, row_tasks = 0.0, n_row_tasks(w)
    for first in range(
        p * PANEL_TILES * row_tasks, min((p + 1) * PANEL_TILES * row_tasks, n_product_tasks(w)), row_tasks
    ):
        for task in range(first + start // TASK_ROWS, first + (stop + TASK_ROWS - 1) // TASK_ROWS):
            total += multiply_step_task(x.T, dout, w, m, v, c, only_measure, task)
    return total
