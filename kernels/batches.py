"""From the data set to a mini-batch: choose rows, scale pixels, convert to float32, in one pass."""

import numba
import numpy as np

from .checks import check_axes, check_labels, check_outputs
from .jit import inlined, kernel
from .simd import prefetch

TASK_ROWS = 8
LINE = 64  # pixels of a byte in a cache line


def gather_batch(images, labels, rows, scale, x, y):
    """x = scale * images[rows], y = labels[rows]; IndexError for a row that is not there.

    `images (n, n_features)` are uint8 or float32 and `x (len(rows), n_features)` float32; the others are integers.
    """
    check_axes("gather_batch", "images", images, 2)
    if images.dtype not in (np.uint8, np.float32) or not images.flags.c_contiguous:
        raise ValueError(f"gather_batch: images must be uint8 or float32 in C order, not {images.dtype}")
    check_outputs("gather_batch", ("x", x, (len(rows), images.shape[1])))
    for name, array, n in (("labels", labels, len(images)), ("rows", rows, len(rows)), ("y", y, len(rows))):
        check_labels("gather_batch", name, array, n)
    if not y.flags.writeable:
        raise ValueError("gather_batch: y must be writable")
    if not 0 <= rows.min() <= rows.max() < len(images):
        raise IndexError(f"gather_batch: a row is outside 0..{len(images) - 1}")
    _gather_batch(images, labels, rows, np.float32(scale), x, y)


@kernel(parallel=True)
def _gather_batch(images, labels, rows, scale, x, y):
    for task in numba.prange(n_gather_tasks(len(rows))):
        gather_task(images, labels, rows, scale, x, y, task)


@inlined
def n_gather_tasks(n_rows):
    """The tasks into which a batch is split."""
    return (n_rows + TASK_ROWS - 1) // TASK_ROWS


@kernel()
def gather_task(images, labels, rows, scale, x, y, task):
    """TASK_ROWS rows of `gather_batch`."""
    n_features = images.shape[1]
    start, stop = task * TASK_ROWS, min((task + 1) * TASK_ROWS, len(rows))
    for i in range(start, stop):  # rows lie far apart in memory: fetch them all at once
        for j in range(0, n_features, LINE):
            prefetch(images, (rows[i], j))
    for i in range(start, stop):
        row = rows[i]
        y[i] = labels[row]
        for j in range(n_features):
            x[i, j] = scale * np.float32(images[row, j])
