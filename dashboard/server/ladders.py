"""The ladder of versions, timed on this machine: one measurement at a time, none beside a training."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from fastnet.errors import FORESEEN, OptionError, sentence_of
from fastnet.kernels import numba_is_installed

from ..worker.beside import start_beside
from .places import Places

MOST_SECONDS = 300.0  # that it may take: kernels are compiled first


class Ladders:
    """The last measurement is kept for all visitors. Any thread may ask."""

    def __init__(self, places: Places, work: Callable[[Connection], None] | None = None):
        self._places = places
        self._work = work or _work
        self._process: BaseProcess | None = None
        self.seconds: list[float] = []  # of a step of each version; none before the first measurement

    @cached_property
    def executor(self) -> ThreadPoolExecutor:
        """For those who must not wait themselves."""
        return ThreadPoolExecutor(1, "ladder")

    @property
    def is_running(self) -> bool:
        """Whether a measurement is under way."""
        return self._process is not None

    def measure(self, visitor: object = None) -> list[float]:
        """Measure now; OptionError if that must wait, cannot be done, or takes too long."""
        if not numba_is_installed():
            raise OptionError("the versions are Numba's, which is not installed here")
        owner = object()
        if not self._places.take_all(owner, visitor):
            raise OptionError(
                "a training or a benchmark is running, or others have waited for one; try again in a while"
            )
        try:
            self.seconds = self._measured()
        except FORESEEN as error:
            raise OptionError(sentence_of(error)) from error
        finally:
            self._process = None
            self._places.free(owner)
        return self.seconds

    def _measured(self) -> list[float]:
        """What a process tells that is begun for it."""
        self._process, pipe = start_beside(self._work, niceness=0)
        with pipe:
            try:
                if not pipe.poll(MOST_SECONDS):
                    raise OptionError("the measurement took too long, and was ended")
                seconds: list[float] = pipe.recv()
                return seconds
            except EOFError as error:
                raise OptionError("the measurement ended unexpectedly") from error
            finally:
                self._process.kill()

    def close(self) -> None:
        """End the measurement under way, and let none follow."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        if self._process:
            self._process.kill()


def _work(pipe: Connection) -> None:
    """What the process runs; only there is imported what computes."""
    from ..worker.ladder import work

    work(pipe)
