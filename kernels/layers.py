"""`linear` and `linear_relu`, forward and backward."""

import numba

from .checks import check_arrays
from .jit import kernel
from .products import TILE_COLUMNS, multiply, multiply_transposed
from .simd import LANES, first_lanes, load, splat, step, store


def linear(x, w, b, out):
    """out = x @ w + b, for float32 `x (n_samples, n_in)`, `w (n_in, n_out)`, `b (n_out,)`."""
    _check_layer("linear", x, w, b, out)
    multiply(x, w, b, False, out)


def linear_relu(x, w, b, out):
    """out = max(x @ w + b, 0); shapes as in `linear`."""
    _check_layer("linear_relu", x, w, b, out)
    multiply(x, w, b, True, out)


def linear_backward(x, w, dout, dw, db, dx):
    """Gradients of `linear`: dw = x^T @ dout, db = column sums of dout, dx = dout @ w^T; `dx` may be None."""
    n_in, n_out = w.shape
    check_arrays(
        "linear_backward",
        ("w", w, (n_in, n_out)),
        ("x", x, (len(x), n_in)),
        ("dout", dout, (len(x), n_out)),
        ("dw", dw, (n_in, n_out)),
        ("db", db, (n_out,)),
    )
    multiply(x.T, dout, None, False, dw)
    _sum_columns(dout, db)
    if dx is not None:
        check_arrays("linear_backward", ("dx", dx, x.shape))
        multiply_transposed(dout, w, dx)


def linear_relu_backward(x, w, out, dout, dz, dw, db, dx):
    """Gradients of `linear_relu`, which returned `out`: dz = dout where out > 0 else 0, then as `linear_backward`.

    `dz` may be the same array as `dout`.
    """
    shape = (len(x), w.shape[1])
    check_arrays("linear_relu_backward", ("out", out, shape), ("dout", dout, shape), ("dz", dz, shape))
    _relu_backward(out.reshape(-1), dout.reshape(-1), dz.reshape(-1))
    linear_backward(x, w, dz, dw, db, dx)


def _check_layer(name, x, w, b, out):
    n_samples, n_in = x.shape
    n_out = len(b)
    check_arrays(
        name,
        ("x", x, (n_samples, n_in)),
        ("w", w, (n_in, n_out)),
        ("b", b, (n_out,)),
        ("out", out, (n_samples, n_out)),
    )


@kernel()
def _relu_backward(out, dout, dz):
    n = len(out)
    for i in range(0, n, LANES):
        mask = first_lanes(n - i)
        # A product, not a choice: NaN stays NaN where the unit is off.
        store(dz, (i,), load(dout, (i,), mask) * step(load(out, (i,), mask)), mask)


@kernel(parallel=True)
def _sum_columns(matrix, sums):
    n_rows, n_columns = matrix.shape
    for task in numba.prange((n_columns + TILE_COLUMNS - 1) // TILE_COLUMNS):
        for j in range(task * TILE_COLUMNS, min((task + 1) * TILE_COLUMNS, n_columns), LANES):
            mask = first_lanes(n_columns - j)
            total = splat(0.0)
            for i in range(n_rows):
                total = total + load(matrix, (i, j), mask)
            store(sums, (j,), total, mask)
