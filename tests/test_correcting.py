"""Correcting a model: what it reads afterwards on either engine, what it keeps, what is written, and refusals."""

from dataclasses import replace

import numpy as np
import pytest

from fastnet import Predictor, Rehearsal, correct_model
from fastnet.audit.inspection import inspect_model
from fastnet.data.samples import Dataset, Samples
from fastnet.errors import DataError, ModelError, OptionError
from fastnet.models.calibration import Calibration, write_calibration
from fastnet.models.card import CARD
from fastnet.models.files import read_manifest, read_model, write_manifest
from fastnet.training.correcting import take_steps, training_samples
from fastnet.training.recipe import ENGINES, Recipe
from fastnet.training.runs import save_run
from fastnet.training.trainer import Training

SMALL = Recipe(hidden=(128,), epochs=10, batch_size=32, n_validation=88, learning_rate=1e-3, warmup_epochs=0)
QUICK = Rehearsal(learning_rate=3e-3)


@pytest.fixture
def model(dataset, tmp_path):
    """A run that knows the small data set."""
    training = Training(dataset, SMALL)
    training.run()
    save_run(training, tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def mistakes(dataset, model):
    """Two validation samples that are read wrongly, those of whose classes the model thinks most."""
    validation = Training(dataset, SMALL).validation_samples
    probabilities = Predictor.load(model).predict_proba(validation.images)
    of_class = probabilities[np.arange(len(validation)), validation.labels]
    wrong = probabilities.argmax(axis=1) != validation.labels
    assert wrong.sum() > 2
    return validation.take(np.argsort(np.where(wrong, -of_class, 1))[:2])


def test_both_engines_correct_alike_and_keep_the_rest(dataset, model, mistakes, tmp_path):
    told = [
        correct_model(model, mistakes.images, mistakes.labels, tmp_path / engine, dataset, engine, QUICK)
        for engine in ENGINES
    ]
    assert told[0].n_steps == told[1].n_steps < QUICK.most_steps
    corrected = [read_model(tmp_path / engine) for engine in ENGINES]
    for name, array in corrected[0].parameters.items():
        np.testing.assert_allclose(array, corrected[1].parameters[name], rtol=1e-3, atol=1e-3)
    for files, correction in zip(corrected, told, strict=True):
        answers = Predictor.load(files.directory)
        right = answers.predict_proba(mistakes.images)[np.arange(2), mistakes.labels]
        assert correction.is_learnt
        assert (right >= QUICK.learnt - 1e-3).all()
        n_test = len(dataset.test)
        n_right = [round(n_test * score.accuracy) for score in (correction.before, correction.after)]
        assert n_right[1] == n_right[0] + correction.n_won - correction.n_lost
        assert n_right[1] == (answers.predict(dataset.test.images) == dataset.test.labels).sum()
        assert correction.after.accuracy > correction.before.accuracy - 0.1


def test_what_is_rehearsed_keeps_the_rest(dataset, model, mistakes):
    """Without it, the model would answer one class to much else."""
    files = read_model(model)
    corrections = mistakes.take(np.zeros(1, int))
    forgetful = replace(QUICK, copies=QUICK.batch_size)
    rest = training_samples(files, dataset)
    kept, lost = (
        take_steps(files, corrections, rest, rehearsal=rehearsal).engine.evaluate(rest)[1]
        for rehearsal in (QUICK, forgetful)
    )
    assert kept > lost + 0.05


def test_what_weighs_nothing_is_not_rehearsed(dataset, model, mistakes):
    rest = training_samples(read_model(model), dataset)
    halved = replace(rest, weights=(rest.labels < 2).astype(np.float32))
    seen = take_steps(read_model(model), mistakes.take(np.zeros(1, int)), halved, "reference", QUICK).train_samples
    labels, n_batches = np.bincount(seen.labels), QUICK.most_steps
    assert labels[2:].sum() == (QUICK.copies * n_batches if mistakes.labels[0] >= 2 else 0)


def test_of_many_images_each_gets_its_turn_and_the_rest_stays_the_most():
    assert Rehearsal(batch_size=128, copies=2).n_copies(1) == 2
    assert Rehearsal(batch_size=128, copies=2).n_copies(1000) == 32


def test_what_contradicts_itself_is_told_as_not_learnt(dataset, model, mistakes, tmp_path):
    twice = np.concatenate([mistakes.images[:1]] * 2)
    correction = correct_model(model, twice, np.array([0, 1]), tmp_path / "out", dataset, rehearsal=QUICK)
    assert not correction.is_learnt
    assert correction.n_steps == QUICK.most_steps


def test_the_manifest_tells_what_became_of_the_model(dataset, model, mistakes, tmp_path):
    files = read_model(model)
    write_calibration(files, Calibration(1.0, np.zeros(128 + 4 + 1, np.float32), -1.0, -2.0, {}))
    correction = correct_model(model, mistakes.images, mistakes.labels, tmp_path / "out", dataset, rehearsal=QUICK)
    again = correct_model(
        tmp_path / "out", mistakes.images[:1], mistakes.labels[:1], tmp_path / "again", dataset, rehearsal=QUICK
    )
    manifest = read_manifest(tmp_path / "out")
    assert manifest.origin == files.origin
    assert (manifest.corrections, read_manifest(tmp_path / "again").corrections) == (2, 3)
    assert manifest.test == correction.after == again.before
    assert manifest.recipe == files.manifest.recipe
    assert "| images corrected afterwards | 2 |" in (tmp_path / "out" / CARD).read_text(encoding="utf-8")
    assert inspect_model(tmp_path / "out").corrections == 2
    assert Predictor.load(tmp_path / "out").calibration is None  # it was made for other weights
    assert again.n_steps == 0  # as they are learnt


def test_images_that_hold_no_number_are_refused(dataset, tmp_path):
    """Before the first step, whose loss would tell of it otherwise."""
    parts = (replace(part, images=part.images.astype(np.float32)) for part in (dataset.train, dataset.test))
    of_floats = Dataset(*parts, dataset.source)
    training = Training(of_floats, replace(SMALL, epochs=1))
    save_run(training, tmp_path / "floats")
    nothing = np.full((1, 30), np.nan, np.float32)
    with pytest.raises(DataError, match="images to correct must be finite numbers"):
        correct_model(tmp_path / "floats", nothing, np.zeros(1, int), tmp_path / "out", of_floats)


def test_refusals_are_one_sentence_and_leave_nothing(dataset, model, mistakes, tmp_path):
    out, images, labels = tmp_path / "out", mistakes.images, mistakes.labels
    for bad_images, bad_labels, says in (
        (images[:, :-1], labels, "images to correct must be one or more of 30 uint8 pixels"),
        (images.astype(np.float32), labels, "images to correct must be"),
        (images[:0], labels[:0], "images to correct must be"),
        (images, labels[:1], "each of the 2 images takes the number of its class, from 0 to 3"),
        (images, labels + 4, "takes the number of its class"),
        (images, labels.astype(float), "takes the number of its class"),
    ):
        with pytest.raises(DataError, match=says):
            correct_model(model, bad_images, bad_labels, out, dataset)
    other = replace(dataset, train=Samples(np.zeros((9, 5), np.uint8), np.zeros(9, np.int64), dataset.train.scale))
    with pytest.raises(OptionError, match="takes images of 30 pixels"):
        correct_model(model, images, labels, out, other)
    less = replace(dataset, train=dataset.train.take(np.arange(500)))
    with pytest.raises(OptionError, match="was not trained on"):  # whose validation samples are others
        correct_model(model, images, labels, out, less)
    with pytest.raises(OptionError, match="exists already"):
        correct_model(model, images, labels, model, dataset)
    with pytest.raises(OptionError, match="the learning rate must be above 0, not -1"):
        Rehearsal(learning_rate=-1)
    with pytest.raises(OptionError, match="most_steps must be a whole number from 1, not 0"):
        Rehearsal(most_steps=0)
    manifest = read_manifest(model)
    for changes, says in (({"recipe": None}, "does not tell the recipe"), ({"loss": "logistic"}, "takes a model of")):
        write_manifest(model, replace(manifest, **changes))
        with pytest.raises((ModelError, OptionError), match=says):
            correct_model(model, images, labels, out, dataset)
    assert not out.exists()
