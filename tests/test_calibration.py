"""Calibration: the temperature and the rule are fitted right, stored with the model, and good on the test set."""

import json
import shutil

import numpy as np
import pytest

from fastnet import weights
from fastnet.data.loading import load_dataset
from fastnet.errors import ModelError
from fastnet.models.calibration import expected_calibration_error, read_calibration
from fastnet.models.files import read_model
from fastnet.models.probabilities import softmax
from fastnet.models.sealed import sealed
from fastnet.reading.fitting import best_temperature, fit, judged_temperature, logistic_regression
from fastnet.reading.nondigits import nondigits
from fastnet.reading.predictor import Predictor

SHIPPED = weights.DIRECTORY / weights.DEFAULT


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
    digits = test_samples.take(np.arange(500))
    first, second = (fit(Predictor.load(), digits) for _ in range(2))
    np.testing.assert_array_equal(first.likeness, second.likeness)
    assert first.temperature == second.temperature


# ---- Stored with the model ------------------------------------------------------------------------------------------


def test_a_model_without_calibration_works(model):
    (model / "calibration.json").unlink()
    assert Predictor.load(model).calibration is None


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
