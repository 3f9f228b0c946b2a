"""From the data set to a mini-batch: choose rows, scale pixels, convert to float32, in one pass."""

import numpy as np

from .checks import check_arrays, check_labels
from .jit import kernel


def gather_batch(images, labels, rows, scale, x, y):
    """x = scale * images[rows], y = labels[rows]; IndexError for a row that is not there.

    `images (n, n_features)` are uint8 or float32 and `x (len(rows), n_features)` float32; the others are integers.
    """
    n_rows, n_features = len(rows), images.shape[1]
    check_arrays("gather_batch", ("x", x, (n_rows, n_features)))
    check_labels("gather_batch", labels, len(images))
    check_labels("gather_batch", y, n_rows)
    if n_rows and not 0 <= rows.min() <= rows.max() < len(images):
        raise IndexError(f"gather_batch: a row is outside 0..{len(images) - 1}")
    _gather_batch(images, labels, rows, np.float32(scale), x, y)


@kernel()
def _gather_batch(images, labels, rows, scale, x, y):
    for i in range(len(rows)):
        row = rows[i]
        y[i] = labels[row]
        for j in range(images.shape[1]):
            x[i, j] = scale * np.float32(images[row, j])
