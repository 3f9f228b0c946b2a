"""A guard before a Tornado application: each request and each websocket is looked at before any handler has it.

What is not meant for this server, or more than one address may ask for, is answered with one sentence.
"""

import json
import math
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any, NamedTuple, cast

from tornado.escape import parse_qs_bytes
from tornado.http1connection import HTTP1Connection
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import SSLIOStream

from .headers import ALWAYS, STRICT, as_header
from .hosts import Hosts
from .limits import Limits
from .proxies import Proxies
from .receiving import MOST_DRAINED_BYTES, is_drained

API = "/api/"  # below it programs ask, and errors are JSON


class Refusal(NamedTuple):
    """Why a request is not answered: a status of HTTP, a sentence, and seconds after which to ask again (0: never)."""

    status: int
    sentence: str
    seconds: float = 0


class Guard(HTTPServerConnectionDelegate):
    """Lets through to the application what names this server, comes from no foreign page, and is within the limits.

    Give it to `tornado.httpserver.HTTPServer` in the place of the application.
    """

    def __init__(
        self, application: HTTPServerConnectionDelegate, hosts: Hosts, limits: Limits, proxies: Proxies | None = None
    ) -> None:
        self.application = application
        self.hosts = hosts
        self.limits = limits
        self.proxies = proxies or Proxies()

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """Take a request of a connection, before any of it is there."""
        connection = cast(HTTP1Connection, request_conn)
        peer = peer_of(connection)
        if not self.proxies.trust(peer) and not self.limits.hold_connection(peer, connection.stream):
            connection.stream.close()
        return _Guarded(self, server_conn, connection)

    def on_close(self, server_conn: object) -> None:
        """Pass on that a connection ended."""
        self.application.on_close(server_conn)

    def refusal(self, start_line: RequestStartLine, headers: HTTPHeaders) -> Refusal | None:
        """Why the application shall not see the request, whoever asks; None if it shall."""
        host, origin = headers.get("Host", ""), headers.get("Origin")
        if not self.hosts.know(host):
            return Refusal(403, "this server has no such name; its owner can allow it with --allow-origin")
        if origin is not None and not self.hosts.trust(origin, host):
            return Refusal(403, "the page that asks is not of this server; its owner can allow it with --allow-origin")
        if origin is None and is_websocket(headers):
            return Refusal(403, "a websocket must say from which page it is opened, with the header Origin")
        if names_session(start_line, headers):
            return Refusal(400, "a session is begun by the server, never named by who asks")
        if start_line.method in ("GET", "HEAD") and has_body(headers):
            return Refusal(400, f"a {start_line.method} request has no body")
        return None

    def excess(self, address: str, path: str, connection: HTTP1Connection, headers: HTTPHeaders) -> Refusal | None:
        """Why it is too much for one address; None, and it is counted, if it is not."""
        seconds, what = self.limits.take(address, path)
        if seconds:
            again = math.ceil(seconds)
            return Refusal(429, f"too many {what} were asked for from your address; try again in {again} s", seconds)
        if is_websocket(headers) and not self.limits.hold_socket(address, connection.stream):
            return Refusal(429, "too many pages are open from your address; close one, and try again", 10)
        return None


def peer_of(connection: HTTP1Connection) -> str:
    """The address at the other end of a connection: a visitor's, or a proxy's."""
    context: Any = connection.context
    return str(context.address[0])


def is_websocket(headers: HTTPHeaders) -> bool:
    """Whether the connection is to become a websocket."""
    return headers.get("Upgrade", "").strip().lower() == "websocket"


def has_body(headers: HTTPHeaders) -> bool:
    """Whether more than headers is sent: Tornado reads arguments out of the body of any request."""
    return "Transfer-Encoding" in headers or headers.get("Content-Length", "0") != "0"


def names_session(start_line: RequestStartLine, headers: HTTPHeaders) -> bool:
    """Whether it is asked for a session of a given name, as Bokeh would allow.

    Who sends somebody a link with the name of a session, or with its token, would see all that this visitor does.
    """
    arguments = parse_qs_bytes(start_line.path.partition("?")[2], keep_blank_values=True)
    return "Bokeh-Session-Id" in headers or any(name.lower().startswith("bokeh-") for name in arguments)


class _Guarded(HTTPMessageDelegate):
    """One request: passed on to the application, or refused once its headers are there."""

    def __init__(self, guard: Guard, server_conn: object, connection: HTTP1Connection) -> None:
        self._guard = guard
        self._server_conn = server_conn
        self._connection = connection
        self._passed_to: HTTPMessageDelegate | None = None

    def headers_received(self, start_line: object, headers: HTTPHeaders) -> Awaitable[None] | None:
        start_line = cast(RequestStartLine, start_line)
        context: Any = self._connection.context  # of Tornado: whom it is from, and how
        peer = peer_of(self._connection)
        scheme = "https" if isinstance(self._connection.stream, SSLIOStream) else "http"
        # A connection of a proxy carries the requests of many, so that each request sets both anew.
        context.remote_ip = self._guard.proxies.client(peer, headers)
        context.protocol = self._guard.proxies.scheme(peer, scheme, headers)
        path = start_line.path.partition("?")[0]
        refusal = self._guard.refusal(start_line, headers) or self._guard.excess(
            context.remote_ip, path, self._connection, headers
        )
        if refusal:
            self._refuse(refusal, start_line, headers)
            return None
        self._passed_to = self._guard.application.start_request(self._server_conn, self._connection)
        return self._passed_to.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._passed_to.data_received(chunk) if self._passed_to else None

    def finish(self) -> None:
        if self._passed_to:
            self._passed_to.finish()
        else:
            self._connection.finish()

    def on_connection_close(self) -> None:
        if self._passed_to:
            self._passed_to.on_connection_close()

    def _refuse(self, refusal: Refusal, start_line: RequestStartLine, headers: HTTPHeaders) -> None:
        """Answer at once; a body is dropped as it comes, as a connection that is closed meanwhile loses the answer."""
        is_api = API in start_line.path.partition("?")[0]
        sentence = json.dumps({"error": refusal.sentence}) if is_api else refusal.sentence
        body = f"{sentence}\n".encode()
        answer = HTTPHeaders(
            {
                **ALWAYS,
                "Content-Security-Policy": as_header(STRICT),
                "Content-Type": "application/json" if is_api else "text/plain; charset=utf-8",
                "Content-Length": str(len(body)),
                "Cache-Control": "no-store",
                "Connection": "close",
            }
        )
        if refusal.seconds:
            answer["Retry-After"] = str(math.ceil(refusal.seconds))
        self._connection.write_headers(
            ResponseStartLine("HTTP/1.1", refusal.status, HTTPStatus(refusal.status).phrase),
            answer,
            None if start_line.method == "HEAD" else body,
        )
        if has_body(headers) and is_drained(headers):
            self._connection.set_max_body_size(MOST_DRAINED_BYTES)
        else:
            self._connection.finish()  # and Tornado closes it
