"""Shipped models on digits that they were not trained on: what docs/generalisation.md claims."""

import pytest

from benchmarks.studies.generalisation import WAYS, accuracy, coarse_digits_read, distorted
from fastnet import Predictor, load_dataset, weights
from fastnet.training.recipe import BEST


@pytest.mark.parametrize("name", ["mnist-784-512-10-best", weights.SMALL, weights.DEFAULT])
def test_distorted_test_digits_are_read(name):
    test = load_dataset().test
    assert accuracy(Predictor.load(name), distorted(test, BEST.augmentation), test.labels) >= 0.98


@pytest.mark.parametrize(
    ("name", "least"), [("mnist-784-512-10-best", 0.93), (weights.SMALL, 0.945), (weights.DEFAULT, 0.96)]
)
def test_digits_of_8_x_8_pixels_are_read(name, least):
    pytest.importorskip("sklearn")
    assert coarse_digits_read(Predictor.load(name), WAYS["enlarged to 64 x 64"], n=400) >= least
