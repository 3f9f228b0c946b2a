"""Processes that compile at the same time share the work: each function is compiled by one, and loaded by the others.

So several trainings that start together on a new machine compile once. And a kernel whose parts take seconds gets a
helper, another process that compiles them from the last to the first, until the two meet: then this one waits for the
part that the helper is at, and finds all others in the cache. Where files cannot be locked, or no process be started,
each compiles for itself.
"""

import contextlib
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from . import compilation

if sys.platform != "win32":
    import fcntl

MOST_SECONDS = 60.0  # that a process waits for others in vain, once
SECONDS_BETWEEN_LOOKS = 0.005

CompileParts = Callable[..., object]  # of the types of the kernel's arguments

_is_patient = True


class Turn:
    """The right to compile something, of which a file tells other processes; `is_held` where this one has it.

    It is waited for while another has it, and not held where that one is done meanwhile, or where no file can be made
    or locked. After a minute in vain, as where that one was stopped, this process waits for nobody any more.
    """

    def __init__(self, path: Path):
        self._path = path
        self._file = _opened(path, os.O_RDWR | os.O_CREAT)
        try:
            self.is_held = _lock(self._file) and os.fstat(self._file).st_nlink > 0
        except BaseException:
            _close(self._file)
            raise

    def end(self) -> None:
        """Let others have it: they find in the cache what was compiled."""
        if self.is_held:
            with contextlib.suppress(OSError):
                self._path.unlink()
        _close(self._file)
        self._file, self.is_held = _NO_FILE, False


@contextlib.contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """In this block no other process is in such a block for the directory, if directories can be locked."""
    opened = _opened(directory, os.O_RDONLY)
    try:
        _lock(opened)
        yield
    finally:
        _close(opened)


class Helper:
    """A process that compiles the parts of a kernel for arguments of such types, with the cache in that directory."""

    def __init__(self, compile_parts: CompileParts, types: tuple[Any, ...], cache: Path):
        path = [os.path.abspath(entry) for entry in sys.path if isinstance(entry, str)]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {__name__} import help_compiling; help_compiling()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path), "NUMBA_CACHE_DIR": str(cache.absolute())},
        )
        try:
            assert self._process.stdin
            pickle.dump((compile_parts.__module__, compile_parts.__name__, types), self._process.stdin)
            self._process.stdin.flush()
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """It is not needed any more."""
        self._process.kill()
        with contextlib.suppress(OSError):  # of a pipe that it never read
            self._process.communicate()


def help_compiling() -> None:
    """What a helper does: compile the parts of a kernel that standard input tells, as long as that is open."""
    module, name, types = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    getattr(import_module(module), name)(*types)


def _end_with_standard_input() -> None:
    os.read(sys.stdin.fileno(), 1)  # nothing more comes; Python's own reader would be locked when Python ends
    os._exit(1)


# ---- Locks, which are waited for -------------------------------------------------------------------------------------

_NO_FILE = -1


def _opened(path: Path, flags: int) -> int:
    """A file or directory, if it can be opened, and locked: not on Windows."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            return os.open(path, flags, 0o666)
    return _NO_FILE


def _lock(file: int) -> bool:
    """Whether this process has the lock of a file now, for which it waited if another had it."""
    with contextlib.suppress(OSError):  # of places without locks
        return file != _NO_FILE and (_try_to_lock(file) or _wait_for(file))
    return False


def _wait_for(file: int) -> bool:
    """Wait for a lock, unless that was in vain before; who listens is told that something is compiled, by whomever."""
    global _is_patient
    deadline = time.monotonic() + MOST_SECONDS
    compilation.tell(True)
    try:
        while _is_patient:
            if _try_to_lock(file):
                return True
            time.sleep(SECONDS_BETWEEN_LOOKS)
            _is_patient = time.monotonic() < deadline
        return False
    finally:
        compilation.tell(False)


def _try_to_lock(file: int) -> bool:
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _close(file: int) -> None:
    """Close a file and give its lock back, which closing would not do while a fork of this process has it open too."""
    if file != _NO_FILE and sys.platform != "win32":
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)
        os.close(file)
