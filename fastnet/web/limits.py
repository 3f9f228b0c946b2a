"""How much one address may ask for: so many at once, and then one in so many seconds."""

import ipaddress
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tornado.iostream import IOStream

_MANY = 10_000  # addresses, after which those are forgotten that may ask for all again


@dataclass(frozen=True)
class Limit:
    """What it is for, by name and by an expression that finds its paths: `burst` at once, then one in `seconds`."""

    what: str
    path: str
    burst: int
    seconds: float


class Bucket:
    """Counts one limit for each address; of an address it keeps when all that it took will have been given back."""

    def __init__(self, limit: Limit, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock = clock
        self._full: dict[str, float] = {}

    def take(self, address: str) -> float:
        """Take one: 0 seconds, or so many until there is one again."""
        now = self._clock()
        if len(self._full) >= _MANY:
            self._full = {address: full for address, full in self._full.items() if full > now}
        full = max(now, self._full.get(address, now)) + self.limit.seconds
        wait = full - now - self.limit.burst * self.limit.seconds
        if wait > 0:
            return wait
        self._full[address] = full
        return 0


class Streams:
    """Counts the open connections of each address; those that were closed, it notices when it counts."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[str, list[IOStream]] = {}

    def hold(self, address: str, stream: IOStream) -> bool:
        """Count a connection until it is closed; False if the address has as many as it may."""
        if len(self._open) >= _MANY:
            self._open = {address: left for address, streams in self._open.items() if (left := _not_closed(streams))}
        streams = _not_closed(self._open.get(address, []))
        self._open[address] = streams
        if stream not in streams:
            if len(streams) >= self._most:
                return False
            streams.append(stream)
        return True


class Limits:
    """Of what an address may ask for, by the first limit whose path fits; of its websockets, and of its connections.

    Each server has limits of its own; several processes of one count apart.
    """

    def __init__(self, limits: Sequence[Limit], sockets: int, connections: int) -> None:
        self._buckets = [Bucket(limit) for limit in limits]
        self._sockets, self._connections = Streams(sockets), Streams(connections)

    def take(self, address: str, path: str) -> tuple[float, str]:
        """Take one of what is at the path: seconds to wait, 0 for none, and what it is."""
        who = counted_as(address)
        for bucket in self._buckets:
            if re.search(bucket.limit.path, path):
                return bucket.take(who), bucket.limit.what
        return 0, ""

    def hold_socket(self, address: str, stream: IOStream) -> bool:
        """Count a websocket until its stream is closed; False if the address has as many open as it may."""
        return self._sockets.hold(counted_as(address), stream)

    def hold_connection(self, address: str, stream: IOStream) -> bool:
        """Count a connection, whatever it is for, until it is closed; False if the address has as many as it may."""
        return self._connections.hold(counted_as(address), stream)


def counted_as(address: str) -> str:
    """Who an address is: one subscriber has 2**64 of version 6, which count as one."""
    ip = ipaddress.ip_address(address)
    return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if ip.version == 6 else address


def _not_closed(streams: list[IOStream]) -> list[IOStream]:
    return [stream for stream in streams if not stream.closed()]
