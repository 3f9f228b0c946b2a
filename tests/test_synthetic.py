"""Synthetic digits: what each kind does to a digit, what stays as it was, and trainings on them."""

import dataclasses

import numpy as np
import pytest

from fastnet.data import synthetic
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Dataset, Samples
from fastnet.data.synthetic import KINDS, with_synthetic
from fastnet.errors import DataError, OptionError
from fastnet.training.recipe import RECIPES, Recipe
from fastnet.training.trainer import Training

from .engines import assert_same_parameters, whole_and_resumed

SMALL = Recipe(hidden=(8,), epochs=2, batch_size=50, n_validation=100, synthetic=0.5)
INK = 127


@pytest.fixture(scope="module")
def digits():
    """600 digits of MNIST."""
    return load_dataset().train.take(np.arange(600))


@pytest.fixture
def dataset(digits):
    return Dataset(digits, digits.take(np.arange(100)), "digits")


def rng():
    return np.random.default_rng(0)


def made(digits, kind, *classes):
    """The digits of those classes, or all of them, as float32 squares; and what the kind makes of them."""
    rows = np.flatnonzero(np.isin(digits.labels, classes or range(10)))
    images = digits.images[rows].reshape(-1, 28, 28).astype(np.float32)
    before = images.copy()
    result = kind(images, digits.labels[rows], rng())
    np.testing.assert_array_equal(images, before)
    assert (result.dtype, result.shape) == (np.uint8, images.shape)
    return images, result.astype(np.float32)


def widths(images, rows):
    """Columns with ink in those rows, from the first to the last."""
    columns = (images[:, rows] > INK).any(axis=1)
    return 28 - columns[:, ::-1].argmax(axis=1) - columns.argmax(axis=1)


def test_a_training_and_its_model_tell_how_many_of_the_samples_are_synthetic(fastnet, digits, tmp_path):
    np.savez(
        tmp_path / "digits.npz",
        x_train=digits.images,
        y_train=digits.labels,
        x_test=digits.images[:50],
        y_test=digits.labels[:50],
    )
    options = ("--hidden", "none", "--engine", "reference", "--epochs", 1, "--validation", 100, "--no-calibration")
    train = ("train", "--data", tmp_path / "digits.npz", *options)
    _, _, err = fastnet(*train, "--synthetic", 0.1, "--out", tmp_path / "run")
    assert "549 training (about 50 of them synthetic) and 100 validation samples" in err
    inspected = " ".join(fastnet("inspect", tmp_path / "run")[1].split())
    assert "549 train (about 50 of them synthetic), 100 validation" in inspected
    assert "| samples: train | 549 (about 50 of them synthetic) |" in (tmp_path / "run/MODEL_CARD.md").read_text()
    assert "synthetic)" not in fastnet(*train, "--out", tmp_path / "other")[2]


def test_the_true_digits_come_first_and_others_are_made_of_some(digits):
    more = with_synthetic(digits, 0.5, rng())
    assert len(more) == 900
    np.testing.assert_array_equal(more.images[:600], digits.images)
    np.testing.assert_array_equal(more.labels[:600], digits.labels)
    n_of_other_hands = 135  # 45 of 100 that are made
    of_other_hands = np.isin(more.labels[600:], (1, 4, 7, 9))
    assert of_other_hands[:n_of_other_hands].all()
    assert not of_other_hands[n_of_other_hands:].all()
    assert more.scale == digits.scale


def test_weights_go_with_the_digits(digits):
    weights = np.linspace(0, 1, len(digits), dtype=np.float32)
    more = with_synthetic(dataclasses.replace(digits, weights=weights), 0.1, rng())
    assert more.weights.shape == (660,)
    assert set(more.weights) == set(weights)


def test_the_same_draws_make_the_same_digits(digits):
    first, second, other = (with_synthetic(digits, 0.1, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.images, second.images)
    assert (first.images != other.images).any()


def test_a_one_gets_a_flag_or_a_foot(digits):
    before, after = made(digits, synthetic.other_hands, 1)
    lower, upper = (widths(after, rows) - widths(before, rows) for rows in (slice(20, 28), slice(0, 14)))
    assert np.mean((lower > 2) | (upper > 2)) > 0.8  # some are short
    assert (lower > 2).any()
    assert (upper > 2).any()
    assert np.mean((lower <= 2) & (upper > 2)) > 0.2  # not always both


def test_a_seven_gets_a_bar_or_a_tick(digits):
    before, after = made(digits, synthetic.other_hands, 7)
    ink = np.sum(after > INK, axis=(1, 2)) - np.sum(before > INK, axis=(1, 2))
    assert np.mean(ink > 3) > 0.8
    middle = widths(after, slice(12, 18)) - widths(before, slice(12, 18))
    assert np.mean(middle > 2) > 0.3  # many are as wide there as they are


def test_a_four_gets_one_side_that_is_high_and_stays_as_thick(digits):
    images = made(digits, synthetic.other_hands, 4)
    rows = [(each[:, 5:9] > INK).astype(int) for each in images]
    n_sides = [(np.diff(each, axis=2) == 1).sum(axis=2).max(axis=1) for each in rows]
    assert np.mean(n_sides[0] > 1) > 0.6  # of these, both are high
    assert np.mean(n_sides[1] == 1) > 0.9
    thickness = [synthetic._stroke_radii(each) for each in images]
    assert np.corrcoef(thickness)[0, 1] > 0.8


def test_a_nine_gets_a_hook_to_the_left(digits):
    before, after = made(digits, synthetic.other_hands, 9)
    assert np.mean(widths(after, slice(18, 28)) - widths(before, slice(18, 28)) > 2) > 0.8
    assert np.all((after > INK).sum(axis=(1, 2)) > (before > INK).sum(axis=(1, 2)))


def test_the_centre_of_mass_stays_in_the_middle(digits):
    _, after = made(digits, synthetic.other_hands, 1, 4, 7, 9)
    for axis in (1, 2):
        centres = after.sum(axis=3 - axis) @ np.arange(28) / after.sum(axis=(1, 2))
        assert np.quantile(np.abs(centres - 14), 0.95) < 1


def test_a_coarse_digit_has_soft_edges_and_full_contrast(digits):
    before, after = made(digits, synthetic.coarse)
    sharpness = [np.abs(np.diff(images, axis=2)).mean(axis=(1, 2)) for images in (before, after)]
    assert np.mean(sharpness[1] < sharpness[0]) > 0.9
    assert np.all(after.max(axis=(1, 2)) == 255)
    assert all(np.corrcoef(b.ravel(), a.ravel())[0, 1] > 0.6 for b, a in zip(before, after, strict=True))


def test_a_remnant_adds_ink_beside_the_digit(digits):
    before, after = made(digits, synthetic.with_remnant)
    assert np.all(after >= np.rint(before))
    added = (after - before > 60).sum(axis=(1, 2))
    assert np.mean(added > 0) > 0.9
    assert added.max() < 40


def test_a_gap_takes_ink_away_at_one_place(digits):
    before, after = made(digits, synthetic.with_gap)
    assert np.all(after <= before)
    gone = before - after > 60
    assert np.mean(gone.any(axis=(1, 2))) > 0.9
    for axis in (1, 2):
        lines = gone.any(axis=axis)
        extent = 28 - lines[:, ::-1].argmax(axis=1) - lines.argmax(axis=1)
        assert extent[lines.any(axis=1)].max() <= 10


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_empty_image_does_no_harm(kind):
    empty = np.zeros((5, 28, 28), np.float32)
    kind(empty, np.array([1, 7, 1, 4, 9]), rng())


def test_what_are_no_digits_is_refused(dataset):
    letters = dataclasses.replace(dataset, classes=tuple("abcdefghij"))
    with pytest.raises(OptionError, match="synthetic digits are made of digits, and not of the classes a, b"):
        Training(letters, SMALL)
    named = Training(dataclasses.replace(dataset, classes=tuple("0123456789")), SMALL)
    assert len(named.train_samples) == 750
    few = Samples(np.zeros((4, 36), np.uint8), np.zeros(4, np.int64), 1.0)
    with pytest.raises(DataError, match="synthetic digits are made of images of 28 x 28 pixels, in the classes 0 to 9"):
        with_synthetic(few, 0.5, rng())
    more = Samples(np.zeros((4, 784), np.uint8), np.full(4, 10), 1.0)
    with pytest.raises(DataError, match="in the classes 0 to 9"):
        with_synthetic(more, 0.5, rng())


def test_validation_digits_are_true_ones(dataset):
    training = Training(dataset, SMALL)
    assert (len(training.train_samples), len(training.validation_samples)) == (750, 100)
    plain = Training(dataset, dataclasses.replace(SMALL, synthetic=0.0))
    np.testing.assert_array_equal(training.validation_samples.images, plain.validation_samples.images)
    assert training.n_per_epoch == 750


def test_a_resumed_training_sees_the_same_digits(dataset, tmp_path):
    recipe = dataclasses.replace(SMALL, augmentation=RECIPES["people"].augmentation)
    whole, second = whole_and_resumed(dataset, recipe, 7, tmp_path / "run")
    assert_same_parameters(whole, second)


@pytest.mark.parametrize(
    ("people", "best", "of_best"),
    [("people", "best", {"epochs": 360, "batch_size": 512}), ("people-large", "best-large", {})],
)
def test_people_differs_from_best_by_its_synthetic_digits_and_the_small_one_by_its_steps(people, best, of_best):
    assert dataclasses.replace(RECIPES[people], synthetic=0.0, **of_best) == RECIPES[best]
    assert RECIPES[people].synthetic == 0.1
