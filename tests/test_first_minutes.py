"""The first minutes on the command line: what is told while one waits, how to go on, names that were mistyped."""

import dataclasses
import json
import math
import os
import re
import subprocess
import sys
import time
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from fastnet import cli, packages, weights
from fastnet.cli import options, waiting
from fastnet.cli.loading import loading_told
from fastnet.cli.progress import fitted
from fastnet.data.augment import augment_samples
from fastnet.data.samples import Dataset
from fastnet.errors import OptionError, did_you_mean
from fastnet.kernels import compilation, reference
from fastnet.models.sealed import sealed
from fastnet.training.recipe import ENGINES, RECIPES, SUMMARIES, Recipe
from fastnet.training.runs import save_run
from fastnet.training.trainer import Training

from .conftest import PATIENCE

SMALL = ["--hidden", "16,7", "--batch-size", "32", "--validation", "88"]


@pytest.fixture
def train(fastnet, npz):
    def run(*args):
        return fastnet("train", "--data", npz, *SMALL, *args)

    return run


@pytest.fixture
def at_once(monkeypatch):
    """All is told of at once."""
    monkeypatch.setattr(waiting, "_SECONDS_BEFORE", 0.0)
    monkeypatch.setattr(waiting, "_SECONDS_BETWEEN_DRAWINGS", 0.01)
    monkeypatch.setattr(waiting, "_SECONDS_BETWEEN_LINES", 0.05)
    yield
    waiting.begin()


def told(capsys, *texts):
    """Standard error, as soon as it holds these texts."""
    err, deadline = "", time.monotonic() + PATIENCE
    while not all(text in err for text in texts) and time.monotonic() < deadline:
        time.sleep(0.01)
        err += capsys.readouterr().err
    return err


# ---- While one waits -------------------------------------------------------------------------------------------------


def test_a_wait_is_told_of_with_its_seconds(at_once, capsys):
    with waiting.waiting("measuring"):
        assert re.match(r"measuring\nmeasuring, \d+ s", told(capsys, "measuring, "))


def test_what_takes_no_time_is_not_told_of(capsys):
    waiting.begin()
    with waiting.waiting("measuring"):
        pass
    assert capsys.readouterr().err == ""


def test_waits_that_are_each_short_are_told_of_once_nothing_was_told_for_a_while(capsys, monkeypatch):
    monkeypatch.setattr(waiting, "_SECONDS_BEFORE", 0.5)
    monkeypatch.setattr(waiting, "_SECONDS_BETWEEN_DRAWINGS", 0.01)
    waiting.begin()
    err, deadline = "", time.monotonic() + PATIENCE
    while "loading" not in err and time.monotonic() < deadline:
        with waiting.waiting("loading"):
            time.sleep(0.1)
        err += capsys.readouterr().err
    assert "loading" in err
    monkeypatch.setattr(waiting, "_SECONDS_BEFORE", math.inf)  # however long this process is left waiting
    waiting.tell("a line, and silence begins anew")
    with waiting.waiting("measuring"):
        pass
    assert "measuring" not in capsys.readouterr().err


def test_compiling_is_told_of_as_what_happens_once_and_is_counted(at_once, capsys, monkeypatch):
    jit = pytest.importorskip("fastnet.kernels.jit")
    monkeypatch.setattr(jit, "holds_kernels", lambda: False)
    with waiting.waiting("measuring"), waiting.compiling_told():
        compilation.tell(True)
        compilation.tell(True)
        compilation.tell(False)
        err = told(capsys, "compiling the kernels for this machine", "compiling: 1 function,")
        compilation.tell(False)
        assert "once; kept in " in err or "each time, for want of a cache" in err
        assert "measuring, " in told(capsys, "measuring, ")  # again, once that is done
        compilation.tell(True)
        assert "compiling the kernels" not in told(capsys, "compiling: 2 functions")
        compilation.tell(False)
    compilation.tell(True)
    time.sleep(0.1)
    assert capsys.readouterr().err == ""


def test_of_kernels_of_another_kind_is_not_told_as_of_the_first_ones(at_once, capsys, monkeypatch):
    jit = pytest.importorskip("fastnet.kernels.jit")
    monkeypatch.setattr(jit, "holds_kernels", lambda: True)
    monkeypatch.setattr(jit, "CACHE_DIRECTORY", "cache")
    with waiting.compiling_told():
        compilation.tell(True)
        err = told(capsys, "compiling the kernels")
        compilation.tell(False)
    lacking = "the kernels that this kind of training or measurement still lacks, once; kept in cache"
    assert err.splitlines()[0] == f"compiling {lacking}"


@pytest.mark.parametrize(("holds_kernels", "outlook"), [(False, f" of about {compilation.N_FUNCTIONS}, "), (True, "")])
def test_the_first_compilation_on_a_machine_tells_about_how_long_it_takes(
    at_once, capsys, monkeypatch, holds_kernels, outlook
):
    jit = pytest.importorskip("fastnet.kernels.jit")
    monkeypatch.setattr(jit, "holds_kernels", lambda: holds_kernels)
    with waiting.compiling_told():
        for _ in range(20):
            compilation.tell(True)
            compilation.tell(False)
        compilation.tell(True)
        line = next(line for line in told(capsys, "20 functions").splitlines() if "20 functions" in line)
        assert line.startswith(f"compiling: 20 functions{outlook}")
        assert ("s to go" in line) is bool(outlook)
        compilation.tell(False)


def test_a_compilation_that_another_thread_goes_on_with_is_not_waited_for():
    with waiting.compiling_told():
        compilation.tell(True)
    assert waiting._waits == []
    with waiting.compiling_told():
        compilation.tell(False)  # of what had begun before
        compilation.tell(True)
        compilation.tell(False)
        assert waiting._waits == []


def test_quiet_tells_errors_alone(at_once, capsys):
    waiting.begin(quiet=True)
    with waiting.waiting("measuring"):
        waiting.tell("a line")
        waiting.complain("an error")
        time.sleep(0.1)
    assert capsys.readouterr().err == "an error\n"


def test_quiet_commands(train, fastnet, tmp_path):
    code, out, err = train("--epochs", 1, "--out", tmp_path / "run", "--quiet")
    assert (code, err) == (0, "")
    assert "test accuracy" in out
    code, out, err = fastnet("evaluate", "nowhere", "--quiet")
    assert (code, out) == (2, "")
    assert "nowhere: no such model" in err


CACHED = """
import sys
from fastnet.kernels import compilation
heard = []
with compilation.listening(heard.append):
    from fastnet.kernels import jit
    jit.threading_layer()
print(heard.count(True), heard.count(False))
"""


def test_what_comes_from_the_cache_is_not_compiled(tmp_path):
    pytest.importorskip("numba")
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "NUMBA_CACHE_DIR": "", "NUMBA_DISABLE_JIT": "0"}
    for expected in (True, False):
        command = [sys.executable, "-c", CACHED]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        begun, ended = map(int, done.stdout.split())
        assert begun == ended
        assert (begun > 0) is expected


SLOW_PACKAGE = f"""
import sys, time
deadline = time.monotonic() + {PATIENCE}
while not sys.stderr_holds("loading slow_to_load") and time.monotonic() < deadline:
    time.sleep(0.01)
"""


@pytest.fixture
def slow_package(monkeypatch, tmp_path, capsys):
    """A package `slow_to_load`, which is loaded as soon as it was told that it is; and what was told, as a list."""
    told_so_far = []

    def holds(text):
        told_so_far.append(capsys.readouterr().err)
        return text in "".join(told_so_far)

    monkeypatch.setattr(sys, "stderr_holds", holds, raising=False)
    (tmp_path / "packages/slow_to_load").mkdir(parents=True)
    (tmp_path / "packages/slow_to_load/__init__.py").write_text(SLOW_PACKAGE)
    monkeypatch.syspath_prepend(tmp_path / "packages")
    yield told_so_far
    sys.modules.pop("slow_to_load", None)


@pytest.mark.parametrize("command", cli._COMMANDS, ids=lambda command: command.__name__.rpartition(".")[2])
def test_every_command_tells_of_the_packages_that_it_loads(at_once, slow_package, monkeypatch, command):
    def run(args):
        import slow_to_load  # noqa: F401

        return 0

    monkeypatch.setattr(command, "run", run)
    name = command.__name__.rpartition(".")[2].replace("_", "-")
    needed = {"compare-models": ["a", "b"], "ensemble": ["a", "b", "--out", "c"], "export": ["a", "--to", "npz"]}
    takes_one = name in ("evaluate", "calibrate", "predict", "audit", "inspect")
    assert cli.main([name, *needed.get(name, ["a"] if takes_one else [])]) == 0
    assert "loading slow_to_load" in "".join(slow_package)
    assert waiting._waits == []


def test_loading_is_watched_during_commands_alone_and_leaves_no_trace(fastnet):
    before = list(sys.meta_path)
    assert fastnet("runs")[0] == 0
    assert sys.meta_path == before


def test_a_package_that_cannot_be_loaded_is_waited_for_no_longer(tmp_path, monkeypatch):
    (tmp_path / "broken_package.py").write_text("raise ValueError('broken')")
    monkeypatch.syspath_prepend(tmp_path)
    with loading_told():
        with pytest.raises(ValueError, match="broken"):
            import_module("broken_package")
        with pytest.raises(ModuleNotFoundError, match="not_there"):
            import_module("not_there")
        assert waiting._waits == []


def test_no_package_of_python_itself_is_told_to_be_waited_for():
    with loading_told():
        (finder,) = (each for each in sys.meta_path if type(each).__name__ == "_Finder")
        assert finder.find_spec("hashlib") is None
        assert finder.find_spec("numpy") is not None


# ---- The bar ---------------------------------------------------------------------------------------------------------

FIGURES = ("epoch 120/180", "loss 0.1234", "train 98.12%", "validation 97.34%")


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 140])
def test_a_bar_fits_its_terminal_and_always_has_the_time_left(width):
    line = fitted(FIGURES, 0.5, "456k samples/s", "00:12 left", width)
    assert len(line) < width
    for text in ("epoch 120/180", " 50%", "00:12 left"):
        assert text in line
    assert ("456k samples/s" in line) == (width >= 60)
    assert all(figure in line for figure in FIGURES) == (width >= 100)


@pytest.mark.parametrize("columns", [80, 40, 0])
def test_terminals_of_any_width_get_a_bar(start_process, npz, tmp_path, columns):
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, columns))
    args = ["--data", str(npz), *SMALL, "--epochs", "2", "--out", str(tmp_path / "run")]
    command = [sys.executable, "-m", "fastnet", "train", *args]
    process = start_process(command, stdout=subprocess.DEVNULL, stderr=follower)
    os.close(follower)
    shown = b""
    while part := _read(leader):
        shown += part
    os.close(leader)
    assert process.wait(timeout=PATIENCE) == 0
    bars = [line for line in shown.decode().replace("\x1b[K", "").split("\r") if line.startswith("epoch")]
    assert all(len(bar) < (columns or 80) and "left" in bar and "%" in bar for bar in bars)
    assert any("100%" in bar for bar in bars)


def _read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed
        return b""


def test_the_last_epoch_is_told_wherever_a_training_stops(train, tmp_path):
    _, _, err = train("--epochs", 4, "--stop-after", 2, "--engine", "reference", "--out", tmp_path / "run")
    assert "epoch 2/4 loss" in err


# ---- How to go on ----------------------------------------------------------------------------------------------------


def test_a_training_ends_with_how_to_go_on(train, tmp_path):
    _, out, err = train("--epochs", 1, "--out", tmp_path / "a run")
    run = f"'{tmp_path / 'a run'}'"
    assert f"next: fastnet evaluate {run}; fastnet audit {run}; fastnet dashboard" in err
    assert "next" not in out
    assert "PICTURE" not in err  # of 30 pixels
    assert "--recipe fast" not in err  # these are not digits


def test_what_lacks_packages_is_no_next_step(train, tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda module: None if module in ("panel", "scipy") else module)
    _, _, err = train("--epochs", 1, "--out", tmp_path / "run")
    assert f"next: fastnet evaluate {tmp_path / 'run'}\n" in err


def test_the_command_is_told_as_it_can_be_typed(monkeypatch, tmp_path):
    command = tmp_path / "some where" / "fastnet"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(command)])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert options.program() == f"'{command}'"
    monkeypatch.setenv("PATH", str(command.parent))
    assert options.program() == "fastnet"
    monkeypatch.setattr(sys, "argv", [str(Path(cli.__file__).parents[1] / "__main__.py")])
    assert options.program().endswith(" -m fastnet")


# ---- Names -----------------------------------------------------------------------------------------------------------


def test_recipes_are_listed_where_none_is_named(fastnet):
    code, out, err = fastnet("train", "--recipe")
    assert (code, out) == (2, "")
    for name, summary in SUMMARIES.items():
        assert f"  {name} " in err
        assert summary in err


def test_a_misspelt_recipe_is_told_in_one_sentence_with_all_names_and_the_nearest(fastnet):
    code, out, err = fastnet("train", "--recipe", "bset")
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert f"there is no recipe 'bset', but {', '.join(RECIPES)}; did you mean best?" in err


def test_every_recipe_says_what_it_is_for():
    assert SUMMARIES.keys() == RECIPES.keys()


@pytest.mark.parametrize(
    ("command", "nearest"),
    [
        ("trian", "train"),
        ("train --epohcs 3", "--epochs"),
        ("train --schedule linaer", "linear"),
        ("train --engine nubma", "numba"),
        ("train --data minst", "mnist"),
        ("export mnist-784-512-10 --to onxn", "onnx"),
        ("evaluate mnist-784-512-01", "mnist-784-512-10"),
    ],
)
def test_the_nearest_name_is_told(fastnet, command, nearest):
    code, out, err = fastnet(*command.split())
    assert (code, out) == (2, "")
    assert f"did you mean {nearest}?" in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("serve --model X", "fastnet serve: there is no option --model; did you mean --models?"),
        ("train --epoch 3", "fastnet train: there is no option --epoch; did you mean --epochs?"),
        ("train --ep 3", "fastnet train: there is no option --ep; did you mean --epochs or --eps?"),
        ("ensemble a b --ou=c", "fastnet ensemble: there is no option --ou; did you mean --out?"),
        ("evaluate -q a", "fastnet evaluate: there is no option -q"),
        ("--vers", "fastnet: there is no option --vers; did you mean --version?"),
    ],
)
def test_an_option_is_what_its_whole_name_says(fastnet, command, sentence):
    """The beginning of one would mean another where both are options, and something else once there are more."""
    code, out, err = fastnet(*command.split())
    assert (code, out) == (2, "")
    assert err == f"{sentence} (see {sentence.partition(':')[0]} --help)\n"


def test_what_follows_two_dashes_is_no_option(fastnet):
    assert fastnet("predict", "--", "--mod")[2].splitlines()[-1] == "fastnet predict: --mod: no such file"


def test_no_name_is_told_where_none_is_near():
    assert did_you_mean("zebra", ["plain", "fast"]) == ""


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("info runs/x", "takes options alone, not runs/x: it is there to tell what fastnet runs on; fastnet inspect"),
        ("info runs/x", "fastnet inspect MODEL tells of a model"),
        (
            "compare runs/x runs/y --steps 2",
            "not runs/x runs/y: it is there to train on the Numba kernels and on NumPy",
        ),
        ("compare runs/x", "fastnet compare-models A B compares two models"),
        ("evaluate a b", "takes MODEL and options alone, not b: it is there to measure a model on the test set;"),
        ("compare-models a b c", "takes A, B and options alone, not c: it is there to hold two models against"),
        ("benchmark runs/x", "fastnet evaluate MODEL"),
        ("train runs/x", "a run to go on with as --resume RUN"),
        ("dashboard runs/x", "all models of --models DIR and --runs DIR are served"),
        ("serve runs/x", "all models of --models DIR and --runs DIR are served"),
        ("compile runs/x", "fastnet export MODEL"),
        ("predict a.png --json b.png", "b.png: stands apart; each PICTURE stands beside the first, without an option"),
    ],
)
def test_of_a_word_that_a_command_does_not_take_is_told_what_was_meant(fastnet, command, told):
    code, out, err = fastnet(*command.split())
    assert (code, out) == (2, "")
    (sentence,) = err.splitlines()
    name = command.split()[0]
    assert sentence.startswith(f"fastnet {name}: ")
    assert told in sentence
    assert sentence.endswith(f" (see fastnet {name} --help)")


# ---- Runs ------------------------------------------------------------------------------------------------------------


def test_runs_are_listed_with_the_newest_last_and_damaged_ones_told(train, fastnet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, age in (("new", 0), ("old", 1000)):
        train("--epochs", 2, "--stop-after", 1, "--out", f"runs/{name}")
        os.utime(f"runs/{name}/manifest.json", (time.time() - age,) * 2)
    for name, content in (("broken", "{"), ("foreign", "[]")):
        Path(f"runs/{name}").mkdir()
        Path(f"runs/{name}/manifest.json").write_text(content)
    Path("runs/empty").mkdir()
    Path("runs/note.txt").write_text("mine")
    code, out, err = fastnet("runs")
    assert code == 0
    _, *lines = out.strip().splitlines()
    assert [line.split()[2] for line in lines] == ["runs/old", "runs/new"]
    assert all("30-16-7-4" in line and "1 of 2" in line for line in lines)
    assert sorted(line.partition(":")[2].split("/")[1] for line in err.strip().splitlines()) == [
        "broken",
        "empty",
        "foreign",
    ]
    code, out, _ = fastnet("runs", "--json")
    assert code == 0
    listed = {run["run"]: run for run in json.loads(out)["runs"]}
    assert listed["runs/new"].items() >= {"layers": "30-16-7-4", "epochs": 1, "planned": 2, "audited": False}.items()
    assert "manifest.json" in listed["runs/broken"]["error"]


def test_a_recipe_is_known_again_whatever_its_seed(fastnet, tmp_path):
    manifest = json.loads((weights.DIRECTORY / "mnist-784-512-10/manifest.json").read_text())
    manifest["recipe"]["seed"] = 3
    (tmp_path / "run").mkdir()
    (tmp_path / "run/manifest.json").write_text(json.dumps(sealed(manifest)))
    _, out, _ = fastnet("runs", tmp_path, "--json")
    (run,) = json.loads(out)["runs"]
    assert run["recipe"] == "plain"


def test_a_run_is_listed_by_itself_and_a_place_that_is_none_is_told(train, fastnet, tmp_path):
    train("--epochs", 1, "--out", tmp_path / "runs/mi\nne")
    lists = [fastnet("runs", tmp_path / place) for place in ("runs", "runs/mi\nne")]
    assert lists[0] == lists[1]
    code, out, err = lists[0]
    assert (code, err) == (0, "")
    header, line = out.strip().splitlines()
    assert f"{tmp_path}/runs/mi\\nne  30-16-7-4" in line
    assert header.index("layers") == line.index("30-16-7-4")
    for place in ("nowhere", "runs/mi\nne/manifest.json"):
        code, out, err = fastnet("runs", tmp_path / place)
        assert (code, out) == (2, "")
        assert "is no directory" in err


def test_no_runs_are_no_error(fastnet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = fastnet("runs")
    assert (code, err) == (0, "")
    assert "no runs in runs or models" in out


def test_a_run_is_found_by_its_name(train, fastnet, npz, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train("--epochs", 1, "--out", "runs/mine")
    assert fastnet("evaluate", "mine", "--data", npz)[0] == 0
    assert fastnet("evaluate", "../mine", "--data", npz)[0] == 2


# ---- From the weights of a model -------------------------------------------------------------------------------------


def test_fine_tuning_starts_from_a_model_and_says_so(train, fastnet, npz, tmp_path):
    train("--epochs", 3, "--out", tmp_path / "first")
    arguments = ["--data", npz, "--validation", 88, "--from", tmp_path / "first"]
    code, _, err = fastnet("train", *arguments, "--epochs", 1, "--out", tmp_path / "second", "--json")
    assert code == 0
    assert f"the learning rate, 0.004, suits random weights, and may undo what {tmp_path / 'first'} has learnt" in err
    first, second = (json.loads((tmp_path / name / "history.json").read_text()) for name in ("first", "second"))
    assert second[0]["train_loss"] < first[0]["train_loss"]
    origin = json.loads((tmp_path / "second/manifest.json").read_text())["origin"]
    assert origin["model"] == "first"
    assert len(origin["sha256"]) == 64
    assert "| started from | first |" in (tmp_path / "second/MODEL_CARD.md").read_text()
    code, _, err = fastnet("train", "--resume", tmp_path / "second", "--epochs", 2)
    assert code == 0
    assert "may undo" not in err
    gently = "--learning-rate", "1e-4", "--epochs", 1, "--out", tmp_path / "third"
    code, _, err = fastnet("train", *arguments, *gently)
    assert code == 0
    assert "may undo" not in err
    assert json.loads((tmp_path / "second/manifest.json").read_text())["origin"] == origin


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--hidden", "5"], "has layers 30-16-7-4, and this training 30-5-4"),
        (["--from", "mnist-784-512-10"], "has layers 784-512-10, and this training 30-512-4"),
        (["--from", "nowhere"], "no such model"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(train, fastnet, npz, tmp_path, options, sentence):
    train("--epochs", 1, "--out", tmp_path / "first")
    code, out, err = fastnet("train", "--data", npz, "--validation", 88, "--from", tmp_path / "first", *options)
    assert (code, out) == (2, "")
    assert sentence in err


@pytest.mark.parametrize("engine", ENGINES)
def test_a_training_from_a_model_answers_like_it_before_its_first_step(dataset, tmp_path, engine):
    recipe = Recipe(hidden=(9,), epochs=2, n_validation=100, engine=engine)
    first = Training(dataset, recipe)
    first.run()
    save_run(first, tmp_path / "first")
    before = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    second = Training(dataset, recipe, initial=tmp_path / "first")
    assert second.engine.evaluate(dataset.test) == first.engine.evaluate(dataset.test)
    assert not any(array.any() for moment in second.engine.moments for array in moment.parameters().values())
    assert second.progress.step == 0
    second.run()
    assert {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()} == before


def test_a_training_from_a_model_needs_the_same_scale_of_pixels(dataset, tmp_path):
    recipe = Recipe(hidden=(), epochs=1, n_validation=0)
    save_run(Training(dataset, recipe), tmp_path / "first")
    train, test = (
        dataclasses.replace(samples, images=samples.images.astype("float32"), scale=1.0)
        for samples in (dataset.train, dataset.test)
    )
    with pytest.raises(
        OptionError, match=r"takes pixels times 0\.00392157, and those of small are to be multiplied by 1"
    ):
        Training(Dataset(train, test, "small"), recipe, initial=tmp_path / "first")


# ---- Compiling ahead -------------------------------------------------------------------------------------------------

# The signatures that each kernel has been compiled for, before and after trainings.
AHEAD = """
import gc, sys
import numpy as np
from numba.core.dispatcher import Dispatcher
from fastnet import Augmentation, Dataset, Recipe, Samples, Training, load_dataset
from fastnet.kernels.sparse_rows import SparseRows
from fastnet.training.compiling import compile_ahead

def signatures():
    found = [each for each in gc.get_objects() if isinstance(each, Dispatcher) and "fastnet" in each.py_func.__module__]
    return {(each.py_func.__module__, each.py_func.__name__): set(each.signatures) for each in found}

compile_ahead([1], ["uint8", "sparse"])
before = signatures()
few = [samples.take(np.arange(90)) for samples in (load_dataset().train, load_dataset().test)]
sparse = [Samples(SparseRows.from_dense(samples.images), samples.labels, samples.scale) for samples in few]
for data in (few, sparse):
    for augmentation in (None, Augmentation())[: 2 if data is few else 1]:
        for changes in ({}, {"dropout": 0.5, "selectivity": 0.5}):
            recipe = Recipe(hidden=(8,), epochs=2, n_validation=30, augmentation=augmentation, **changes)
            training = Training(Dataset(*data, "few"), recipe)
            training.run()
            training.engine.evaluate(training.dataset.test)
new = {name: kinds - before.get(name, set()) for name, kinds in signatures().items()}
print(len(before["fastnet.kernels.fused", "train_steps"]), {name: kinds for name, kinds in new.items() if kinds})
"""


def test_after_compiling_ahead_a_training_compiles_nothing():
    pytest.importorskip("numba")
    command = [sys.executable, "-c", AHEAD]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("3 {}\n", "")


def test_compile_tells_what_it_did(fastnet, monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.setattr("fastnet.kernels.jit.threading_layer", lambda: compilation.tell(True))
    monkeypatch.setattr("fastnet.training.compiling.compile_kernels", lambda *_: compilation.tell(True))
    code, out, _ = fastnet("compile", "--layers", 1, 2, "--images", "uint8", "sparse", "--json")
    assert code == 0
    assert json.loads(out)["compiled"] == 12
    assert fastnet("compile", "--threads", 1)[0] == 2
    code, _, err = fastnet("compile", "--images", "unit8")
    assert code == 2
    assert "did you mean uint8?" in err


def test_what_is_compiled_ahead_are_trainings_that_can_be(fastnet, monkeypatch):
    """For some images even an example of the command's help ended with an error."""
    pytest.importorskip("numba")
    distorted = []

    def compile_kernels(samples, layer_sizes, recipe):
        if recipe.augmentation:
            distorted.append(
                augment_samples(samples, np.zeros(1, int), recipe.augmentation, 0, 0, reference).images.dtype
            )

    monkeypatch.setattr("fastnet.kernels.jit.threading_layer", lambda: None)
    monkeypatch.setattr("fastnet.training.compiling.compile_kernels", compile_kernels)
    code, _, err = fastnet("compile", "--layers", 1, "--images", *compilation.IMAGES)
    assert (code, err) == (0, "")
    assert distorted == ["uint8"]


# ---- Shells ----------------------------------------------------------------------------------------------------------


def test_shells_find_that_the_command_completes():
    """They look for the mark in the file of the entry point, before they run it."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, _ = project["scripts"]["fastnet"].partition(":")
    assert "PYTHON_ARGCOMPLETE_OK" in Path(find_spec(module).origin).read_text(encoding="utf-8")[:1024]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("fastnet compare-", {"compare-models"}),
        ("fastnet train --warm", {"--warmup-epochs"}),
        ("fastnet train --recipe best", {"best", "best-large"}),
        ("fastnet train --recipe people", {"people", "people-large"}),
        ("fastnet train --schedule c", {"constant", "cosine"}),
        ("fastnet export --to s", {"safetensors"}),
        ("fastnet evaluate mnist-7", {"mnist-784-512-10", "mnist-784-512-10-best", "mnist-784-512-10-people"}),
        ("fastnet train --resume ru", {"runs/mine"}),
    ],
)
def test_shells_complete_commands_options_and_names(tmp_path, line, offered):
    pytest.importorskip("argcomplete")
    (tmp_path / "runs/mine").mkdir(parents=True)
    environment = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "offered"),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
    }
    code = (
        "import atexit, os, sys; from fastnet import cli; end = os._exit\n"
        "def leave(code): print([n for n in ('numpy', 'numba') if n in sys.modules]); sys.stdout.flush(); end(code)\n"
        "os._exit = leave; cli.main()"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr
    assert {name.strip() for name in (tmp_path / "offered").read_text().split("\n")} == offered
