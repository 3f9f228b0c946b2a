"""The names of a server: under which of them it answers, and from which pages its sockets may be opened.

A browser can be led to any server by a foreign name that points to its address (DNS rebinding). It then takes what it
gets for that name's own. So a server answers only where it is called by a name that is known to be its own.
"""

import re
from collections.abc import Sequence

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._*-]+)(?::(?P<port>\d{1,5}))?")
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[^/]+)")
_STANDARD = {"http": "80", "https": "443"}
LOCAL = ("localhost", "127.0.0.1", "[::1]")


def split_host(host: str) -> tuple[str, str] | None:
    """The name, in small letters, and the port, empty if not given, of HOST[:PORT]; None if it is no such thing."""
    match = _HOST.fullmatch(host.lower())
    return (match["name"], match["port"] or "") if match else None


def bracketed(address: str) -> str:
    """An address as it stands in a URL: one of IP version 6 in brackets."""
    return f"[{address}]" if ":" in address and not address.startswith("[") else address


def is_local(host: str) -> bool:
    """Whether a Host header names whatever computer the browser is on, and so all servers there."""
    split = split_host(host)
    return split is not None and split[0] in LOCAL


class Hosts:
    """The names of this computer, the address that the server listens at, and what its owner allows.

    `allowed` are HOST or HOST:PORT, in which `*` stands for anything; without a port they are for those of http, of
    https, and the one that the server listens on.
    """

    def __init__(self, address: str = "localhost", port: int = 0, allowed: Sequence[str] = ()) -> None:
        self._own = {*LOCAL, bracketed(address.lower())}
        self._usual_ports = {"", *_STANDARD.values(), str(port)}
        self._allowed = [split for host in allowed if (split := split_host(host))]

    def know(self, host: str) -> bool:
        """Whether a Host header names this server; its own names do with any port, as of a tunnel."""
        split = split_host(host)
        return split is not None and (split[0] in self._own or self._is_allowed(*split))

    def trust(self, origin: str, host: str) -> bool:
        """Whether the page of an Origin header may ask what is asked for under this Host header."""
        match = _ORIGIN.fullmatch(origin.lower())
        split = split_host(match["host"]) if match else None
        asked = split_host(host)
        if match is None or split is None or asked is None:
            return False
        standard = _STANDARD[match["scheme"]]
        is_same = split[0] == asked[0] and (split[1] or standard) == (asked[1] or standard)
        return is_same or self._is_allowed(*split)

    def _is_allowed(self, name: str, port: str) -> bool:
        return any(
            re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name)
            and (port == required if required else port in self._usual_ports)
            for pattern, required in self._allowed
        )
