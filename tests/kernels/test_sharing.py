"""Processes that compile at once: a function is compiled by one of them, and a kernel's parts by its helper."""

import contextlib
import errno
import importlib
import os
import pickle
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import pytest
from numba import config, types
from numba.core.errors import TypingError

from fastnet.kernels import compilation, jit, sharing

pytestmark = pytest.mark.skipif(
    config.DISABLE_JIT or sys.platform == "win32", reason="nothing is compiled, or nobody waits"
)

PATIENCE = 300  # seconds for what takes a moment on a machine that does nothing else


def lines(code, cache):
    """What a new process prints, whose compiled kernels are kept there."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    command = [sys.executable, "-W", "error", "-c", code]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.splitlines()


@pytest.fixture(autouse=True)
def is_patient(monkeypatch):
    """Nobody has waited in vain before, nor does on a busy machine."""
    monkeypatch.setattr(sharing, "_is_patient", True)
    monkeypatch.setattr(sharing, "MOST_SECONDS", PATIENCE)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "turn"


def test_one_at_a_time_has_the_turn_and_who_waited_for_it_finds_it_over(path):
    turns = [sharing.Turn(path)]
    waiter = threading.Thread(target=lambda: turns.append(sharing.Turn(path)))
    told = []
    with compilation.listening(told.append):
        waiter.start()
        give_up = time.monotonic() + PATIENCE
        while not told and time.monotonic() < give_up:
            time.sleep(0.02)
        assert waiter.is_alive()
        assert (turns[0].is_held, told) == (True, [True])
        turns[0].end()
        waiter.join(PATIENCE)
    assert told == [True, False]
    assert not turns[1].is_held
    for turn in turns:
        turn.end()  # as often as one likes
    assert not path.exists()


def test_who_waited_for_a_process_that_was_killed_has_the_turn(path):
    killed = os.open(path, os.O_RDWR | os.O_CREAT)
    assert sharing._try_to_lock(killed)
    turns = []
    waiter = threading.Thread(target=lambda: turns.append(sharing.Turn(path)))
    waiter.start()
    os.close(killed)
    waiter.join(PATIENCE)
    assert turns[0].is_held
    turns[0].end()


def test_a_fork_of_the_one_that_has_the_turn_does_not_keep_it(path):
    same = os.open(path, os.O_RDWR | os.O_CREAT)  # which ending the turn does not remove
    turn = sharing.Turn(path)
    copy = os.dup(turn._file)
    assert not sharing._try_to_lock(same)
    turn.end()
    assert sharing._try_to_lock(same)
    os.close(same)
    os.close(copy)


def test_who_waits_for_a_process_that_was_stopped_waits_once(path, monkeypatch):
    monkeypatch.setattr(sharing, "MOST_SECONDS", 0.05)
    first = sharing.Turn(path)
    second = sharing.Turn(path)
    monkeypatch.setattr(sharing.time, "sleep", no_locks)  # which is not called
    third = sharing.Turn(path)
    assert [turn.is_held for turn in (first, second, third)] == [True, False, False]
    for turn in (first, second, third):
        turn.end()


def no_locks(*_):
    raise OSError(errno.ENOLCK, "no locks available")


def test_who_is_interrupted_while_it_waits_leaves_nothing_open(path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    first, closed = sharing.Turn(path), []
    close = sharing._close
    with monkeypatch.context() as patch:
        patch.setattr(sharing.time, "sleep", interrupt)
        patch.setattr(sharing, "_close", lambda file: (close(file), closed.append(file)))
        with pytest.raises(KeyboardInterrupt):
            sharing.Turn(path)
    assert len(closed) == 1
    first.end()


def test_where_no_file_can_be_made_or_locked_nobody_waits(path, monkeypatch):
    turn = sharing.Turn(path / "nowhere")
    assert not turn.is_held
    turn.end()
    monkeypatch.setattr("fcntl.flock", no_locks)
    turn = sharing.Turn(path)
    assert not turn.is_held
    turn.end()
    with sharing.alone_in(path.parent), sharing.alone_in(path.parent):
        pass


def test_one_at_a_time_writes_into_a_directory(tmp_path):
    opened = os.open(tmp_path, os.O_RDONLY)
    with sharing.alone_in(tmp_path):
        assert not sharing._try_to_lock(opened)
    assert sharing._try_to_lock(opened)
    os.close(opened)


COUNT = f"""
import numpy as np
from fastnet import kernels
from fastnet.kernels import sharing
from fastnet.kernels.losses import _count_correct
sharing.MOST_SECONDS = {PATIENCE}
assert kernels.count_correct(np.eye(3, dtype="f4"), np.arange(3)) == 3
print(sum(_count_correct.stats.cache_hits.values()))
"""


def test_of_processes_that_start_together_one_compiles_and_the_others_load(tmp_path):
    with ThreadPoolExecutor(3) as pool:
        hits = list(pool.map(lambda _: lines(COUNT, tmp_path), range(3)))
    assert sorted(hits) == [["0"], ["1"], ["1"]]
    assert not list(tmp_path.rglob("*.turn"))


# ---- Helpers --------------------------------------------------------------------------------------------------------

PARTS = """
import time
from pathlib import Path

from numba import config

def compile_parts(number):
    Path(__file__).with_name("told").write_text(f"{number} {config.CACHE_DIR}")

def compile_forever(number):
    compile_parts(number)
    time.sleep(1e6)
"""


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """A module with functions for helpers, which tell in a file what they were given."""
    (tmp_path / "parts_of_a_test.py").write_text(PARTS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, Path("no text")])  # which Python passes over
    yield importlib.import_module("parts_of_a_test")
    del sys.modules["parts_of_a_test"]


def test_a_helper_compiles_the_parts_for_the_types_that_it_is_told(parts, tmp_path):
    helper = sharing.Helper(parts.compile_parts, (types.float64,), tmp_path / "cache")
    assert helper._process.wait(PATIENCE) == 0
    helper.end()
    assert (tmp_path / "told").read_text() == f"float64 {tmp_path / 'cache'}"


@pytest.mark.parametrize(("end", "code"), [(sharing.Helper.end, -9), (lambda helper: helper._process.stdin.close(), 1)])
def test_a_helper_ends_when_it_is_not_needed_any_more_or_nobody_is_there_whom_it_helps(parts, tmp_path, end, code):
    helper = sharing.Helper(parts.compile_forever, (types.float64,), tmp_path)
    give_up = time.monotonic() + PATIENCE
    while not (tmp_path / "told").exists() and time.monotonic() < give_up:
        time.sleep(0.02)
    end(helper)
    assert helper._process.wait(PATIENCE) == code
    helper.end()


def test_what_cannot_be_told_to_a_helper_leaves_none(parts, tmp_path, monkeypatch):
    ended = []
    monkeypatch.setattr(sharing.Helper, "end", lambda helper, end=sharing.Helper.end: (end(helper), ended.append(1)))
    with pytest.raises((AttributeError, pickle.PicklingError)):
        sharing.Helper(parts.compile_parts, (lambda: 0,), tmp_path)
    assert ended


def test_programs_that_embed_python_and_those_with_one_processor_are_not_helped(monkeypatch):
    monkeypatch.setattr(compilation, "_n_processors", lambda: 2)
    assert compilation.can_be_helped()
    with monkeypatch.context() as patch:
        patch.setattr(compilation, "_n_processors", lambda: 1)
        assert not compilation.can_be_helped()
    for program in ("/usr/bin/uwsgi", "", None):
        monkeypatch.setattr(sys, "executable", program)
        assert not compilation.can_be_helped()


@pytest.fixture
def helpers(monkeypatch, tmp_path):
    """The helpers that were started, which do nothing; nothing is compiled yet."""
    started = []

    class Idle:
        def __init__(self, compile_parts, types, cache):
            self.told, self.has_ended = (compile_parts, types, cache), False
            started.append(self)

        def end(self):
            self.has_ended = True

    monkeypatch.setattr(jit, "CACHE_DIRECTORY", str(tmp_path / "cache" / "fastnet" / "digest"))
    monkeypatch.setattr(jit, "_is_ours", lambda function: True)
    monkeypatch.setattr(jit, "Helper", Idle)
    monkeypatch.setattr(jit, "can_be_helped", lambda: True)
    return started


def plus_one(number):
    return number + 1


def plus_nothing(number):
    return number + None


def test_a_kernel_that_is_compiled_has_a_helper_until_then_and_one_that_is_kept_has_none(helpers, tmp_path):
    for _ in range(2):  # compiled, and from the cache
        assert jit.kernel(compile_parts=plus_one)(plus_one)(1) == 2
        (helper,) = helpers
        assert helper.told == (plus_one, (types.int64,), tmp_path / "cache")
        assert helper.has_ended
    assert jit.kernel(compile_parts=plus_one)(plus_one)(1.0) == 2.0  # which shares its parts
    assert helpers == [helper]


def test_what_cannot_be_compiled_keeps_neither_its_helper_nor_its_turn(helpers, tmp_path):
    for n_tries in (1, 2):
        with pytest.raises(TypingError):
            jit.kernel(compile_parts=plus_one)(plus_nothing)(1)
        assert [helper.has_ended for helper in helpers] == [True] * n_tries
        assert not list(tmp_path.rglob("*.turn"))


def test_only_who_has_the_turn_has_a_helper(helpers, monkeypatch):
    monkeypatch.setattr("fcntl.flock", no_locks)
    assert jit.kernel(compile_parts=plus_one)(plus_one)(1) == 2
    assert not helpers


@pytest.mark.parametrize("error", [OSError("no more processes"), KeyboardInterrupt()])
def test_where_no_helper_can_be_started_a_kernel_is_compiled_all_the_same_then_or_later(
    helpers, monkeypatch, tmp_path, error
):
    def fail(*_):
        raise error

    monkeypatch.setattr(jit, "Helper", fail)
    compiled = jit.kernel(compile_parts=plus_one)(plus_one)
    with contextlib.suppress(KeyboardInterrupt):
        compiled(1)
    assert not list(tmp_path.rglob("*.turn"))
    monkeypatch.setattr(jit, "can_be_helped", lambda: False)
    assert compiled(1) == 2
    assert not list(tmp_path.rglob("*.turn"))


def test_what_others_compile_in_this_process_is_no_matter(helpers):
    lifted = numba.jit(forceobj=True, looplift=True)(sum_of_loop)
    assert lifted(4) == 6


def sum_of_loop(n):
    total = 0
    for number in range(n):
        total += number
    return total


STEP = """
import numpy as np
from fastnet import Dataset, Recipe, Samples, Training
from fastnet.kernels import fused, jit

INNER = "prepare forward_sparse forward_dense differentiate_outputs backward_layer update_layer".split()

def signatures():
    return [len(getattr(fused, name)._compiled.signatures) for name in INNER]

class AtOnce:
    def __init__(self, compile_parts, types, cache):
        compile_parts(*types)
        print("parts", *signatures())

    def end(self):
        pass

jit.Helper, jit.can_be_helped = AtOnce, lambda: True
samples = Samples(np.zeros((64, 20), np.{dtype}), {labels}, 1.0)
Training(Dataset(samples, samples, "noise"), Recipe({recipe}, epochs=1, n_validation=0)).run()
print(*signatures())
"""
OTHER = "hidden=(9, 9), activation='tanh', solver='sgd', loss='squared_error'"


@pytest.mark.parametrize(
    ("dtype", "labels", "recipe"),
    [
        ("uint8", "np.zeros(64, np.int64)", "hidden=(9,)"),
        ("float32", "np.ones((64, 2), np.float32)", OTHER),
    ],
    ids=["usual", "other"],
)
def test_the_parts_of_a_step_are_all_that_it_calls(dtype, labels, recipe, tmp_path):
    """Each is compiled for one signature, before the step and with it."""
    parts, all_of_it = lines(STEP.format(dtype=dtype, labels=labels, recipe=recipe), tmp_path)
    assert parts == f"parts {all_of_it}"
    assert set(all_of_it.split()) == {"1"}
