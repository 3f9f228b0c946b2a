"""Who writes for long claims the place at the start: others are told at once, and what cannot be written is, too."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fastnet import cli, weights
from fastnet.errors import ClaimedError, ModelError, OptionError
from fastnet.files import claim, require_free, require_new, require_unclaimed, whole_directory, whole_file
from fastnet.models.calibration import Calibration, write_calibration
from fastnet.models.files import read_model
from fastnet.models.model import Model
from fastnet.training.recipe import Recipe
from fastnet.training.runs import made_from_weights, new_run_directory, save_run
from fastnet.training.trainer import Training

from .conftest import PATIENCE

MEASURED = ("validation_ece", "validation_ece_calibrated", "digits_kept", "nondigits_refused")
SMALL = ["--hidden", "16", "--batch-size", "32", "--validation", "88"]
WRITERS = [  # each ends with the option that names a new file or directory
    ("train", "--out"),
    ("audit", weights.SMALL, "--out"),
    ("calibrate", weights.SMALL, "--out"),
    ("ensemble", weights.SMALL, weights.SMALL, "--out"),
    ("export", weights.SMALL, "--to", "npz", "--out"),
    ("predict", "digit.png", "--format", "csv", "--out"),
    ("predict", "digit.png", "--explain"),
    ("compare-models", weights.SMALL, weights.SMALL, "--picture"),
]
RECIPE = Recipe(hidden=(16,), epochs=2, batch_size=32, n_validation=88, engine="reference")


def calibration_of(files):
    n_traits = files.layer_sizes[-2] + files.layer_sizes[-1]
    return Calibration(1.5, np.ones(n_traits + 1, np.float32), 0.0, 0.0, dict.fromkeys(MEASURED, 0.5))


@pytest.fixture
def run(dataset, tmp_path):
    training = Training(dataset, RECIPE)
    save_run(training, tmp_path / "run")
    return tmp_path / "run"


# ---- The claim ------------------------------------------------------------------------------------------------------


def test_a_place_is_held_by_one_and_nothing_stays_behind(tmp_path):
    place = tmp_path / "deep" / "er" / "run"
    with claim(place):
        for hold in (claim(place), whole_file(place)):
            with pytest.raises(ClaimedError, match=r"er/run: another process writes to it"), hold:
                pass
        with pytest.raises(ClaimedError):
            require_unclaimed(place)
    require_unclaimed(place)
    assert list(tmp_path.iterdir()) == []


def test_a_claim_outlives_the_replacing_of_its_directory(tmp_path):
    with claim(tmp_path / "run"):
        for text in "ab":
            with whole_directory(tmp_path / "run") as new:
                (new / "file").write_text(text)
        with pytest.raises(ClaimedError):
            require_free(tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_claim_ends_with_its_process(start_process, tmp_path):
    program = f"""
import time
from pathlib import Path
from fastnet.files import claim
with claim(Path({str(tmp_path / "run")!r})):
    print("held", flush=True)
    time.sleep(600)
"""
    process = start_process([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(ClaimedError):
        require_free(tmp_path / "run")
    process.kill()
    process.wait(PATIENCE)
    assert [path.name for path in tmp_path.iterdir()] == [".run.claim"]
    require_free(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_many_ask_for_a_place_and_one_at_a_time_has_it(tmp_path):
    inside, most, n = [], [], []

    def ask():
        for _ in range(50):
            try:
                with claim(tmp_path / "runs" / "run"):
                    inside.append(1)
                    most.append(len(inside))
                    n.append(1)
                    inside.pop()
            except ClaimedError:
                pass

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(n) > 50
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("name", ["x" * 300, "x" * 250, "file/run", "loop/run", "loop"])
def test_a_place_that_cannot_be_written_is_told_in_one_sentence(tmp_path, name):
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OptionError, match=r"(cannot be written|no file in a directory).*"):
        require_new(tmp_path / name, overwrite=False)
    with pytest.raises(OptionError, match="cannot be written"):
        require_free(tmp_path / name)
    with pytest.raises((OptionError, OSError)), whole_file(tmp_path / name):
        pytest.fail("the work had begun")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a directory in which nothing can be made")
def test_where_nothing_can_be_made_nobody_waits():
    for wait in (require_free, lambda place: require_new(place, overwrite=False)):
        with pytest.raises(OptionError, match=r"/proc/run: cannot be written \(No such file or directory\)"):
            wait(Path("/proc/run"))
    for writer in (whole_file, whole_directory):
        with pytest.raises((OptionError, OSError), match="No such file or directory"), writer(Path("/proc/run")):
            pytest.fail("the work had begun")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe with a name")
def test_no_file_takes_the_place_of_a_device_or_a_pipe(fastnet, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for place in (tmp_path / "pipe.csv", Path(os.devnull)):
        with pytest.raises(OptionError, match="is a device or a pipe"):
            require_new(place, overwrite=True)
    assert fastnet("predict", "digit.png", "--force", "--out", tmp_path / "pipe.csv")[0] == 2
    assert (tmp_path / "pipe.csv").is_fifo()


@pytest.mark.parametrize("args", WRITERS, ids=" ".join)
def test_a_link_to_itself_is_no_place(fastnet, tmp_path, args):
    loop = tmp_path / "loop.png"
    loop.symlink_to(loop.name)
    code, out, err = fastnet(*args, loop)
    assert (code, out) == (2, "")
    assert f"{loop}: cannot be written (Too many levels of symbolic links)" in err


@pytest.mark.parametrize("args", WRITERS, ids=" ".join)
def test_commands_find_that_they_cannot_write_before_their_work(fastnet, monkeypatch, tmp_path, args):
    def refuse(*_, **__):
        pytest.fail("the work had begun")

    for work in ("data.loading.load_dataset", "models.files.read_manifest", "reading.batch.read_picture"):
        monkeypatch.setattr(f"fastnet.{work}", refuse)
    of_images = SimpleNamespace(manifest=SimpleNamespace(table=None))
    monkeypatch.setattr("fastnet.reading.predictor.Predictor.load", lambda name: of_images)
    suffix = ".csv" if args[0] == "predict" and "--out" in args else ".png"
    target = tmp_path / ("x" * 250 + suffix)
    code, out, err = fastnet(*args, target)
    assert (code, out) == (2, "")
    assert f"{target}: cannot be written (File name too long)" in err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit to the size of files")
@pytest.mark.parametrize(
    "args",
    [
        ("train", "--data", "{npz}", *SMALL, "--engine", "reference", "--epochs", "1", "--out", "{out}"),
        ("calibrate", weights.SMALL, "--out", "{out}"),
        ("export", weights.SMALL, "--to", "npz", "--out", "{out}"),
        ("export", weights.SMALL, "--to", "safetensors", "--out", "{out}"),
        ("export", weights.SMALL, "--to", "onnx", "--out", "{out}"),
        ("predict", "{sample}", "--explain", "{out}.png"),
    ],
    ids=lambda args: " ".join(args[:4]),
)
def test_a_full_disk_is_told_with_the_name_and_leaves_nothing(npz, tmp_path, args):
    out = tmp_path / "out"
    out.mkdir()
    sample = weights.DIRECTORY.parent / "dashboard/assets/samples/01-a-postcode.png"
    args = [arg.format(npz=npz, out=out / "it", sample=sample) for arg in args]
    program = (
        "import resource, sys\nfrom fastnet import cli\n"
        "from fastnet.reading import fitting\n"
        "fitting.fit = lambda predictor, digits, temperature: predictor.calibration\n"  # written at once
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"sys.exit(cli.main({args!r}))"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "0"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    last = done.stderr.strip().splitlines()[-1]
    if "needs more packages" in last:
        pytest.skip(last)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert str(out) in last
    assert os.strerror(errno.EFBIG).lower() in last
    assert "Traceback" not in done.stderr
    assert list(out.iterdir()) == []


# ---- Trainings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "n"), [("--out", 8), ("--resume", 2), ("default", 4)])
def test_of_trainings_in_one_place_one_goes_on(fastnet, start_process, npz, tmp_path, monkeypatch, how, n):
    """Under default names each has its own place."""
    monkeypatch.chdir(tmp_path)
    args = [sys.executable, "-m", "fastnet", "train", "--data", str(npz), *SMALL, "--engine", "reference"]
    args += ["--epochs", "3", "--schedule", "constant"]
    if how == "--resume":
        assert fastnet(*args[3:], "--stop-after", "1", "--out", "run")[0] == 0
        args = [*args[:4], "--resume", "run", "--epochs", "60"]
    elif how == "--out":
        args += ["--epochs", "60", "--out", "run"]
    starts = [start_process(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(n)]
    ends = [(*process.communicate(timeout=PATIENCE), process.returncode) for process in starts]
    assert not [err for _, err, _ in ends if "Traceback" in err]
    if how == "default":
        assert [code for *_, code in ends] == [0] * n
        assert len(list((tmp_path / "runs").iterdir())) == n
    else:
        assert sum(code == 0 for *_, code in ends) >= 1
        sentences = ("another process writes to it", "exists already", "has all of its 60 epochs")
        assert all(code == 0 or any(text in err for text in sentences) for _, err, code in ends)
        assert any("another process writes to it" in err for _, err, _ in ends)
        assert Model.load("run").manifest.epochs == 60
    assert not list(tmp_path.rglob(".*"))


def test_a_run_is_taken_up_again_by_its_name_where_it_is(fastnet, npz, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = ("--data", npz, *SMALL, "--engine", "reference", "--epochs", 3, "--stop-after", 1)
    assert fastnet("train", *options, "--out", "runs/mine")[0] == 0
    with claim(Path("runs/mine")):
        code, _, err = fastnet("train", "--resume", "mine")
    assert code == 2
    assert "runs/mine: another process writes to it" in err
    assert fastnet("train", "--resume", "mine")[0] == 0
    assert Model.load("runs/mine").manifest.epochs == 3
    assert not Path("mine").exists()


def test_a_model_that_comes_with_fastnet_is_no_run_to_go_on_with(fastnet):
    code, _, err = fastnet("train", "--resume", weights.SMALL)
    assert code == 2
    assert f"comes with fastnet, and stays as it is; start from its weights: --from {weights.SMALL}" in err


def test_what_killed_trainings_left_under_default_names_is_swept(tmp_path):
    program = f"""
import os, signal
from pathlib import Path
from fastnet.files import whole_directory
from fastnet.training.recipe import Recipe
from fastnet.training.runs import new_run_directory
with new_run_directory(Recipe(), Path({str(tmp_path)!r})) as place, whole_directory(place) as new:
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False)
    (old,) = tmp_path.glob(".*.new")
    old.rename(tmp_path / old.name.replace("-seed0", "-seed1"))  # no claim goes with it: it may be anyone's
    (tmp_path / old.name.replace(".new", ".old")).mkdir()  # and that comes back
    with new_run_directory(Recipe(), tmp_path) as other, new_run_directory(Recipe(), tmp_path) as another:
        names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        f".{other.name}.claim",
        f".{another.name}.claim",
        old.name.replace("-seed0", "-seed1"),
        old.name[1 : -len(".new")],
    }


def test_a_run_that_is_removed_while_it_is_trained_is_made_again(start_process, npz, tmp_path):
    place = tmp_path / "deep" / "run"
    args = ["train", "--data", str(npz), *SMALL, "--epochs", "100000", "--out", str(place)]
    process = start_process([sys.executable, "-m", "fastnet", *args], stderr=subprocess.PIPE, text=True)
    for _ in range(10):
        until = time.monotonic() + PATIENCE
        while not (place / "manifest.json").exists() and time.monotonic() < until:
            time.sleep(0.01)
        shutil.rmtree(tmp_path / "deep", ignore_errors=True)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    assert Model.load(place).manifest.test is not None


def test_what_no_longer_fits_the_weights_of_a_resumed_run_is_told(fastnet, npz, tmp_path):
    place = tmp_path / "run"
    options = ("--data", npz, *SMALL, "--engine", "reference", "--epochs", 2, "--stop-after", 1)
    assert fastnet("train", *options, "--out", place)[0] == 0
    write_calibration(read_model(place), calibration_of(read_model(place)))
    (place / "audit").mkdir()
    assert made_from_weights(place) == ("calibration", "audit")
    code, _, err = fastnet("train", "--resume", place)
    assert code == 0
    *_, told, how_to_go_on = err.splitlines()
    assert told == (
        "its calibration and audit went with the weights before, for which alone they were made:"
        f" fastnet calibrate {place}, fastnet audit {place}"
    )
    assert how_to_go_on.startswith("next: ")
    assert made_from_weights(place) == ()
    assert Model.load(place).calibration is None


def test_a_run_is_not_calibrated_while_it_is_trained(run):
    with claim(run):
        with pytest.raises(ClaimedError, match="another process writes to it"):
            write_calibration(read_model(run), calibration_of(read_model(run)))
        assert cli.main(["calibrate", str(run)]) == 2
        assert cli.main(["audit", str(run)]) == 2
    assert made_from_weights(run) == ()


# ---- Models that come with fastnet ----------------------------------------------------------------------------------


def test_a_model_that_comes_with_fastnet_is_calibrated_in_a_copy(fastnet, monkeypatch, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in weights.DIRECTORY.rglob("*")}
    code, _, err = fastnet("calibrate", weights.SMALL)
    assert code == 2
    assert f"{weights.SMALL}: comes with fastnet, and stays as it is; choose a place of your own: --out DIR" in err
    fitted = calibration_of(read_model(weights.SMALL))
    monkeypatch.setattr("fastnet.reading.fitting.fit", lambda model, digits, temperature: fitted)
    code, _, err = fastnet("calibrate", weights.SMALL, "--out", tmp_path / "mine")
    assert code == 0, err
    assert Model.load(tmp_path / "mine").calibration.temperature == 1.5
    assert {path: path.stat().st_mtime_ns for path in weights.DIRECTORY.rglob("*")} == before


def test_weights_that_were_replaced_are_not_calibrated(run, dataset):
    files = read_model(run)
    save_run(Training(dataset, Recipe(**{**vars(RECIPE), "seed": 1})), run)
    with pytest.raises(ModelError, match="its weights changed while they were calibrated"):
        write_calibration(files, calibration_of(files))


def test_who_claims_and_then_writes_nothing_leaves_nothing_of_a_killed_writer_either(tmp_path):
    """As `--resume` of a run whose last save was killed when it was done but for the sweeping."""
    (tmp_path / "run").mkdir()
    (tmp_path / ".run.new").mkdir()
    (tmp_path / ".run.new/W1.npy").touch()
    with claim(tmp_path / "run"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
