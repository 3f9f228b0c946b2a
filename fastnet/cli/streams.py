"""Standard output and standard error as they may be: closed, full, a pipe that nobody reads, a terminal of ASCII."""

import codecs
import errno
import io
import os
import re
import sys
from collections.abc import Sequence
from functools import wraps
from typing import Any, Protocol, TextIO

BROKEN_PIPE = 128 + 13  # as the shell tells of a command that SIGPIPE ended
OUTPUT_ERROR = 2

_HANDLER = "fastnet.plainer"
_PLAINER = {
    "\N{PLUS-MINUS SIGN}": "+/-",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MINUS SIGN}": "-",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{MIDDLE DOT}": "-",
}
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")


class Main(Protocol):
    """What runs a command and returns its exit code."""

    def __call__(self, argv: Sequence[str] | None = None) -> int:
        """Run the command of these arguments; None for those of the process."""


class OutputError(Exception):
    """Standard output that cannot be written: no error of the command's work."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.errno = number


def one_line(text: str) -> str:
    """The text without what moves a terminal's cursor, as a name of a file may have it: `\\n` for a line feed."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def lines(text: str) -> str:
    """The same of each line."""
    return "\n".join(map(one_line, text.split("\n")))


def on_any_stream(main: Main) -> Main:
    """Let a command print whatever it likes, wherever standard output and error go.

    The exit code is 141, and nothing is said, where nobody reads what is printed; 2, with a sentence, where it cannot
    be written. What cannot be told on standard error is lost, and ends nothing.
    """

    @wraps(main)
    def command(argv: Sequence[str] | None = None) -> int:
        _open_closed()
        if sys.stdout is sys.__stdout__ and isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout = _through(_StandardOutput, sys.stdout)
        if sys.stderr is sys.__stderr__ and isinstance(sys.stderr, io.TextIOWrapper):
            sys.stderr = _through(_StandardError, sys.stderr)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors=_HANDLER)
        try:
            try:
                return main(argv)
            finally:
                sys.stdout.flush()  # here, not when the interpreter ends: then there is no exit code left to give
        except OutputError as error:
            _give_up(sys.stdout)
            if error.errno == errno.EPIPE:
                return BROKEN_PIPE
            print(f"fastnet: standard output: {os.strerror(error.errno)}", file=sys.stderr)
            return OUTPUT_ERROR
        except BrokenPipeError:  # of standard error
            _give_up(sys.stdout)
            _give_up(sys.stderr)
            return BROKEN_PIPE

    return command


class _StandardOutput(io.FileIO):
    """Standard output, whose errors are told apart from those of files."""

    def write(self, content: Any, /) -> int:
        """Write some bytes."""
        try:
            return super().write(content)
        except OSError as error:
            raise OutputError(error.errno or errno.EIO) from error


class _StandardError(io.FileIO):
    """Standard error, where what cannot be written goes nowhere; a pipe that nobody reads is an error all the same."""

    def write(self, content: Any, /) -> int:
        """Write some bytes, or none."""
        try:
            return super().write(content)
        except BrokenPipeError:
            raise
        except OSError:
            return len(content)


def _through(kind: type[io.FileIO], stream: io.TextIOWrapper) -> io.TextIOWrapper:
    """The same stream, with writing as that kind does it."""
    goes_at_once = stream.line_buffering or stream.write_through
    raw = kind(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), stream.encoding, stream.errors, line_buffering=goes_at_once)


def _open_closed() -> None:
    """Open what was closed: else the next file that is opened would be standard output, or standard error.

    What is printed to the one is an error, as it would be; what is told to the other is lost.
    """
    for descriptor, name, flags in ((1, "stdout", os.O_RDONLY), (2, "stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, flags)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
            stream = os.fdopen(descriptor, "w", encoding="utf-8", closefd=False)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


def _give_up(stream: TextIO) -> None:
    """Let what is still to be written go nowhere, or the interpreter would complain at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _plainer(error: UnicodeError) -> tuple[str | bytes, int]:
    """What is written for a character that the encoding has not; the bytes of a path that is no text are themselves."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    if "\udc80" <= character <= "\udcff":
        return bytes([ord(character) - 0xDC00]), error.start + 1
    return _PLAINER.get(character, character.encode("ascii", "backslashreplace").decode()), error.start + 1


codecs.register_error(_HANDLER, _plainer)
