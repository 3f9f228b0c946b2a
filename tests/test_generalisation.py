"""The shipped `best` on digits that it was not trained on and not chosen by: what docs/generalisation.md claims."""

import pytest

from benchmarks.studies.generalisation import WAYS, accuracy, coarse_digits_read, distorted
from fastnet import Predictor, load_dataset
from fastnet.training.recipe import BEST


@pytest.fixture(scope="module")
def best():
    return Predictor.load("mnist-784-512-10-best")


def test_distorted_test_digits_are_read(best):
    test = load_dataset().test
    assert accuracy(best, distorted(test, BEST.augmentation), test.labels) >= 0.97


def test_digits_of_8_x_8_pixels_are_read(best):
    pytest.importorskip("sklearn")
    assert coarse_digits_read(best, WAYS["enlarged to 64 x 64"], n=400) >= 0.93
