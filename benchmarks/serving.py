"""A server of the page, or of the HTTP interface alone, for the measurements: as people start it."""

import contextlib
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

PORT = 5079
ADDRESS = f"http://localhost:{PORT}/"


@contextlib.contextmanager
def served_page() -> Iterator[subprocess.Popen[bytes]]:
    """Run `fastnet dashboard` until the block ends; yield its process."""
    with served("dashboard") as server:
        yield server


@contextlib.contextmanager
def served(command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command that serves, until the block ends; yield its process."""
    server = subprocess.Popen([sys.executable, "-m", "fastnet", command, "--port", str(PORT)], stdout=sys.stderr)
    try:
        wait_for(ADDRESS)
        yield server
    finally:
        server.terminate()
        server.wait()


def wait_for(address: str, seconds: float = 180) -> None:
    """Return when a server answers there; OSError where none does for so long."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=seconds).close()
            return
        except OSError:  # URLError is one; a server that just begins may also hang up
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
