"""An ensemble is a model like any other, which answers the mean of what its members answer."""

import json

import numpy as np
import pytest

from fastnet import (
    FastnetError,
    Predictor,
    Recipe,
    Training,
    correct_model,
    load_dataset,
    save_ensemble,
    save_run,
    weights,
)
from fastnet.data.samples import Dataset
from fastnet.errors import ModelError, OptionError
from fastnet.models.ensemble import joined
from fastnet.models.files import read_model
from fastnet.training.runs import load_run

SMALL = Recipe(hidden=(16, 9), epochs=1, batch_size=32, n_validation=88, learning_rate=5e-3, engine="reference")


def trained(dataset, directory, **changes):
    """The directory of a model that was trained a little."""
    training = Training(dataset, Recipe(**{**vars(SMALL), **changes}))
    training.run()
    save_run(training, directory)
    return directory


@pytest.fixture
def members(dataset, tmp_path):
    return [trained(dataset, tmp_path / "a"), trained(dataset, tmp_path / "b", hidden=(12, 20), seed=1)]


@pytest.mark.parametrize("changes", [{}, {"hidden": (7,)}, {"hidden": ()}, {"activation": "tanh"}], ids=str)
def test_it_answers_the_mean_of_the_logits(dataset, tmp_path, changes):
    members = [trained(dataset, tmp_path / str(seed), seed=seed, **changes) for seed in range(3)]
    evaluation = save_ensemble(members, tmp_path / "ensemble", dataset)
    ensemble = Predictor.load(tmp_path / "ensemble")
    images, labels = dataset.test.pixels, dataset.test.labels
    mean = np.mean([Predictor.load(member).logits(images) for member in members], axis=0)
    np.testing.assert_allclose(ensemble.logits(images), mean, rtol=1e-5, atol=1e-5)
    assert evaluation.accuracy == ensemble.manifest.test.accuracy == np.mean(mean.argmax(axis=1) == labels)
    assert ensemble.network.activation == changes.get("activation", "relu")


def test_members_are_heard_by_their_calibrated_logits_and_the_ensemble_is_calibrated(fastnet, tmp_path):
    names = ["mnist-784-512-10", "mnist-784-512-10-best"]
    code, out, _ = fastnet("ensemble", *names, "--out", tmp_path / "both", "--json")
    ensemble, images = Predictor.load(tmp_path / "both"), load_dataset().test.pixels[:500]
    calibrated = [Predictor.load(name) for name in names]
    mean = np.mean([model.logits(images) / model.calibration.temperature for model in calibrated], axis=0)
    np.testing.assert_allclose(ensemble.logits(images), mean, rtol=1e-4, atol=1e-4)
    assert code == 0
    assert json.loads(out)["test_accuracy"] == ensemble.manifest.test.accuracy
    assert ensemble.calibration.temperature == 1  # others learnt what a member set aside
    assert ensemble.calibration.measured["digits_kept"] > 0.95
    assert ensemble.layer_sizes == (784, 1024, 10)


def test_its_documents_tell_of_the_members_and_count_their_weights(fastnet, members, npz, tmp_path):
    code, out, err = fastnet("ensemble", *members, "--out", tmp_path / "both", "--data", npz)
    card = (tmp_path / "both" / "MODEL_CARD.md").read_text()
    both, one, other = (read_model(tmp_path / name) for name in ("both", "a", "b"))
    n = one.manifest.n_parameters + other.manifest.n_parameters
    told = fastnet("inspect", tmp_path / "both")
    assert code == 0
    assert "2 models, accuracy" in out
    assert "it was not calibrated" in err
    assert [member.sha256 for member in both.manifest.members] == [one.sha256, other.sha256]
    assert both.layer_sizes == (one.layer_sizes[0], 28, 29, one.layer_sizes[-1])
    assert f"of its weights and biases {n:,} are theirs" in card.lower()
    assert "the calibrated logits of a, b" in card
    assert (told[0], told[2]) == (0, "")
    assert "ensemble of" in told[1]
    assert "put together by" in told[1]
    assert "trained by" not in told[1]


def test_it_goes_on_nowhere_but_a_training_may_start_from_it(members, dataset, tmp_path):
    save_ensemble(members, tmp_path / "both", dataset)
    with pytest.raises(ModelError, match="lacks 'recipe', so it does not describe a training that could go on"):
        load_run(tmp_path / "both", dataset)
    with pytest.raises(ModelError, match="is an ensemble, which no training made; correct its members"):
        correct_model(tmp_path / "both", dataset.test.images[:1], np.zeros(1, int), tmp_path / "out", dataset)
    recipe = Recipe(**{**vars(SMALL), "hidden": (28, 29)})
    training = Training(dataset, recipe, initial=tmp_path / "both")
    training.run()
    assert training.finished


def other_data(dataset):
    return Dataset(dataset.train.take(np.arange(500)), dataset.test, dataset.source)


def test_what_does_not_fit_together_is_told_in_a_sentence_and_leaves_nothing(members, dataset, tmp_path):
    save_ensemble(members, tmp_path / "both", dataset)
    for others, sentence in (
        ([], "two members or more"),
        ([weights.SMALL], "has another number of inputs than"),
        ([trained(dataset, tmp_path / "flat", hidden=(8,))], "has another number of layers than"),
        ([trained(dataset, tmp_path / "tanh", activation="tanh")], "has another activation than"),
        ([trained(other_data(dataset), tmp_path / "less")], "has another training data than"),
        ([tmp_path / "both"], "is an ensemble itself"),
        ([tmp_path / "none"], "no such model"),
    ):
        with pytest.raises(FastnetError, match=sentence):
            save_ensemble([members[0], *others], tmp_path / "new", dataset)
        assert not (tmp_path / "new").exists()
    with pytest.raises(OptionError, match="was not trained on"):
        save_ensemble(members, tmp_path / "new", other_data(dataset))
    with pytest.raises(OptionError, match="exists already"):
        save_ensemble(members, tmp_path / "both", dataset)


def test_nothing_is_learnt_from_a_model_beside_itself(members):
    files = read_model(members[0])
    twice = joined([files, files])
    images = np.random.default_rng(0).random((5, files.layer_sizes[0]), np.float32)
    np.testing.assert_allclose(twice.forward(images).logits, Predictor.load(members[0]).logits(images), rtol=1e-5)
