"""Correct models aside: each in a process of its own, which holds a place of the trainings until it has ended."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from weakref import WeakSet

import numpy as np

from fastnet.errors import FORESEEN, OptionError, sentence_of
from fastnet.training.correcting import Correction

from ..worker.beside import start_beside
from .places import Places

NICENESS = 5
MOST_SECONDS = 300.0  # for all of it: the first one waits for the kernels' compilation
MOST_AT_ONCE = 16  # that are listened to
_UNEXPECTED = "the process that learns ended unexpectedly; try again"
_SECONDS_TO_END = 5.0  # for a process that was killed


@dataclass(frozen=True, eq=False)
class Task:
    """Which model is to be corrected, by what, and where the one that this makes is written."""

    model: Path
    images: np.ndarray  # uint8 (n, n_pixels)
    labels: np.ndarray  # int64 (n,)
    out: Path


class Corrections:
    """Begins corrections, as long as there are places of trainings. Any thread may ask."""

    def __init__(self, places: Places, work: Callable[[Connection, Task], None] | None = None) -> None:
        self._places, self._work = places, work or _work
        self._under_way: WeakSet[UnderWay] = WeakSet()

    @cached_property
    def executor(self) -> ThreadPoolExecutor:
        """For those who must not wait themselves."""
        return ThreadPoolExecutor(MOST_AT_ONCE, "corrections")

    def begin(self, task: Task, visitor: str | None = None) -> "UnderWay":
        """A correction that has begun; OptionError where there is no place for it, or it cannot begin."""
        place = object()
        if not self._places.take(place, visitor):
            raise OptionError("somebody trains or measures here just now; try again in a while")
        try:
            process, pipe = start_beside(self._work, task, niceness=NICENESS)
        except FORESEEN as error:
            self._places.free(place)
            raise OptionError(f"nothing can be learnt now: {sentence_of(error)}") from error
        under_way = UnderWay(process, pipe, partial(self._places.free, place))
        self._under_way.add(under_way)
        return under_way

    def close(self) -> None:
        """End all of them: the server ends."""
        for under_way in list(self._under_way):
            under_way.stop()
        self.executor.shutdown(wait=False, cancel_futures=True)


class UnderWay:
    """One correction. It is listened to twice: when the model has learnt, and when it is calibrated.

    `on_end` is called when its process has ended, whether anybody listens or not.
    """

    def __init__(self, process: BaseProcess, pipe: Connection, on_end: Callable[[], None]) -> None:
        self._process, self._pipe, self._on_end = process, pipe, on_end
        self._ends = time.monotonic() + MOST_SECONDS
        self._ending = threading.Thread(target=self._await_end, daemon=True)
        self._ending.start()

    def hear_of_learning(self) -> Correction:
        """What it took, once the corrected model is written; OptionError where it is not."""
        told = self._hear()
        if isinstance(told, Correction):
            return told
        self.stop()
        raise OptionError(told)

    def hear_of_the_end(self) -> str:
        """Wait until the model is calibrated; why it could not be, empty where it is."""
        told: str = self._hear()
        self.stop()
        return told

    def stop(self) -> None:
        """End the process, so that it writes nothing any more, and its place is free; who listens is told so."""
        self._process.kill()
        self._ending.join(_SECONDS_TO_END)

    def _hear(self) -> Any:
        seconds_left = max(0.0, self._ends - time.monotonic())
        try:
            return self._pipe.recv() if self._pipe.poll(seconds_left) else "it took too long, and was ended"
        except (EOFError, OSError):
            return _UNEXPECTED

    def _await_end(self) -> None:
        self._process.join()
        self._on_end()


def _work(pipe: Connection, task: Task) -> None:
    """What the process runs; only there is imported what computes."""
    from ..worker.correcting import work

    work(pipe, task.model, task.images, task.labels, task.out)
