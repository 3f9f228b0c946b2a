"""Read pictures beside the event loop: in processes, with a bounded queue.

Reading is Python and NumPy by turns, and a thread that does it takes the interpreter away from the loop, which serves
those who draw; a process does not, and what decodes a stranger's file is not what holds the sockets.
"""

import asyncio
import math
import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastnet.errors import FastnetError
from fastnet.interrupts import leave_to_parent
from fastnet.lifeline import end_with_parent

if TYPE_CHECKING:
    from fastnet.reading.constraints import Constraint
    from fastnet.reading.pictures import Limits
    from fastnet.reading.predictor import Predictor

MOST_PICTURE_MEGABYTES = 10  # and a byte more, with what tells of it, are below the limit of a websocket's message
MOST_WAITING = 128  # pictures
MOST_PAGES = 20  # of a document

_NICENESS = 5  # those who answer requests go first
_MODELS_KEPT = 4  # by each process
_FIRST_GUESS = 0.03  # seconds that a picture takes
_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

Answer = dict[str, Any]  # as `fastnet.reading.batch` gives it
Timed = tuple[list[Answer], float]  # of a picture or the pages of a document, with the seconds that they took


@dataclass(frozen=True)
class Upload:
    """A picture that somebody sent, and what it is called."""

    name: str
    content: bytes


class BusyError(FastnetError):
    """So many pictures wait that no more are taken."""

    def __init__(self, seconds: int):
        super().__init__(f"too many pictures are waiting to be read; try again in {seconds} s")
        self.seconds = seconds


class LostError(FastnetError):
    """A process that read pictures came to an end of its own."""


class Readers:
    """Processes that read pictures, begun when the first one comes. For one event loop."""

    def __init__(self, n_workers: int = 1, most_waiting: int = MOST_WAITING):
        self.n_workers, self.most_waiting = n_workers, most_waiting
        self.waiting = 0  # pictures that are read or wait to be
        self._pool: ProcessPoolExecutor | None = None
        self._usual_seconds = _FIRST_GUESS

    async def read(
        self, model: Path, uploads: Sequence[Upload], constraint: "Constraint | None" = None
    ) -> list[Answer]:
        """The answer of the model in that directory to each picture, in order; one that cannot be read has an error.

        A document has an answer for each of its pages.

        BusyError where too many wait, LostError where a process ended, ModelError where the model is not sound. Who
        is cancelled takes back the pictures that nobody has begun to read.
        """
        self.require_place(len(uploads))
        pool = self._pool = self._pool or _new_pool(self.n_workers)
        try:
            read = await asyncio.gather(*[self._submit(pool, model, upload, constraint) for upload in uploads])
        except BrokenExecutor as error:
            if self._pool is pool:
                self._pool = None  # the next request makes another
            raise LostError("a process that read pictures came to an end of its own; try again") from error
        return [answer for answers, _ in read for answer in answers]

    def warm(self, model: Path) -> None:
        """Have the processes begin, each with that model; nobody waits for them."""
        self._pool = self._pool or _new_pool(self.n_workers)
        for _ in range(self.n_workers):
            self._pool.submit(_load, str(model))

    def require_place(self, n: int) -> None:
        """BusyError unless so many more pictures may wait."""
        if self.waiting + n > self.most_waiting:
            raise BusyError(max(1, math.ceil(self.waiting * self._usual_seconds / self.n_workers)))

    def close(self) -> None:
        """Leave unread what waits, and end the processes."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _submit(
        self, pool: Executor, model: Path, upload: Upload, constraint: "Constraint | None"
    ) -> "asyncio.Future[Timed]":
        """Have a picture wait from now on."""
        future = asyncio.wrap_future(pool.submit(_read, str(model), upload.name, upload.content, constraint))
        self.waiting += 1
        future.add_done_callback(self._note_done)
        return future

    def _note_done(self, future: "asyncio.Future[Timed]") -> None:
        self.waiting -= 1
        if not future.cancelled() and not future.exception():
            _, seconds = future.result()
            self._usual_seconds += (seconds - self._usual_seconds) / 16


def _new_pool(n_workers: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")  # a fork would take the server's threads and sockets along
    return ProcessPoolExecutor(n_workers, context, initializer=_begin)


# ---- In a process of the pool ---------------------------------------------------------------------------------------


def _begin() -> None:
    """Before NumPy is imported, which reads the number of its threads then."""
    end_with_parent()
    leave_to_parent()
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    if hasattr(os, "nice"):
        os.nice(_NICENESS)


def _read(directory: str, name: str, content: bytes, constraint: "Constraint | None") -> Timed:
    """The answer to a picture, or to each page of a document."""
    from fastnet.reading.batch import read_pages

    predictor = _predictor_now(directory)
    started = time.monotonic()
    answers = list(read_pages(predictor, name, content, _limits(), constraint))
    return answers, time.monotonic() - started


def _load(directory: str) -> None:
    """Have the model here before it is asked."""
    _predictor_now(directory)


def _predictor_now(directory: str) -> "Predictor":
    """The model as its files are."""
    from fastnet.models.model import state_of

    return _predictor(directory, state_of(Path(directory)))


@lru_cache(_MODELS_KEPT)
def _predictor(directory: str, state: tuple[int, ...]) -> "Predictor":
    """The model as it is in that state of its files."""
    from fastnet.reading.predictor import Predictor

    return Predictor.load(directory)


@cache
def _limits() -> "Limits":
    from fastnet.reading.pictures import Limits

    return Limits(megabytes=MOST_PICTURE_MEGABYTES, pages=MOST_PAGES)
