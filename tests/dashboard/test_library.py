"""The models of a server: shipped ones, and those that people save."""

import json
import os
import shutil
import threading

import numpy as np
import pytest

from fastnet import weights
from fastnet.dashboard.server import library as library_module
from fastnet.dashboard.server.auditor import Job
from fastnet.dashboard.server.library import Library, owner_of
from fastnet.dashboard.server.quotas import Quotas, Role
from fastnet.dashboard.server.shared import Shared
from fastnet.dashboard.session.saved_models import SavedModels
from fastnet.dashboard.session.store import Store, model_facts
from fastnet.dashboard.session.training_state import TrainingState
from fastnet.dashboard.session.trainings import Trainings
from fastnet.dashboard.views.training.deletion import BrowserKey
from fastnet.dashboard.worker.snapshot import FINISHED, Snapshot
from fastnet.errors import ModelError, OptionError
from fastnet.models.documents import Manifest
from fastnet.models.files import write_model
from fastnet.models.sealed import sealed


def make_run(directory, bias: int = 4, n_pixels: int = 784, classes=None):
    """A model that answers one digit whatever it is shown, and is sure of it: of two that touch it is not asked."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    parameters = {"W1": np.zeros((n_pixels, 10), np.float32), "b1": 10 * np.eye(10, dtype=np.float32)[bias]}
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
    for name, may_replace in (("mine", False), (weights.SMALL, False), (weights.SMALL, True)):
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
    shutil.copytree(weights.DIRECTORY / weights.SMALL, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    n = manifest["recipe"]["epochs"]
    for done, told in ((n, f"{n} epochs"), (2, f"2 of {n} epochs")):
        (folder / "manifest.json").write_text(json.dumps(sealed({**manifest, "epochs": done})))
        training = dict(model_facts(library.load("runs/half")))["Training"]
        assert training.startswith(told)


def test_the_history_of_a_model_is_known_where_it_has_one(library, tmp_path):
    library.save("mine", make_run(tmp_path / "run"))
    assert library.history("mine") == ()
    assert library.history(weights.SMALL)[0].epoch == 1


# ---- Owners ----------------------------------------------------------------------------------------------------------

ANNE, BEN = owner_of("a" * 32), owner_of("b" * 32)


@pytest.fixture
def shared_library(tmp_path) -> Library:
    """One whose visitors come from elsewhere."""
    quotas = Quotas(models_each=2, models=3, models_megabytes=1)
    return Library(tmp_path / "models", tmp_path / "runs", quotas, Role.MAKERS)


def test_only_who_saved_a_model_may_delete_it_or_save_it_anew(shared_library, tmp_path):
    run = make_run(tmp_path / "run")
    shared_library.save("mine", run, owner=ANNE)
    for owner in (BEN, "", "0" * 64):
        assert shared_library.deletable(owner) == []
        with pytest.raises(OptionError, match="no model 'mine' that this browser saved"):
            shared_library.delete("mine", owner)
        with pytest.raises(OptionError, match=r"already; choose another name|has not told yet"):
            shared_library.save("mine", run, may_replace=True, owner=owner)
    shared_library.save("mine", run, may_replace=True, owner=ANNE)
    assert shared_library.deletable(ANNE) == ["mine"]
    shared_library.delete("mine", ANNE)
    assert shared_library.names() == weights.names()
    assert list((tmp_path / "models").iterdir()) == []
    with pytest.raises(ModelError, match="no such model"):
        shared_library.load("mine")


def test_who_deleted_a_name_has_no_right_to_it_when_another_saves_it(shared_library, tmp_path):
    state = TrainingState(Trainings(), shared_library, lambda: ANNE)
    state.snapshot = Snapshot(FINISHED, run=str(make_run(tmp_path / "run")))
    assert state.save("mine").startswith("Saved")
    shared_library.delete("mine", ANNE)
    shared_library.save("mine", make_run(tmp_path / "other", bias=7), owner=BEN)
    assert "already" in state.save("mine")
    assert shared_library.load("mine").predict(np.zeros((1, 784), np.float32)) == 7


def test_an_owner_is_known_by_a_key_that_nobody_can_tell_from_what_is_kept(shared_library, tmp_path):
    shared_library.save("mine", make_run(tmp_path / "run"), owner=ANNE)
    kept = (tmp_path / "models" / "mine" / "owner").read_text()
    assert "a" * 32 not in kept
    assert kept == ANNE != BEN
    assert {owner_of(key) for key in ("", "a" * 31, "A" * 32, "a" * 10**6, "../../etc/passwd", "a" * 32 + "\n")} == {""}


def test_one_address_saves_only_so_many_models_by_whatever_keys(tmp_path):
    quotas = Quotas(models_each=2, models_each_address=3)
    library = Library(tmp_path / "models", tmp_path / "runs", quotas, Role.MAKERS)
    run = make_run(tmp_path / "run")
    keys = [owner_of(f"{number:032x}") for number in range(4)]
    for number in range(3):
        library.save(f"model {number}", run, owner=keys[number], visitor="192.0.2.1")
    with pytest.raises(OptionError, match="3 models have been saved from your address"):
        library.save("model 3", run, owner=keys[3], visitor="192.0.2.1")
    library.save("model 2", run, may_replace=True, owner=keys[2], visitor="192.0.2.1")
    library.save("model 3", run, owner=keys[3], visitor="192.0.2.2")
    library.delete("model 0", keys[0])
    library.save("model 4", run, owner=keys[3], visitor="192.0.2.1")


def test_a_session_tells_its_address_when_it_saves_and_keeps_the_first_key_that_it_is_told(tmp_path):
    library = Library(tmp_path / "models", tmp_path / "runs", Quotas(models_each_address=1), Role.MAKERS)
    store = Store(shared=Shared(library), visitor="192.0.2.1")
    key = BrowserKey(store)
    key._handle_msg({"key": "a" * 32})
    key._handle_msg({"key": "b" * 32})
    assert store.owner == ANNE
    state = TrainingState(store.trainer, library, lambda: store.owner)
    state.snapshot = Snapshot(FINISHED, run=str(make_run(tmp_path / "run")))
    assert state.save("one").startswith("Saved")
    assert "saved from your address" in state.save("two")


@pytest.mark.parametrize("role", Role)
def test_what_comes_with_fastnet_and_runs_are_never_deleted(tmp_path, role):
    make_runs(tmp_path, "best")
    library = Library(tmp_path / "models", tmp_path / "runs", role=role)
    tricks = (
        "runs/best",
        "../runs/best",
        ".",
        "..",
        "",
        "/etc",
        "best\x00",
        "mnist-784-512-10/../x",
        "\uff42\uff45\uff53\uff54",
        *weights.names(),
    )
    for name in tricks:
        assert not library.may_delete(name, ANNE)
        with pytest.raises(OptionError):
            library.delete(name, ANNE)
    assert library.deletable(ANNE) == []
    assert library.names() == [*weights.names(), "runs/best"]


def test_a_link_in_the_folder_is_not_followed_to_delete_what_it_leads_to(library, tmp_path):
    make_run(tmp_path / "elsewhere")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert "link" in library.names()
    with pytest.raises(OptionError):
        library.delete("link", "")
    assert (tmp_path / "elsewhere" / "manifest.json").exists()


def test_on_their_own_computer_people_delete_whatever_was_saved(library, tmp_path):
    heard: list[str] = []
    library.save("one", make_run(tmp_path / "run"))
    library.save("two", make_run(tmp_path / "run"), owner=ANNE)
    library.listen(heard.append)
    assert library.deletable(BEN) == ["one", "two"]
    library.delete("two", "")
    assert heard == ["two"]
    assert library.names() == [*weights.names(), "one"]


def test_models_are_bounded_for_each_visitor_for_all_and_in_bytes(shared_library, tmp_path):
    run = make_run(tmp_path / "run")
    shared_library.save("one", run, owner=ANNE)
    shared_library.save("two", run, owner=ANNE)
    with pytest.raises(OptionError, match="you have saved 2 models, and that is the most; delete one of them first"):
        shared_library.save("three", run, owner=ANNE)
    shared_library.save("two", run, may_replace=True, owner=ANNE)  # instead of it
    shared_library.save("three", run, owner=BEN)
    with pytest.raises(OptionError, match="3 models have been saved here, and that is the most; delete one"):
        shared_library.save("four", run, owner=BEN)
    shared_library.delete("one", ANNE)
    (run / "checkpoint.npz").write_bytes(bytes(950_000))
    with pytest.raises(OptionError, match=r"the saved models fill 0 of 1 MB, and this one needs 1\.0; delete one"):
        shared_library.save("four", run, owner=BEN)


@pytest.mark.parametrize("name", ["con", "NUL", "com1", "Lpt9.txt", "aux.model"])
def test_names_of_devices_are_refused(library, tmp_path, name):
    with pytest.raises(OptionError, match="is the name of a device on Windows"):
        library.save(name, make_run(tmp_path / "run"))


@pytest.mark.parametrize("name", ["Mine", "MINE", weights.SMALL.upper()])
def test_names_that_some_systems_take_for_one_are_refused(library, tmp_path, name):
    run = make_run(tmp_path / "run")
    library.save("mine", run)
    with pytest.raises(OptionError, match="already; choose another name"):
        library.save(name, run, may_replace=True)


def test_two_who_save_one_name_at_once_do_not_share_it(shared_library, tmp_path):
    runs = [make_run(tmp_path / f"run{bias}", bias) for bias in (4, 7)]
    outcomes: list[str] = []

    def save(run, owner) -> None:
        try:
            shared_library.save("mine", run, owner=owner)
            outcomes.append(owner)
        except OptionError as error:
            assert "already" in str(error)  # noqa: PT017 - in a thread

    threads = [threading.Thread(target=save, args=pair) for pair in zip(runs, (ANNE, BEN), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [owner] = outcomes
    assert shared_library.deletable(owner) == ["mine"]
    assert shared_library.load("mine").predict(np.zeros((1, 784), np.float32)) == (4 if owner == ANNE else 7)


def test_a_page_asks_before_it_deletes_and_goes_on_with_another_model(tmp_path):
    library = Library(tmp_path / "models", tmp_path / "runs", role=Role.MAKERS)
    library.save("mine", make_run(tmp_path / "run"), owner=ANNE)
    store = Store(shared=Shared(library))
    library.listen(store.models_changed)
    saved = SavedModels(store)
    assert saved.chosen is None
    store.owner = ANNE
    assert saved.chosen == "mine"
    store.model = "mine"
    saved.ask()
    assert saved.asked == "mine"
    saved.keep()
    assert library.deletable(ANNE) == ["mine"]
    saved.ask()
    saved.finish(saved.delete())
    assert saved.told == "Deleted 'mine'"
    assert (saved.chosen, saved.asked) == (None, "")
    assert store.model == weights.SMALL
    assert "the model 'mine' was deleted" in store.problem
    assert "mine" not in store.param.model.objects


def test_a_model_is_not_deleted_while_its_audit_is_computed(tmp_path):
    library = Library(tmp_path / "models", tmp_path / "runs")
    library.save("mine", make_run(tmp_path / "run"))
    store = Store(shared=Shared(library))
    store.shared.auditor._job = Job("mine")
    saved = SavedModels(store)
    saved.ask()
    assert saved.delete() == "The audit of mine is being computed; delete it afterwards"
    assert "mine" in library.names()


def test_what_may_be_deleted_is_told_with_one_look_at_each_model(library, tmp_path, monkeypatch):
    names = [f"mine {number}" for number in range(5)]
    for name in names:
        library.save(name, make_run(tmp_path / "run"))
    looks = []
    monkeypatch.setattr(library_module, "state_of", lambda folder: looks.append(folder.name) or (0,))
    assert library.deletable("") == names
    assert looks == names
