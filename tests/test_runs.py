"""Runs: saved whole, taken up again at any step to the same bits."""

import dataclasses
import json

import numpy as np
import pytest

from fastnet.data.samples import Dataset, Samples
from fastnet.errors import DataError, ModelError, OptionError
from fastnet.models.sealed import sealed
from fastnet.reading.predictor import Predictor
from fastnet.training import runs
from fastnet.training.recipe import ENGINES, Recipe
from fastnet.training.runs import load_run, new_run_directory, save_run
from fastnet.training.trainer import Training

from .engines import assert_same_parameters

RECIPE = Recipe(hidden=(16, 7), epochs=4, batch_size=32, n_validation=88, learning_rate=5e-3, warmup_epochs=0.5)


def files_of(directory):
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("step", [1, 16, 17, 40])  # 16 steps an epoch
def test_resumed_training_ends_at_the_bits_of_an_uninterrupted_one(dataset, tmp_path, engine, step):
    recipe = dataclasses.replace(RECIPE, engine=engine)
    whole = Training(dataset, recipe)
    whole.run()
    first = Training(dataset, recipe)
    first.run(n_steps=step)
    save_run(first, tmp_path / "run")
    second = load_run(tmp_path / "run", dataset)
    assert second.progress.step == step
    second.run()
    assert_same_parameters(whole, second)
    without_seconds = [
        [dataclasses.replace(record, seconds=0) for record in training.progress.history] for training in (whole, second)
    ]
    assert without_seconds[0] == without_seconds[1]


def test_saved_run_holds_what_it_says(dataset, tmp_path):
    training = Training(dataset, RECIPE)
    training.run()
    save_run(training, tmp_path / "run", {"accuracy": 0.5, "loss": 1.0})
    names = ["W1", "W2", "W3", "b1", "b2", "b3"]
    assert sorted(files_of(tmp_path / "run")) == sorted(
        [f"{name}.npy" for name in names] + ["MODEL_CARD.md", "checkpoint.npz", "history.json", "manifest.json"]
    )
    manifest = json.loads((tmp_path / "run/manifest.json").read_text())
    assert manifest["layer_sizes"] == [30, 16, 7, 4]
    assert manifest["recipe"]["seed"] == 0
    assert manifest["test"] == {"accuracy": 0.5, "loss": 1.0}
    assert manifest["data"]["n_train"] == 512
    history = json.loads((tmp_path / "run/history.json").read_text())
    assert [record["epoch"] for record in history] == [1, 2, 3, 4]
    predictor = Predictor.load(tmp_path / "run")
    np.testing.assert_array_equal(predictor.network.layers[0].w, training.network.layers[0].w)


def test_failed_save_leaves_the_run_as_it_was(dataset, tmp_path, monkeypatch):
    training = Training(dataset, RECIPE)
    save_run(training, tmp_path / "run")
    before = files_of(tmp_path / "run")
    training.run(n_steps=16)

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runs, "write_model", fail)
    with pytest.raises(OSError, match="No space left"):
        save_run(training, tmp_path / "run")
    assert files_of(tmp_path / "run") == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_other_data_is_refused(dataset, tmp_path):
    save_run(Training(dataset, RECIPE), tmp_path / "run")
    other = dataclasses.replace(dataset, train=dataclasses.replace(dataset.train, labels=3 - dataset.train.labels))
    with pytest.raises(DataError, match="is not the training set of"):
        load_run(tmp_path / "run", other)


@pytest.mark.parametrize("field", ["recipe", "progress", "data"])
def test_manifest_without_its_training_cannot_go_on(dataset, tmp_path, field):
    save_run(Training(dataset, RECIPE), tmp_path / "run")
    path = tmp_path / "run/manifest.json"
    manifest = json.loads(path.read_text())
    del manifest[field]
    path.write_text(json.dumps(sealed(manifest)))
    with pytest.raises(ModelError, match=rf"manifest\.json: lacks '{field}', so it does not describe a training"):
        load_run(tmp_path / "run", dataset)


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("manifest.json", lambda manifest: manifest["progress"].update(step="many")),
        ("manifest.json", lambda manifest: manifest["progress"].update(step=17)),
        ("manifest.json", lambda manifest: manifest.update(progress=[1])),
        ("manifest.json", lambda manifest: manifest["recipe"].update(hidden="16")),
        ("manifest.json", lambda manifest: manifest["recipe"].update(hidden=[17, 7])),
        ("history.json", lambda history: history.append({"epoch": 1})),
        ("history.json", lambda history: history.append(5)),
    ],
)
def test_figures_that_cannot_be_are_refused(dataset, tmp_path, file, damage):
    save_run(Training(dataset, RECIPE), tmp_path / "run")
    path = tmp_path / "run" / file
    content = json.loads(path.read_text())
    damage(content)
    path.write_text(json.dumps(content if file == "history.json" else sealed(content)))
    with pytest.raises(ModelError, match=r"\.json: "):
        load_run(tmp_path / "run", dataset)


def test_moments_that_are_not_finite_are_refused(dataset, tmp_path):
    training = Training(dataset, RECIPE)
    training.engine.moments[1].layers[0].w[3, 3] = np.nan
    save_run(training, tmp_path / "run")
    with pytest.raises(ModelError, match="holds NaN or infinite numbers"):
        load_run(tmp_path / "run", dataset)


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_broken_checkpoint_is_refused(dataset, tmp_path, damage):
    save_run(Training(dataset, RECIPE), tmp_path / "run")
    path = tmp_path / "run/checkpoint.npz"
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match=r"checkpoint\.npz"):
        load_run(tmp_path / "run", dataset)


def test_more_epochs_can_be_asked_for_and_fewer_than_done_cannot(dataset, tmp_path):
    training = Training(dataset, RECIPE)
    training.run()
    save_run(training, tmp_path / "run")
    assert load_run(tmp_path / "run", dataset).finished
    longer = load_run(tmp_path / "run", dataset, epochs=6)
    longer.run()
    assert len(longer.progress.history) == 6
    with pytest.raises(OptionError, match="already been trained for more than 3 epochs"):
        load_run(tmp_path / "run", dataset, epochs=3)


def test_new_run_directories_differ(tmp_path):
    with new_run_directory(RECIPE, tmp_path / "runs") as first, new_run_directory(RECIPE, tmp_path / "runs") as second:
        assert first != second
        assert "16-7-seed0" in first.name
        second.mkdir()
        with new_run_directory(RECIPE, tmp_path / "runs") as third:
            assert third not in (first, second)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [second.name]


def test_run_whose_save_was_killed_between_its_renames_is_put_back(dataset, tmp_path):
    save_run(Training(dataset, RECIPE), tmp_path / "run")
    (tmp_path / "run").rename(tmp_path / ".run.old")  # as `kill -9` would leave it
    assert load_run(tmp_path / "run", dataset).progress.step == 0
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize(("highest", "scale"), [(1.0, 1 / 255), (255.0, 1.0)])
def test_model_of_floating_point_pixels_knows_how_uint8_ones_are_scaled(dataset, tmp_path, highest, scale):
    def floats(samples):
        return Samples(samples.images * np.float32(highest / 255), samples.labels, 1.0)

    small = Dataset(floats(dataset.train), floats(dataset.test), "floats")
    training = Training(small, RECIPE)
    save_run(training, tmp_path / "run")
    predictor = Predictor.load(tmp_path / "run")
    assert predictor.manifest.pixel_scale == scale
    np.testing.assert_allclose(
        predictor.predict_proba(dataset.test.images), predictor.predict_proba(small.test.images), rtol=1e-4, atol=1e-6
    )
