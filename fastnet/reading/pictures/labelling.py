"""Connected parts of a mask, from the runs of its rows: a few passes over arrays, whatever the mask looks like."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Runs:
    """Horizontal runs of true pixels, row by row: pixels `start` to `stop - 1` of row `row`; `label` is its part."""

    row: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    label: np.ndarray  # from 0, in the order in which the parts begin


def label_runs(mask: np.ndarray) -> Runs:
    """Label the parts of a mask that hang together, also over corners."""
    row, start, stop = runs_of(mask)
    return Runs(row, start, stop, components(len(row), *_neighbours(row, start, stop, mask.shape[1])))


def runs_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, first column and the column after the last of each horizontal run, row by row."""
    height, width = mask.shape
    padded = np.zeros((height, width + 2), bool)
    padded[:, 1:-1] = mask
    flat = padded.ravel()
    rows, columns = np.divmod(np.flatnonzero(flat[1:] != flat[:-1]), width + 2)
    return rows[::2], columns[::2], columns[1::2]


def _neighbours(row: np.ndarray, start: np.ndarray, stop: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of runs that touch, one row apart, as two arrays of run numbers."""
    stride = width + 2
    firsts = np.searchsorted(row * stride + stop, (row - 1) * stride + start)  # first run above that ends at or after
    lasts = np.searchsorted(row * stride + start, (row - 1) * stride + stop, side="right")
    counts = np.maximum(lasts - firsts, 0)
    below = np.repeat(np.arange(len(row)), counts)
    above = np.arange(len(below)) - np.repeat(counts.cumsum() - counts, counts) + firsts[below]
    return below, above


def components(n: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Number the connected components of `n` nodes with edges (a, b): each takes its least neighbour until none can."""
    root = np.arange(n)
    while True:
        low = np.minimum(root[a], root[b])
        new = root.copy()
        np.minimum.at(new, root[a], low)
        np.minimum.at(new, root[b], low)
        while not np.array_equal(new, jumped := new[new]):
            new = jumped
        if np.array_equal(new, root):
            return np.unique(root, return_inverse=True)[1]
        root = new
