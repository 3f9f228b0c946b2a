"""Compute audits aside: one at a time for the whole server, in a process that gives way to those who serve pages."""

import contextlib
import threading
import time
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from fastnet import weights
from fastnet.errors import FORESEEN, OptionError, sentence_of

from ..worker.beside import start_beside
from .quotas import FOR_READERS

NICENESS = 19
MOST_SECONDS = 1800.0  # that an audit may take


@dataclass(frozen=True)
class Job:
    """How the computation of an audit gets on."""

    model: str
    stage: str = "starting"
    share: float = 0.0  # of the work that is done
    problem: str = ""  # why it failed
    is_done: bool = False

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return not (self.is_done or self.problem)


class Auditor:
    """Runs one audit at a time. Any thread may ask."""

    def __init__(self, is_open: bool = True, *, takes_runs: bool = True, most_seconds: float = MOST_SECONDS) -> None:
        self.is_open = is_open  # to visitors
        self._takes_runs = takes_runs  # of the command line, beside which an audit is saved
        self._most_seconds = most_seconds
        self._lock = threading.Lock()
        self._job: Job | None = None

    def begin(self, model: str, directory: Path) -> Job:
        """Compute the audit of a model on the data that it was trained on, and save it beside the model.

        It is ended when it takes too long. OptionError while that of another model is computed, for a model that comes
        with fastnet or a run that visitors may not change, and where the auditor is not open to visitors.
        """
        if not self.is_open:
            raise OptionError(f"{FOR_READERS}: nobody computes audits on it")
        if model in weights.names():
            raise OptionError(f"{model} comes with fastnet, and stays as it is; run: fastnet audit {model} --out DIR")
        if model.startswith("runs/") and not self._takes_runs:
            raise OptionError(f"{model} belongs to whoever runs this server, and stays as it is")
        with self._lock:
            if self._job and self._job.is_running:
                if self._job.model != model:
                    raise OptionError(f"the audit of {self._job.model} is being computed; try again when it is ready")
                return self._job
            self._job = Job(model)
            try:
                process, pipe = start_beside(_work, directory, niceness=NICENESS)
            except FORESEEN as error:
                self._job = replace(self._job, problem=sentence_of(error))
                return self._job
        threading.Thread(target=self._hear, args=(process, pipe), daemon=True).start()
        return self._job

    def job(self, model: str) -> Job | None:
        """How the last computation of this model's audit gets on; None if there was none, or another's after it."""
        job = self._job
        return job if job and job.model == model else None

    def _hear(self, process: BaseProcess, pipe: Connection) -> None:
        ends = time.monotonic() + self._most_seconds
        with contextlib.suppress(EOFError, OSError):
            while pipe.poll(max(0.0, ends - time.monotonic())):
                self._change(pipe.recv())
            process.kill()
            self._change({"problem": f"it took longer than {self._most_seconds / 60:g} minutes, and was ended"})
        if self._job and self._job.is_running:
            self._change({"problem": "the computation of the audit ended unexpectedly"})

    def _change(self, changes: dict[str, Any]) -> None:
        with self._lock:
            if self._job:
                self._job = replace(self._job, **changes)


def _work(*args: Any) -> None:
    """What the process runs; only there is imported what computes."""
    from ..worker.auditing import work

    work(*args)
