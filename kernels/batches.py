"""From the data set to a mini-batch: choose rows, scale pixels, convert to float32, in one pass."""

from typing import NamedTuple

import numba
import numpy as np
from numba.core import types
from numba.core.extending import overload

from .checks import check_axes, check_labels, check_outputs
from .jit import inlined, kernel
from .simd import prefetch

TASK_ROWS = 8
LINE = 64  # bytes of a cache line


class SparseRows(NamedTuple):
    """Rows of features without their zeros, known as CSR.

    Row i holds `values[starts[i] : starts[i + 1]]`, uint8 or float32, of the `features` at the same places, int32,
    which ascend; `starts` are int64.
    """

    starts: np.ndarray
    features: np.ndarray
    values: np.ndarray
    n_features: int

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, features), as of the array that it stands for."""
        return len(self.starts) - 1, self.n_features

    @property
    def dtype(self) -> np.dtype:
        """The type of the values."""
        return self.values.dtype


def gather_batch(images, labels, rows, scale, x, y):
    """x = scale * images[rows], y = labels[rows]; IndexError for a row that is not there.

    `images (n, n_features)` are uint8 or float32, or such `SparseRows`, and `x (len(rows), n_features)` float32; the
    others are integers.
    """
    n_images, n_features = _checked_shape(images)
    check_outputs("gather_batch", ("x", x, (len(rows), n_features)))
    for name, array, n in (("labels", labels, n_images), ("rows", rows, len(rows)), ("y", y, len(rows))):
        check_labels("gather_batch", name, array, n)
    if not y.flags.writeable:
        raise ValueError("gather_batch: y must be writable")
    if not 0 <= rows.min() <= rows.max() < n_images:
        raise IndexError(f"gather_batch: a row is outside 0..{n_images - 1}")
    _gather_batch(images, labels, rows, np.float32(scale), x, y)


def _checked_shape(images):
    """The shape of `images`; ValueError where they are not as the kernel needs them."""
    arrays = images[:3] if isinstance(images, SparseRows) else (images,)
    for array, n_axes in zip(arrays, (1, 1, 1) if len(arrays) == 3 else (2,), strict=True):
        check_axes("gather_batch", "images", array, n_axes)
        if not array.flags.c_contiguous:
            raise ValueError("gather_batch: images must be in C order")
    if images.dtype not in (np.uint8, np.float32):
        raise ValueError(f"gather_batch: images must be uint8 or float32 in C order, not {images.dtype}")
    return images.shape


@kernel(parallel=True)
def _gather_batch(images, labels, rows, scale, x, y):
    for task in numba.prange(n_gather_tasks(len(rows))):
        gather_task(images, rows, scale, x, task)
        gather_labels_task(labels, rows, y, task)


@inlined
def n_gather_tasks(n_rows):
    """The tasks into which a batch is split."""
    return (n_rows + TASK_ROWS - 1) // TASK_ROWS


@kernel()
def gather_task(images, rows, scale, x, task):
    """TASK_ROWS rows of the `x` of `gather_batch`; columns of x beyond the features are left as they are."""
    start, stop = task * TASK_ROWS, min((task + 1) * TASK_ROWS, len(rows))
    for i in range(start, stop):  # rows lie far apart in memory: fetch them all at once
        prefetch_row(images, rows[i])
    for i in range(start, stop):
        gather_row(images, rows[i], scale, x, i)


@inlined
def gather_labels_task(labels, rows, y, task):
    """TASK_ROWS rows of the `y` of `gather_batch`."""
    for i in range(task * TASK_ROWS, min((task + 1) * TASK_ROWS, len(rows))):
        y[i] = labels[rows[i]]


# ---- Rows of either kind: Numba chooses by type ---------------------------------------------------------------------


@inlined
def _prefetch_dense_row(images, row):
    for j in range(0, images.shape[1], LINE // images.itemsize):
        prefetch(images, (row, j))


@inlined
def _prefetch_sparse_row(images, row):
    for k in range(images.starts[row], images.starts[row + 1], LINE // images.values.itemsize):
        prefetch(images.values, (k,))


@inlined
def _gather_dense_row(images, row, scale, x, i):
    for j in range(images.shape[1]):
        x[i, j] = scale * np.float32(images[row, j])


@inlined
def _gather_sparse_row(images, row, scale, x, i):
    for j in range(images.n_features):
        x[i, j] = 0
    for k in range(images.starts[row], images.starts[row + 1]):
        x[i, images.features[k]] = scale * np.float32(images.values[k])


def prefetch_row(images, row):
    """Ask for a row, to be in the cache when it is read."""


def gather_row(images, row, scale, x, i):
    """x[i] = scale * images[row]."""
    gather = _gather_sparse_row if isinstance(images, SparseRows) else _gather_dense_row
    gather(images, row, scale, x, i)


@overload(prefetch_row)
def _overload_prefetch_row(images, row):
    prefetch = _prefetch_dense_row if isinstance(images, types.Array) else _prefetch_sparse_row
    return lambda images, row: prefetch(images, row)


@overload(gather_row)
def _overload_gather_row(images, row, scale, x, i):
    gather = _gather_dense_row if isinstance(images, types.Array) else _gather_sparse_row
    return lambda images, row, scale, x, i: gather(images, row, scale, x, i)
