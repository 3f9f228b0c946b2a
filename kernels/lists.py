"""A mini-batch without its zeros: for each group of neighbouring features, the samples that hold something, and what.

Groups instead of single features give every load from the cache GROUP multiplications to feed (see `sparse`); pixels
that are neighbours are zero together, so few of those multiply by zero.
"""

from typing import NamedTuple

import numpy as np
from numba.core import types

from .arrays import aligned_zeros
from .jit import chosen, inlined, inner_kernel
from .rows import prefetch_row
from .simd import BITS, LANES, lowest_bit, nonzero_bits, words_with
from .sparse_rows import SparseRows

GROUP = 4 if LANES == 16 else 2  # with four vectors of weights for each of its features, a group fits the registers
GROUP_BITS = (1 << GROUP) - 1
RUN = BITS // GROUP  # groups that are looked at together
MOST_TASKS = 8  # that make the lists of one mini-batch


class Lists(NamedTuple):
    """Room for the lists of two mini-batches. That of a group has `counts[slot, group]` entries, from number
    `starts[slot, group]` on: the sample `members[slot, entry]` holds `values[slot, entry]`, GROUP numbers. `words` are
    scratch memory, a row for each task."""

    counts: np.ndarray
    starts: np.ndarray
    members: np.ndarray
    values: np.ndarray
    words: np.ndarray


def new_lists(n_groups: int, n_entries: int) -> Lists:
    """Lists for mini-batches of up to so many entries; none with 0 groups."""
    return Lists(
        counts=np.zeros((2, n_groups), np.int64),
        starts=np.zeros((2, n_groups), np.int64),
        members=np.zeros((2, n_entries), np.int32),
        values=aligned_zeros((2, n_entries, GROUP)),
        words=aligned_zeros((MOST_TASKS, BITS), np.uint64),
    )


def most_entries(images: np.ndarray | SparseRows, rows: np.ndarray, batch_size: int) -> int:
    """Entries for which lists of consecutive mini-batches of the images at `rows` need room."""
    if isinstance(images, SparseRows):
        lengths = images.starts[rows + 1] - images.starts[rows]
        return int(np.add.reduceat(lengths, np.arange(0, len(rows), batch_size)).max())
    return count_groups(images.shape[1]) * min(len(rows), batch_size)


def count_groups(n_features: int) -> int:
    """Groups that hold `n_features`."""
    return -(-n_features // GROUP)


def group_density(images: np.ndarray | SparseRows) -> float:
    """The share of (group, sample) pairs that hold something."""
    n_samples, n_features = images.shape
    if not n_samples:
        return 0.0
    if isinstance(images, SparseRows):
        samples = np.repeat(np.arange(n_samples), np.diff(images.starts))
        filled = images.values != 0
        pairs = samples[filled] * count_groups(n_features) + images.features[filled] // GROUP
        return len(np.unique(pairs)) / (n_samples * count_groups(n_features))
    return float(np.add.reduceat(images != 0, range(0, n_features, GROUP), axis=1).astype(bool).mean())


@inlined
def groups_of_task(n_groups):
    """Groups whose lists one task makes: whole runs of BITS features."""
    return (n_groups + RUN * MOST_TASKS - 1) // (RUN * MOST_TASKS) * RUN


@inlined
def n_list_tasks(lists):
    """The tasks into which the making of the lists is split."""
    n_groups = lists.counts.shape[1]
    size = groups_of_task(n_groups)
    return (n_groups + size - 1) // size


@inner_kernel()
def list_task(images, rows, later_rows, scale, lists, slot, task):
    """The lists of some groups, of the mini-batch with the samples at `rows`, scaled; fetches those at `later_rows`."""
    n_groups = lists.counts.shape[1]
    size, n_tasks = groups_of_task(n_groups), n_list_tasks(lists)
    start, stop = task * size, min((task + 1) * size, n_groups)
    lists.counts[slot, start:stop] = 0
    list_groups(images, rows, scale, lists, slot, lists.words[task], start, stop)
    for i in range(task * len(later_rows) // n_tasks, (task + 1) * len(later_rows) // n_tasks):
        prefetch_row(images, later_rows[i])


# ---- Dense rows -----------------------------------------------------------------------------------------------------
# BITS samples and BITS features at a time: one word a sample says which features are not 0; then one word a group, made
# of those, says which samples are in its list. Each list has room for all samples.


@inlined
def _list_dense_groups(images, rows, scale, lists, slot, words, start, stop):
    counts, starts, members, values = lists.counts[slot], lists.starts[slot], lists.members[slot], lists.values[slot]
    for g in range(start, stop):
        starts[g] = g * len(rows)
    for first in range(0, len(rows), BITS):
        n = min(BITS, len(rows) - first)
        for j in range(start * GROUP, min(stop * GROUP, images.shape[1]), BITS):
            for i in range(n):
                words[i] = bits_of_run(images, rows[first + i], j)
            for i in range(n, BITS):
                words[i] = 0
            for g in range(j // GROUP, min(j // GROUP + RUN, stop)):
                in_group = words_with(words, (0,), GROUP_BITS << (g * GROUP - j))
                list_members(images, rows, scale, counts, starts, members, values, g, first, in_group)


@inlined
def bits_of_run(array, row, j):
    """Which of BITS features from j on are not 0, where a row may end before."""
    n_left = array.shape[1] - j
    if n_left >= BITS:
        return nonzero_bits(array, (row, j))
    bits = 0
    for k in range(n_left):
        bits |= int(array[row, j + k] != 0) << k
    return bits


@inlined
def list_members(images, rows, scale, counts, starts, members, values, g, first, in_group):
    """Append the samples of `in_group`, a bit each from number `first` on, to the list of group g."""
    j, n_features = g * GROUP, images.shape[1]
    t = np.uintp(starts[g] + counts[g])  # indices without a sign, as Numba looks whether others are negative
    while in_group != 0:
        i = np.uintp(first + lowest_bit(in_group))
        in_group &= in_group - 1
        members[t] = i
        row = np.uintp(rows[i])
        if j + GROUP <= n_features:
            for q in range(GROUP):
                values[t, np.uintp(q)] = scale * np.float32(images[row, np.uintp(j + q)])
        else:
            for q in range(GROUP):
                values[t, q] = scale * np.float32(images[row, j + q]) if j + q < n_features else np.float32(0)
        t += np.uintp(1)
    counts[g] = np.intp(t) - starts[g]


# ---- Sparse rows ----------------------------------------------------------------------------------------------------
# Counted first, then listed close together: there may be many groups, of which most hold something in a few samples.


@inlined
def _list_sparse_groups(images, rows, scale, lists, slot, words, start, stop):
    counts, starts, members, values = lists.counts[slot], lists.starts[slot], lists.members[slot], lists.values[slot]
    entry = 0  # the first of this task: what comes before in these rows is listed by others, and needs no more room
    for i in range(len(rows)):
        end = images.starts[rows[i] + 1]
        k = find_feature(images, images.starts[rows[i]], end, start * GROUP)
        entry += k - images.starts[rows[i]]
        last = -1
        while k < end and images.features[k] < stop * GROUP:
            g = images.features[k] // GROUP
            counts[g] += g != last
            last = g
            k += 1
    for g in range(start, stop):
        starts[g] = entry
        entry += counts[g]
        counts[g] = 0
    for i in range(len(rows)):
        end = images.starts[rows[i] + 1]
        k = find_feature(images, images.starts[rows[i]], end, start * GROUP)
        last, t = -1, 0
        while k < end and images.features[k] < stop * GROUP:
            g, q = images.features[k] // GROUP, images.features[k] % GROUP
            if g != last:
                t = starts[g] + counts[g]
                counts[g] += 1
                members[t] = i
                for r in range(GROUP):
                    values[t, r] = 0
                last = g
            values[t, q] = scale * np.float32(images.values[k])
            k += 1


@inlined
def find_feature(images, low, high, feature):
    """Where in low..high the features of a row reach `feature`."""
    while low < high:
        middle = (low + high) // 2
        if images.features[middle] < feature:
            low = middle + 1
        else:
            high = middle
    return low


# ---- Rows of either kind: Numba chooses by type ---------------------------------------------------------------------


def list_groups(images, rows, scale, lists, slot, words, start, stop):
    """Fill the lists of groups start..stop, which are empty."""
    fill = _list_sparse_groups if isinstance(images, SparseRows) else _list_dense_groups
    fill(images, rows, scale, lists, slot, words, start, stop)


@chosen(list_groups)
def _list_groups(images, *_others):
    return _list_dense_groups if isinstance(images, types.Array) else _list_sparse_groups
