"""Layers whose input is mostly zeros: only the pairs of (feature group, sample) that hold something are visited.

Both products of the layer walk the lists of the mini-batch (see `lists`), for one panel of PANEL_COLUMNS columns at a
time:

    forward    out[sample] += x[sample, group] @ w[group]       w[group] stays in registers, out in the L1 cache
    gradient   dw[group]   += x[sample, group]^T @ dz[sample]   dw[group] stays in registers, dz in the L1 cache

and the gradient goes from its registers straight into Adam, so it is never stored. Weights are packed by panels:
`(n_panels, n_features, PANEL_COLUMNS)`, padded with zeros.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .arrays import aligned_zeros
from .jit import inlined, kernel
from .lists import GROUP, Lists, count_groups, new_lists
from .optimizers import adam_update
from .simd import LANES, broadcast, first_lanes, load, relu, splat, store, sum_lanes
from .tiles import tile

PANEL_VECTORS = 4
PANEL_COLUMNS = PANEL_VECTORS * LANES


class SparseLayer(NamedTuple):
    """Weights and moments in panels, the lists of mini-batches, and scratch memory; empty where it is not used."""

    is_used: bool
    w: np.ndarray
    w_m: np.ndarray
    w_v: np.ndarray
    lists: Lists
    scratch: np.ndarray


def sparse_layer(is_used: bool, n_features: int, n_columns: int, batch_size: int) -> SparseLayer:
    """Memory for a layer of that size, all zeros."""
    if not is_used:
        n_features = n_columns = batch_size = 0
    n_groups, n_panels = count_groups(n_features), -(-n_columns // PANEL_COLUMNS)
    w, w_m, w_v = (aligned_zeros((n_panels, n_groups * GROUP, PANEL_COLUMNS)) for _ in range(3))
    scratch = aligned_zeros((n_panels, batch_size, PANEL_COLUMNS))
    return SparseLayer(is_used, w, w_m, w_v, new_lists(n_groups, batch_size), scratch)


def pack(matrix: np.ndarray, panels: np.ndarray) -> None:
    """Copy a matrix `(n_features, n_columns)` into its panels; the padding is left as it is."""
    for columns, panel in _columns_and_panels(matrix, panels):
        panel[:] = columns


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
    for t in range(lists.counts[slot, g]):
        i = np.intp(lists.members[slot, g, t])
        acc = tile(1, PANEL_VECTORS)
        for v in range(PANEL_VECTORS):
            acc[0, v] = load(sums, (p, i, v * LANES))
        for q in range(GROUP):
            x_iq = broadcast(lists.values, (slot, g, t, q))
            for v in range(PANEL_VECTORS):
                acc[0, v] = acc[0, v] + x_iq * w[q, v]
        for v in range(PANEL_VECTORS):
            store(sums, (p, i, v * LANES), acc[0, v])


@kernel()
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
def pack_gradient(dz, p, packed):
    """Copy panel p of dz to where its rows are neighbours."""
    n_samples, n_columns = dz.shape
    start = p * PANEL_COLUMNS
    for i in range(n_samples):
        for k in range(PANEL_VECTORS):
            mask = first_lanes(n_columns - start, k)
            store(packed, (p, i, k * LANES), load(dz, (i, start + k * LANES), mask))


@inlined
def sum_group(lists, slot, g, dz, p, acc):
    """acc += the gradient of w[group] over its samples."""
    for t in range(lists.counts[slot, g]):
        i = np.intp(lists.members[slot, g, t])
        for q in range(GROUP):
            x_iq = broadcast(lists.values, (slot, g, t, q))
            for k in range(PANEL_VECTORS):
                acc[q, k] = acc[q, k] + x_iq * load(dz, (p, i, k * LANES))


@inlined
def update_group(lists, slot, g, dz, p, w, m, v, c):
    """Sum the gradient of w[group], in registers, and take Adam's step with it."""
    acc = tile(GROUP, PANEL_VECTORS)
    sum_group(lists, slot, g, dz, p, acc)
    for q in range(GROUP):
        for k in range(PANEL_VECTORS):
            index = (p, g * GROUP + q, k * LANES)
            new = adam_update(load(w, index), acc[q, k], load(m, index), load(v, index), c)
            store(w, index, new[0])
            store(m, index, new[1])
            store(v, index, new[2])


@kernel()
def sparse_adam_task(layer, slot, dz, c, p):
    """Panel p of one step of Adam on w, with the gradient x^T @ dz for the x whose lists are in `slot`."""
    pack_gradient(dz, p, layer.scratch)
    for g in range(layer.lists.counts.shape[1]):
        update_group(layer.lists, slot, g, layer.scratch, p, layer.w, layer.w_m, layer.w_v, c)


@kernel()
def sparse_squares_task(layer, slot, dz, squares, p):
    """squares[p] = the sum of the squares of panel p of the gradient that `sparse_adam_task` steps with."""
    pack_gradient(dz, p, layer.scratch)
    total = splat(0.0)
    for g in range(layer.lists.counts.shape[1]):
        acc = tile(GROUP, PANEL_VECTORS)
        sum_group(layer.lists, slot, g, layer.scratch, p, acc)
        for q in range(GROUP):
            for k in range(PANEL_VECTORS):
                total = total + acc[q, k] * acc[q, k]
    squares[p] = sum_lanes(total)
