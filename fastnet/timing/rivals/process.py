"""The driver's side of a rival: start it, ask it, keep it still while others are timed, find its best settings."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from fastnet.errors import without_folders

PYTHON = (sys.executable, "-P")  # without the current folder on the path: what is installed is timed
ANSWER_WITHIN = 900.0  # seconds; compiling may take minutes
PASSES, FINALISTS = 2, 3
SHARED_SETTINGS = ("hidden", "samples", "data", "batch_size")

# Thread counts of the BLAS, OpenMP and JIT runtimes, which read them when they are loaded.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "NPROC")


class RivalError(Exception):
    """A rival that does not start, does not answer, or answers with an error."""

    def __init__(self, words: str):
        super().__init__(without_folders(words))


@dataclass(frozen=True)
class Entrant:
    """A rival as it enters a contest: its program, fixed settings, and the options to choose the best of.

    The program is a module of what is installed, or the path of a file. `options` maps a setting to its values; the
    first is the one to start from.
    """

    name: str
    module: str
    settings: dict[str, Any] = field(default_factory=dict)
    options: dict[str, list[Any]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()  # packages that must be installed


def environment_of(settings: dict[str, Any]) -> dict[str, str]:
    """The environment of a rival's process: ours, with its number of threads and no other advice to the runtimes."""
    advice = ("OMP_", "KMP_", "GOMP_", "OPENBLAS_", "MKL_", "NUMBA_NUM_", "XLA_", "NPROC")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(advice)}
    if "threads" in settings:
        environment.update(dict.fromkeys(THREAD_VARIABLES, str(settings["threads"])))
    if settings.get("xla_flags"):
        environment["XLA_FLAGS"] = settings["xla_flags"]
    if "backend" in settings:
        environment["KERAS_BACKEND"] = settings["backend"]
    return environment


class RivalProcess:
    """A rival's process, stopped (SIGSTOP) except while it answers: idle threads that spin would slow the others.

    As a context manager it is ended on leaving, whatever happens.
    """

    def __init__(self, module: str, settings: dict[str, Any]):
        self._stderr = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        program = [module] if module.endswith(".py") else ["-m", module]
        self._process = subprocess.Popen(
            [*PYTHON, *program, json.dumps(settings)],
            env=environment_of(settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            process_group=0,  # with its helpers; and Ctrl-C is ours to handle
        )

    def __enter__(self) -> "RivalProcess":
        return self

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        if kind:
            self._signal("SIGKILL")  # whoever interrupts does not wait for the end of an epoch
        self.close()

    def ask(self, ask: str, **arguments: Any) -> dict[str, Any]:
        """Its answer to one line; RivalError when there is none."""
        assert self._process.stdin
        assert self._process.stdout
        self._signal("SIGCONT")
        try:
            self._process.stdin.write(json.dumps({"ask": ask, **arguments}) + "\n")
            self._process.stdin.flush()
            ready, _, _ = select.select([self._process.stdout], [], [], ANSWER_WITHIN)
            line = self._process.stdout.readline() if ready else ""
        except BrokenPipeError:
            line = ""
        if not line:
            raise RivalError(self._last_words() or f'no answer to "{ask}"')
        self._signal("SIGSTOP")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RivalError(answer["error"])
        return answer

    def close(self) -> None:
        """End it, gently at first."""
        self._signal("SIGCONT")
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.close()
            self._process.wait(timeout=10)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self._signal("SIGKILL")
            self._process.kill()  # where there is no such signal
            self._process.wait()
        self._process.stdout.close()
        self._stderr.close()

    def _signal(self, name: str) -> None:
        """Send a signal to its process group, where there are such signals and it still lives."""
        if hasattr(signal, name) and self._process.poll() is None:
            os.killpg(self._process.pid, getattr(signal, name))

    def _last_words(self) -> str:
        self._stderr.seek(0)
        lines = [line.strip() for line in self._stderr if line.strip()]
        return lines[-1] if lines else ""


Settings = dict[str, Any]
Questions = list[dict[str, Any]]
Trial = dict[str, Any]


def seconds_of(entrant: Entrant, settings: Settings, questions: Questions) -> tuple[float, int]:
    """The least seconds that a process with these settings answers to the questions, and its peak memory.

    The seconds of warming up don't count.
    """
    with RivalProcess(entrant.module, settings) as rival:
        answers = [(question["ask"], rival.ask(**question)) for question in questions]
        memory = rival.ask("peak_memory")["bytes"]
    return min(answer["seconds"] for ask, answer in answers if ask != "warm" and "seconds" in answer), memory


def settings_text(settings: Settings) -> str:
    """The settings in words, without those that all rivals share."""
    return ", ".join(f"{key} {value or 'none'}" for key, value in settings.items() if key not in SHARED_SETTINGS)


def first_settings(entrant: Entrant) -> Settings:
    """The entrant's settings with the first value of each option."""
    return entrant.settings | {name: values[0] for name, values in entrant.options.items()}


def best_trial(entrant: Entrant, trial: Questions, progress: Callable[[str], None]) -> tuple[Settings, list[Trial]]:
    """The quick way: each value of each option once, in one pass, and the fastest trial decides.

    With nothing to choose from, there is no trial.
    """
    if all(len(values) == 1 for values in entrant.options.values()):
        return first_settings(entrant), []
    return best_settings(entrant, trial, [], progress, passes=1)


def best_settings(
    entrant: Entrant, trial: Questions, final: Questions, progress: Callable[[str], None], passes: int = PASSES
) -> tuple[Settings, list[Trial]]:
    """Try an entrant's options one after another, each in a process of its own: (best settings, all trials).

    `trial` is short. The options are gone through twice, since the best value of one may depend on the others, and
    the fastest few then run the `final`, if there is one: a disturbance during a trial must not burden a rival with
    lesser settings.
    Settings that fail are left out, unless they are the first. There is one trial even with nothing to choose from:
    it fills the caches of compiled code, so that compiling does not count in the peak memory of the timed process.
    """
    trials: list[Trial] = []

    def run(settings: Settings, questions: Questions, is_final: bool = False) -> float:
        progress(f"{entrant.name}: {'final of' if is_final else 'trying'} {settings_text(settings)}")
        seconds, memory = seconds_of(entrant, settings, questions)
        trials.append({"settings": settings, "final": is_final, "seconds": seconds, "peak_memory": memory})
        return seconds

    best = first_settings(entrant)
    found = [(run(best, trial), best)]
    for name, values in list(entrant.options.items()) * passes:
        for settings in [best | {name: value} for value in values]:
            if settings in [tried["settings"] for tried in trials]:
                continue
            try:
                found.append((run(settings, trial), settings))
            except RivalError as error:
                trials.append({"settings": settings, "error": str(error)})
                progress(f"{entrant.name}: not available: {error}")
        best = min(found, key=itemgetter(0))[1]
    if final and len(found) > 1:
        finalists = [settings for _, settings in sorted(found, key=itemgetter(0))[:FINALISTS]]
        best = min([(run(settings, final, is_final=True), settings) for settings in finalists], key=itemgetter(0))[1]
    return best, trials
