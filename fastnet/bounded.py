"""Read a file of which somebody else decides what it is: never waiting for a pipe, never more than was promised."""

import errno
import os
import stat
from pathlib import Path


class TooLargeError(OSError):
    """A file with more bytes than are read."""


def read_bounded(path: str | Path, most_bytes: int) -> bytes:
    """The content of a regular file of at most `most_bytes`.

    OSError, whose `strerror` says why, for what is none: a FIFO, a device, a directory; TooLargeError for a larger one.
    """
    with open(path, "rb", opener=_open_at_once) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        if found.st_size > most_bytes or len(content := file.read(most_bytes + 1)) > most_bytes:
            raise TooLargeError(errno.EFBIG, f"it has more than {most_bytes:,} bytes", str(path))
    return content


def is_missing(path: str | Path) -> bool:
    """Whether nothing has that name; a link to nowhere and what must not be looked at are something."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _open_at_once(path: str, flags: int) -> int:
    """A descriptor, also of a FIFO that nobody writes to."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
