"""Proxies that are trusted to say for whom they ask."""

import ipaddress
from collections.abc import Sequence

from tornado.httputil import HTTPHeaders

IP = ipaddress.IPv4Address | ipaddress.IPv6Address


class Proxies:
    """Those at these addresses, or in these networks; nobody else's word counts."""

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        self._networks = [ipaddress.ip_network(network, strict=False) for network in trusted]

    def trust(self, address: str) -> bool:
        """Whether there is one of them at the address."""
        return self._has(_ip(address))

    def client(self, peer: str, headers: HTTPHeaders) -> str:
        """For whom it is asked: the last address of X-Forwarded-For that is none of theirs, or the peer."""
        for hop in reversed(",".join(headers.get_list("X-Forwarded-For")).split(",")):
            if not self.trust(peer):
                break
            try:
                peer = str(_ip(hop.strip()))
            except ValueError:
                break
        return str(_ip(peer))

    def scheme(self, peer: str, scheme: str, headers: HTTPHeaders) -> str:
        """How the browser asked: the last of X-Forwarded-Proto, or as the connection is."""
        told = headers.get("X-Forwarded-Proto", "").split(",")[-1].strip().lower()
        return told if told in ("http", "https") and self.trust(peer) else scheme

    def _has(self, ip: IP) -> bool:
        return any(ip in network for network in self._networks)


def _ip(address: str) -> IP:
    """The address; one of version 4 that came in the clothes of version 6 as what it is."""
    ip = ipaddress.ip_address(address)
    return getattr(ip, "ipv4_mapped", None) or ip
