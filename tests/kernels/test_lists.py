"""The lists of a mini-batch hold just what its rows hold, from dense and from sparse rows."""

import numpy as np
import pytest
from numba import config

from fastnet.kernels.jit import kernel
from fastnet.kernels.lists import (
    GROUP,
    RUN,
    count_groups,
    group_density,
    list_task,
    most_entries,
    n_list_tasks,
    new_lists,
)
from fastnet.kernels.simd import BITS
from fastnet.kernels.sparse_rows import SparseRows

WIDE = 2 * BITS if config.DISABLE_JIT else 50 * BITS
FEATURES = [1, GROUP - 1, GROUP, 43, BITS - 1, BITS, BITS + 1, RUN * GROUP + GROUP, 784, WIDE + 3]


def sparse_pixels(rng, n_rows, n_features, dtype):
    """A fifth of the pixels hold something; one row is full and one is empty."""
    pixels = rng.integers(1, 256, (n_rows, n_features)) * (rng.random((n_rows, n_features)) < 0.2)
    pixels[0], pixels[-1] = 255, 0
    return pixels.astype(dtype)


@kernel()
def list_all(images, rows, later_rows, scale, lists, slot):
    """All tasks of a mini-batch: kernels alone call one of them."""
    for task in range(n_list_tasks(lists)):
        list_task(images, rows, later_rows, scale, lists, slot, task)


def listed(images, rows, lists, slot, n_features):
    """The mini-batch that the lists in `slot` stand for, after all tasks; each list must name a sample once."""
    list_all(images, rows, rows[:2], np.float32(0.5), lists, slot)
    x = np.zeros((len(rows), count_groups(n_features) * GROUP), np.float32)
    for g in range(count_groups(n_features)):
        entries = slice(lists.starts[slot, g], lists.starts[slot, g] + lists.counts[slot, g])
        members, values = lists.members[slot, entries], lists.values[slot, entries]
        assert len(set(members)) == len(members)
        x[members, g * GROUP : (g + 1) * GROUP] = values
        assert (values != 0).any(axis=1).all()
    assert (x[:, n_features:] == 0).all()
    return x[:, :n_features]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("kind", ["dense", "sparse"])
@pytest.mark.parametrize("n_features", FEATURES)
@pytest.mark.parametrize("n_samples", [1, 5, BITS, BITS + 1, 2 * BITS + 3])
def test_lists_stand_for_the_rows_of_the_batch(n_samples, n_features, kind, dtype):
    rng = np.random.default_rng(0)
    images = sparse_pixels(rng, 30, n_features, dtype)
    given = images if kind == "dense" else SparseRows.from_dense(images)
    batches = [rng.integers(0, 30, n_samples) for _ in range(3)]
    room = max(most_entries(given, rows, n_samples) for rows in batches)
    lists = new_lists(count_groups(n_features), room)
    for slot, rows in zip((0, 1, 0), batches, strict=True):  # what was there before is gone
        x = listed(given, rows, lists, slot, n_features)
        np.testing.assert_array_equal(x, images[rows] * np.float32(0.5))


def test_the_slots_do_not_touch_each_other():
    rng = np.random.default_rng(0)
    images = sparse_pixels(rng, 30, 100, np.uint8)
    rows = [rng.integers(0, 30, 8) for _ in range(2)]
    lists = new_lists(count_groups(100), most_entries(images, rows[0], 8))
    for slot in (0, 1):
        listed(images, rows[slot], lists, slot, 100)
    counts = lists.counts[0].copy()
    x = listed(images, rows[1], lists, 1, 100)
    np.testing.assert_array_equal(lists.counts[0], counts)
    np.testing.assert_array_equal(x, images[rows[1]] * np.float32(0.5))


def test_sparse_rows_need_room_for_what_they_hold_alone():
    rows = SparseRows(np.array([0, 2, 2, 5]), np.array([1, 5, 0, 7, 49_999], np.int32), np.ones(5, np.uint8), 50_000)
    assert most_entries(rows, np.array([0, 1, 2, 2, 0]), 2) == 6
    assert most_entries(np.zeros((3, 10), np.uint8), np.array([0, 1, 2]), 2) == 2 * count_groups(10)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e-40, -1.0])
def test_whatever_is_not_zero_is_listed(value):
    images = np.zeros((2, 70), np.float32)
    images[1, 3], images[1, 69] = value, value
    lists = new_lists(count_groups(70), 2 * count_groups(70))
    list_all(images, np.array([0, 1]), np.zeros(0, np.int64), np.float32(1), lists, 0)
    assert np.flatnonzero(lists.counts[0]).tolist() == [3 // GROUP, 69 // GROUP]
    assert lists.values[0, lists.starts[0, 3 // GROUP], 3 % GROUP] == pytest.approx(value, nan_ok=True)


def test_a_stored_zero_does_no_harm():
    rows = SparseRows(np.array([0, 2]), np.array([1, 5], np.int32), np.array([0, 7], np.uint8), 8)
    lists = new_lists(count_groups(8), 2)
    list_all(rows, np.array([0]), np.zeros(0, np.int64), np.float32(1), lists, 0)
    x = np.zeros(8)
    for g in range(count_groups(8)):
        if lists.counts[0, g]:
            x[g * GROUP : (g + 1) * GROUP] = lists.values[0, lists.starts[0, g]]
    assert x.tolist() == [0, 0, 0, 0, 0, 7, 0, 0]


def test_nothing_has_no_density():
    images = np.zeros((0, 8), np.uint8)
    assert group_density(images) == group_density(SparseRows.from_dense(images)) == 0


@pytest.mark.parametrize("n_features", [1, 6, 43])
def test_density_counts_the_groups_that_hold_something(n_features):
    images = sparse_pixels(np.random.default_rng(0), 20, n_features, np.uint8)
    padded = np.zeros((20, count_groups(n_features) * GROUP))
    padded[:, :n_features] = images
    expected = padded.reshape(20, -1, GROUP).any(axis=2).mean()
    assert group_density(images) == pytest.approx(expected)
    assert group_density(SparseRows.from_dense(images)) == pytest.approx(expected)
