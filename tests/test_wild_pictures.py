"""Pictures with everything drawn at random: made alike each time, and most of them read, whatever comes together."""

import numpy as np
import pytest

from benchmarks.studies.pictures_table import seeded
from benchmarks.wild_rendering import FAULTS, wild
from fastnet.data.loading import load_dataset
from fastnet.reading.predictor import Predictor

N = 120


@pytest.fixture(scope="module")
def pictures():
    """Each with its label; of training digits."""
    train = load_dataset().train
    images = train.images[:N].reshape(-1, 28, 28)
    return [(wild(seeded("test", number), image), int(train.labels[number])) for number, image in enumerate(images)]


def test_a_picture_follows_from_its_digit_and_its_seed(pictures):
    digit = np.eye(28, dtype=np.uint8) * 255
    assert wild(seeded(5), digit) == wild(seeded(5), digit)
    assert wild(seeded(5), digit) != wild(seeded(6), digit)
    assert {fault for made, _ in pictures for fault in made.faults} == set(FAULTS)


def test_most_are_read_and_few_wrong_without_doubt(pictures):
    predictor = Predictor.load()
    readings = [(predictor.read(made.file), label) for made, label in pictures]
    right = [reading.text == str(label) for reading, label in readings]
    wrong = [bool(reading.text) and not reading.flags and reading.text != str(label) for reading, label in readings]
    assert np.mean(right) >= 0.8
    assert np.mean(wrong) <= 0.05
    without_faults = [is_right for (made, _), is_right in zip(pictures, right, strict=True) if not made.faults]
    assert np.mean(without_faults) >= 0.9
