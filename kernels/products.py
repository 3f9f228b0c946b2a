"""Matrix products from one register tile: `multiply` (with bias and ReLU) and `multiply_transposed`.

The three matrix products of a layer are sums of outer products, `tile += column of A x row of B`: forward (A = x,
B = w), gradient of the weights (A = x transposed, B = dout) and of the input (A = dout, B = w transposed).
`accumulate` is that sum, with the tile in registers: a step over k loads a few vectors of B, broadcasts one number
of A for each row of the tile, multiplies and adds. Rows of B are read in order, so nothing needs packing but the
transposed w. Threads share out tiles of the result, never a sum, so the bits don't depend on their number.
"""

import numba

from .jit import inlined, kernel
from .simd import LANES, broadcast, first_lanes, load, relu, scratch, store, tile, transpose

# Accumulators, a row of B and a broadcast number must fit the vector registers: 32 where they hold 16 lanes, else 16.
TILE_ROWS = 8 if LANES == 16 else 6
TILE_VECTORS = 2
TILE_COLUMNS = TILE_VECTORS * LANES
TASK_ROWS = 4 * TILE_ROWS  # a task computes this many rows of a result, TILE_COLUMNS wide
PANEL_DEPTH = 4 * LANES  # rows of w^T that are transposed at a time, into the L1 cache


# ---- The tile -------------------------------------------------------------------------------------------------------
# `n_left` is the number of columns from the tile's first to the end of the matrix, or None where the whole tile fits:
# Numba compiles each function below once with masks and once without.


@inlined
def accumulate(a, i, k_start, b, j, depth, n_left, acc):
    """acc += a[i : i + rows, k_start : k_start + depth] @ b[:depth, j : j + columns]."""
    rows, vectors, _ = acc.shape
    for k in range(depth):
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


@inlined
def add_bias(b, j, n_left, acc):
    """acc += b[j : j + columns], in each row."""
    rows, vectors, _ = acc.shape
    for v in range(vectors):
        bias = load(b, (j + v * LANES,), first_lanes(n_left, v))
        for r in range(rows):
            acc[r, v] = acc[r, v] + bias


@inlined
def rectify(acc):
    """acc = max(acc, 0)."""
    rows, vectors, _ = acc.shape
    for r in range(rows):
        for v in range(vectors):
            acc[r, v] = relu(acc[r, v])


# ---- a @ b + bias ---------------------------------------------------------------------------------------------------


@inlined
def multiply_tile(a, b, bias, with_relu, out, i, j, n_left, acc):
    """One tile of `multiply`; `acc` comes in as zeros."""
    accumulate(a, i, 0, b, j, b.shape[0], n_left, acc)
    if bias is not None:
        add_bias(bias, j, n_left, acc)
    if with_relu:
        rectify(acc)
    store_tile(acc, out, i, j, n_left)


@inlined
def multiply_rows(a, b, bias, with_relu, out, start, stop, j, n_left):
    """The tiles of `multiply` in rows start..stop, at column j: as tall as fit, then smaller ones."""
    i = start
    while i + TILE_ROWS <= stop:
        multiply_tile(a, b, bias, with_relu, out, i, j, n_left, tile(TILE_ROWS, TILE_VECTORS))
        i += TILE_ROWS
    while i + 2 <= stop:
        multiply_tile(a, b, bias, with_relu, out, i, j, n_left, tile(2, TILE_VECTORS))
        i += 2
    if i < stop:
        multiply_tile(a, b, bias, with_relu, out, i, j, n_left, tile(1, TILE_VECTORS))


@kernel(parallel=True)
def multiply(a, b, bias, with_relu, out):
    """out = a @ b + bias, then max(out, 0) if `with_relu`; `bias` may be None, `a` may be a transposed view."""
    n_rows, n_columns = out.shape
    row_tasks = (n_rows + TASK_ROWS - 1) // TASK_ROWS
    column_tasks = (n_columns + TILE_COLUMNS - 1) // TILE_COLUMNS
    for task in numba.prange(row_tasks * column_tasks):
        # Neighbouring tasks share columns, so that b's stay in the thread's cache.
        j = task // row_tasks * TILE_COLUMNS
        start = task % row_tasks * TASK_ROWS
        stop = min(start + TASK_ROWS, n_rows)
        if j + TILE_COLUMNS <= n_columns:
            multiply_rows(a, b, bias, with_relu, out, start, stop, j, None)
        else:
            multiply_rows(a, b, bias, with_relu, out, start, stop, j, n_columns - j)


# ---- a @ b^T --------------------------------------------------------------------------------------------------------


@inlined
def transpose_panel(w, j, k_start, panel):
    """panel[k, c] = w[j + c, k_start + k], and 0 where w ends, for TILE_COLUMNS x PANEL_DEPTH numbers of w."""
    n_rows, n_columns = w.shape
    for v in range(TILE_VECTORS):
        for k in range(0, PANEL_DEPTH, LANES):
            square = tile(LANES, 1)
            mask = first_lanes(n_columns - k_start - k)
            for r in range(min(LANES, n_rows - j - v * LANES)):
                square[r, 0] = load(w, (j + v * LANES + r, k_start + k), mask)
            transpose(square)
            for r in range(LANES):
                panel[k + r, v] = square[r, 0]


@inlined
def add_tile(a, k_start, panel, depth, out, i, j, n_left, acc):
    """One tile of `multiply_transposed`: out += a[:, k_start : k_start + depth] @ panel, or = where k_start is 0."""
    if k_start > 0:
        load_tile(out, i, j, n_left, acc)
    accumulate(a, i, k_start, panel, 0, depth, n_left, acc)
    store_tile(acc, out, i, j, n_left)


@inlined
def add_rows(a, k_start, panel, depth, out, j, n_left):
    """The tiles of `multiply_transposed` for one panel: as tall as fit, then single rows."""
    i = 0
    while i + TILE_ROWS <= out.shape[0]:
        add_tile(a, k_start, panel, depth, out, i, j, n_left, tile(TILE_ROWS, TILE_VECTORS))
        i += TILE_ROWS
    while i < out.shape[0]:
        add_tile(a, k_start, panel, depth, out, i, j, n_left, tile(1, TILE_VECTORS))
        i += 1


@kernel(parallel=True)
def multiply_transposed(a, w, out):
    """out = a @ w^T."""
    n_columns, n_inner = w.shape
    for task in numba.prange((n_columns + TILE_COLUMNS - 1) // TILE_COLUMNS):
        j = task * TILE_COLUMNS
        panel = scratch(PANEL_DEPTH, TILE_VECTORS)
        for k_start in range(0, n_inner, PANEL_DEPTH):
            transpose_panel(w, j, k_start, panel)
            depth = min(PANEL_DEPTH, n_inner - k_start)
            if j + TILE_COLUMNS <= n_columns:
                add_rows(a, k_start, panel, depth, out, j, None)
            else:
                add_rows(a, k_start, panel, depth, out, j, n_columns - j)
