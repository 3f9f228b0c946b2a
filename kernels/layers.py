"""`linear` and `linear_relu`, forward and backward."""

import numba

from .checks import check_apart, check_arrays, check_axes, check_inputs, check_outputs
from .jit import kernel
from .products import TILE_COLUMNS, multiply, multiply_add, multiply_transposed
from .simd import LANES, first_lanes, load, splat, step, store


def linear(x, w, b, out):
    """out = x @ w + b, for float32 `x (n_samples, n_in)`, `w (n_in, n_out)`, `b (n_out,)`."""
    _check_layer("linear", x, w, b, out)
    multiply_add(x, w, b, False, out)


def linear_relu(x, w, b, out):
    """out = max(x @ w + b, 0); shapes as in `linear`."""
    _check_layer("linear_relu", x, w, b, out)
    multiply_add(x, w, b, True, out)


def linear_backward(x, w, dout, dw, db, dx):
    """Gradients of `linear`: dw = x^T @ dout, db = column sums of dout, dx = dout @ w^T; `dx` may be None."""
    check_axes("linear_backward", "x", x, 2)
    check_axes("linear_backward", "w", w, 2)
    n_samples, (n_in, n_out) = len(x), w.shape
    check_inputs("linear_backward", ("w", w, w.shape), ("x", x, (n_samples, n_in)), ("dout", dout, (n_samples, n_out)))
    check_outputs("linear_backward", ("dw", dw, w.shape), ("db", db, (n_out,)))
    results, inputs = {"dw": dw, "db": db}, {"x": x, "dout": dout}
    if dx is not None:
        check_outputs("linear_backward", ("dx", dx, x.shape))
        results["dx"], inputs["w"] = dx, w
    check_apart("linear_backward", results, inputs)
    multiply(x.T, dout, dw)
    _sum_columns(dout, db)
    if dx is not None:
        multiply_transposed(dout, w, dx)


def linear_relu_backward(x, w, out, dout, dz, dw, db, dx):
    """Gradients of `linear_relu`, which returned `out`: dz = dout where out > 0 else 0, then as `linear_backward`.

    `dz` may be the same array as `dout`.
    """
    check_arrays("linear_relu_backward", out=out)
    check_inputs("linear_relu_backward", ("out", out, out.shape), ("dout", dout, out.shape))
    check_outputs("linear_relu_backward", ("dz", dz, out.shape))
    check_apart("linear_relu_backward", {"dz": dz}, {"x": x, "w": w})
    _relu_backward(out.reshape(-1), dout.reshape(-1), dz.reshape(-1))
    linear_backward(x, w, dz, dw, db, dx)


def _check_layer(name, x, w, b, out):
    check_axes(name, "x", x, 2)
    check_axes(name, "w", w, 2)
    n_samples, (n_in, n_out) = len(x), w.shape
    check_inputs(name, ("x", x, (n_samples, n_in)), ("w", w, w.shape), ("b", b, (n_out,)))
    check_outputs(name, ("out", out, (n_samples, n_out)))
    check_apart(name, {"out": out}, {"x": x, "w": w, "b": b})


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
