"""Calibration: the temperature and the rule are fitted right, stored with the model, and good on the test set."""

import json
import re
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from fastnet import weights
from fastnet.data.loading import load_dataset
from fastnet.errors import ModelError, OptionError
from fastnet.models.calibration import expected_calibration_error, read_calibration
from fastnet.models.files import read_model
from fastnet.models.model import Model
from fastnet.models.probabilities import softmax
from fastnet.models.sealed import sealed
from fastnet.reading.fitting import best_temperature, fit, judged_temperature, logistic_regression
from fastnet.reading.nondigits import nondigits, spoilt_digits
from fastnet.reading.predictor import Predictor
from fastnet.reading.recognition import read_images
from fastnet.reading.rendered import picture_of, seen_in_pictures
from fastnet.training.recipe import Recipe

SHIPPED = weights.DIRECTORY / weights.SMALL


@pytest.fixture(scope="module")
def test_samples():
    return load_dataset().test


@pytest.fixture
def model(tmp_path):
    return shutil.copytree(SHIPPED, tmp_path / "model")


def change(model, **changes):
    path = model / "calibration.json"
    path.write_text(json.dumps(sealed({**json.loads(path.read_text()), **changes})))


def sentence_of(model):
    with pytest.raises(ModelError) as caught:
        Predictor.load(model)
    return str(caught.value)


# ---- The shipped model ----------------------------------------------------------------------------------------------


def test_the_shipped_model_is_as_sure_as_it_is_right(test_samples):
    probabilities = Predictor.load().predict_proba(test_samples.images)
    assert expected_calibration_error(probabilities, test_samples.labels) <= 0.005


def test_the_shipped_model_keeps_digits_and_refuses_other_things(test_samples):
    predictor = Predictor.load()
    calibration = predictor.calibration
    digits = calibration.likeness_of(predictor.forward(test_samples.images).traits)
    others = calibration.likeness_of(predictor.forward(nondigits(300, np.random.default_rng(99))).traits)
    assert np.mean(digits >= calibration.unsure_below) >= 0.975
    assert np.mean(others < calibration.unsure_below) >= 0.75


# ---- The arithmetic -------------------------------------------------------------------------------------------------


def test_the_temperature_of_overconfident_logits_is_found():
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((20_000, 10)) * 2
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (probabilities.cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)
    assert best_temperature(3 * logits, labels) == pytest.approx(3, rel=0.05)

    assert judged_temperature(3 * logits, labels) == best_temperature(3 * logits, labels)


def test_temperature_that_makes_the_error_worse_is_not_kept():
    rng = np.random.default_rng(0)
    margins = np.where(rng.random(2000) < 0.02, -40.0, 3.0)  # a few are wrong and very sure: all would be less sure
    margins[(margins > 0) & (rng.random(2000) > 1 / (1 + np.exp(-3)))] *= -1
    logits, labels = np.stack([margins, np.zeros(2000)], axis=1), np.zeros(2000, np.int64)
    best = best_temperature(logits, labels)
    errors = [expected_calibration_error(softmax(logits / divisor), labels) for divisor in (1, best)]
    assert errors[1] > errors[0]
    assert judged_temperature(logits, labels) == 1


def test_temperature_of_one_sample_is_not_kept():
    assert judged_temperature(np.array([[3.0, 1.0]]), np.array([0])) == 1


def test_calibration_error_of_a_case_worked_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])
    assert expected_calibration_error(probabilities, np.array([0, 1, 1, 1])) == pytest.approx((0.4 + 0.4) / 2)


def test_logistic_regression_parts_two_clouds():
    rng = np.random.default_rng(0)
    positive, negative = rng.normal(1, 1, (500, 3)), rng.normal(-1, 1, (300, 3))
    found = logistic_regression(positive, negative)
    assert np.mean(positive @ found[:-1] + found[-1] > 0) > 0.9
    assert np.mean(negative @ found[:-1] + found[-1] < 0) > 0.9


def test_fitting_is_deterministic(test_samples, monkeypatch):
    monkeypatch.setattr("fastnet.reading.fitting._N_NONDIGITS", 200)
    monkeypatch.setattr("fastnet.reading.fitting._N_PICTURES", 50)
    digits = test_samples.take(np.arange(500))
    first, second = (fit(Predictor.load(), digits) for _ in range(2))
    np.testing.assert_array_equal(first.likeness, second.likeness)
    assert first.temperature == second.temperature
    assert first.least_probability == second.least_probability > 0.5
    assert first.no_digit_below <= min(first.unsure_below, 0)


def test_few_digits_are_calibrated_on_few_pictures_and_other_things(test_samples, monkeypatch):
    drawn = {}

    def few_pictures(digits, rng):
        drawn["pictures"] = len(digits)
        return seen_in_pictures(digits[:1], rng)

    def few_things(n, rng):
        drawn["things"] = n
        return nondigits(8, rng)

    monkeypatch.setattr("fastnet.reading.fitting.seen_in_pictures", few_pictures)
    monkeypatch.setattr("fastnet.reading.fitting.nondigits", few_things)
    fit(Predictor.load(), test_samples.take(np.arange(100)))
    assert 0 < drawn["pictures"] <= 10
    assert 0 < drawn["things"] <= 100


# ---- Pictures of digits, and what is none ----------------------------------------------------------------------------


def test_digits_are_found_in_pictures_of_them(test_samples):
    digits = test_samples.pixels[:60].reshape(-1, 28, 28)
    pixels, numbers = seen_in_pictures(digits, np.random.default_rng(0))
    assert pixels.dtype == np.uint8
    assert pixels.shape == (len(numbers), 28, 28)
    assert len(numbers) >= 55
    assert np.mean(Predictor.load().predict(pixels) == test_samples.labels[numbers]) > 0.8


def test_pictures_follow_from_the_seed_and_differ_in_kind(test_samples):
    digits = test_samples.pixels[:30].reshape(-1, 28, 28)
    first, second = (
        [picture_of(digit, digits[0], rng)[0] for digit in digits]
        for rng in (np.random.default_rng(3), np.random.default_rng(3))
    )
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    is_dark = [np.median(picture) < 128 for picture in first]
    assert 5 < sum(is_dark) < 25
    assert len({picture.shape for picture in first}) > 25


def test_spoilt_digits_are_not_what_they_were(test_samples):
    digits = test_samples.pixels[:40].reshape(-1, 28, 28)
    spoilt = spoilt_digits(digits, np.random.default_rng(0))
    assert (spoilt.dtype, spoilt.shape) == (np.uint8, digits.shape)
    assert not any(np.array_equal(*pair) for pair in zip(spoilt, digits, strict=True))


def test_an_empty_image_is_passed_over(test_samples):
    empty = np.zeros((3, 28, 28), np.uint8)
    assert len(seen_in_pictures(empty, np.random.default_rng(0))[1]) == 0
    np.testing.assert_array_equal(spoilt_digits(empty, np.random.default_rng(0)), empty)


# ---- Stored with the model ------------------------------------------------------------------------------------------


def test_a_model_without_calibration_works(model):
    (model / "calibration.json").unlink()
    assert Predictor.load(model).calibration is None


def test_a_calibration_of_before_doubts_no_answer_for_its_probability(model):
    content = json.loads((model / "calibration.json").read_text())
    content.pop("least_probability", None)
    (model / "calibration.json").write_text(json.dumps(sealed(content)))
    assert Predictor.load(model).calibration.least_probability == 0


def test_temperature_changes_how_sure_answers_are_and_not_which(model, test_samples):
    images = test_samples.images[:50]
    calibrated = Predictor.load(model)
    (model / "calibration.json").unlink()
    bare = Predictor.load(model)
    np.testing.assert_array_equal(calibrated.predict(images), bare.predict(images))
    surer = calibrated.predict_proba(images).max(axis=1).mean() > bare.predict_proba(images).max(axis=1).mean()
    assert surer == (calibrated.calibration.temperature < 1)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"format": "other"}, "is not the calibration of a model"),
        ({"format_version": 3}, "is of another version of fastnet; run: fastnet calibrate"),
        ({"model_sha256": "0"}, "was made for other weights; run: fastnet calibrate"),
        ({"temperature": "hot"}, "temperature must be a number, not hot"),
        ({"temperature": 0}, "temperature must be from 0.01 to 100, not 0"),
        ({"unsure_below": None}, "unsure_below must be a number, not None"),
        ({"least_probability": 1.5}, "least_probability must be from 0 to 1, not 1.5"),
        ({"no_digit_below": float("nan")}, "no_digit_below must be a number, not nan"),
        ({"arrays": None}, "lacks its arrays or what was measured"),
        ({"arrays": {}}, "does not describe likeness"),
    ],
)
def test_a_calibration_that_is_not_sound_is_refused(model, changes, fault):
    change(model, **changes)
    sentence = sentence_of(model)
    assert sentence.startswith(f"{model / 'calibration.json'}: {fault}")
    assert "\n" not in sentence


def test_changed_likeness_is_refused(model):
    content = bytearray((model / "likeness.npy").read_bytes())
    content[-1] ^= 1
    (model / "likeness.npy").write_bytes(content)
    assert "its SHA-256 is not the manifest's" in sentence_of(model)


def test_what_is_read_is_what_was_measured():
    measured = read_calibration(read_model(SHIPPED)).measured
    assert measured["digits_kept"] >= 0.97
    assert measured["nondigits_refused"] >= 0.75


# ---- Made when a training is saved ----------------------------------------------------------------------------------

SMALL = ("--hidden", "32", "--engine", "reference", "--epochs", "2", "--learning-rate", "0.002")


@pytest.fixture
def few_things(monkeypatch):
    """Little to fit on, as speed and not quality counts."""
    monkeypatch.setattr("fastnet.reading.fitting._N_NONDIGITS", 80)
    monkeypatch.setattr("fastnet.reading.fitting._N_PICTURES", 20)


def test_a_training_is_calibrated_when_it_is_saved(fastnet, few_things, digits_npz, tmp_path):
    code, _, err = fastnet("train", "--data", digits_npz, *SMALL, "--validation", 400, "--out", tmp_path / "run")
    assert code == 0
    assert "of the validation digits are answered without doubt" in err
    assert re.search(r"; of pictures that show no digit, [\d.]+% are refused\n", err)
    scribble = nondigits(3, np.random.default_rng(5))[2]
    calibrated = Predictor.load(tmp_path / "run")
    assert calibrated.calibration.least_probability > 0
    assert read_images(calibrated, scribble.reshape(1, -1))[0].flags
    assert "answered without doubt" in (tmp_path / "run" / "MODEL_CARD.md").read_text()


def test_what_is_likelier_wrong_than_right_is_doubted_however_weak_the_model(fastnet, few_things, digits_npz, tmp_path):
    one_step = ("--hidden", 8, "--epochs", 1, "--batch-size", 1_000_000, "--engine", "reference", "--validation", 400)
    fastnet("train", "--data", digits_npz, *one_step, "--out", tmp_path / "run")
    assert Predictor.load(tmp_path / "run").calibration.least_probability == 0.5


def test_a_training_that_goes_on_is_calibrated_anew(fastnet, few_things, digits_npz, tmp_path):
    train = "train", "--data", digits_npz
    fastnet(*train, *SMALL, "--validation", 400, "--out", tmp_path / "run")
    before = Predictor.load(tmp_path / "run").calibration
    code, _, err = fastnet(*train, "--resume", tmp_path / "run", "--epochs", 3)
    assert code == 0
    assert "went with the weights" not in err
    assert not np.array_equal(Predictor.load(tmp_path / "run").calibration.likeness, before.likeness)


def test_a_run_that_has_all_epochs_and_no_calibration_says_how_it_gets_one(fastnet, few_things, digits_npz, tmp_path):
    run = tmp_path / "run"
    one_epoch = ("--hidden", "none", "--engine", "reference", "--epochs", 1, "--validation", 400)
    fastnet("train", "--data", digits_npz, *one_epoch, "--no-calibration", "--out", run)
    code, _, err = fastnet("train", "--resume", run)
    assert code == 2
    assert "has all of its 1 epoch;" in err
    assert err.endswith(f"not calibrated yet, it answers whatever it is shown: fastnet calibrate {run}\n")
    fastnet("calibrate", run)
    _, _, err = fastnet("train", "--resume", run)
    assert err.endswith("--epochs N goes on to N\n")


def test_a_training_on_the_page_is_calibrated(few_things, digits_npz, tmp_path):
    training = pytest.importorskip("fastnet.dashboard.worker.training")
    nobody = SimpleNamespace(send=lambda news: None, poll=lambda seconds: False)
    recipe = Recipe(hidden=(32,), epochs=2, engine="reference", n_validation=400)
    training._Worker(nobody, recipe, str(digits_npz)).train(tmp_path / "run")
    assert Predictor.load(tmp_path / "run").calibration.least_probability > 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--validation", 400, "--no-calibration"), None),
        (
            ("--validation", 0),
            "it was not calibrated, and answers whatever it is shown: a model that was trained without",
        ),
    ],
)
def test_a_training_is_saved_without_calibration_where_there_is_to_be_none(
    fastnet, few_things, digits_npz, tmp_path, options, told
):
    code, _, err = fastnet("train", "--data", digits_npz, *SMALL, *options, "--out", tmp_path / "run")
    assert code == 0
    assert (told in err) if told else ("calibrat" not in err)
    assert Predictor.load(tmp_path / "run").calibration is None


def test_images_of_another_size_are_told_to_get_no_calibration(fastnet, npz, tmp_path):
    code, _, err = fastnet("train", "--data", npz, *SMALL, "--validation", 88, "--out", tmp_path / "run")
    assert code == 0
    assert "only models of 28x28 pictures of 8 bits can be calibrated" in err


def test_a_network_that_is_never_right_is_not_calibrated(test_samples):
    digits = test_samples.take(np.arange(100))
    blind = Model({"W1": np.zeros((784, 10), np.float32), "b1": -np.arange(10, dtype=np.float32)}, 1 / 255)
    with pytest.raises(OptionError, match="too few of its validation digits"):
        fit(blind, replace(digits, labels=np.ones_like(digits.labels)))
