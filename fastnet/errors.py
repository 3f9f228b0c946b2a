"""What fastnet raises: each message is one sentence that says what was wrong and what is accepted."""

from collections.abc import Iterator
from contextlib import contextmanager


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


class DivergedError(FastnetError):
    """A training whose loss is no longer a finite number."""


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
