"""Matrix products from one register tile, which goes on from its registers: to a bias and ReLU, or to the optimizer.

The three matrix products of a layer are sums of outer products, `tile += column of A x row of B`: forward (A = x,
B = w), gradient of the weights (A = x transposed, B = dout) and of the input (A = dout, B = w transposed).
`accumulate` is that sum, with the tile in registers: a step over k loads a few vectors of B, broadcasts one number
of A for each row of the tile, multiplies and adds. Rows of B are read in order, so nothing needs packing but the
transposed w. Threads share out tiles of the result, never a sum, so the bits don't depend on their number.
"""

import numba
import numpy as np

from .arrays import aligned_zeros
from .choices import CHOICES
from .jit import inlined, inner_kernel, kernel
from .optimizers import update_range, updated
from .simd import LANES, broadcast, first_lanes, load, relu, splat, step, store, sum_lanes
from .tiles import scratch, tile, transpose

# Accumulators, a row of B and a broadcast number must fit the vector registers: 32 where they hold 16 lanes, else 16.
TILE_ROWS = 8 if LANES == 16 else 4
TILE_VECTORS = 2
TILE_COLUMNS = TILE_VECTORS * LANES
RUN = 4  # steps over k whose addresses are computed at once, in units that could multiply and add meanwhile
PACKS_STRIPS = CHOICES.strips == "packed"
# A task computes this many rows of a result, TILE_COLUMNS wide; twice as many where a strip is packed for them.
TASK_ROWS = (8 if PACKS_STRIPS else 4) * TILE_ROWS
LEAST_PACKED_ROWS = 4 * TILE_ROWS  # for which packing a strip is worth it
STRIP_DEPTH = 8 * LANES  # rows of b that are packed at a time, into the L1 cache
PANEL_DEPTH = 4 * LANES  # rows of w^T that are transposed at a time, into the L1 cache
# For plain numbers, Numba would compile what is called with them once more.
SQUARE_ROWS, FIRST_ROW = np.int64(LANES), np.int64(0)


# ---- The tile -------------------------------------------------------------------------------------------------------
# `n_left` is the number of columns from the tile's first to the end of the matrix, or None where the whole tile fits:
# Numba compiles each function below once with masks and once without.


@inlined
def accumulate(a, i, k_start, b, j, depth, n_left, acc):
    """acc += a[i : i + rows, k_start : k_start + depth] @ b[:depth, j : j + columns]."""
    stop_run = depth // RUN * RUN
    for k in range(0, stop_run, RUN):
        for step_of_run in range(RUN):
            add_outer(a, i, k_start, b, j, k + step_of_run, n_left, acc)
    for k in range(stop_run, depth):
        add_outer(a, i, k_start, b, j, k, n_left, acc)


@inlined
def add_outer(a, i, k_start, b, j, k, n_left, acc):
    """acc += a[i : i + rows, k_start + k] x b[k, j : j + columns]."""
    rows, vectors, _ = acc.shape
    for r in range(rows):
        a_rk = broadcast(a, (i + r, k_start + k))
        for v in range(vectors):
            acc[r, v] = acc[r, v] + a_rk * load(b, (k, j + v * LANES), first_lanes(n_left, v))


@inlined
def load_tile(matrix, i, j, n_left, acc):
    """acc = matrix[i : i + rows, j : j + columns]."""
    rows, vectors, _ = acc.shape
    for r in range(rows):
        for v in range(vectors):
            acc[r, v] = load(matrix, (i + r, j + v * LANES), first_lanes(n_left, v))


@inlined
def store_tile(acc, matrix, i, j, n_left):
    """matrix[i : i + rows, j : j + columns] = acc."""
    rows, vectors, _ = acc.shape
    for r in range(rows):
        for v in range(vectors):
            store(matrix, (i + r, j + v * LANES), acc[r, v], first_lanes(n_left, v))


# ---- What becomes of a finished tile --------------------------------------------------------------------------------
# Functions of (tile, i, j, n_left, target), given to the products below; `target` is a tuple of what they need.


@inlined
def store_product(acc, i, j, n_left, target):
    """out = acc."""
    (out,) = target
    store_tile(acc, out, i, j, n_left)


@inlined
def store_linear(acc, i, j, n_left, target):
    """out = acc + b, then max(out, 0) if `with_relu`."""
    b, with_relu, out = target
    rows, vectors, _ = acc.shape
    for k in range(vectors):
        bias = load(b, (j + k * LANES,), first_lanes(n_left, k))
        for r in range(rows):
            acc[r, k] = acc[r, k] + bias
    if with_relu:
        for k in range(vectors):
            for r in range(rows):
                acc[r, k] = relu(acc[r, k])
    store_tile(acc, out, i, j, n_left)


@inlined
def store_gated(acc, i, j, n_left, target):
    """out = factor * acc where hidden > 0, else 0."""
    hidden, factor, out = target
    rows, vectors, _ = acc.shape
    for r in range(rows):
        for k in range(vectors):
            index, mask = (i + r, j + k * LANES), first_lanes(n_left, k)
            store(out, index, acc[r, k] * (splat(factor) * step(load(hidden, index, mask))), mask)


@inlined
def step_weights(acc, i, j, n_left, target):
    """One step of the optimizer on the weights whose gradient is acc, which is never stored; or only its squares are
    added to `total`, lane by lane."""
    w, m, v, c, only_measure, total = target
    rows, vectors, _ = acc.shape
    if only_measure:
        add_squares(acc, total)
        return
    for r in range(rows):
        for k in range(vectors):
            index, mask = (i + r, j + k * LANES), first_lanes(n_left, k)
            new = updated(load(w, index, mask), acc[r, k], load(m, index, mask), load(v, index, mask), c)
            store(w, index, new[0], mask)
            store(m, index, new[1], mask)
            store(v, index, new[2], mask)


@inlined
def add_squares(acc, total):
    """total += the squares of acc, lane by lane."""
    rows, vectors, _ = acc.shape
    for r in range(rows):
        for k in range(vectors):
            total[0, 0] = total[0, 0] + acc[r, k] * acc[r, k]


# ---- a @ b ----------------------------------------------------------------------------------------------------------


@inlined
def multiply_tile(a, b, i, j, n_left, acc, finish, target):
    """One tile of a @ b, in `acc`, which is 0 at first."""
    accumulate(a, i, 0, b, j, b.shape[0], n_left, acc)
    finish(acc, i, j, n_left, target)


@inlined
def multiply_rows(a, b, start, stop, j, n_left, vectors, finish, target):
    """The tiles of a @ b in rows start..stop, `vectors` wide from column j on: as tall as fit, then single rows."""
    stop_tall = start + (stop - start) // TILE_ROWS * TILE_ROWS
    for i in range(start, stop_tall, TILE_ROWS):
        multiply_tile(a, b, i, j, n_left, tile(TILE_ROWS, vectors), finish, target)
    for i in range(stop_tall, stop):
        multiply_tile(a, b, i, j, n_left, tile(1, vectors), finish, target)


@inlined
def n_row_tasks(out):
    """The tasks that share columns of a product of that shape; they follow one another."""
    return (len(out) + TASK_ROWS - 1) // TASK_ROWS


@inlined
def n_product_tasks(out):
    """The tasks into which a product of that shape is split."""
    return n_row_tasks(out) * ((out.shape[1] + TILE_COLUMNS - 1) // TILE_COLUMNS)


@inlined
def block_of_task(out, task):
    """The first row, the row after the last, and the first column of a task; its columns are TILE_COLUMNS or the rest.

    Neighbouring tasks share columns, so that those of b stay in the thread's cache.
    """
    row_tasks = n_row_tasks(out)
    start = task % row_tasks * TASK_ROWS
    return start, min(start + TASK_ROWS, out.shape[0]), task // row_tasks * TILE_COLUMNS


@inlined
def multiply_task(a, b, out, task, finish, target):
    """Task number `task` of a @ b, which is as large as `out`."""
    n_columns = out.shape[1]
    start, stop, j = block_of_task(out, task)
    if j + TILE_COLUMNS <= n_columns:
        multiply_rows(a, b, start, stop, j, None, TILE_VECTORS, finish, target)
    else:
        for k in range(j, n_columns, LANES):
            multiply_rows(a, b, start, stop, k, n_columns - k, 1, finish, target)


@kernel(parallel=True)
def multiply(a, b, out):
    """out = a @ b; `a` may be a transposed view."""
    for task in numba.prange(n_product_tasks(out)):
        multiply_task(a, b, out, task, store_product, (out,))


@kernel(parallel=True)
def multiply_add(a, w, b, with_relu, out):
    """out = a @ w + b, then max(out, 0) if `with_relu`."""
    for task in numba.prange(n_product_tasks(out)):
        multiply_add_task(a, w, b, with_relu, out, task)


@inner_kernel()
def multiply_add_task(a, w, b, with_relu, out, task):
    """Task number `task` of `multiply_add`."""
    start, stop, j = block_of_task(out, task)
    if PACKS_STRIPS and stop - start >= LEAST_PACKED_ROWS and j + TILE_COLUMNS <= out.shape[1]:
        multiply_add_packed(a, w, b, with_relu, out, start, stop, j)
    else:
        multiply_task(a, w, out, task, store_linear, (b, with_relu, out))


@inner_kernel()
def multiply_step_task(a, b, w, m, v, c, only_measure, task):
    """Task number `task` of one step of the optimizer on `w`, with the gradient a @ b; or, if `only_measure`, no step.

    Returns the sum of the squares of the gradient if that is all there is to do, else 0.
    """
    total = tile(1, 1)
    multiply_task(a, b, w, task, step_weights, (w, m, v, c, only_measure, total))
    return sum_lanes(total[0, 0])


@inner_kernel()
def multiply_step_narrow_task(a, b, w, m, v, dw, c, only_measure, task):
    """As `multiply_step_task`, for a `w` whose rows don't fill a vector: its gradient is stored, in `dw`.

    Its rows are neighbours in memory, and the optimizer goes over them as over one.
    """
    n_columns = w.shape[1]
    first, last, j = block_of_task(w, task)
    multiply_rows(a, b, first, last, j, n_columns, 1, store_product, (dw,))
    start, stop = first * n_columns, last * n_columns
    if only_measure:
        return sum_squares(dw, start, stop)
    update_range(w, dw, m, v, start, stop, c)
    return np.float32(0)


@inlined
def sum_squares(numbers, start, stop):
    """The sum of the squares of the numbers start..stop of an array, counted through."""
    total = splat(0.0)
    for i in range(start, stop, LANES):
        vector = load(numbers, (i,), first_lanes(stop - i))
        total = total + vector * vector
    return sum_lanes(total)


def narrow_gradient(w):
    """Room for the gradient of `w` where it is narrow, else empty."""
    return aligned_zeros(w.shape if w.shape[1] <= LANES else (0, w.shape[1]))


def room_for_squares(w):
    """A number for each task of an update of `w`, and one for its biases."""
    n_rows, n_columns = w.shape
    return np.zeros(-(-n_rows // TASK_ROWS) * -(-n_columns // TILE_COLUMNS) + 1)


# ---- a @ b + bias, from packed strips -------------------------------------------------------------------------------
# A tile reads TILE_COLUMNS columns of w. Where its rows are 2 KiB apart, those fall on a few sets of the L1 cache, and
# come from the L2 cache again for each tile; so they are packed, some rows at a time, for all the tiles of a task.


@inner_kernel()
def multiply_add_packed(a, w, b, with_relu, out, start, stop, j):
    """Rows start..stop of TILE_COLUMNS columns of `multiply_add`, from column j on."""
    n_inner = w.shape[0]
    panel = scratch(STRIP_DEPTH, TILE_VECTORS)
    for k_start in range(0, n_inner, STRIP_DEPTH):
        depth = min(STRIP_DEPTH, n_inner - k_start)
        copy_panel(w, j, k_start, depth, None, panel)
        is_last = k_start + depth == n_inner
        add_rows(a, k_start, panel, depth, is_last, out, start, stop, j, None, store_linear, (b, with_relu, out))


@inlined
def copy_panel(b, j, k_start, depth, n_left, panel):
    """panel[k, c] = b[k_start + k, j + c], and 0 where b ends, for as many columns as it has and k up to `depth`."""
    _, vectors, _ = panel.shape
    for k in range(depth):
        for v in range(vectors):
            panel[k, v] = load(b, (k_start + k, j + v * LANES), first_lanes(n_left, v))


# ---- a @ b^T --------------------------------------------------------------------------------------------------------


@inlined
def transpose_panel(w, j, k_start, depth, panel):
    """panel[k, c] = w[j + c, k_start + k], and 0 where w ends, for as many columns as it has and k up to `depth`."""
    n_rows, n_columns = w.shape
    _, vectors, _ = panel.shape
    for v in range(vectors):
        row = j + v * LANES
        for k in range(0, depth, LANES):
            mask = first_lanes(n_columns - k_start - k)
            if row + LANES <= n_rows:  # rows of a number that is known are transposed in registers
                transpose_square(w, row, k_start + k, SQUARE_ROWS, mask, panel, k, v)
            else:
                transpose_square(w, row, k_start + k, n_rows - row, mask, panel, k, v)


@inlined
def transpose_square(w, row, column, n_rows, mask, panel, k, v):
    """Column v of the panel, from row k on: up to LANES rows of w from `row` on, as columns."""
    square = tile(LANES, 1)
    for r in range(n_rows):
        square[r, 0] = load(w, (row + r, column), mask)
    transpose(square)
    for r in range(LANES):
        panel[k + r, v] = square[r, 0]


@inlined
def add_tile(a, k_start, panel, depth, is_last, out, i, j, n_left, acc, finish, target):
    """Go on with one tile of a product: out is the sum so far, from 0 to k_start; the last addition finishes it."""
    if k_start > 0:
        load_tile(out, i, j, n_left, acc)
    accumulate(a, i, k_start, panel, 0, depth, n_left, acc)
    if is_last:
        finish(acc, i, j, n_left, target)
    else:
        store_tile(acc, out, i, j, n_left)


@inlined
def add_rows(a, k_start, panel, depth, is_last, out, start, stop, j, n_left, finish, target):
    """Go on with the tiles of a product in rows start..stop, for one panel: as tall as fit, then single rows."""
    stop_tall = start + (stop - start) // TILE_ROWS * TILE_ROWS
    for i in range(start, stop_tall, TILE_ROWS):
        acc = tile(TILE_ROWS, TILE_VECTORS)
        add_tile(a, k_start, panel, depth, is_last, out, i, j, n_left, acc, finish, target)
    for i in range(stop_tall, stop):
        acc = tile(1, TILE_VECTORS)
        add_tile(a, k_start, panel, depth, is_last, out, i, j, n_left, acc, finish, target)


@inlined
def n_transposed_tasks(w):
    """The tasks into which a product with w^T is split."""
    return (w.shape[0] + TILE_COLUMNS - 1) // TILE_COLUMNS


@inlined
def multiply_transposed_task(a, w, out, task, finish, target):
    """Task number `task` of a @ w^T: TILE_COLUMNS columns of it."""
    n_columns, n_inner = w.shape
    j = task * TILE_COLUMNS
    panel, n_rows = scratch(PANEL_DEPTH, TILE_VECTORS), out.shape[0]
    for k_start in range(0, n_inner, PANEL_DEPTH):
        depth = min(PANEL_DEPTH, n_inner - k_start)
        transpose_panel(w, j, k_start, depth, panel)
        is_last = k_start + depth == n_inner
        if j + TILE_COLUMNS <= n_columns:
            add_rows(a, k_start, panel, depth, is_last, out, FIRST_ROW, n_rows, j, None, finish, target)
        else:
            add_rows(a, k_start, panel, depth, is_last, out, FIRST_ROW, n_rows, j, n_columns - j, finish, target)


@kernel(parallel=True)
def multiply_transposed(a, w, out):
    """out = a @ w^T."""
    for task in numba.prange(n_transposed_tasks(w)):
        multiply_transposed_task(a, w, out, task, store_product, (out,))


@inner_kernel()
def multiply_transposed_relu_task(a, w, hidden, factor, out, task):
    """Task number `task` of out = factor * a @ w^T where hidden > 0, else 0: back through the ReLU that made `hidden`,
    and through dropout with that factor."""
    multiply_transposed_task(a, w, out, task, store_gated, (hidden, factor, out))


@inner_kernel()
def multiply_transposed_plain_task(a, w, out, task):
    """Task number `task` of out = a @ w^T."""
    multiply_transposed_task(a, w, out, task, store_product, (out,))
