"""Layers whose input is mostly zeros: only the pairs of (feature group, sample) that hold something are visited.

A batch comes with lists: for each group of GROUP neighbouring features, the samples in which any of them is not zero.
Both products of the layer walk the same lists, for one panel of PANEL_COLUMNS columns at a time:

    forward    out[sample] += x[sample, group] @ w[group]       w[group] stays in registers, out in the L1 cache
    gradient   dw[group]   += x[sample, group]^T @ dz[sample]   dw[group] stays in registers, dz in the L1 cache

and the gradient goes from its registers straight into Adam, so it is never stored. Groups instead of single features
give every load from the cache GROUP multiplications to feed; pixels that are neighbours are zero together, so few of
those multiply by zero. Weights are packed by panels: `(n_panels, n_features, PANEL_COLUMNS)`, padded with zeros.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .arrays import aligned_zeros
from .jit import inlined, kernel
from .optimizers import adam_update
from .simd import LANES, broadcast, first_lanes, load, relu, store
from .tiles import tile

PANEL_VECTORS = 4
PANEL_COLUMNS = PANEL_VECTORS * LANES
GROUP = 4 if LANES == 16 else 2  # GROUP x PANEL_VECTORS vectors must fit the registers
TASK_GROUPS = 32  # groups whose lists one task makes


def n_groups(n_features: int) -> int:
    """Groups that hold `n_features`."""
    return -(-n_features // GROUP)


class SparseLayer(NamedTuple):
    """Weights and moments in panels, the lists of a batch, and scratch memory; empty where it is not used."""

    is_used: bool
    w: np.ndarray
    w_m: np.ndarray
    w_v: np.ndarray
    members: np.ndarray
    counts: np.ndarray
    scratch: np.ndarray


def sparse_layer(is_used: bool, n_features: int, n_columns: int, batch_size: int) -> SparseLayer:
    """Memory for a layer of that size, all zeros."""
    if not is_used:
        n_features = n_columns = batch_size = 0
    n_in, n_panels = n_groups(n_features) * GROUP, -(-n_columns // PANEL_COLUMNS)
    w, w_m, w_v = (aligned_zeros((n_panels, n_in, PANEL_COLUMNS)) for _ in range(3))
    return SparseLayer(
        is_used,
        w,
        w_m,
        w_v,
        members=np.zeros((n_groups(n_features), batch_size), np.int32),
        counts=np.zeros(n_groups(n_features), np.int64),
        scratch=aligned_zeros((n_panels, batch_size, PANEL_COLUMNS)),
    )


def group_density(images: np.ndarray) -> float:
    """The share of (group, sample) pairs that hold something."""
    return float(np.add.reduceat(images != 0, range(0, images.shape[1], GROUP), axis=1).astype(bool).mean())


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
def n_list_tasks(first):
    """The tasks into which the making of the lists is split."""
    return (len(first.counts) + TASK_GROUPS - 1) // TASK_GROUPS


@kernel()
def list_groups_task(x, first, task):
    """Make the lists of TASK_GROUPS groups: members[g, : counts[g]] are the samples in which group g holds something.

    `x` holds a whole number of groups: features that are not there are 0.
    """
    members, counts = first.members, first.counts
    start, stop = task * TASK_GROUPS, min((task + 1) * TASK_GROUPS, len(counts))
    for g in range(start, stop):
        counts[g] = 0
    for i in range(len(x)):
        for g in range(start, stop):
            magnitude = np.float32(0)
            for q in range(GROUP):
                magnitude += abs(x[i, g * GROUP + q])
            members[g, counts[g]] = i
            counts[g] += magnitude != 0  # without a branch: what was written stays only if the group holds something


@inlined
def add_group(x, members, count, g, panels, p, sums):
    """sums[p, sample] += x[sample, group] @ w[group], for the samples in the list of group g."""
    w = tile(GROUP, PANEL_VECTORS)
    for q in range(GROUP):
        for v in range(PANEL_VECTORS):
            w[q, v] = load(panels, (p, g * GROUP + q, v * LANES))
    for t in range(count):
        i = np.intp(members[g, t])
        acc = tile(1, PANEL_VECTORS)
        for v in range(PANEL_VECTORS):
            acc[0, v] = load(sums, (p, i, v * LANES))
        for q in range(GROUP):
            x_iq = broadcast(x, (i, g * GROUP + q))
            for v in range(PANEL_VECTORS):
                acc[0, v] = acc[0, v] + x_iq * w[q, v]
        for v in range(PANEL_VECTORS):
            store(sums, (p, i, v * LANES), acc[0, v])


@kernel()
def sparse_linear_task(x, first, b, with_relu, out, p):
    """Panel p of out = x @ w + b, then max(out, 0) if `with_relu`, for x with its lists."""
    sums = first.scratch
    n_samples, n_columns = out.shape
    start = p * PANEL_COLUMNS
    for i in range(n_samples):
        for v in range(PANEL_VECTORS):
            mask = first_lanes(n_columns - start, v)
            store(sums, (p, i, v * LANES), load(b, (start + v * LANES,), mask))
    for g in range(len(first.counts)):
        add_group(x, first.members, first.counts[g], g, first.w, p, sums)
    for i in range(n_samples):
        for v in range(PANEL_VECTORS):
            result = load(sums, (p, i, v * LANES))
            if with_relu:
                result = relu(result)
            store(out, (i, start + v * LANES), result, first_lanes(n_columns - start, v))


@inlined
def update_group(x, members, count, g, dz, p, panels, m, v, c):
    """Sum the gradient of w[group] over its samples, in registers, and take Adam's step with it."""
    acc = tile(GROUP, PANEL_VECTORS)
    for t in range(count):
        i = np.intp(members[g, t])
        for q in range(GROUP):
            x_iq = broadcast(x, (i, g * GROUP + q))
            for k in range(PANEL_VECTORS):
                acc[q, k] = acc[q, k] + x_iq * load(dz, (p, i, k * LANES))
    for q in range(GROUP):
        for k in range(PANEL_VECTORS):
            index = (p, g * GROUP + q, k * LANES)
            new = adam_update(load(panels, index), acc[q, k], load(m, index), load(v, index), c)
            store(panels, index, new[0])
            store(m, index, new[1])
            store(v, index, new[2])


@kernel()
def sparse_adam_task(x, first, dz, c, p):
    """Panel p of one step of Adam on w, with the gradient x^T @ dz for x with its lists."""
    packed = first.scratch
    n_samples, n_columns = dz.shape
    start = p * PANEL_COLUMNS
    for i in range(n_samples):
        for k in range(PANEL_VECTORS):
            mask = first_lanes(n_columns - start, k)
            store(packed, (p, i, k * LANES), load(dz, (i, start + k * LANES), mask))
    for g in range(len(first.counts)):
        update_group(x, first.members, first.counts[g], g, packed, p, first.w, first.w_m, first.w_v, c)
