"""Digits as the members of a committee see them: straight, or all as wide."""

import numpy as np
import pytest

from benchmarks.views import VIEWS, as_wide, seen, straight
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Samples


@pytest.mark.parametrize("slant", [-0.5, 0.3])
def test_a_stroke_that_slants_stands_straight(slant):
    digit = np.zeros((28, 28), np.uint8)
    for row in range(4, 24):
        column = round(14 + slant * (row - 13.5))
        digit[row, column - 1 : column + 2] = 255
    inked = np.flatnonzero((np.asarray(straight(digit)) > 100).any(axis=0))
    assert np.ptp(inked) <= 4
    np.testing.assert_allclose(inked.mean(), 14, atol=1)


def test_a_digit_becomes_as_wide_as_all_others_in_the_middle():
    train = load_dataset().train
    for digit in train.pixels[:20].reshape(-1, 28, 28):
        inked = np.flatnonzero((np.asarray(as_wide(digit)) > 60).any(axis=0))
        assert 7 <= inked[0] <= 8
        assert 19 <= inked[-1] <= 20


@pytest.mark.parametrize("view", VIEWS.values())
def test_samples_are_seen_one_by_one_and_an_empty_one_stays_empty(view):
    train = load_dataset().train
    images = np.vstack([np.zeros((1, 784), np.uint8), train.pixels[:3]])
    samples = seen(Samples(images, np.arange(4), train.scale), view)
    assert not samples.images[0].any()
    np.testing.assert_array_equal(samples.images[2], np.asarray(view(images[2].reshape(28, 28))).ravel())
    assert (samples.images.dtype, samples.labels.tolist()) == (np.uint8, [0, 1, 2, 3])
