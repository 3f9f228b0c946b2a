"""What people are told while they wait, always on standard error: a line that is drawn anew on a terminal, plain lines
every ten seconds elsewhere, nothing at all with --quiet."""

import math
import os
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from fastnet.kernels import compilation
from fastnet.plurals import counted

from .streams import lines

_SECONDS_BEFORE = 1.0  # of silence
_SECONDS_BETWEEN_DRAWINGS = 0.2
_SECONDS_BETWEEN_LINES = 10.0
_USUAL_COLUMNS = 80  # where a terminal does not tell how wide it is
_ENOUGH_FUNCTIONS = 10  # compiled, to tell by their time how long the others take
_CLEAR = "\r\x1b[K"

_quiet = False
_lock = threading.RLock()  # of all that stands below
_waits: list["Wait"] = []  # the last one is told of
_watcher: threading.Thread | None = None
_is_drawn = False
_silent_since = time.monotonic()


def begin(quiet: bool = False) -> None:
    """Begin a command, which tells nothing but errors if it is `quiet`."""
    global _quiet, _silent_since
    _quiet, _silent_since = quiet, time.monotonic()


def tell(text: str) -> None:
    """Print a line for people to standard error."""
    if not _quiet:
        complain(text)


def complain(text: str) -> None:
    """Print an error to standard error, with --quiet too."""
    with _lock:
        clear()
        print(lines(text), file=sys.stderr, flush=True)
        _break_silence()


def put(text: str) -> None:
    """Write a text to standard output, which may be the terminal on which a line is drawn."""
    with _lock:
        clear()
        sys.stdout.write(text)
        _break_silence()


def is_live() -> bool:
    """Whether somebody looks: standard error is a terminal, and --quiet was not given."""
    return sys.stderr.isatty() and not _quiet


def columns() -> int:
    """How wide the terminal on standard error is."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _USUAL_COLUMNS
    except (OSError, ValueError):
        return _USUAL_COLUMNS


def draw(text: str) -> None:
    """Draw the terminal's last line anew."""
    global _is_drawn
    with _lock:
        sys.stderr.write(f"{_CLEAR}{text[: columns() - 1]}")
        sys.stderr.flush()
        _is_drawn = True
        _break_silence()


def clear() -> None:
    """Clear the line that was drawn, if any."""
    _end_line(_CLEAR)


def leave() -> None:
    """Let the line that was drawn stand, if any, and go on below it."""
    _end_line("\n")


def _end_line(ending: str) -> None:
    global _is_drawn
    with _lock:
        if _is_drawn:
            sys.stderr.write(ending)
            sys.stderr.flush()
        _is_drawn = False


def _break_silence() -> None:
    global _silent_since
    _silent_since = time.monotonic()


def bar(share: float, width: int) -> str:
    """A bar of so many characters between its ends, filled to that share."""
    block = "\N{FULL BLOCK}" if (sys.stderr.encoding or "").lower().startswith("utf") else "#"
    return f"|{block * round(share * width):{width}}|"


@contextmanager
def waiting(text: str) -> Iterator["Wait"]:
    """Say what is waited for in this block once nothing was told for a second; the `text` may be changed on the way."""
    wait = Wait(text)
    _begin(wait)
    try:
        yield wait
    finally:
        _end(wait)


@contextmanager
def compiling_told() -> Iterator[None]:
    """Say so where kernels are compiled in this block, with the number of functions that are done."""
    compiling = _Compiling()
    try:
        with compilation.listening(compiling.hear):
            yield
    finally:
        compiling.forget()


@contextmanager
def warnings_told() -> Iterator[None]:
    """Tell of warnings in this block by their sentences alone, without the line of code that gave them."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: tell(str(message))
        yield


class Wait:
    """Something that is waited for, with the seconds that it took."""

    headline = ""  # told once, before all else

    def __init__(self, text: str):
        self.text = text
        self._begun = time.monotonic()
        self._seconds_before = 0.0  # of earlier waits for the same
        self._due = 0.0  # at which second the next line is told
        self._is_told = False

    def show(self) -> None:
        """Tell of it, if it is time."""
        now = time.monotonic()
        seconds = self._seconds_before + now - self._begun
        if not self._is_told and now - _silent_since < _SECONDS_BEFORE:
            return
        self._is_told = True
        if self.headline:
            tell(self.headline)
            self.headline, self._due = "", _SECONDS_BETWEEN_LINES
        if is_live():
            draw(f"{self.text}, {seconds:.0f} s")
        elif seconds >= self._due:
            tell(f"{self.text}, {seconds:.0f} s" if self._due else self.text)
            self._due = seconds + _SECONDS_BETWEEN_LINES


class WaitInParts(Wait):
    """Something that is done in parts, one within another, with other work between them; its seconds are theirs."""

    def __init__(self) -> None:
        super().__init__("")
        self._n_open = 0

    @contextmanager
    def part(self, text: str) -> Iterator[None]:
        """A part of it; the outermost one gives the text."""
        self.begin(text)
        try:
            yield
        finally:
            self.end()

    def begin(self, text: str) -> None:
        """A part begins."""
        with _lock:
            self._n_open += 1
            if self._n_open == 1:
                self.text = text
                self._begun = time.monotonic()
                _begin(self)

    def end(self) -> None:
        """A part ends."""
        with _lock:
            self._n_open -= 1
            if not self._n_open:
                self._seconds_before += time.monotonic() - self._begun
                _end(self)


class _Compiling(WaitInParts):
    """The compilation of functions, one within another."""

    def __init__(self) -> None:
        super().__init__()
        self._n_done = 0
        self._is_first = False  # compilation on this machine

    def hear(self, begins: bool) -> None:
        """A function begins or ends."""
        with _lock:
            if not begins and not self._n_open:
                return  # it had begun before anybody listened
            if not self._n_done and not self._n_open:
                self.headline = self._headline()
            self._n_done += not begins
            self.text = f"compiling{self._progress()}"
            if begins:
                self.begin(self.text)
            else:
                self.end()

    def forget(self) -> None:
        """Wait no longer for what another thread may still compile."""
        with _lock:
            if self in _waits:
                _end(self)

    def _progress(self) -> str:
        """How many functions are done, once there are any: who waits for another process to compile them has none."""
        if not self._n_done:
            return ""
        return f": {counted(self._n_done, 'function')}{self._outlook()}"

    def _outlook(self) -> str:
        """About how long it still takes, by the time that the functions took so far; nothing where that is unknown."""
        n_left = compilation.N_FUNCTIONS - self._n_done if self._is_first else 0
        if self._n_done < _ENOUGH_FUNCTIONS or n_left <= 0:
            return ""
        seconds = self._seconds_before + time.monotonic() - self._begun if self._n_open else self._seconds_before
        return f" of about {compilation.N_FUNCTIONS}, {math.ceil(seconds / self._n_done * n_left)} s to go"

    def _headline(self) -> str:
        from fastnet.kernels import jit  # which is there, since it compiles

        self._is_first = not jit.holds_kernels()
        kept = f"once; kept in {jit.CACHE_DIRECTORY}" if jit.CACHE_DIRECTORY else "each time, for want of a cache"
        needed = "for this machine" if self._is_first else "that this kind of training or measurement still lacks"
        return f"compiling the kernels {needed}, {kept}"


def _begin(wait: Wait) -> None:
    global _watcher
    with _lock:
        _waits.append(wait)
        if _watcher is None and not _quiet:
            _watcher = threading.Thread(target=_watch, daemon=True)
            _watcher.start()


def _end(wait: Wait) -> None:
    with _lock:
        _waits.remove(wait)
        clear()


def _watch() -> None:
    """Tell of the last wait, as long as there is one."""
    global _watcher
    while True:
        time.sleep(_SECONDS_BETWEEN_DRAWINGS)
        with _lock:
            if not _waits:
                _watcher = None
                return
            _waits[-1].show()
