"""Where Numba is not installed: pictures are read, models measured, and the textbook trains.

The environment is this one, less Numba and llvmlite: a directory of links to all other installed packages.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fastnet.packages import pip_install
from fastnet.system import MICROARCHITECTURES, cpu_name

from .conftest import PATIENCE

LEFT_OUT = ("numba", "llvmlite")
SAMPLE = Path(__file__).parents[1] / "dashboard" / "assets" / "samples" / "01-a-postcode.png"

SMALL_TRAINING = """
from pathlib import Path
import numpy as np
import fastnet
from fastnet import Augmentation, Dataset, Recipe, Samples, Training
images = np.random.default_rng(0).integers(0, 256, (60, 64), np.uint8)
samples = Samples(images, np.arange(60) % 10, 1 / 255)
recipe = Recipe(
    hidden=(8,), epochs=2, batch_size=10, n_validation=20, dropout=0.2, augmentation=Augmentation(), engine="reference"
)
training = Training(Dataset(samples, samples, "noise"), recipe)
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """All installed packages but Numba; of the files that lead to others, those of editable installs."""
    directory = tmp_path_factory.mktemp("packages")
    for path in (path for parent in sys.path if parent.endswith("-packages") for path in Path(parent).glob("*")):
        leads_on = path.suffix == ".pth" and not path.name.startswith("__editable__")
        if not path.name.startswith(LEFT_OUT) and not leads_on and not (directory / path.name).exists():
            (directory / path.name).symlink_to(path)
    return directory


@pytest.fixture
def run(packages, tmp_path):
    """What a program prints there; its exit code must be `code`."""

    def run(program, code=0):
        start = [sys.executable, "-S", "-c", f"import site; site.addsitedir({str(packages)!r})\n{program}"]
        done = subprocess.run(start, capture_output=True, text=True, cwd=tmp_path, timeout=PATIENCE)
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    return run


@pytest.fixture
def fastnet(run):
    """What a command prints there."""

    def fastnet(*args, code=0):
        return run(f"from fastnet import cli; raise SystemExit(cli.main({[str(arg) for arg in args]!r}))", code)

    return fastnet


@pytest.mark.parametrize("name", LEFT_OUT)
def test_it_is_not_there(run, name):
    assert f"No module named '{name}'" in run(f"import {name}", code=1)
    assert "PackageNotFoundError" in run(f"from importlib import metadata; metadata.version({name!r})", code=1)


# ---- Reading --------------------------------------------------------------------------------------------------------


def test_a_picture_is_read_and_explained(run):
    program = f"""
from fastnet import Predictor
from fastnet.reading.explanation import draw_explanation
predictor = Predictor.load()
reading = predictor.read({str(SAMPLE)!r})
draw_explanation(predictor, reading)
print(reading.text)
"""
    from fastnet import Predictor

    assert run(program).strip() == Predictor.load().read(SAMPLE).text != ""


def test_pictures_are_read_on_the_command_line(fastnet):
    (answer,) = json.loads(fastnet("predict", SAMPLE, "--json"))["results"]
    assert len(answer["text"]) == 5


def test_the_data_set_is_read_and_digits_are_predicted(run):
    program = """
from fastnet import Predictor, load_dataset
test = load_dataset().test
print((Predictor.load().predict_proba(test.images[:500]).argmax(axis=1) == test.labels[:500]).mean())
"""
    assert float(run(program)) > 0.9


@pytest.mark.parametrize("args", [["--help"], ["info"], ["inspect", "mnist-784-512-10"]], ids=" ".join)
def test_commands_that_only_tell(run, args):
    program = f"from fastnet import cli\ntry: cli.main({args!r})\nexcept SystemExit as end: assert not end.code"
    assert run(program)


def test_info_says_what_is_not_installed(fastnet):
    facts = json.loads(fastnet("info", "--json"))
    assert (facts["numba"], facts["llvmlite"]) == ("not installed", "not installed")
    assert cpu_name().startswith(facts["cpu"])
    assert not facts["cpu"].endswith(tuple(f"({name})" for name in MICROARCHITECTURES.values()))  # which LLVM knows


def test_a_model_is_exported(fastnet, tmp_path):
    fastnet("export", "mnist-784-512-10", "--to", "npz", "--out", tmp_path / "model.npz")
    assert (tmp_path / "model.npz").is_file()


# ---- The textbook ---------------------------------------------------------------------------------------------------


def test_a_model_is_measured_by_numpy(fastnet):
    from fastnet import weights
    from fastnet.data.loading import load_dataset
    from fastnet.training.evaluation import evaluate_model

    there = json.loads(fastnet("evaluate", weights.SMALL, "--json"))
    loss, accuracy = evaluate_model(weights.SMALL, load_dataset().test)
    assert there["accuracy"] == pytest.approx(accuracy, abs=2e-4)
    assert there["loss"] == pytest.approx(loss, rel=1e-4)


def test_the_textbook_trains_saves_and_goes_on(run, tmp_path):
    program = f"""{SMALL_TRAINING}
training.run(n_steps=3)
fastnet.save_run(training, Path("run"))
again = fastnet.load_run(Path("run"), training.dataset)
for each in (training, again):
    each.run()
for ours, theirs in zip(training.network.parameters().values(), again.network.parameters().values(), strict=True):
    assert (ours == theirs).all()
print(again.progress.step)
"""
    assert run(program).strip() == "8"
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["environment"]["numba"] == "not installed"


def test_images_are_distorted_by_the_textbook_to_the_same_bits(run, tmp_path):
    import numpy as np

    from fastnet import augment

    images = np.random.default_rng(0).integers(0, 256, (5, 12, 12), np.uint8)
    np.save(tmp_path / "images.npy", images)
    run("import numpy, fastnet; numpy.save('copies.npy', fastnet.augment(numpy.load('images.npy'), seed=3))")
    np.testing.assert_array_equal(np.load(tmp_path / "copies.npy"), augment(images, seed=3))


# ---- The fast kernels -----------------------------------------------------------------------------------------------


@pytest.fixture
def sentence(monkeypatch, tmp_path):
    """What is told, as it is worded in the directory of `run`."""
    monkeypatch.chdir(tmp_path)
    return f"need Numba, which is not installed: {pip_install('numba')}"


def test_who_asks_for_the_fast_kernels_is_told_in_one_sentence(run, fastnet, sentence):
    program = f"{SMALL_TRAINING.replace('reference', 'numba')}"
    assert run(program, code=1).strip().endswith(f'{sentence}, or take engine="reference"')
    told = fastnet("train", "--epochs", 1, "--validation", 100, code=2).strip().splitlines()
    assert told[-1].startswith("fastnet train: ")
    assert told[-1].endswith(f"{sentence}, or take --engine reference")


@pytest.mark.parametrize("command", ["compare", "benchmark"])
def test_commands_that_time_the_fast_kernels_are_refused_in_one_sentence(fastnet, command, sentence):
    (told,) = fastnet(command, code=2).strip().splitlines()[-1:]
    assert told.startswith(f"fastnet {command}: ")
    assert told.endswith(sentence)


def test_the_classifier_is_refused_in_one_sentence(run, sentence):
    pytest.importorskip("sklearn")
    program = "from fastnet import FastNetClassifier; FastNetClassifier().fit([[0.0], [1.0]], [0, 1])"
    assert run(program, code=1).strip().endswith(sentence)
