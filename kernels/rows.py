"""What kernels do with rows of features, dense or without their zeros: Numba chooses by type."""

import numpy as np
from numba.core import types

from .jit import chosen, inlined
from .simd import prefetch
from .sparse_rows import SparseRows

LINE = 64  # bytes of a cache line


@inlined
def _prefetch_dense_row(images, row):
    for j in range(0, images.shape[1], LINE // images.itemsize):
        prefetch(images, (row, j))


@inlined
def _prefetch_sparse_row(images, row):
    start, stop = images.starts[row], images.starts[row + 1]
    for k in range(start, stop, LINE // images.features.itemsize):
        prefetch(images.features, (k,))
    for k in range(start, stop, LINE // images.values.itemsize):
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


@chosen(prefetch_row)
def _prefetch_row(images, *_others):
    return _prefetch_dense_row if isinstance(images, types.Array) else _prefetch_sparse_row


@chosen(gather_row)
def _gather_row(images, *_others):
    return _gather_dense_row if isinstance(images, types.Array) else _gather_sparse_row
