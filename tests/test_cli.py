"""The command line, run as a user runs it: output for people and machines, errors, interruption, resumption."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from fastnet import cli, weights
from fastnet.data.loading import load_dataset
from fastnet.interrupts import SIGNALS
from fastnet.kernels.choices import CHOICES

from .conftest import PATIENCE

SMALL = ["--hidden", "16,7", "--batch-size", "32", "--validation", "88"]


@pytest.fixture
def restore_signals():
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def train(fastnet, npz, restore_signals):
    def run(*args):
        return fastnet("train", "--data", npz, *SMALL, *args)

    return run


def test_train_prints_one_object_with_everything_that_was_promised(train, tmp_path):
    code, out, err = train("--epochs", 2, "--out", tmp_path / "run", "--json")
    assert code == 0
    result = json.loads(out)
    assert result["run"] == str(tmp_path / "run")
    assert 0 <= result["test_accuracy"] <= 1
    assert result["test_loss"] > 0
    assert [record["epoch"] for record in result["epochs"]] == [1, 2]
    assert result["epochs"][0].keys() >= {
        "epoch",
        "seconds",
        "train_loss",
        "train_accuracy",
        "validation_loss",
        "validation_accuracy",
    }
    assert "epoch 2/2 loss" in err
    assert "samples/s" in err
    assert "\r" not in err


def test_train_tells_people_accuracy_and_place(train, tmp_path):
    code, out, _ = train("--epochs", 1, "--out", tmp_path / "run")
    assert code == 0
    assert "test accuracy" in out
    assert f"saved in {tmp_path / 'run'}" in out


def test_run_stopped_and_resumed_equals_the_one_in_one_go(train, fastnet, restore_signals, tmp_path):
    train("--epochs", 3, "--out", tmp_path / "whole")
    code, _, err = train("--epochs", 3, "--stop-after", 1, "--out", tmp_path / "parts")
    assert code == 0
    assert f"fastnet train --resume {tmp_path / 'parts'}" in err
    code, _, err = fastnet("train", "--resume", tmp_path / "parts", "--stop-after", 1)
    assert (code, "parts has 1 epoch already, and --stop-after counts those, too" in err) == (2, True)
    code, _, _ = fastnet("train", "--resume", tmp_path / "parts")
    assert code == 0
    for path in (tmp_path / "whole").glob("*.npy"):
        assert path.read_bytes() == (tmp_path / "parts" / path.name).read_bytes()
    code, _, err = fastnet("train", "--resume", tmp_path / "parts")
    assert code == 2
    assert "has all of its 3 epochs" in err


def test_to_stop_after_more_epochs_than_there_are_is_refused(train, fastnet, tmp_path):
    code, _, err = train("--epochs", 2, "--stop-after", 3, "--out", tmp_path / "run")
    sentence = "--stop-after 3 is past the 2 epochs of the training; --epochs N trains for more"
    assert (code, sentence in err, (tmp_path / "run").exists()) == (2, True, False)
    train("--epochs", 2, "--stop-after", 1, "--out", tmp_path / "run")
    code, _, err = fastnet("train", "--resume", tmp_path / "run", "--stop-after", 3)
    assert (code, sentence in err) == (2, True)


def test_a_resumed_run_is_told_by_the_path_that_was_given(train, fastnet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train("--epochs", 3, "--stop-after", 1, "--out", "run")
    assert fastnet("train", "--resume", "run", "--stop-after", 2)[1].endswith("saved in run\n")
    monkeypatch.chdir(tmp_path / "run")  # which the save replaces
    assert fastnet("train", "--resume", ".")[1].endswith(f"saved in {tmp_path.resolve() / 'run'}\n")


@pytest.mark.parametrize("hidden", ["0", "9999999", "64,x", "1.5"])
def test_hidden_layers_that_are_none_are_told_in_one_sentence(fastnet, hidden):
    code, _, err = fastnet("train", "--hidden", hidden)
    rule = "hidden layers are sizes, whole numbers from 1 to 1,000,000 such as 512 or 256,128, or none"
    assert (code, f"--hidden: {rule}, not {hidden!r}" in err) == (2, True)


def test_a_number_of_a_recipe_is_told_with_its_own_bounds(fastnet):
    code, _, err = fastnet("train", "--batch-size", "0")
    assert (code, "'0' is not a whole number from 1 to 1,000,000 " in err) == (2, True)
    code, _, err = fastnet("train", "--epochs", "9" * 400)
    assert (code, f"'{'9' * 80}...' is not a whole number from" in err) == (2, True)


def test_existing_run_is_not_overwritten(train, tmp_path):
    (tmp_path / "run").mkdir()
    code, out, err = train("--out", tmp_path / "run")
    assert (code, out) == (2, "")
    assert "exists already" in err


def test_only_a_run_in_the_place_of_a_new_one_is_said_to_be_resumed(train, tmp_path):
    train("--epochs", 1, "--out", tmp_path / "run")
    (tmp_path / "notes").mkdir()
    sentences = [train("--out", tmp_path / name)[2] for name in ("run", "notes")]
    ends = [sentence.partition("choose another --out")[2] for sentence in sentences]
    assert ends == [", or --resume it\n", "\n"]


def test_a_file_in_the_place_of_a_new_run_is_told_as_one(train, tmp_path):
    (tmp_path / "run").write_text("mine")
    code, out, err = train("--out", tmp_path / "run")
    assert (code, out) == (2, "")
    assert err.endswith(f"{tmp_path / 'run'}: is a file; --out names a directory that does not exist yet\n")
    assert (tmp_path / "run").read_text() == "mine"


def test_recipe_of_a_resumed_run_cannot_change(train, fastnet, restore_signals, tmp_path):
    train("--epochs", 2, "--stop-after", 1, "--out", tmp_path / "run")
    code, _, err = fastnet("train", "--resume", tmp_path / "run", "--batch-size", 16)
    assert code == 2
    assert "--batch-size cannot be changed" in err


@pytest.mark.parametrize("number", SIGNALS)
def test_interrupted_training_is_saved_and_goes_on_to_the_same_bits(
    start_process, train, fastnet, npz, tmp_path, number
):
    """Ctrl-C in the middle of an epoch, in a real process."""
    args = [*SMALL, "--epochs", "2000", "--schedule", "constant", "--data", str(npz), "--json"]
    command = [sys.executable, "-m", "fastnet", "train", *args, "--out", str(tmp_path / "run")]
    process = start_process(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + PATIENCE
    while not (tmp_path / "run" / "manifest.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number, err
    assert "Traceback" not in err
    result = json.loads(out)
    assert result["interrupted"]
    done = len(result["epochs"])
    assert 1 <= done < 2000
    code, _, _ = fastnet("train", "--resume", tmp_path / "run", "--stop-after", done + 1)
    assert code == 0
    train("--epochs", 2000, "--schedule", "constant", "--stop-after", done + 1, "--out", tmp_path / "whole")
    for path in (tmp_path / "whole").glob("*.npy"):
        assert path.read_bytes() == (tmp_path / "run" / path.name).read_bytes()


def test_diverged_training_ends_with_a_sentence(train, tmp_path):
    code, out, err = train("--learning-rate", "1e30", "--out", tmp_path / "run")
    assert (code, out) == (2, "")
    assert "the loss is" in err
    assert "try a learning rate below 1e+30" in err


def test_evaluate_the_shipped_model(fastnet):
    code, out, _ = fastnet("evaluate", weights.SMALL, "--json")
    assert code == 0
    result = json.loads(out)
    assert result["model"] == weights.SMALL
    assert result["n"] == 10_000
    assert result["accuracy"] > 0.98
    assert 0 < result["loss"] < 0.2


def test_evaluate_refuses_data_of_another_size(fastnet, npz):
    code, _, err = fastnet("evaluate", weights.SMALL, "--data", npz)
    assert code == 2
    assert "takes images of 784 pixels in 10 classes" in err


def test_predict_reads_pictures(fastnet, tmp_path):
    test = load_dataset().test
    paths = []
    for number in range(3):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(test.images[number].reshape(28, 28)).save(paths[-1])
    code, out, _ = fastnet("predict", *paths, "--json")
    assert code == 0
    results = json.loads(out)["results"]
    assert [result["digit"] for result in results] == test.labels[:3].tolist()
    assert [result["path"] for result in results] == [str(path) for path in paths]
    for result in results:
        assert result["probability"] == max(result["probabilities"])
        assert sum(result["probabilities"]) == pytest.approx(1)
        assert len(result["probabilities"]) == 10


def test_predict_tells_of_bad_pictures_and_answers_the_others(fastnet, tmp_path):
    Image.fromarray(load_dataset().test.images[0].reshape(28, 28)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("no picture")
    code, out, err = fastnet("predict", tmp_path, tmp_path / "c.png", "--json")
    assert code == 1
    good, bad, missing = json.loads(out)["results"]
    figures = {"digit", "label", "probability", "probabilities", "second", "second_label", "flags"}
    parts = {"digits", "lines", "grid", "left_out", "overruled"}
    assert good.keys() == {"path", "text"} | figures | parts
    assert good["text"] == "7"
    place = {"box": [0, 0, 28, 28], "line": 0, "column": None, "kind": "digit"}
    answer = {"digit": 7, "label": "7", "probability": good["probability"], "flags": []}
    assert good["digits"] == [answer | place]
    assert good["lines"] == [{"text": "7", "box": [0, 0, 28, 28], "n_digits": 1}]
    assert (good["grid"], good["left_out"], good["overruled"]) == (None, [], [])
    assert bad.keys() == missing.keys() == {"path", "error"}
    assert missing == {"path": str(tmp_path / "c.png"), "error": f"{tmp_path / 'c.png'}: no such file"}
    assert len(err.strip().splitlines()) == 2


def test_predict_reads_standard_input_and_explains(tmp_path):
    Image.fromarray(load_dataset().test.images[0].reshape(28, 28)).save(tmp_path / "seven.png")
    command = [sys.executable, "-m", "fastnet", "predict", "-", "--explain", str(tmp_path / "why.png")]
    with (tmp_path / "seven.png").open("rb") as file:
        done = subprocess.run(command, stdin=file, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("-: 7 (")
    with Image.open(tmp_path / "why.png") as drawn:
        assert drawn.width > 500


def test_a_drawing_replaces_no_file_in_silence_and_never_the_picture_that_is_read(fastnet, tmp_path):
    seven, why, link = (tmp_path / name for name in ("seven.png", "why.png", "link.png"))
    Image.fromarray(load_dataset().test.images[0].reshape(28, 28)).save(seven)
    link.symlink_to(seven)
    why.write_text("mine")
    before = seven.read_bytes()
    code, _, err = fastnet("predict", seven, "--explain", why)
    assert (code, why.read_text()) == (2, "mine")
    assert "why.png: exists already; choose another --explain, or --force" in err
    for target in (seven, link):
        code, _, err = fastnet("predict", seven, "--explain", target, "--force")
        assert (code, seven.read_bytes()) == (2, before)
        assert "is a picture that is read" in err
    assert fastnet("predict", seven, "--explain", why, "--force")[0] == 0
    with Image.open(why) as drawn:
        assert drawn.width > 500
    why.rename(tmp_path / "new-2.png")
    code, _, err = fastnet("predict", seven, tmp_path / "new-2.png", "--explain", tmp_path / "new.png", "--force")
    assert code == 2
    assert "new-2.png: is a picture that is read" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.png", "new-2.png", "seven.png"]


def test_a_directory_without_pictures_and_an_empty_name_are_told_and_the_others_answered(fastnet, tmp_path):
    (tmp_path / "empty").mkdir()
    Image.fromarray(load_dataset().test.images[0].reshape(28, 28)).save(tmp_path / "seven.png")
    code, out, err = fastnet("predict", tmp_path / "empty", "", tmp_path / "seven.png", "--json")
    assert code == 1
    none, nameless, seven = json.loads(out)["results"]
    assert "holds no pictures" in none["error"]
    assert nameless["error"] == "the name of a picture is empty"
    assert seven["digit"] == 7
    assert len(err.strip().splitlines()) == 2


@pytest.mark.parametrize("name", ["why.txt", "why", "no-such-directory/why.png"])
def test_a_drawing_that_cannot_be_saved_is_refused_before_a_picture_is_read(fastnet, tmp_path, name):
    code, out, err = fastnet("predict", tmp_path / "seven.png", "--explain", tmp_path / name)
    assert (code, out) == (2, "")
    assert name in err
    assert "seven.png" not in err


def test_compare_reports_both_engines(fastnet, npz):
    code, out, _ = fastnet("compare", "--data", npz, *SMALL, "--steps", 20, "--json")
    assert code == 0
    result = json.loads(out)
    assert result["steps"] == 20
    assert 0 <= result["max_loss_difference"] < 1e-4
    assert 0 <= result["max_weight_difference"] < 1e-2
    assert result["seconds"].keys() == {"numba", "reference"}
    assert result["ratio"] == pytest.approx(result["seconds"]["reference"] / result["seconds"]["numba"])


def test_info_tells_the_machine(fastnet):
    code, out, _ = fastnet("info", "--json")
    assert code == 0
    result = json.loads(out)
    assert result.keys() >= {"fastnet", "python", "numpy", "numba", "cpu", "threads", "threading_layer", "lanes"}
    assert weights.SMALL in result["models"]
    assert result.items() >= CHOICES._asdict().items()  # what the kernels do differently on other CPUs


def test_info_says_which_models_are_taken_where_none_is_named(fastnet):
    _, out, _ = fastnet("info")
    assert f"{weights.DEFAULT} (default)" in out
    assert f"{weights.SMALL} (the page begins with it)" in out
    result = json.loads(fastnet("info", "--json")[1])
    assert (result["default_model"], result["page_model"]) == (weights.DEFAULT, weights.SMALL)


def test_info_has_words_for_what_kernels_choose(fastnet):
    _, out, _ = fastnet("info")
    labels = [line[:24].strip() for line in out.splitlines()]
    assert not set(labels) & set(CHOICES._fields)
    assert f"at most {CHOICES.most_active:.0%} are on" in out


def test_threads_are_limited():
    command = [sys.executable, "-m", "fastnet", "info", "--json", "--threads", "1"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(out)["threads"] == 1


@pytest.mark.parametrize(("options", "n_threads"), [([], 1), (["--threads", "2"], 2)])
def test_pictures_are_read_by_one_thread_unless_more_are_asked_for(tmp_path, options, n_threads):
    Image.fromarray(load_dataset().test.images[0].reshape(28, 28)).save(tmp_path / "seven.png")
    program = (
        "import sys; from fastnet import cli; cli.main(sys.argv[1:])\n"
        "import threadpoolctl; print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})"
    )
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    command = [sys.executable, "-c", program, "predict", str(tmp_path / "seven.png"), *options]
    out = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    assert out.splitlines()[-1] == str({n_threads})


def test_weights_do_not_depend_on_the_number_of_threads(npz, tmp_path):
    for threads in ("1", "3"):
        args = ["--data", str(npz), *SMALL, "--epochs", "2", "--threads", threads, "--out", str(tmp_path / threads)]
        subprocess.run([sys.executable, "-m", "fastnet", "train", *args], capture_output=True, check=True)
    for path in (tmp_path / "1").glob("*.npy"):
        assert path.read_bytes() == (tmp_path / "3" / path.name).read_bytes()


@pytest.mark.parametrize(
    ("command", "options"),
    {
        "train": {"--seed", "--threads", "--json"},
        "runs": {"--json"},
        "evaluate": {"--threads", "--json"},
        "calibrate": {"--threads", "--json"},
        "ensemble": {"--threads", "--json"},
        "predict": {"--threads", "--json"},
        "audit": {"--seed", "--threads", "--json"},
        "compare-models": {"--threads", "--json"},
        "inspect": {"--json"},
        "export": {"--json"},
        "compare": {"--seed", "--threads", "--json"},
        "benchmark": {"--threads", "--json"},
        "info": {"--threads", "--json"},
        "compile": {"--json"},
        "dashboard": {"--threads"},
    }.items(),
)
def test_every_command_has_help_with_examples_and_the_common_options_that_do_something(fastnet, command, options):
    code, out, _ = fastnet(command, "--help")
    assert code == 0
    for part in ("examples:", f"fastnet {command}"):
        assert part in out
    usage = out.partition("\n\n")[0]
    assert {option for option in ("--seed", "--threads", "--json") if option in usage} == options


@pytest.mark.parametrize("command", ["--help", "train --help"])
def test_help_needs_no_heavy_import(command):
    code = (
        "import sys; from fastnet import cli\n"
        f"try: cli.main({command.split()})\n"
        "except SystemExit: pass\n"
        "print([name for name in ('numpy', 'numba', 'panel', 'PIL', 'tqdm') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


BAD_COMMANDS = [
    [],
    ["fly"],
    ["train", "--epochs", "0"],
    ["train", "--epochs", "many"],
    ["train", "--hidden", "12,-3"],
    ["train", "--learning-rate", "-1"],
    ["train", "--schedule", "bumpy"],
    ["train", "--engine", "warp"],
    ["train", "--data", "no-such-directory"],
    ["train", "--resume", "no-such-run"],
    ["train", "--validation", "60000"],
    ["train", "--warmup-epochs", "50"],
    ["train", "--rotation", "181"],
    ["train", "--elastic", "much"],
    ["evaluate", "mnist-784-512-10", "--seed", "1"],
    ["dashboard", "--json"],
    ["train", "--threads", "0"],
    ["evaluate"],
    ["evaluate", "no-such-model"],
    ["calibrate", "no-such-model"],
    ["predict"],
    ["predict", "--model", "no-such-model", "x.png"],
    ["inspect", "no-such-model"],
    ["export", "no-such-model", "--to", "onnx"],
    ["export", "mnist-784-512-10", "--to", "pickle"],
    ["export", "mnist-784-512-10", "--to", "npz", "--out", "no-such-directory/x.npz"],
    ["compare", "--steps", "0"],
    ["compare", "--steps", "1000000"],
    ["info", "surplus"],
]


@pytest.mark.parametrize("args", BAD_COMMANDS, ids=" ".join)
def test_what_is_wrong_is_told_in_one_sentence_with_exit_code_2(fastnet, restore_signals, args):
    code, out, err = fastnet(*args)
    assert (code, out) == (2, "")
    *progress, sentence = err.strip().splitlines()
    assert sentence.startswith("fastnet")
    assert len(progress) <= 1
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--temperature", "4"], "--temperature does nothing without --teacher"),
        (["--momentum", "0.9"], "--momentum does nothing without --solver sgd"),
        (["--solver", "sgd", "--beta1", "0.8"], "--beta1 does nothing without --solver adam"),
        (["--annealing", "0.2"], "--annealing does nothing without distortions, as --recipe fast has them"),
        (["--recipe", "fast", "--last-strength", "0.5"], "--last-strength does nothing without --annealing"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(fastnet, options, sentence):
    assert fastnet("train", *options) == (2, "", f"fastnet train: {sentence}\n")


PATHS = ("FILE", "DIR", "PNG", "CSV", "HTML", "JSON", "RUN", "SOURCE")
(COMMANDS,) = cli._parser()._get_positional_actions()


@pytest.mark.parametrize(
    ("command", "action"),
    [
        pytest.param(command, action, id=f"{command} {action.option_strings or action.dest}")
        for command, parser in COMMANDS.choices.items()
        for action in parser._actions
        if action.metavar in PATHS
    ],
)
def test_an_empty_name_of_a_file_or_directory_is_told_and_is_not_the_current_one(fastnet, command, action):
    code, out, err = fastnet(command, *action.option_strings[:1], "")
    assert (code, out) == (2, "")
    told = f"argument {next(iter(action.option_strings), action.metavar)}: the name of a file or directory is empty"
    assert err == f"fastnet {command}: {told} (see fastnet {command} --help)\n"


def test_a_directory_that_cannot_be_written_is_told(train, tmp_path):
    (tmp_path / "file").write_text("not a directory")
    code, out, err = train("--epochs", 1, "--out", tmp_path / "file" / "run")
    assert (code, out) == (2, "")
    assert "file" in err.strip().splitlines()[-1]


def test_terminal_gets_a_live_bar(start_process, npz, tmp_path):
    """With a pseudo-terminal as standard error, the progress is one line that is drawn again and again, to 100%."""
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 140))
    args = ["--data", str(npz), *SMALL, "--epochs", "2", "--passes", "3", "--out", str(tmp_path / "run")]
    process = start_process(
        [sys.executable, "-m", "fastnet", "train", *args],
        stdout=subprocess.DEVNULL,
        stderr=follower,
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        shown += part
    os.close(leader)
    assert process.wait(timeout=PATIENCE) == 0
    text = shown.decode()
    assert "\r" in text
    assert "left" in text
    assert re.search(r"epoch 1/2 loss [^\r]* 50%\|", text)
    assert re.search(r"epoch 2/2 loss [^\r]* 100%\|", text)


def test_fortran_ordered_images_are_trained_on_too(fastnet, restore_signals, tmp_path, dataset):
    path = tmp_path / "fortran.npz"
    train, test = dataset.train, dataset.test
    np.savez(
        path, x_train=np.asfortranarray(train.images), y_train=train.labels, x_test=test.images, y_test=test.labels
    )
    code, _, _ = fastnet("train", "--data", path, *SMALL, "--epochs", 1, "--out", tmp_path / "run")
    assert code == 0
