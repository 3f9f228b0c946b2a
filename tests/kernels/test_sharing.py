"""Processes that compile at once: a function is compiled by one of them, and a kernel's parts by its helper."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from numba import config, types
from numba.core.errors import TypingError

from fastnet.kernels import jit, sharing

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


@pytest.fixture
def path(tmp_path):
    return tmp_path / "turn"


def test_one_at_a_time_has_the_turn(path):
    turns = [sharing.Turn(path)]
    waiter = threading.Thread(target=lambda: turns.append(sharing.Turn(path)))
    waiter.start()
    waiter.join(0.2)
    assert waiter.is_alive()
    turns[0].end()
    waiter.join(PATIENCE)
    turns[1].end()
    turns[1].end()  # as often as one likes
    assert not path.exists()


def test_a_fork_of_the_one_that_has_the_turn_does_not_keep_it(path):
    with path.open("wb") as same:  # which ending the turn does not remove
        turn = sharing.Turn(path)
        copy = os.dup(turn._file.fileno())
        assert not sharing._lock(same)
        turn.end()
        assert sharing._lock(same)
        os.close(copy)


def test_nobody_waits_forever_for_a_process_that_was_stopped(path, monkeypatch):
    monkeypatch.setattr(sharing, "MOST_SECONDS", 0.05)
    for turn in [sharing.Turn(path), sharing.Turn(path)]:
        turn.end()


def test_where_no_file_can_be_made_there_are_no_turns(path):
    sharing.Turn(path / "nowhere").end()


COUNT = """
import numpy as np
from fastnet import kernels
from fastnet.kernels.losses import _count_correct
assert kernels.count_correct(np.eye(3, dtype="f4"), np.arange(3)) == 3
print(sum(_count_correct.stats.cache_hits.values()))
"""


def test_of_processes_that_start_together_one_compiles_and_the_others_load(tmp_path):
    with ThreadPoolExecutor(3) as pool:
        hits = list(pool.map(lambda _: lines(COUNT, tmp_path), range(3)))
    assert sorted(hits) == [["0"], ["1"], ["1"]]


# ---- Helpers --------------------------------------------------------------------------------------------------------

PARTS = """
from pathlib import Path

def compile_parts(number):
    Path(__file__).with_name("told").write_text(str(number))
"""


@pytest.fixture
def compile_parts(tmp_path, monkeypatch):
    """A module's function that a helper finds, and that tells in a file what it was given."""
    (tmp_path / "parts_of_a_test.py").write_text(PARTS)
    monkeypatch.syspath_prepend(tmp_path)
    import parts_of_a_test

    yield parts_of_a_test.compile_parts
    del sys.modules["parts_of_a_test"]


def test_a_helper_compiles_the_parts_for_the_types_that_it_is_told(compile_parts, tmp_path):
    helper = sharing.Helper(compile_parts, (types.float64,))
    assert helper._process.wait(PATIENCE) == 0
    helper.end()
    assert (tmp_path / "told").read_text() == "float64"


def test_a_helper_ends_when_it_is_not_needed_any_more(compile_parts):
    helper = sharing.Helper(compile_parts, (types.float64,))
    helper.end()
    assert helper._process.returncode is not None


def test_programs_that_embed_python_and_those_with_one_thread_are_not_helped(monkeypatch):
    assert sharing.can_be_helped(2)
    assert not sharing.can_be_helped(1)
    for program in ("/usr/bin/uwsgi", "", None):
        monkeypatch.setattr(sys, "executable", program)
        assert not sharing.can_be_helped(2)


@pytest.fixture
def helpers(monkeypatch, tmp_path):
    """The helpers that were started, which do nothing; nothing is compiled yet."""
    started = []

    class Idle:
        def __init__(self, compile_parts, types):
            self.told, self.has_ended = (compile_parts, types), False
            started.append(self)

        def end(self):
            self.has_ended = True

    monkeypatch.setattr(jit, "CACHE_DIRECTORY", str(tmp_path / "cache"))
    monkeypatch.setattr(jit, "_is_ours", lambda function: True)
    monkeypatch.setattr(jit, "Helper", Idle)
    monkeypatch.setattr(jit, "get_threads", lambda: 2)
    return started


def plus_one(number):
    return number + 1


def plus_nothing(number):
    return number + None


def test_a_kernel_that_is_compiled_has_a_helper_until_then_and_one_that_is_kept_has_none(helpers, compile_parts):
    for _ in range(2):  # compiled, and from the cache
        assert jit.kernel(compile_parts=compile_parts)(plus_one)(1) == 2
        (helper,) = helpers
        assert helper.told == (compile_parts, (types.int64,))
        assert helper.has_ended


def test_what_cannot_be_compiled_keeps_neither_its_helper_nor_its_turn(helpers, compile_parts):
    for n_tries in (1, 2):
        with pytest.raises(TypingError):
            jit.kernel(compile_parts=compile_parts)(plus_nothing)(1)
        assert [helper.has_ended for helper in helpers] == [True] * n_tries


def test_where_no_process_can_be_started_a_kernel_is_compiled_all_the_same(helpers, compile_parts, monkeypatch):
    def fail(*_):
        raise OSError("no more processes")

    monkeypatch.setattr(jit, "Helper", fail)
    assert jit.kernel(compile_parts=compile_parts)(plus_one)(1) == 2


STEP = """
import numpy as np
from fastnet import Dataset, Recipe, Samples, Training
from fastnet.kernels import fused, jit

INNER = "prepare forward_sparse forward_dense differentiate_outputs backward_layer update_layer".split()

def signatures():
    return [len(getattr(fused, name)._compiled.signatures) for name in INNER]

class AtOnce:
    def __init__(self, compile_parts, types):
        compile_parts(*types)
        print("parts", *signatures())

    def end(self):
        pass

jit.Helper, jit.get_threads = AtOnce, lambda: 2
samples = Samples(np.zeros((64, 20), np.uint8), np.zeros(64, np.int64), 1.0)
Training(Dataset(samples, samples, "noise"), Recipe(hidden=(40,), epochs=1, n_validation=0)).run()
print(*signatures())
"""


def test_the_parts_of_a_step_are_all_that_it_calls(tmp_path):
    """Each is compiled for one signature, before the step and with it."""
    parts, all_of_it = lines(STEP, tmp_path)
    assert parts == f"parts {all_of_it}"
    assert set(all_of_it.split()) == {"1"}
