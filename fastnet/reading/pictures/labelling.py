"""Connected parts of a mask, from the runs of its rows: a few passes over arrays, whatever the mask looks like."""

from dataclasses import dataclass

import numpy as np

from .borders import padded


@dataclass(frozen=True)
class Runs:
    """Horizontal runs of true pixels, row by row: pixels `start` to `stop - 1` of row `row`; `label` is its part."""

    row: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    label: np.ndarray  # from 0, in the order in which the parts begin

    @property
    def length(self) -> np.ndarray:
        """Pixels of each run."""
        length: np.ndarray = self.stop - self.start
        return length

    @property
    def n_parts(self) -> int:
        """How many parts there are."""
        return int(self.label.max()) + 1 if len(self.label) else 0

    @property
    def area(self) -> np.ndarray:
        """Pixels of each part."""
        return np.bincount(self.label, self.length, self.n_parts).astype(int)

    @property
    def box(self) -> np.ndarray:
        """`(n_parts, 4)`: x0, y0, x1 and y1 of each part; the last two are one past it."""
        box = np.full((self.n_parts, 4), np.iinfo(np.int64).max)
        for column, values in enumerate((self.start, self.row, -self.stop, -self.row - 1)):
            np.minimum.at(box[:, column], self.label, values)
        box[:, 2:] *= -1
        return box

    @property
    def label_of_pixels(self) -> np.ndarray:
        """The part of each pixel of the mask that was labelled, row by row."""
        return np.repeat(self.label, self.length)

    def drawn(self, mask: np.ndarray) -> np.ndarray:
        """The part of each pixel, int32, of the mask that was labelled; -1 where it is not set."""
        labels = np.full(mask.shape, -1, np.int32)
        labels[mask] = self.label_of_pixels
        return labels


def label_runs(mask: np.ndarray) -> Runs:
    """Label the parts of a mask that hang together, also over corners."""
    row, start, stop = runs_of(mask)
    return Runs(row, start, stop, components(len(row), *_neighbours(row, start, stop, mask.shape[1])))


def runs_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, first column and the column after the last of each horizontal run of a mask, row by row."""
    flat = padded(mask, 1, axis=1).ravel()
    rows, columns = np.divmod(np.flatnonzero(flat[1:] != flat[:-1]), mask.shape[1] + 2)
    return rows[::2], columns[::2], columns[1::2]


def long_runs(mask: np.ndarray, least: float, gap: int) -> np.ndarray:
    """The runs of a mask's rows, gaps of up to so many pixels closed, that are no shorter than `least`."""
    row, start, stop = runs_of(mask)
    is_first = np.ones(len(row), bool)
    is_first[1:] = (row[1:] != row[:-1]) | (start[1:] - stop[:-1] > gap)
    first = np.flatnonzero(is_first)
    last = np.append(first[1:], len(row))[: len(first)] - 1  # none where there are no runs
    row, start, stop = row[first], start[first], stop[last]
    keep = np.zeros_like(mask)
    for at in np.flatnonzero(stop - start >= least):
        keep[row[at], start[at] : stop[at]] = True
    return keep


def places_in(start: np.ndarray, length: np.ndarray) -> np.ndarray:
    """The places start, start + 1, ... of each of some runs, one after the other."""
    places: np.ndarray = np.arange(length.sum()) - np.repeat(length.cumsum() - length - start, length)
    return places


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
    """The number, from 0, of the connected component of each of `n` nodes with edges (a, b).

    Each takes its least neighbour until none can.
    """
    root = np.arange(n)
    while True:
        low = np.minimum(root[a], root[b])
        new = root.copy()
        np.minimum.at(new, root[a], low)
        np.minimum.at(new, root[b], low)
        while not np.array_equal(new, jumped := new[new]):
            new = jumped
        if np.array_equal(new, root):
            numbers: np.ndarray = ((new == np.arange(n)).cumsum() - 1)[new]  # roots in their order
            return numbers
        root = new
