"""How a server is reached: where it listens, under which names and behind what, and with which certificate."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tornado.httputil import HTTPServerConnectionDelegate

from fastnet.errors import OptionError

from .guard import Guard
from .hosts import Hosts, bracketed
from .limits import Limits
from .proxies import Proxies

PATIENCE = 60  # seconds for the headers of a request, for its body, and for the next one


@dataclass(frozen=True)
class Serving:
    """By default for this computer only.

    `allow_origins` are further HOST[:PORT] under which browsers may open it, `prefix` the path below which all of it
    is, such as `/digits`, `trusted_proxies` the addresses or networks of proxies whose X-Forwarded-For and
    X-Forwarded-Proto are believed. With a `certificate` and its `key`, files in the PEM format, it speaks HTTPS.
    Several `processes` share the port; each counts limits for itself.
    """

    port: int = 5006
    address: str = "localhost"
    allow_origins: tuple[str, ...] = ()
    prefix: str = ""
    trusted_proxies: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    processes: int = 1

    @property
    def url(self) -> str:
        """Where a browser of this computer finds it."""
        prefix = f"{self.prefix}/" if self.prefix else ""
        return f"{'https' if self.certificate else 'http'}://{bracketed(self.address)}:{self.port}{prefix}"

    def guard(self, application: HTTPServerConnectionDelegate, limits: Limits) -> Guard:
        """What is to stand before the application in an HTTP server."""
        hosts = Hosts(self.address, self.port, self.allow_origins)
        return Guard(application, hosts, limits, Proxies(self.trusted_proxies))

    def http_options(self, most_bytes: int) -> dict[str, Any]:
        """What `tornado.httpserver.HTTPServer` takes: patience, the longest body, and TLS."""
        return {
            "idle_connection_timeout": PATIENCE,
            "body_timeout": PATIENCE,
            "max_body_size": most_bytes,
            "ssl_options": self.tls(),
        }

    def tls(self) -> ssl.SSLContext | None:
        """What HTTPS is spoken with; None if it is not; OptionError for files that hold no certificate with its key."""
        if self.certificate is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self.certificate, self.key)
        except OSError as error:  # ssl.SSLError is one
            raise OptionError(
                f"{self.certificate}: no certificate in the PEM format with its key ({error.strerror or error})"
            ) from error
        return context


HERE = Serving()
