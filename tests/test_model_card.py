"""The model card says what the manifest says, and no more."""

import dataclasses
import json

import numpy as np
import pytest
import yaml

from benchmarks.studies import shipping
from fastnet import Predictor, weights
from fastnet.errors import ModelError
from fastnet.models.calibration import read_calibration_document
from fastnet.models.card import interval, model_card
from fastnet.models.documents import Manifest
from fastnet.models.files import read_manifest, read_model, write_model
from fastnet.training.recipe import Recipe
from fastnet.training.runs import save_run
from fastnet.training.trainer import Training

LEAST = {"format": "fastnet-model", "format_version": 1, "layer_sizes": [6, 5, 3], "pixel_scale": 0.5, "arrays": {}}


def card_of(content):
    """The card of a manifest's JSON."""
    return model_card(Manifest.from_json(content))


def head_of(card):
    """The YAML at the head of a card."""
    _, head, _ = card.split("---\n", 2)
    return yaml.safe_load(head)


def with_spaces(card):
    return " ".join(card.split())


@pytest.mark.parametrize("name", weights.names())
def test_card_of_each_shipped_model_is_that_of_its_manifest(name):
    directory = weights.DIRECTORY / name
    manifest, calibration = (json.loads((directory / f"{x}.json").read_text()) for x in ("manifest", "calibration"))
    card = (directory / "MODEL_CARD.md").read_text()
    assert card == model_card(Manifest.from_json(manifest), read_calibration_document(directory))
    spread = "how far they depend on its seed was not measured"
    if over_seeds := manifest.get("test_over_seeds"):
        spread = f"over {over_seeds['seeds']} seeds | {over_seeds['mean']:.2%} ± {over_seeds['std']:.2%}"
    for figure in (
        f"{manifest['test']['accuracy']:.2%} of 10,000",
        spread,
        f"| learning_rate | {manifest['recipe']['learning_rate']} |",
        "| seed | 0 |",
        manifest["data"]["sha256"],
        f"{manifest['n_parameters']:,} weights",
        "under the MIT licence",
        "CC BY-SA 3.0",
        "taken as they are" if calibration["temperature"] == 1 else f"divided by {calibration['temperature']:.3f}",
    ):
        assert figure in card
    head = head_of(card)
    assert head["license"] == "mit"
    (result,) = head["model-index"][0]["results"]
    assert result["metrics"] == [{"type": "accuracy", "value": manifest["test"]["accuracy"]}]


def test_cards_of_the_shipped_models_have_titles_that_tell_them_apart():
    cards = [(weights.DIRECTORY / name / "MODEL_CARD.md").read_text() for name in weights.names()]
    titles = [line for card in cards for line in card.splitlines() if line.startswith("# ")]
    assert len(titles) == len(set(titles)) == len(cards)
    assert "# 784-512-10 on MNIST and synthetic digits, 180 epochs, distorted" in titles
    named = [head_of(card)["model-index"][0]["name"] for card in cards]
    assert named == [title.replace("# ", "fastnet ") for title in titles]


def test_titles_tell_where_trainings_of_one_recipe_began_and_who_taught_them():
    first = {"model": "first", "sha256": "0" * 64}
    told = {"recipe": {"seed": 3}, "epochs": 5, "origin": first, "teachers": [first, {**first, "model": "second"}]}
    assert "# 6-5-3 on unnamed data, 5 epochs, from first, taught by first, second, seed 3\n" in card_of(
        {**LEAST, **told}
    )


def test_run_gets_a_card_with_each_save(dataset, tmp_path):
    recipe = Recipe(hidden=(16,), epochs=2, batch_size=32, n_validation=88, seed=7)
    training = Training(dataset, recipe)
    training.run(n_steps=training.steps_per_epoch)
    save_run(training, tmp_path / "run")
    card = (tmp_path / "run/MODEL_CARD.md").read_text()
    assert "not complete: 1 of 2 epochs" in card
    assert "was not measured on a test set" in card
    training.run()
    save_run(training, tmp_path / "run", {"accuracy": 0.5, "loss": 1.25})
    card = (tmp_path / "run/MODEL_CARD.md").read_text()
    assert "| test accuracy | 50.00% of 100 samples" in card
    assert "| test loss | 1.2500 |" in card
    assert "| seed | 7 |" in card
    assert "figures of one training: how far they depend on its seed was not measured" in card
    for word in ("not complete", "MNIST", "±", "Calibration"):
        assert word not in card
    assert "states no licence" in card


def test_manifest_that_says_little_gives_a_card_that_says_little(tmp_path):
    write_model(tmp_path, {}, Manifest.from_json(LEAST))
    card = (tmp_path / "MODEL_CARD.md").read_text()
    assert "# 6-5-3 on unnamed data" in card
    assert "%" not in card
    assert head_of(card) == {"library_name": "fastnet", "tags": ["fastnet", "mlp", "numba", "numpy"]}


@pytest.mark.parametrize("nonsense", [None, "text", 3, [], {}, {"accuracy": "high", "source": None}])
def test_no_field_of_a_manifest_can_make_the_card_fail(nonsense):
    names = (
        "data",
        "recipe",
        "test",
        "test_over_seeds",
        "environment",
        "epochs",
        "validation_accuracy",
        "n_parameters",
    )
    for name in names:
        assert "# 6-5-3 on " in card_of({**LEAST, name: nonsense})


def test_temperature_that_changes_nothing_takes_no_error_from_here_to_there():
    document = read_calibration_document(weights.DIRECTORY / weights.SMALL)
    card = model_card(Manifest.from_json(LEAST), dataclasses.replace(document, temperature=1.0))
    error = f"{document.measured['validation_ece_calibrated']:.2%}"
    assert f"the logits are taken as they are, with an expected calibration error of {error}; " in card
    assert "divided" not in card


def test_path_of_the_data_stays_private():
    card = card_of({**LEAST, "data": {"source": "/home/someone/secret/fashion"}})
    assert "6-5-3 on fashion" in card
    assert "someone" not in card


def test_interval_of_a_count_is_wilsons():
    low, high = interval(0.5, 10)  # Wilson's interval of 5 of 10, from the literature
    assert (low, high) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert interval(1.0, 10)[1] == pytest.approx(1)


def ship(*arguments):
    shipping.main([*map(str, arguments)])


def test_shipped_model_keeps_its_figures_over_seeds_only_with_its_recipe(tmp_path, dataset):
    model = tmp_path / "model"
    for epochs, kept in ((1, False), (1, True), (2, False)):
        run = tmp_path / f"run{kept}{epochs}"
        training = Training(dataset, Recipe(hidden=(), epochs=epochs, n_validation=0, seed=epochs + kept))
        save_run(training, run)
        ship(run, model)
        manifest = json.loads((model / "manifest.json").read_text())
        assert manifest["license"] == "MIT"
        assert ("test_over_seeds" in manifest) == kept
        assert not (model / "checkpoint.npz").exists()
        shipping.write_over_seeds(read_manifest(model), [0.8, 0.9, 1.0], shipped=tmp_path)
        assert "over 3 seeds | 90.00% ± 10.00%" in (model / "MODEL_CARD.md").read_text()


def test_model_is_shipped_in_float16_with_the_figures_of_its_rounded_weights(tmp_path, monkeypatch, dataset):
    training = Training(dataset, Recipe(hidden=(16,), epochs=1, n_validation=0))
    training.run()
    for array in training.network.parameters().values():
        array += np.float32(1e-3)  # so that rounding changes some
    save_run(training, tmp_path / "run", {"accuracy": 0.0, "loss": 0.0})
    monkeypatch.setattr(shipping, "load_dataset", lambda: dataset)
    ship(tmp_path / "run", tmp_path / "model", "--float16")
    files = read_model(tmp_path / "model")
    for name, array in training.network.parameters().items():
        np.testing.assert_array_equal(files.parameters[name], array.astype(np.float16))
        assert np.load(tmp_path / "model" / f"{name}.npy", allow_pickle=False).dtype == np.float16
    right = Predictor.load(tmp_path / "model").predict(dataset.test.pixels) == dataset.test.labels
    assert files.manifest.test.accuracy == pytest.approx(right.mean())
    assert (tmp_path / "model/MODEL_CARD.md").read_text() == model_card(files.manifest)


@pytest.mark.parametrize("fault", ["no run", "too large for float16"])
def test_shipped_model_stays_where_another_cannot_take_its_place(tmp_path, dataset, fault):
    training, run, model = Training(dataset, Recipe(hidden=(), epochs=1, n_validation=0)), tmp_path / "run", "model"
    save_run(training, run)
    ship(run, tmp_path / model)
    before = {path.name: path.read_bytes() for path in (tmp_path / model).iterdir()}
    training.network.layers[0].w[0, 0] = 1e5
    save_run(training, run, {"accuracy": 0.0, "loss": 0.0})
    source = {"no run": tmp_path / "nowhere", "too large for float16": run}[fault]
    with pytest.raises((OSError, ModelError), match=r"nowhere|W1.npy: holds NaN or infinite numbers"):
        ship(source, tmp_path / model, "--float16")
    assert {path.name: path.read_bytes() for path in (tmp_path / model).iterdir()} == before
