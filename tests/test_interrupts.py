"""Ctrl-C, SIGTERM and SIGHUP end every command alike, whatever it does: a sentence, a status, nothing half."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from itertools import cycle
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from fastnet import interrupts, weights
from fastnet.interrupts import SIGNALS
from fastnet.models.model import Model

from .conftest import PATIENCE

SMALL = ["--hidden", "16", "--batch-size", "32", "--validation", "88"]

# The command line, that waits at a place until it is interrupted there.
HELD = """
import sys, time

def hold(*args, **kwargs):
    print("here", flush=True)
    time.sleep(600)

def until_asked(trainer):
    print("here", flush=True)
    while not trainer.stop_requested:
        time.sleep(0.01)

{hold}
from fastnet.__main__ import main
sys.exit(main())
"""
BEFORE_IT_BEGINS = {
    "importing": "sys.meta_path.insert(0, type('Finder', (), {'find_spec': lambda self, name, *_: "
    "hold() if name == 'fastnet.cli' else None})())",
    "reading data": "import fastnet.data.loading as loading; loading.load_dataset = hold",
    "compiling": "import fastnet.training.trainer as trainer; trainer.compile_kernels = hold",
}
# Where all is to be saved in the end, the place goes on after the signal.
AT_THE_END = {
    "testing": "import fastnet.training.trainer as t; run = t.Trainer.run\n"
    "def run_and_wait(self, *args):\n run(self, *args)\n until_asked(self)\n"
    "t.Trainer.run = run_and_wait",
    "saving": "import fastnet.training.pipeline as p; save = p.save_run\n"
    "def wait_and_save(training, *args):\n until_asked(training)\n save(training, *args)\n"
    "p.save_run = wait_and_save",
}


@pytest.fixture
def start(start_process):
    def start(hold, *args):
        command = [sys.executable, "-c", HELD.format(hold=hold), *map(str, args)]
        return start_process(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return start


def interrupted(process, number):
    """What a process says that is interrupted once it is where it tells."""
    assert process.stdout.readline() == "here\n", process.communicate()[1]
    process.send_signal(number)
    return process.communicate(timeout=PATIENCE)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("place", BEFORE_IT_BEGINS)
def test_a_training_that_has_nothing_to_save_leaves_nothing(start, npz, tmp_path, place, number):
    out = tmp_path / "runs" / "deep" / "run"
    process = start(BEFORE_IT_BEGINS[place], "train", "--data", npz, *SMALL, "--out", out)
    _, err = interrupted(process, number)
    assert process.returncode == 128 + number
    assert err.splitlines()[-1] == "fastnet: interrupted"
    assert "Traceback" not in err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("place", AT_THE_END)
def test_a_training_that_has_come_to_its_end_is_saved(start, npz, tmp_path, place, number):
    process = start(AT_THE_END[place], "train", "--data", npz, *SMALL, "--epochs", 1, "--out", tmp_path / "run")
    _, err = interrupted(process, number)
    assert process.returncode == 128 + number, err
    assert "Traceback" not in err
    assert Model.load(tmp_path / "run").manifest.test is not None
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_training_that_is_interrupted_while_it_is_calibrated_stays_saved(start, digits_npz, tmp_path, number):
    hold = "import fastnet.reading.fitting as f; f.calibrate_run = hold"
    process = start(hold, "train", "--data", digits_npz, *SMALL, "--epochs", 1, "--out", tmp_path / "run")
    assert process.stdout.readline().startswith("test accuracy ")
    assert process.stdout.readline() == f"saved in {tmp_path / 'run'}\n"
    _, err = interrupted(process, number)
    assert process.returncode == 128 + number, err
    *_, lacking, last = err.splitlines()
    assert lacking.endswith(f"fastnet calibrate {tmp_path / 'run'}")
    assert last == "fastnet: interrupted"
    saved = Model.load(tmp_path / "run")
    assert saved.manifest.test is not None
    assert saved.calibration is None
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("number", SIGNALS)
def test_the_second_signal_of_one_stop_changes_nothing_and_a_later_one_goes_to_who_handled_it_before(
    monkeypatch, number
):
    now, acted, passed_on = 100.0, [], []
    monkeypatch.setattr(interrupts, "time", SimpleNamespace(monotonic=lambda: now))
    before = {each: signal.signal(each, lambda got, frame: passed_on.append(got)) for each in SIGNALS}
    try:
        with interrupts.stops(acted.append):
            for each in (signal.SIGINT, number):  # as of a terminal that closes and a shell that ends
                signal.raise_signal(each)
            assert (acted, passed_on) == ([signal.SIGINT], [])
            now += 1.1
            signal.raise_signal(number)
            assert (acted, passed_on) == ([signal.SIGINT], [number])
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def test_a_later_signal_ends_a_training_that_is_to_stop(start, npz, tmp_path):
    wait = AT_THE_END["testing"].replace("until_asked(self)", "until_asked(self)\n print('asked', flush=True)\n hold()")
    process = start(wait, "train", "--data", npz, *SMALL, "--epochs", 1, "--out", tmp_path / "run")
    assert process.stdout.readline() == "here\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "asked\n"
    time.sleep(1.1)  # after which it is no part of the same stop
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + signal.SIGTERM
    assert err.splitlines()[-1] == "fastnet: interrupted"


def test_what_nohup_ignores_stays_ignored(start, npz, tmp_path):
    goes_on = AT_THE_END["testing"].replace("until_asked(self)", "print('here', flush=True)\n time.sleep(1)")
    hold = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{goes_on}"
    process = start(hold, "train", "--data", npz, *SMALL, "--epochs", 1, "--out", tmp_path / "run")
    interrupted(process, signal.SIGHUP)
    assert process.returncode == 0


def test_a_training_whose_terminal_was_closed_is_saved(start_process, npz, tmp_path):
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 140))
    command = [sys.executable, "-m", "fastnet", "train", "--data", str(npz), *SMALL, "--epochs", "100000"]
    process = start_process(
        [*command, "--out", str(tmp_path / "run")], stdin=follower, stdout=follower, stderr=follower, process_group=0
    )
    os.close(follower)
    until = time.monotonic() + PATIENCE
    while not (tmp_path / "run").exists() and time.monotonic() < until:
        if select.select([leader], [], [], 0.05)[0]:
            os.read(leader, 4096)
    os.close(leader)  # there is no session here, whose leader the system would tell
    process.send_signal(signal.SIGHUP)
    assert process.wait(PATIENCE) == 128 + signal.SIGHUP
    assert Model.load(tmp_path / "run").manifest.test is not None


WRITERS = {
    "predict": (
        "import fastnet.cli.answers as a; a.WRITERS['csv'] = lambda file: hold",
        ("predict", "{pictures}", "--out", "{out}/answers.csv"),
    ),
    "explain": (
        "import PIL.Image; PIL.Image.Image.save = hold",
        ("predict", "{pictures}/1.png", "--explain", "{out}/why.png"),
    ),
    "export": (
        "import numpy; numpy.savez = hold",
        ("export", weights.SMALL, "--to", "npz", "--out", "{out}/model.npz"),
    ),
    "calibrate": (
        "import fastnet.reading.fitting as f; f.fit = hold",
        ("calibrate", weights.SMALL, "--out", "{out}/model"),
    ),
    "audit": (
        "import fastnet.audit.making as m; m.audit_model = hold",
        ("audit", weights.SMALL, "--points", "60", "--out", "{out}/audit"),
    ),
    "compare-models": (
        "import pathlib; pathlib.Path.write_bytes = hold",
        ("compare-models", *weights.names()[:2], "--picture", "{out}/difference.png"),
    ),
    "inspect": ("import fastnet.cli.inspect as i; i.show = hold", ("inspect", weights.SMALL)),
}


@pytest.mark.parametrize(("command", "number"), list(zip(WRITERS, cycle(SIGNALS), strict=False)))
def test_a_command_that_is_interrupted_while_it_writes_leaves_nothing(start, tmp_path, command, number):
    if command in ("audit", "compare-models"):
        pytest.importorskip("sklearn")
    hold, args = WRITERS[command]
    out, pictures = tmp_path / "out", tmp_path / "pictures"
    out.mkdir()
    pictures.mkdir()
    for name in range(3):
        Image.fromarray(np.full((28, 28), 255, np.uint8)).save(pictures / f"{name}.png")
    process = start(hold, *(arg.format(out=out, pictures=pictures) for arg in args))
    _, err = interrupted(process, number)
    assert process.returncode == 128 + number, err
    assert err.splitlines()[-1] == "fastnet: interrupted"
    assert "Traceback" not in err
    assert list(out.iterdir()) == []


def test_signals_wait_at_a_closed_gate_and_pass_an_open_one():
    came = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: came.append(number))
    try:
        with interrupts.gate() as closed:
            with closed:
                signal.raise_signal(signal.SIGTERM)
                assert came == []
            assert came == [signal.SIGTERM]
            signal.raise_signal(signal.SIGTERM)
            assert came == [signal.SIGTERM] * 2
            with contextlib.suppress(ValueError), closed:
                signal.raise_signal(signal.SIGTERM)
                raise ValueError
        assert came == [signal.SIGTERM] * 3
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_handler_that_raises_keeps_no_signal_from_those_that_waited_behind_it():
    came = []

    def handler(number, frame):
        came.append(number)
        raise interrupts.Interrupted(number)

    def come_all():
        for number in numbers:
            signal.raise_signal(number)
        held_back.extend(came)

    held_back, numbers = [], [signal.SIGTERM, signal.SIGINT, signal.SIGTERM]
    before = {number: signal.signal(number, handler) for number in set(numbers)}
    try:
        with pytest.raises(interrupts.Interrupted) as raised, interrupts.held_back():
            come_all()
        assert (came, held_back) == (numbers, [])
        assert raised.value.number == signal.SIGTERM  # that of the last, as where they come one after another
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def test_a_handler_that_was_set_behind_a_gate_stays():
    def other(number, frame):
        pass

    before = signal.getsignal(signal.SIGTERM)
    try:
        with interrupts.gate():
            signal.signal(signal.SIGTERM, other)
        assert signal.getsignal(signal.SIGTERM) is other
    finally:
        signal.signal(signal.SIGTERM, before)
