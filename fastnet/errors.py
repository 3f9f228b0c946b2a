"""What fastnet raises: each message is one sentence that says what was wrong and what is accepted."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about a name that is not known: the nearest of those that are; empty if none is near."""
    nearest = get_close_matches(name, list(known), n=1)
    return f"; did you mean {nearest[0]}?" if nearest else ""


class FastnetError(Exception):
    """Anything wrong that the user can mend; the command line prints it and exits with code 2."""


class DataError(FastnetError):
    """A data set or picture that cannot be read as one."""


class ModelError(FastnetError):
    """A model directory that is missing, damaged or not what it claims to be."""


class NoAuditError(ModelError):
    """A model that was not audited yet."""


class StaleAuditError(ModelError):
    """An audit that was made with other weights, another calibration or another fastnet than those that are here."""


class OptionError(FastnetError, ValueError):
    """A setting outside what is accepted."""


class ClaimedError(OptionError):
    """A file or directory to which another process writes."""


class DivergedError(FastnetError):
    """A training whose loss is no longer a finite number."""


FORESEEN = (FastnetError, MemoryError, OSError)  # what may happen to anybody, and is told in a sentence


def sentence_of(error: BaseException) -> str:
    """One of `FORESEEN` in a sentence that names the file, if there is one."""
    if isinstance(error, MemoryError):
        return f"there is not enough memory ({error})" if str(error) else "there is not enough memory"
    if isinstance(error, OSError) and error.strerror:
        reason = error.strerror[0].lower() + error.strerror[1:]
        name = error.filename2 or error.filename  # of two, as of a copy, the one that is written
        return f"{name}: {reason}" if name else reason
    return str(error)


def told(value: object, longest: int = 500) -> str:
    """A value as it stands in a sentence: on one line, `printable`, and of at most so many characters."""
    try:
        text = " ".join(str(value).split())
    except RecursionError:
        return "that"
    return printable(text if len(text) <= longest else f"{text[:longest]}...")


def without_folders(text: str) -> str:
    """A text in which absolute paths are names of files: where they lie on this machine is nobody's business.

    A folder with a space in its name is known as such in quotes only.
    """
    text = re.sub(r"""(['"])(?:[A-Za-z]:[/\\]|/)[^'"\n]*[/\\]""", r"\1", text)
    return re.sub(r"(?<![\w/\\:.~])(?:[A-Za-z]:[/\\]+|/)(?:[^\s'\":,;()/\\]+[/\\]+)+", "", text)


def printable(text: str) -> str:
    """A text in which each character that no one can see, or that moves others, is replaced by U+FFFD."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


@contextmanager
def damage_told_as(kind: type[FastnetError], sentence: str) -> Iterator[None]:
    """Raise one error for whatever a damaged file makes its reader raise.

    A shortage of memory is no damage, and what is one of ours already stays as it is.
    """
    try:
        yield
    except (FastnetError, MemoryError):
        raise
    except Exception as error:
        raise kind(sentence) from error


@contextmanager
def unreadable_told_as(kind: type[FastnetError], path: object) -> Iterator[None]:
    """Raise one error, naming the file, where the system does not let it be read."""
    try:
        yield
    except OSError as error:
        raise kind(f"{path}: cannot be read ({error.strerror})") from error
