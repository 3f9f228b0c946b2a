"""Rows of features, dense or without their zeros, and what kernels do with either kind."""

from typing import NamedTuple

import numpy as np
from numba.core import types
from numba.core.extending import overload

from .jit import inlined
from .simd import prefetch

LINE = 64  # bytes of a cache line


class SparseRows(NamedTuple):
    """Rows of features without their zeros, known as CSR.

    Row i holds `values[starts[i] : starts[i + 1]]`, uint8 or float32, of the `features` at the same places, int32,
    which ascend; `starts` are int64. It is a tuple of these, so that kernels can take it: its length says nothing.
    """

    starts: np.ndarray
    features: np.ndarray
    values: np.ndarray
    n_features: int

    @classmethod
    def from_dense(cls, images: np.ndarray) -> "SparseRows":
        """Those of an array `(n_rows, n_features)`."""
        rows, features = np.nonzero(images)
        starts = np.searchsorted(rows, np.arange(len(images) + 1))
        return cls(starts, features.astype(np.int32), images[rows, features], images.shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, features), as of the array that it stands for."""
        return len(self.starts) - 1, self.n_features

    @property
    def dtype(self) -> np.dtype:
        """The type of the values."""
        return self.values.dtype

    def take(self, rows: np.ndarray) -> "SparseRows":
        """Those at `rows`, copied."""
        lengths = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(starts[-1]) + np.repeat(self.starts[:-1][rows] - starts[:-1], lengths)
        return SparseRows(starts, self.features[places], self.values[places], self.n_features)

    def dense(self) -> np.ndarray:
        """The array that it stands for."""
        array = np.zeros(self.shape, self.dtype)
        array[np.repeat(np.arange(len(array)), np.diff(self.starts)), self.features] = self.values
        return array


# ---- In kernels: Numba chooses by type ------------------------------------------------------------------------------


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


@overload(prefetch_row)
def _overload_prefetch_row(images, row):
    prefetch = _prefetch_dense_row if isinstance(images, types.Array) else _prefetch_sparse_row
    return lambda images, row: prefetch(images, row)


@overload(gather_row)
def _overload_gather_row(images, row, scale, x, i):
    gather = _gather_dense_row if isinstance(images, types.Array) else _gather_sparse_row
    return lambda images, row, scale, x, i: gather(images, row, scale, x, i)
