"""The pictures and the report of an audit as files: those that lie beside it, or made when they are asked for."""

from collections.abc import Sequence
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path

from fastnet.audit.contents import DIRECTORY, load_audit
from fastnet.errors import FORESEEN
from fastnet.models.files import read_model

from .beside import start_beside
from .sentences import for_visitors

REPORT = "report.html"
NICENESS = 10


def file_names() -> Sequence[str]:
    """What can be had: the report, then each picture; nothing if they could not be made here."""
    if find_spec("matplotlib") is None:
        return ()
    from fastnet.audit.report import PICTURES

    return REPORT, *(f"{name}.png" for name in PICTURES)


def audit_file(directory: Path, name: str) -> bytes | str:
    """The content of one of `file_names`, for the model in a directory; a sentence if it cannot be made."""
    from fastnet.audit.report import PICTURES, draw, report

    try:
        there = directory / DIRECTORY / name
        if there.is_file():
            return there.read_bytes()
        audit, files = load_audit(directory), read_model(directory)
        if name != REPORT:
            return draw(name.removesuffix(".png"), audit, files) or "This model has nothing to show there."
        drawn = {picture: draw(picture, audit, files) for picture in PICTURES}
        return report(audit, {picture: content for picture, content in drawn.items() if content}).encode()
    except FORESEEN as error:
        return for_visitors(error, {str(directory): directory.name})


def make_aside(directory: Path, name: str) -> bytes | str:
    """What `audit_file` tells, from a process that gives way to those who serve pages: drawing takes seconds."""
    process, pipe = start_beside(_make, directory, name, niceness=NICENESS)
    try:
        told: bytes | str = pipe.recv()
        return told
    except (EOFError, OSError):
        return "The file could not be made."
    finally:
        process.join()
        pipe.close()


def _make(pipe: Connection, directory: Path, name: str) -> None:
    pipe.send(audit_file(directory, name))
