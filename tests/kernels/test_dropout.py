"""Which units are dropped: as many as asked, at random, and the same for whoever computes them."""

import numpy as np
import pytest
from numba import config

from fastnet.kernels import drop_units, reference
from fastnet.kernels.augment import philox
from fastnet.kernels.dropout import drop_block, drop_listed_task
from fastnet.kernels.jit import kernel
from fastnet.kernels.lists import GROUP, count_groups, list_task, n_list_tasks, new_lists
from fastnet.kernels.rates import rate_of

SHAPE = (64, 40) if config.DISABLE_JIT else (256, 512)


def kept(shape=SHAPE, rate=0.5, key=9, step=4, layer=1, module=reference):
    """1 where a unit is kept, else 0."""
    x = np.ones(shape, np.float32)
    module.drop_units(x, rate, key, step, layer)
    return (x != 0).astype(float)


@pytest.mark.parametrize("rate", [0, 1e-9, 0.2, 0.5, 0.9, 1 - 1e-9])
@pytest.mark.parametrize("shape", [(1, 1), (8, 3), (21, 65)])
def test_both_twins_drop_the_same_units(shape, rate):
    x, y = np.ones(shape, np.float32), np.ones(shape, np.float32)
    drop_units(x, rate, 2**64 - 3, 2**32 + 1, 3)
    reference.drop_units(y, rate, 2**64 - 3, 2**32 + 1, 3)
    np.testing.assert_array_equal(x, y)


def test_a_draw_is_that_of_philox():
    """Unit 5 of sample 11: the second half of the second word for the counter (5, 11 // 8, step, layer)."""
    words = philox(np.uint64(9), np.uint64(5), np.uint64(1), np.uint64(4), np.uint64(2))
    half = int(words[1]) >> 16
    for threshold, is_kept in ((half, 1), (half + 1, 0)):
        assert kept((12, 6), threshold / 65536, layer=2, module=reference)[11, 5] == is_kept


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_as_many_are_dropped_as_asked(rate):
    """Within five standard deviations of a binomial distribution, in all, in each row and in each column."""
    mask = kept(rate=rate)
    for share, n in ((mask.mean(), mask.size), (mask.mean(axis=0), len(mask)), (mask.mean(axis=1), mask.shape[1])):
        assert (abs(share - (1 - rate)) <= 5 * np.sqrt(rate * (1 - rate) / n)).all()


@pytest.mark.parametrize("other", [{"step": 5}, {"layer": 2}, {"key": 10}, {"step": 5, "layer": 0}])
def test_masks_of_other_steps_layers_and_keys_are_independent(other):
    first, second = kept(), kept(**other)
    assert abs((first == second).mean() - 0.5) <= 5 * 0.5 / np.sqrt(first.size)


def test_samples_and_units_are_independent():
    mask = kept()
    for one, neighbour in ((mask[1:], mask[:-1]), (mask[:, 1:], mask[:, :-1]), (mask[8:], mask[:-8])):
        assert abs((one == neighbour).mean() - 0.5) <= 5 * 0.5 / np.sqrt(one.size)


def test_what_is_kept_makes_up_for_what_is_dropped():
    x = np.full((3, 50), 2, np.float32)
    drop_units(x, 0.2, 1, 2, 3)
    share = 1 - round(0.2 * 65536) / 65536
    assert set(np.unique(x)) == {np.float32(0), np.float32(2) * np.float32(1 / share)}


def test_blocks_are_parts_of_the_whole():
    x, y = np.ones((21, 70), np.float32), np.ones((21, 70), np.float32)
    drop_units(x, 0.5, 3, 1, 2)
    for start, stop in ((0, 8), (8, 21)):
        for first, last in ((0, 32), (32, 33), (33, 70)):
            drop_block(y, start, stop, first, last, rate_of(0.5), np.uint64(3), np.int64(1), np.int64(2))
    np.testing.assert_array_equal(x, y)


@kernel()
def list_and_drop(images, rows, lists, rate, key):
    """All tasks of the lists in slot 1, in step 1: kernels alone call one of them."""
    for task in range(n_list_tasks(lists)):
        list_task(images, rows, rows[:0], np.float32(1), lists, 1, task)
        drop_listed_task(lists, 1, len(rows), rate, key, 1, 0, task)


@pytest.mark.parametrize("n_features", [1, GROUP + 1, 43, 130])
def test_listed_features_are_dropped_as_those_of_an_array(n_features):
    rng = np.random.default_rng(0)
    images = (rng.random((30, n_features)) * (rng.random((30, n_features)) < 0.4)).astype(np.float32)
    rows = rng.integers(0, 30, 21)
    lists = new_lists(count_groups(n_features), 21 * count_groups(n_features))
    expected = images[rows]
    reference.drop_units(expected, 0.3, 3, 1, 0)
    x = np.zeros((21, count_groups(n_features) * GROUP), np.float32)
    list_and_drop(images, rows, lists, rate_of(0.3), np.uint64(3))
    for g in range(count_groups(n_features)):
        entries = slice(lists.starts[1, g], lists.starts[1, g] + lists.counts[1, g])
        x[lists.members[1, entries], g * GROUP : (g + 1) * GROUP] = lists.values[1, entries]
    np.testing.assert_array_equal(x[:, :n_features], expected)
