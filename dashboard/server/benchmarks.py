"""The server's benchmark: `fastnet benchmark` in a process of its own, one at a time; its figures are kept for all.

Sessions look at `status`, which never changes in place, as often as they like. A benchmark ends with its server. Knows
no widget.
"""

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import IO, Any

from fastnet.errors import FORESEEN, OptionError, sentence_of
from fastnet.timing.machine import KERNELS

from .places import Places

COMMAND = (sys.executable, "-P", "-m", "fastnet.lifeline", "fastnet", "benchmark", "--json", "--roofline")
STEPS = ("epoch", *KERNELS, "roofline")
MOST_SECONDS = 600.0  # that a benchmark may take
STOP_WITHIN = 10.0  # seconds that a benchmark has to end itself and its rivals

_STEP_MARK = "-- "  # before the name of a step, in what the command tells of its progress


@dataclass(frozen=True, eq=False)
class Result:
    """The figures of `fastnet benchmark --json`, and when they were measured."""

    figures: dict[str, Any]
    finished: float  # seconds since 1970


@dataclass(frozen=True)
class Status:
    """What is going on; `result` is the last one, whoever asked for it."""

    owner: object = None  # whose benchmark is running; None if none is
    step: int = 0  # of STEPS, from 1; 0 before the first
    text: str = ""  # what is being timed
    started: float = 0.0  # seconds since 1970
    is_stopping: bool = False
    problem: str = ""  # why the last one has no figures
    result: Result | None = None

    @property
    def is_running(self) -> bool:
        """Whether a benchmark is under way."""
        return self.owner is not None


class Benchmarks:
    """Runs one benchmark at a time, and none beside a training: each would spoil the other's figures."""

    def __init__(self, places: Places, command: Sequence[str] = COMMAND, *, most_seconds: float = MOST_SECONDS):
        self._places = places
        self._command = command
        self._most_seconds = most_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self.status = Status()

    def start(self, owner: object, samples: int | None = None) -> None:
        """Begin, on the first `samples` training images (None: all); OptionError if that must wait."""
        with self._lock:
            if self.status.is_running:
                raise OptionError("a benchmark is running already")
            if not self._places.take_all(self):
                raise OptionError("a training is running; try again when it has ended")
            options = ["--samples", str(samples)] if samples else []
            try:
                figures = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by its follower
                process = subprocess.Popen(
                    [*self._command, *options],
                    stdin=subprocess.PIPE,  # its lifeline
                    stdout=figures,
                    stderr=subprocess.PIPE,
                    text=True,
                    start_new_session=True,  # Ctrl-C in the terminal is the server's affair
                )
            except FORESEEN as error:
                self._places.free(self)
                raise OptionError(f"the benchmark cannot begin: {sentence_of(error)}") from error
            self._process = process
            atexit.register(self.close)
            self.status = Status(owner, started=time.time(), result=self.status.result)
        limit = threading.Timer(self._most_seconds, self._end_by_limit, [process])
        limit.daemon = True
        limit.start()
        threading.Thread(target=self._follow, args=(process, figures, limit), daemon=True).start()

    def stop(self, owner: object) -> None:
        """End the owner's benchmark, if it is under way; what it has measured so far is lost."""
        with self._lock:
            if owner is None or self.status.owner is not owner or self.status.is_stopping:
                return
            self._end_process()

    def _end_by_limit(self, process: "subprocess.Popen[str]") -> None:
        """End this benchmark if it is still under way, and say why."""
        with self._lock:
            if process is self._process and self.status.is_running and not self.status.is_stopping:
                sentence = f"the benchmark took longer than {self._most_seconds / 60:g} minutes, and was ended"
                self.status = replace(self.status, problem=sentence)
                self._end_process()

    def _end_process(self) -> None:
        self.status = replace(self.status, is_stopping=True, text="stopping")
        process = self._process
        assert process
        process.terminate()
        killing = threading.Timer(STOP_WITHIN, _kill, [process])
        killing.daemon = True
        killing.start()

    def close(self) -> None:
        """End whatever runs: the server ends."""
        self.stop(self.status.owner)

    def _follow(self, process: "subprocess.Popen[str]", figures: IO[str], limit: threading.Timer) -> None:
        """Tell how far the process is, then what came of it; in a thread of its own."""
        last = ""
        assert process.stderr
        assert process.stdin
        with figures, process.stderr, process.stdin:
            for line in process.stderr:
                last = line.strip() or last
                self._show_progress(_without_time(line))
            code = process.wait()
            limit.cancel()
            figures.seek(0)
            outcome = self._outcome(code, figures.read(), last)
        with self._lock:
            self._places.free(self)
            self.status = outcome

    def _show_progress(self, text: str) -> None:
        with self._lock:
            if text.startswith(_STEP_MARK):
                step = STEPS.index(text.removeprefix(_STEP_MARK)) + 1
                self.status = replace(self.status, step=step, text="")
            elif not self.status.is_stopping:
                self.status = replace(self.status, text=text)

    def _outcome(self, code: int, figures: str, last: str) -> Status:
        before = self.status
        if code == 0:
            with contextlib.suppress(ValueError):
                return Status(result=Result(json.loads(figures), time.time()))
        if before.is_stopping:
            return Status(problem=before.problem, result=before.result)
        why = last or f"exit code {code}"
        return Status(problem=f"the benchmark ended without figures: {why}", result=before.result)


def _without_time(line: str) -> str:
    """A line of progress without the seconds at its start: `  12 s  -- epoch`."""
    seconds, mark, text = line.strip().partition(" s  ")
    return text if mark and seconds.strip().isdecimal() else line.strip()


def _kill(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:  # Windows has no groups of processes
                process.kill()
