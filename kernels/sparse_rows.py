"""Rows of features without their zeros. Importing this needs NumPy alone."""

from typing import NamedTuple

import numpy as np


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
