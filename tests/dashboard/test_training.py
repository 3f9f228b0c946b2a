"""Trainings that people watch, without a browser: the process, how it is steered, and what is told of it."""

import dataclasses
import errno
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from multiprocessing import Pipe

import numpy as np
import pytest

from fastnet import weights
from fastnet.dashboard.server.library import Library
from fastnet.dashboard.server.places import Places
from fastnet.dashboard.server.shared import Shared
from fastnet.dashboard.session.comparison import difference
from fastnet.dashboard.session.options import MOST_PARAMETERS, Options
from fastnet.dashboard.session.store import Store
from fastnet.dashboard.session.training_state import TrainingState, run_name
from fastnet.dashboard.session.trainings import Trainings, _work
from fastnet.dashboard.views.training.curves import CurvesView
from fastnet.dashboard.views.training.figures import figures_html
from fastnet.dashboard.views.training.saving import saving_view
from fastnet.dashboard.worker.beside import start_beside
from fastnet.dashboard.worker.looks import Observer
from fastnet.dashboard.worker.snapshot import ENDING, FAILED, FINISHED, PAUSED, PREPARING, RUNNING, STOPPED, Snapshot
from fastnet.dashboard.worker.training import _Worker
from fastnet.data.loading import load_dataset
from fastnet.errors import ModelError, OptionError
from fastnet.kernels.compilation import N_FUNCTIONS
from fastnet.models.documents import EpochRecord
from fastnet.models.files import read_model
from fastnet.models.network import Network
from fastnet.training.recipe import RECIPES, Recipe
from fastnet.training.trainer import Training

from ..conftest import PATIENCE

SMALL = Recipe(hidden=(16,), epochs=2, batch_size=32, n_validation=100, engine="reference")
LONG = dataclasses.replace(SMALL, epochs=10**5, schedule="constant")


@pytest.fixture
def trainer(npz):
    trainer = Trainings(data=str(npz))
    yield trainer
    trainer.close()


def wait(trainer: Trainings, *states: str) -> Snapshot:
    deadline = time.monotonic() + PATIENCE
    while trainer.snapshot.state not in states:
        assert time.monotonic() < deadline, trainer.snapshot
        time.sleep(0.01)
    return trainer.snapshot


def wait_for_step(trainer: Trainings, step: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while trainer.snapshot.step < step:
        assert time.monotonic() < deadline, trainer.snapshot
        time.sleep(0.01)


@pytest.mark.parametrize("engine", ["numba", "reference"])
def test_a_training_on_the_page_ends_with_the_weights_of_any_other(trainer, npz, engine):
    recipe = dataclasses.replace(SMALL, engine=engine)
    trainer.start(recipe)
    end = wait(trainer, FINISHED, FAILED)
    expected = Training(load_dataset(npz), recipe)
    expected.run()
    weights = read_model(end.run).parameters
    for name, array in expected.network.parameters().items():
        np.testing.assert_allclose(weights[name], array, atol=1e-5)
    loss, accuracy = expected.engine.evaluate(expected.dataset.test)
    assert end.test.accuracy == pytest.approx(accuracy)
    assert end.test.loss == pytest.approx(loss, rel=1e-4)


def test_the_curves_hold_the_means_that_the_history_has(trainer):
    trainer.start(SMALL)
    end = wait(trainer, FINISHED)
    assert (end.step, end.n_steps, end.steps_per_epoch, end.n_train) == (32, 32, 16, 500)
    assert end.steps[-1] == end.step
    for number, record in enumerate(end.epochs):
        first, last = 16 * number, 16 * (number + 1)
        points = [at for at, step in enumerate(end.steps) if first < step <= last]
        ends = [min(32 * (end.steps[at] - first), 500) for at in points]
        sizes = np.diff([0, *ends])
        assert np.dot(sizes, [end.losses[at] for at in points]) / 500 == pytest.approx(record.train_loss)
        assert np.dot(sizes, [end.accuracies[at] for at in points]) / 500 == pytest.approx(record.train_accuracy)
    assert end.samples_per_second > 0
    assert end.looks.confusion.sum() == end.n_validation == 100


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_place_is_free_again_whatever_happens_to_who_hears_of_the_training(trainer, monkeypatch):
    def fail(self: Trainings, *_: object) -> None:
        raise RuntimeError("unforeseen")

    earlier = threading.enumerate()
    trainer.start(LONG)
    hearing = [thread for thread in threading.enumerate() if thread not in earlier and "_hear" in thread.name]
    wait_for_step(trainer, 1)
    monkeypatch.setattr(Trainings, "_look_at_clock", fail)
    assert wait(trainer, FAILED).problem == "the training ended unexpectedly"
    assert trainer._places.take("another")
    for thread in hearing:
        thread.join(PATIENCE)  # its exception is told at its end, and is this test's own


def test_a_command_to_a_training_that_is_abandoned_meanwhile_is_dropped(trainer):
    class Pipe:
        """One that is taken away by another thread between two looks at it."""

        def __bool__(self) -> bool:
            closing.start()
            closing.join(0.2)
            return True

        def send(self, command: str) -> None:
            raise BrokenPipeError

    closing = threading.Thread(target=trainer.close)
    trainer._pipe = Pipe()
    trainer.pause()
    closing.join(PATIENCE)
    trainer.pause()


def test_a_paused_training_waits_and_goes_on(trainer):
    trainer.start(LONG)
    wait_for_step(trainer, 100)
    trainer.pause()
    step = wait(trainer, PAUSED).step
    time.sleep(0.3)
    assert trainer.snapshot.step == step
    trainer.resume()
    wait(trainer, RUNNING)
    wait_for_step(trainer, step + 100)
    trainer.pause()
    wait(trainer, PAUSED)
    trainer.stop()  # also from a pause
    assert wait(trainer, STOPPED).can_be_saved


def test_a_stopped_training_can_be_saved_and_another_follows(trainer):
    trainer.start(LONG)
    wait_for_step(trainer, 100)
    trainer.stop()
    end = wait(trainer, STOPPED)
    assert read_model(end.run).manifest.progress.step == end.step < end.n_steps
    trainer.start(SMALL)
    assert [run.number for run in trainer.earlier] == [1]
    assert wait(trainer, FINISHED).number == 2
    with pytest.raises(ModelError, match="no such model"):
        read_model(end.run)  # its folder is gone


def test_a_training_that_gets_ready_stops_at_once(trainer):
    trainer.start(LONG)
    assert trainer.snapshot.state == PREPARING
    trainer.stop()
    assert trainer.snapshot.state == STOPPED
    assert not trainer.snapshot.can_be_saved


def test_one_training_at_a_time_and_others_are_told(npz):
    places = Places(1)
    mine, yours = Trainings(places, str(npz)), Trainings(places, str(npz))
    try:
        mine.start(LONG)
        with pytest.raises(OptionError, match="a training of yours is under way"):
            mine.start(SMALL)
        with pytest.raises(OptionError, match="another visitor trains"):
            yours.start(SMALL)
        mine.close()
        deadline = time.monotonic() + PATIENCE
        while yours.snapshot.state != FINISHED and time.monotonic() < deadline:
            try:
                yours.start(SMALL)
                wait(yours, FINISHED)
            except OptionError:
                time.sleep(0.05)  # the process is about to end
        assert yours.snapshot.state == FINISHED
    finally:
        mine.close()
        yours.close()


def test_two_places_hold_two():
    places = Places(2)
    owners = [object() for _ in range(3)]
    assert [places.take(owner) for owner in owners] == [True, True, False]
    places.free(owners[0])
    places.free(owners[0])
    assert [places.take(owner) for owner in owners[1:]] == [True, True]


def test_closing_ends_the_process_and_leaves_no_file(trainer):
    trainer.start(LONG)
    process, folder = trainer._process, trainer._folder.name
    wait_for_step(trainer, 100)
    trainer.close()
    deadline = time.monotonic() + PATIENCE
    while process.exitcode is None:  # a join could lose its news to the thread that hears the process
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not os.path.exists(folder)
    assert trainer.snapshot.state == STOPPED


def test_the_process_ends_when_the_server_is_killed(start_process, npz):
    server = start_process([sys.executable, "-c", SERVER, str(npz)], stdout=subprocess.PIPE, text=True)
    process = int(server.stdout.readline())
    assert is_running(process)
    server.kill()
    deadline = time.monotonic() + PATIENCE
    while is_running(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(process)


SERVER = """
import sys, time
from fastnet.dashboard.session.trainings import Trainings
from fastnet.training.recipe import Recipe

trainer = Trainings(data=sys.argv[1])
trainer.start(Recipe(hidden=(16,), epochs=10**5, n_validation=100, engine="reference"))
while trainer.snapshot.step < 100 and trainer.snapshot.is_active:
    time.sleep(0.01)
print(trainer._process.pid, flush=True)
time.sleep(600)
"""


def is_running(process: int) -> bool:
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout
    return bool(listed.strip()) and not listed.startswith("Z")  # a zombie waits for whoever takes it over


def test_a_process_that_was_killed_is_told(trainer):
    trainer.start(LONG)
    wait_for_step(trainer, 100)
    os.kill(trainer._process.pid, signal.SIGKILL)
    assert wait(trainer, FAILED).problem == "the training ended unexpectedly"


def test_a_diverged_training_and_missing_data_get_a_sentence(trainer, tmp_path):
    trainer.start(dataclasses.replace(SMALL, learning_rate=1e30))
    assert "try a learning rate below" in wait(trainer, FAILED, FINISHED).problem
    missing = Trainings(data=str(tmp_path / "nothing"))
    missing.start(SMALL)
    assert wait(missing, FAILED).problem.startswith("nothing: no such data set")  # visitors need not know the folder
    missing.close()


def test_a_place_is_free_again_where_a_training_cannot_begin(npz, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/fastnet-x")

    trainer = Trainings(Places(1), str(npz))
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "TemporaryDirectory", refuse)
        with pytest.raises(OptionError, match=r"cannot begin: /tmp/fastnet-x: no space left on device"):
            trainer.start(SMALL)
    assert not trainer.snapshot.is_active
    trainer.start(SMALL)
    trainer.close()


def test_a_run_that_cannot_be_saved_gets_a_sentence(npz, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.touch()
    trainer = Trainings(data=str(npz))
    process, pipe = start_beside(_work, SMALL, str(npz), blocked / "run", niceness=0)
    trainer._process = process
    trainer._hear(process, pipe, object())
    assert trainer.snapshot.state == FAILED
    assert trainer.snapshot.problem.startswith(f"{blocked}")
    assert "unexpectedly" not in trainer.snapshot.problem


def test_the_page_says_what_a_training_waits_for_and_since_when(tmp_path):
    state = TrainingState(Trainings(), Library(tmp_path / "models", tmp_path / "runs"))
    state._trainer.snapshot = Snapshot(PREPARING, 1, SMALL, began=time.monotonic() - 12)
    state.look()
    assert f"begins and reads the data: {state.waited} s so far" in figures_html(state.snapshot, state.waited)
    assert state.waited >= 12
    state._trainer.snapshot = state._trainer.snapshot.and_then({"is_compiling": True})
    state.look()
    told = figures_html(state.snapshot, state.waited)
    assert "The kernels are made ready" in told
    assert f"at once: {state.waited} s so far" in told
    state._trainer.snapshot = state._trainer.snapshot.and_then({"n_compiled": 84})
    state.look()
    assert f"84 of about {N_FUNCTIONS} functions, {state.waited} s so far" in figures_html(state.snapshot, state.waited)
    assert "so far" not in figures_html(state.snapshot.and_then({"state": RUNNING}), state.waited)


def test_the_bar_shows_what_is_compiled_and_then_what_is_trained():
    snapshot = Snapshot(PREPARING, 1, SMALL)
    assert '<progress class="ready" aria-label="Getting ready">' in figures_html(snapshot)  # how far is not known
    half = figures_html(snapshot.and_then({"n_compiled": N_FUNCTIONS // 2}))
    assert f'value="{N_FUNCTIONS // 2 / N_FUNCTIONS:.4f}" aria-label="Getting ready"' in half
    assert 'value="0.9800"' in figures_html(snapshot.and_then({"n_compiled": 2 * N_FUNCTIONS}))
    trained = snapshot.and_then({"state": RUNNING, "n_compiled": N_FUNCTIONS, "step": 30, "n_steps": 120})
    assert 'value="0.2500" aria-label="Training"' in figures_html(trained)


def test_the_process_tells_that_it_compiles(trainer, monkeypatch):
    seen = []
    monkeypatch.setattr(trainer, "_take_in", lambda process, changes: seen.append(changes))
    trainer.start(dataclasses.replace(SMALL, engine="numba"))
    deadline = time.monotonic() + PATIENCE
    while {"is_compiling": True} not in seen:
        assert time.monotonic() < deadline, seen
        time.sleep(0.01)


def test_the_process_counts_what_it_compiles(npz):
    ours, theirs = Pipe()
    worker = _Worker(theirs, SMALL, str(npz))
    for begins in (True, True, False, False):
        worker._hear_of_compiling(begins)
    told = [ours.recv() for _ in range(2)]
    assert told == [{"n_compiled": 1}, {"n_compiled": 2}]


def test_the_button_that_saves_lives_on_where_the_same_sentence_is_told_again(tmp_path):
    store = Store(shared=Shared(Library(tmp_path / "models", tmp_path / "runs")))
    state = TrainingState(store.trainer, store.shared.library)
    [view] = saving_view(state)
    button = view[1]
    state.snapshot = Snapshot(FINISHED, run=str(tmp_path / "gone"))
    for _ in range(2):
        button.clicks += 1
        assert state.saved
        assert not button.disabled


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "mine/W1.npy"), "Mine/W1.npy: no space left on device"),
        (MemoryError(), "There is not enough memory"),
    ],
)
def test_a_run_that_cannot_be_kept_gets_a_sentence(tmp_path, monkeypatch, error, sentence):
    def refuse(*_, **__):
        raise error

    library = Library(tmp_path / "models", tmp_path / "runs")
    monkeypatch.setattr(library, "save", refuse)
    state = TrainingState(Trainings(), library)
    state.snapshot = Snapshot(FINISHED, run=str(tmp_path))
    assert state.save("mine") == sentence


def test_a_small_data_set_keeps_most_for_training(trainer):
    trainer.start(dataclasses.replace(SMALL, n_validation=5000))
    assert wait(trainer, FINISHED, FAILED).n_validation == 120  # of 600


# ---- What is shown of a network --------------------------------------------------------------------------------------


def test_confusions_are_those_of_an_independent_count(dataset):
    network = Network.he_initialised((30, 8, 4), np.random.default_rng(0))
    looks = Observer(lambda: network, dataset.test, dataset.pixel_scale).look()
    hidden = np.maximum(dataset.test.images / 255 @ network.layers[0].w + network.layers[0].b, 0)
    predicted = (hidden @ network.layers[1].w + network.layers[1].b).argmax(axis=1)
    expected = np.zeros((4, 4), int)
    np.add.at(expected, (dataset.test.labels, predicted), 1)
    np.testing.assert_array_equal(looks.confusion, expected)


def test_the_embedding_becomes_the_two_principal_components(dataset):
    network = Network.he_initialised((30, 8, 4), np.random.default_rng(0))
    observer = Observer(lambda: network, dataset.test, dataset.pixel_scale)
    for _ in range(40):
        looks = observer.look()
    hidden = np.maximum(dataset.test.images / 255 @ network.layers[0].w + network.layers[0].b, 0)
    _, sizes, _ = np.linalg.svd(hidden - hidden.mean(axis=0))
    np.testing.assert_allclose(np.linalg.norm(looks.embedding, axis=0), sizes[:2], rtol=1e-3)


def test_filters_are_squares_or_none(dataset):
    rng = np.random.default_rng(0)
    assert Observer(lambda: Network.he_initialised((30, 8, 4), rng), dataset.test, 1.0).filters() is None
    network = Network.he_initialised((36, 8, 4), rng)
    filters = Observer(lambda: network, dataset.test, 1.0).filters()
    np.testing.assert_array_equal(filters[3], network.layers[0].w[:, 3].reshape(6, 6))


def test_curves_show_an_example_until_there_are_own_ones_and_a_wide_axis_has_fewer_ticks(tmp_path):
    state = TrainingState(Trainings(), Library(tmp_path / "models", tmp_path / "runs"))
    view = CurvesView(state)
    example, _, told = view.loss
    assert f"This is how {weights.SMALL} learned" in example.object
    ticker = view._loss_figure.yaxis[0].ticker
    n_ticks = len(ticker.ticks)
    state.snapshot = dataclasses.replace(run("numba", 800.0, 2.0, 0.5), state=RUNNING, number=1)
    assert "This is how" in example.object  # nothing was drawn yet
    points = {"steps": (1, 2), "losses": (2.0, 0.001), "accuracies": (0.1, 0.99), "steps_per_epoch": 10}
    state.snapshot = state.snapshot.and_then(points)
    assert example.object == ""
    assert "Training loss by epoch: 2.0000 at 1, 0.5000 at 1." in told.object
    assert len(ticker.ticks) == n_ticks / 3
    state.snapshot = Snapshot(PREPARING, number=2)
    assert list(view._live.data["loss"]) == [2.0, 0.001]  # until the second has points


# ---- The form --------------------------------------------------------------------------------------------------------


def options(**typed) -> Options:
    form = Options()
    for field, text in typed.items():
        setattr(form, field, text)
    return form


@pytest.mark.parametrize("name", RECIPES)
def test_the_form_is_filled_with_a_recipe(name):
    assert options(preset=name).read() == RECIPES[name]


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("hidden", "256, 128", (256, 128)),
        ("hidden", "none", ()),
        ("epochs", " 3 ", 3),
        ("batch_size", "128", 128),
        ("learning_rate", "1e-3", 1e-3),
        ("seed", "7", 7),
    ],
)
def test_fields_are_read(field, text, expected):
    assert getattr(options(**{field: text}).read(), field) == expected


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("hidden", "many", "hidden layers are sizes"),
        ("hidden", "0", "whole numbers from 1"),
        ("hidden", "0", "from 1 to 1,000,000 such as 512 or 256,128, or none, not '0'"),
        ("hidden", "9999999", "from 1 to 1,000,000 such as 512 or 256,128, or none, not '9999999'"),
        ("hidden", "5000,5000", f"at most {MOST_PARAMETERS:,}"),
        ("epochs", "0", "epochs must be a whole number from 1, not 0"),
        ("epochs", "1.5", "epochs must be a whole number from 1, not '1.5'"),
        ("epochs", "1001", "at most 1,000 on this page"),
        ("batch_size", "-1", "batch size must be a whole number from 1"),
        ("batch_size", "5000", "at most 1,024 on this page"),
        ("learning_rate", "nan", "the learning rate must be above 0"),
        ("learning_rate", "quick", "learning rate must be a number"),
        ("seed", "-1", "seed must be a whole number from 0"),
    ],
)
def test_what_is_wrong_is_told_for_its_field_alone(field, text, sentence):
    form = options(**{field: text})
    assert list(form.problems) == [field]
    assert sentence in form.problems[field]
    assert form.read() is None
    setattr(form, field, getattr(Options(), field))
    assert form.problems == {}


def test_that_the_form_is_not_right_is_told_until_it_is(tmp_path):
    state = TrainingState(Trainings(), Library(tmp_path / "models", tmp_path / "runs"))
    state.options.param.update(hidden="abc", epochs="0")
    assert state.problem == ""  # before anybody wants to start
    state.start()
    assert state.problem == "nothing is trained before the form is right; see hidden layer sizes and epochs"
    state.options.epochs = "3"
    assert state.problem == "nothing is trained before the form is right; see hidden layer sizes"
    state.options.hidden = "64"
    assert state.problem == ""


def test_activation_and_solver_are_chosen():
    form = options(activation="tanh", solver="sgd")
    chosen = form.read()
    assert (chosen.activation, chosen.solver) == ("tanh", "sgd")
    assert (chosen.learning_rate, chosen.weight_decay) == (0.1, 0.0)  # not those of Adam
    form.learning_rate = "0.05"
    assert form.read().learning_rate == 0.05
    form.solver = "adam"
    assert form.read() == dataclasses.replace(RECIPES["plain"], activation="tanh")
    form.choose("best")  # which fills all in
    assert form.read() == RECIPES["best"]


def test_a_run_is_called_by_what_was_chosen():
    assert run_name(run("numba", 800.0)) == "Run 0: 16, numba"
    assert run_name(run("reference", 800.0, activation="tanh", solver="sgd")) == "Run 0: 16, tanh, sgd, reference"


def test_distortions_can_be_switched():
    assert options(distorts=True).read().augmentation == RECIPES["best"].augmentation
    assert options(preset="best", distorts=False).read().augmentation is None


# ---- Comparisons -----------------------------------------------------------------------------------------------------


def run(engine: str, speed: float, *losses: float, **changes) -> Snapshot:
    epochs = tuple(EpochRecord(1, 1.0, 1e-3, loss, 0.5, None, None) for loss in losses)
    recipe = dataclasses.replace(SMALL, engine=engine, **changes)
    return Snapshot(ENDING, recipe=recipe, samples_per_second=speed, epochs=epochs)


def test_two_engines_are_told_apart_by_speed_and_losses():
    sentence = difference(run("numba", 800.0, 1.0, 0.5), run("reference", 100.0, 1.0 + 2e-6), "Run 1")
    assert sentence == "8.0 times as fast as Run 1; the training loss differs by at most 2e-06 over the first epoch."
    assert difference(run("reference", 100.0, 1.0), run("numba", 800.0, 1.0), "Run 1").startswith("8.0 times slower")


def test_other_pairs_are_not_told_apart():
    mine = run("numba", 800.0, 1.0)
    assert difference(mine, run("numba", 700.0, 1.0), "Run 1") == ""
    assert difference(mine, run("reference", 700.0, 1.0, seed=1), "Run 1") == ""
    assert difference(mine, Snapshot(), "a model") == ""
