"""Processes that compile at the same time share the work: each function is compiled by one, and loaded by the others.

So several trainings that start together on a new machine compile once. And a kernel whose parts take seconds gets a
helper, another process that compiles them from the last to the first, until the two meet: then this one waits for the
part that the helper is at, and finds all others in the cache. Where any of that fails, each compiles for itself.
"""

import contextlib
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import IO, Any

MOST_SECONDS = 60.0  # that are waited for another process, which may have been stopped
SECONDS_BETWEEN_LOOKS = 0.005

CompileParts = Callable[..., object]  # of the types of the kernel's arguments


class Turn:
    """The right to compile something, which one process has at a time; the file, which others must be able to make and
    remove, is there meanwhile.

    It is waited for while another process has it: a minute at most, and not where no file can be made or locked.
    """

    def __init__(self, path: Path):
        self._path = path
        self._file: IO[bytes] | None = None
        with contextlib.suppress(OSError):
            self._file = path.open("wb")
            deadline = time.monotonic() + MOST_SECONDS
            while not _lock(self._file) and time.monotonic() < deadline:
                time.sleep(SECONDS_BETWEEN_LOOKS)

    def end(self) -> None:
        """Let others have it: they find in the cache what was compiled."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            with contextlib.suppress(OSError):
                _unlock(self._file)
            self._file.close()
            self._file = None


if sys.platform == "win32":

    def _lock(file: IO[bytes]) -> bool:
        """Nobody waits: each process compiles for itself."""
        return True

    def _unlock(file: IO[bytes]) -> None:
        """Nobody waits."""

else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        """Whether this process has the file's lock now."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        """Give the lock back, which closing would not do while a fork of this process has the file open too."""
        fcntl.flock(file, fcntl.LOCK_UN)


class Helper:
    """A process that compiles the parts of a kernel for arguments of such types."""

    def __init__(self, compile_parts: CompileParts, types: tuple[Any, ...]):
        command = [sys.executable, "-P", "-c", f"from {__name__} import help_compiling; help_compiling()"]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert self._process.stdin
        with contextlib.suppress(OSError), self._process.stdin as pipe:  # it may have ended already
            pickle.dump((compile_parts.__module__, compile_parts.__name__, types), pipe)

    def end(self) -> None:
        """It is not needed any more."""
        self._process.kill()
        self._process.wait()


def can_be_helped(n_threads: int) -> bool:
    """Whether a process that may use so many threads can start another Python; programs that embed Python cannot."""
    return sys.platform != "win32" and n_threads > 1 and Path(sys.executable or "").name.startswith("python")


def help_compiling() -> None:
    """What a helper does: compile the parts of a kernel that standard input tells."""
    module, name, types = pickle.load(sys.stdin.buffer)
    getattr(import_module(module), name)(*types)
