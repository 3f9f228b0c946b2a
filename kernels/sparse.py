"""Layers whose input is mostly zeros: only the pairs of (feature group, sample) that hold something are visited.

Both products of the layer walk the lists of the mini-batch (see `lists`), for one panel of PANEL_COLUMNS columns at a
time:

    forward    out[sample] += x[sample, group] @ w[group]       w[group] stays in registers, out in the L1 cache
    gradient   dw[group]   += x[sample, group]^T @ dz[sample]   dw[group] stays in registers, dz in the L1 cache

and the gradient goes from its registers straight into the optimizer, so it is never stored. Weights are packed by
panels: `(n_panels, n_features, PANEL_COLUMNS)`, padded with zeros.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .arrays import aligned_zeros
from .jit import inlined, inner_kernel
from .lists import GROUP, Lists, count_groups, new_lists
from .optimizers import updated
from .products import add_squares
from .simd import LANES, broadcast, first_lanes, load, relu, store, sum_lanes
from .tiles import tile

PANEL_VECTORS = 4
PANEL_COLUMNS = PANEL_VECTORS * LANES


class SparseLayer(NamedTuple):
    """Weights and moments in panels, the lists of mini-batches, and scratch memory; empty where it is not used.

    Panels and the room of lists are made when they are needed, as they may be large. SGD has no `w_v`."""

    is_used: bool
    w: np.ndarray
    w_m: np.ndarray
    w_v: np.ndarray | None
    lists: Lists
    scratch: np.ndarray


def sparse_layer(is_used: bool, n_features: int, n_columns: int, batch_size: int, has_v: bool = True) -> SparseLayer:
    """A layer of that size, without panels or room in its lists."""
    if not is_used:
        n_features = n_columns = batch_size = 0
    w, w_m, w_v = no_panels(), no_panels(), no_panels() if has_v else None
    scratch = aligned_zeros((count_panels(n_columns), batch_size, PANEL_COLUMNS))
    return SparseLayer(is_used, w, w_m, w_v, new_lists(count_groups(n_features), 0), scratch)


def count_panels(n_columns: int) -> int:
    """Panels that hold `n_columns`."""
    return -(-n_columns // PANEL_COLUMNS)


def no_panels() -> np.ndarray:
    """What stands for panels where there are none."""
    return aligned_zeros((0, 0, PANEL_COLUMNS))


def packed(matrix: np.ndarray) -> np.ndarray:
    """The panels of a matrix `(n_features, n_columns)`."""
    n_features, n_columns = matrix.shape
    panels = aligned_zeros((count_panels(n_columns), count_groups(n_features) * GROUP, PANEL_COLUMNS))
    for columns, panel in _columns_and_panels(matrix, panels):
        panel[:] = columns
    return panels


def unpack(panels: np.ndarray, matrix: np.ndarray) -> None:
    """Copy panels into the matrix that they are of."""
    for columns, panel in _columns_and_panels(matrix, panels):
        columns[:] = panel


def _columns_and_panels(matrix: np.ndarray, panels: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Views of the columns of each panel, in the matrix and, without padding, in the panel."""
    for number, panel in enumerate(panels):
        columns = matrix[:, number * PANEL_COLUMNS : (number + 1) * PANEL_COLUMNS]
        yield columns, panel[: len(matrix), : columns.shape[1]]


@inlined
def add_group(lists, slot, g, panels, p, sums):
    """sums[p, sample] += x[sample, group] @ w[group], for the samples in the list of group g."""
    w = tile(GROUP, PANEL_VECTORS)
    for q in range(GROUP):
        for v in range(PANEL_VECTORS):
            w[q, v] = load(panels, (p, g * GROUP + q, v * LANES))
    start = lists.starts[slot, g]
    # Indices without a sign, here and in the gradient: Numba looks whether others are negative, for each entry.
    for t in range(np.uintp(start), np.uintp(start + lists.counts[slot, g])):
        i = np.uintp(lists.members[slot, t])
        acc = tile(1, PANEL_VECTORS)
        for v in range(PANEL_VECTORS):
            acc[0, v] = load(sums, (p, i, v * LANES))
        for q in range(GROUP):
            x_iq = broadcast(lists.values, (slot, t, q))
            for v in range(PANEL_VECTORS):
                acc[0, v] = acc[0, v] + x_iq * w[q, v]
        for v in range(PANEL_VECTORS):
            store(sums, (p, i, v * LANES), acc[0, v])


@inner_kernel()
def sparse_linear_task(layer, slot, b, with_relu, out, p):
    """Panel p of out = x @ w + b, then max(out, 0) if `with_relu`, for the x whose lists are in `slot`."""
    sums = layer.scratch
    n_samples, n_columns = out.shape
    start = p * PANEL_COLUMNS
    for i in range(n_samples):
        for v in range(PANEL_VECTORS):
            mask = first_lanes(n_columns - start, v)
            store(sums, (p, i, v * LANES), load(b, (start + v * LANES,), mask))
    for g in range(layer.lists.counts.shape[1]):
        add_group(layer.lists, slot, g, layer.w, p, sums)
    for i in range(n_samples):
        for v in range(PANEL_VECTORS):
            result = load(sums, (p, i, v * LANES))
            if with_relu:
                result = relu(result)
            store(out, (i, start + v * LANES), result, first_lanes(n_columns - start, v))


@inlined
def update_group(lists, slot, g, dz, p, w, m, v, c, only_measure, total):
    """Sum the gradient of w[group] over its samples, in registers, and take a step with it; or only add its
    squares to `total`, lane by lane."""
    acc = tile(GROUP, PANEL_VECTORS)
    start = lists.starts[slot, g]
    for t in range(np.uintp(start), np.uintp(start + lists.counts[slot, g])):
        i = np.uintp(lists.members[slot, t])
        for q in range(GROUP):
            x_iq = broadcast(lists.values, (slot, t, q))
            for k in range(PANEL_VECTORS):
                acc[q, k] = acc[q, k] + x_iq * load(dz, (p, i, k * LANES))

    if only_measure:
        add_squares(acc, total)
        return
    for q in range(GROUP):
        for k in range(PANEL_VECTORS):
            index = (p, g * GROUP + q, k * LANES)
            new = updated(load(w, index), acc[q, k], load(m, index), load(v, index), c)
            store(w, index, new[0])
            store(m, index, new[1])
            store(v, index, new[2])


@inner_kernel()
def sparse_step_task(layer, slot, dz, c, only_measure, p):
    """Panel p of one step of the optimizer on w, with the gradient x^T @ dz for the x whose lists are in `slot`; or, if
    `only_measure`, no step.

    Returns the sum of the squares of the gradient if that is all there is to do, else 0.
    """
    packed, total = layer.scratch, tile(1, 1)
    n_samples, n_columns = dz.shape
    start = p * PANEL_COLUMNS
    for i in range(n_samples):
        for k in range(PANEL_VECTORS):
            mask = first_lanes(n_columns - start, k)
            store(packed, (p, i, k * LANES), load(dz, (i, start + k * LANES), mask))
    for g in range(layer.lists.counts.shape[1]):
        update_group(layer.lists, slot, g, packed, p, layer.w, layer.w_m, layer.w_v, c, only_measure, total)
    return sum_lanes(total[0, 0])
