"""The port that a server listens on: found out about before all that takes time, and told of in a sentence."""

import contextlib
import errno
import os
import socket
from collections.abc import Iterator

from fastnet.errors import OptionError


def find_port(address: str, port: int) -> int:
    """The port, if a server can listen on it at that address, or any free one for 0; OptionError if none can."""
    with named_in_errors(address, port):
        families = {family for family, *_ in socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)}
        family = socket.AF_INET if socket.AF_INET in families else socket.AF_INET6
        with socket.create_server((address, port), family=family) as probe:
            found: int = probe.getsockname()[1]
    return found


@contextlib.contextmanager
def named_in_errors(address: str, port: int) -> Iterator[None]:
    """Have it said which address and port cannot be had, and why."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise OptionError(
                f"port {port} is in use by another program; choose another, or 0 for any that is free"
            ) from error
        reason = error.strerror or os.strerror(error.errno or 0)
        raise OptionError(f"cannot listen on port {port} of {address!r}: {reason.lower()}") from error
