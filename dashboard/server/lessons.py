"""Training steps one by one, for people to look into: one process takes them for all visitors, in turn.

They take no place of a training: a step takes milliseconds, and the process gives way to those who serve pages.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from fastnet.errors import FORESEEN, OptionError, sentence_of

from ..worker.beside import start_beside
from ..worker.lesson_figures import Question, StepFigures

NICENESS = 10
MOST_SECONDS = 300.0  # that an answer may take: the first one waits for the kernels' compilation


class Lessons:
    """Answers one question at a time. Any thread may ask; the process begins with the first question."""

    def __init__(self, work: Callable[[Connection], None] | None = None) -> None:
        self._work = work or _work
        self._lock = threading.Lock()
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    @cached_property
    def executor(self) -> ThreadPoolExecutor:
        """For those who must not wait themselves."""
        return ThreadPoolExecutor(1, "lessons")

    def ask(self, question: Question) -> StepFigures:
        """The figures that are asked for; OptionError where there are none."""
        with self._lock:
            pipe = self._pipe_to_process()
            try:
                pipe.send(question)
                answer = pipe.recv() if pipe.poll(MOST_SECONDS) else "the step took too long, and was ended"
            except (EOFError, OSError):
                answer = "the process that takes steps ended unexpectedly; try again"
            if isinstance(answer, StepFigures):
                return answer
            self._end_process()
            raise OptionError(answer)

    def close(self) -> None:
        """End the step under way, and let none follow."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        if self._process:
            self._process.kill()

    def _pipe_to_process(self) -> Connection:
        """Begin the process where there is none."""
        if self._process and not self._process.is_alive():
            self._end_process()
        if self._pipe is None:
            try:
                self._process, self._pipe = start_beside(self._work, niceness=NICENESS)
            except FORESEEN as error:
                raise OptionError(f"no step can be taken: {sentence_of(error)}") from error
        return self._pipe

    def _end_process(self) -> None:
        assert self._process
        assert self._pipe
        self._process.kill()
        self._pipe.close()
        self._process = self._pipe = None


def _work(pipe: Connection) -> None:
    """What the process runs; only there is imported what computes."""
    from ..worker.lesson import work

    work(pipe)
