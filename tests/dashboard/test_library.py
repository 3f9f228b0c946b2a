"""The models of a server: shipped ones, and those that people save."""

import json
import os
import shutil

import numpy as np
import pytest

from fastnet import weights
from fastnet.dashboard.server.library import Library
from fastnet.dashboard.server.shared import Shared
from fastnet.dashboard.session.store import Store, model_facts
from fastnet.errors import ModelError, OptionError
from fastnet.models.documents import Manifest
from fastnet.models.files import write_model
from fastnet.models.sealed import sealed


def make_run(directory, bias: int = 4, n_pixels: int = 784, classes=None):
    """A model that answers one digit whatever it is shown."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    parameters = {"W1": np.zeros((n_pixels, 10), np.float32), "b1": np.eye(10, dtype=np.float32)[bias]}
    write_model(directory, parameters, Manifest(layer_sizes=(n_pixels, 10), classes=classes, pixel_scale=1 / 255))
    return directory


@pytest.fixture
def library(tmp_path) -> Library:
    return Library(tmp_path / "models", tmp_path / "runs")


def test_a_saved_model_is_there_for_all_and_after_a_restart(library, tmp_path):
    library.save("Mine 1", make_run(tmp_path / "run"))
    for other in (library, Library(tmp_path / "models", tmp_path / "runs")):
        assert other.names() == [*weights.names(), "Mine 1"]
        assert other.load("Mine 1").predict(np.zeros((1, 784), np.float32)) == 4


def test_a_model_that_was_saved_anew_is_loaded_anew(library, tmp_path):
    library.save("mine", make_run(tmp_path / "run", bias=4))
    assert library.load("mine") is library.load("mine")
    library.save("mine", make_run(tmp_path / "run", bias=7), may_replace=True)
    assert library.load("mine").predict(np.zeros((1, 784), np.float32)) == 7


@pytest.mark.parametrize("name", ["", ".", "..", "../up", "a/b", "a\\b", ".hidden", "end.", "x" * 41, "naïve", "a\nb"])
def test_names_are_no_paths(library, tmp_path, name):
    with pytest.raises(OptionError, match="a name has 1 to 40 letters"):
        library.save(name, make_run(tmp_path / "run"))
    assert not (tmp_path / "models").exists()
    with pytest.raises(ModelError, match="no such model"):
        library.load(name)


def test_a_name_that_is_taken_is_refused(library, tmp_path):
    run = make_run(tmp_path / "run")
    library.save("mine", run)
    for name, may_replace in (("mine", False), (weights.DEFAULT, False), (weights.DEFAULT, True)):
        with pytest.raises(OptionError, match="already; choose another name"):
            library.save(name, run, may_replace)


def test_a_network_of_other_pixels_is_no_model_for_drawings(library, tmp_path):
    with pytest.raises(ModelError, match="from 30 pixels to 10 classes cannot read drawn digits"):
        library.save("mine", make_run(tmp_path / "run", n_pixels=30))
    make_run(tmp_path / "run", n_pixels=30).rename(tmp_path / "models")
    shutil.move(tmp_path / "models", tmp_path / "inner")
    (tmp_path / "models").mkdir()
    shutil.move(tmp_path / "inner", tmp_path / "models" / "other")
    (tmp_path / "models" / "damaged").mkdir()
    (tmp_path / "models" / "damaged" / "manifest.json").write_text("{")
    assert library.names() == weights.names()


def test_a_network_that_tells_letters_is_no_model_for_drawings(library, tmp_path):
    letters = make_run(tmp_path / "run", classes=tuple("ABCDEFGHIJ"))
    with pytest.raises(ModelError, match="from 784 pixels to 10 classes, from A to J, cannot read drawn digits"):
        library.save("mine", letters)
    (tmp_path / "models").mkdir()
    letters.rename(tmp_path / "models" / "letters")
    assert library.names() == weights.names()
    library.save("mine", make_run(tmp_path / "run", classes=tuple("0123456789")))
    assert library.names() == [*weights.names(), "mine"]


def test_those_who_listen_hear_of_saved_models_until_they_end_it(library, tmp_path):
    heard: list[str] = []
    end = library.listen(heard.append)
    library.save("one", make_run(tmp_path / "run"))
    end()
    library.save("two", make_run(tmp_path / "run"))
    assert heard == ["one"]


def test_a_store_offers_and_loads_a_model_that_another_session_saved(library, tmp_path):
    store = Store(shared=Shared(library))
    library.save("mine", make_run(tmp_path / "run", bias=4))
    store.models_changed("mine")
    assert "mine" in store.param.model.objects
    store.model = "mine"
    assert store.predictor.predict(np.zeros((1, 784), np.float32)) == 4
    library.save("mine", make_run(tmp_path / "run", bias=7), may_replace=True)
    store.models_changed("mine")
    assert store.predictor.predict(np.zeros((1, 784), np.float32)) == 7


def make_runs(tmp_path, *names: str) -> None:
    (tmp_path / "runs").mkdir(exist_ok=True)
    for age, name in enumerate(reversed(names)):
        manifest = make_run(tmp_path / "runs" / name) / "manifest.json"
        os.utime(manifest, ns=(10**18 + age, 10**18 + age))


def test_runs_are_offered_the_newest_first_also_those_that_come_later(library, tmp_path):
    assert library.names() == weights.names()
    make_runs(tmp_path, "20261128-094356-512-seed1", "best", ".hidden.new")
    library.save("mine", tmp_path / "runs" / "best")
    assert library.names() == [*weights.names(), "runs/20261128-094356-512-seed1", "runs/best", "mine"]
    assert library.load("runs/best").predict(np.zeros((1, 784), np.float32)) == 4


def test_no_more_than_the_newest_runs_are_offered(library, tmp_path, monkeypatch):
    monkeypatch.setattr("fastnet.dashboard.server.library.MOST_RUNS", 2)
    make_runs(tmp_path, "c", "b", "a")
    assert library.names() == [*weights.names(), "runs/c", "runs/b"]


def test_a_run_that_goes_on_is_loaded_anew(library, tmp_path):
    make_runs(tmp_path, "mine")
    assert library.load("runs/mine") is library.load("runs/mine")
    make_run(tmp_path / "runs" / "mine", bias=7)
    assert library.load("runs/mine").predict(np.zeros((1, 784), np.float32)) == 7


def test_a_damaged_run_is_left_out_and_told_of_once(library, tmp_path, capfd):
    make_runs(tmp_path, "sound", "damaged")
    damaged = tmp_path / "runs" / "damaged" / "manifest.json"
    damaged.write_text("{")
    for _ in range(2):
        assert library.names() == [*weights.names(), "runs/sound"]
    told = capfd.readouterr().err
    assert told.count("not offered: ") == told.count(str(damaged)) == 1


@pytest.mark.parametrize(
    "name", ["runs/", "runs/..", "runs/.", "runs/a/b", "runs/../models/a", "runs/a\nb", "runs//etc"]
)
def test_names_of_runs_are_no_paths(library, tmp_path, name):
    make_runs(tmp_path, "a")
    with pytest.raises(ModelError, match="no such model"):
        library.load(name)


def test_how_far_a_run_is_stands_among_its_facts(library, tmp_path):
    folder = tmp_path / "runs" / "half"
    shutil.copytree(weights.DIRECTORY / weights.DEFAULT, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    n = manifest["recipe"]["epochs"]
    for done, told in ((n, f"{n} epochs"), (2, f"2 of {n} epochs")):
        (folder / "manifest.json").write_text(json.dumps(sealed({**manifest, "epochs": done})))
        training = dict(model_facts(library.load("runs/half")))["Training"]
        assert training.startswith(told)


def test_the_history_of_a_model_is_known_where_it_has_one(library, tmp_path):
    library.save("mine", make_run(tmp_path / "run"))
    assert library.history("mine") == ()
    assert library.history(weights.DEFAULT)[0].epoch == 1
