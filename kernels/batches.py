"""From the data set to a mini-batch: choose rows, scale pixels, convert to float32, in one pass."""

import numba
import numpy as np

from .checks import check_arrays, check_axes, check_inputs, check_labels, check_outputs, check_sparse_rows
from .jit import inlined, inner_kernel, kernel
from .rows import gather_row, prefetch_row
from .sparse_rows import SparseRows

TASK_ROWS = 8


def gather_batch(images, labels, rows, scale, x, y):
    """x = scale * images[rows], y = labels[rows]; IndexError for a row that is not there.

    `images (n, n_features)` are uint8 or float32, or such `SparseRows`, and `x (len(rows), n_features)` float32. Rows
    are integers; so are labels and y, or both are float32, `(n, n_outputs)` and `(len(rows), n_outputs)`.
    """
    check_arrays("gather_batch", rows=rows, labels=labels)
    n_images, n_features = _checked_shape(images)
    check_outputs("gather_batch", ("x", x, (len(rows), n_features)))
    check_labels("gather_batch", "rows", rows, len(rows))
    _check_labels_and_y(labels, y, n_images, len(rows))
    if not 0 <= rows.min() <= rows.max() < n_images:
        raise IndexError(f"gather_batch: a row is outside 0..{n_images - 1}")
    if isinstance(images, SparseRows):
        check_sparse_rows("gather_batch", images, rows)
    _gather_batch(images, labels, rows, np.float32(scale), x, y)


def _checked_shape(images):
    """The shape of `images`; ValueError where they are not as the kernel needs them."""
    arrays = (images.starts, images.features, images.values) if isinstance(images, SparseRows) else (images,)
    for array in arrays:
        check_axes("gather_batch", "images", array, 2 if len(arrays) == 1 else 1)
    if images.dtype not in (np.uint8, np.float32) or not all(array.flags.c_contiguous for array in arrays):
        raise ValueError(f"gather_batch: images must be uint8 or float32 in C order, not {images.dtype}")
    return images.shape


def _check_labels_and_y(labels, y, n_images, n_rows):
    """ValueError unless both are classes, or both are targets."""
    if labels.ndim == 2:
        check_inputs("gather_batch", ("labels", labels, (n_images, labels.shape[1])))
        check_outputs("gather_batch", ("y", y, (n_rows, labels.shape[1])))
        return
    check_labels("gather_batch", "labels", labels, n_images)
    check_labels("gather_batch", "y", y, n_rows)
    if not y.flags.writeable:
        raise ValueError("gather_batch: y must be writable")


@kernel(parallel=True)
def _gather_batch(images, labels, rows, scale, x, y):
    for task in numba.prange(n_gather_tasks(len(rows))):
        gather_task(images, rows, scale, x, task)
    gather_labels(labels, rows, y)


@inlined
def n_gather_tasks(n_rows):
    """The tasks into which a batch is split."""
    return (n_rows + TASK_ROWS - 1) // TASK_ROWS


@inner_kernel()
def gather_task(images, rows, scale, x, task):
    """TASK_ROWS rows of the `x` of `gather_batch`."""
    start, stop = task * TASK_ROWS, min((task + 1) * TASK_ROWS, len(rows))
    for i in range(start, stop):  # rows lie far apart in memory: fetch them all at once
        prefetch_row(images, rows[i])
    for i in range(start, stop):
        gather_row(images, rows[i], scale, x, i)


@inlined
def gather_labels(labels, rows, y):
    """The `y` of `gather_batch`: too little for tasks."""
    for i in range(len(rows)):
        if y.ndim == 1:
            y[i] = labels[rows[i]]
        else:
            for j in range(y.shape[1]):
                y[i, j] = labels[rows[i], j]
