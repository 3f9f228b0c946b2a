"""What every answer says to the browser: what the page may load, and that it may be in no other page."""

import re
import secrets
from collections.abc import Mapping
from functools import partial
from typing import cast

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import Application, OutputTransform

from .hosts import is_local

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
STRICT = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
YEAR, DAY = 365 * 24 * 3600, 24 * 3600  # seconds
_SCRIPT = re.compile(rb"<script(?=[\s>])")
_NAMED_AFTER_CONTENT = re.compile(r"-[0-9A-Z]{8}\.\w+$")


class Headers(OutputTransform):
    """Adds the headers to an answer; what it may load is by directives of a Content-Security-Policy.

    Scripts that stand in the page as it leaves the server run, by a nonce of this answer; what is put into it later
    does not.
    """

    def __init__(self, policy: Mapping[str, str], request: HTTPServerRequest) -> None:
        self._policy = policy
        self._request = request

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Add them to the headers."""
        for name, value in ALWAYS.items():
            headers[name] = value
        nonce = secrets.token_urlsafe(16)
        if finishing and headers.get("Content-Type", "").startswith("text/html"):
            chunk = _SCRIPT.sub(b'<script nonce="%s"' % nonce.encode(), chunk)
            headers["Content-Length"] = str(len(chunk))
        headers["Content-Security-Policy"] = self._told(nonce)
        if self._request.protocol == "https" and not is_local(self._request.host):
            headers["Strict-Transport-Security"] = f"max-age={YEAR}"
        if status_code in (200, 304) and "/static/" in self._request.path:
            headers["Cache-Control"] = self._kept()
            headers.pop("Expires", None)
        headers.pop("Server", None)
        return status_code, headers, chunk

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        """Leave what follows as it is."""
        return chunk

    def _told(self, nonce: str) -> str:
        host = self._request.host
        policy = {**STRICT, **self._policy}
        if "script-src" in policy:
            policy["script-src"] = f"{policy['script-src']} 'nonce-{nonce}'"
        # For some browsers, 'self' means no websockets; the grammar has no addresses of IP version 6.
        if "connect-src" in policy and not host.startswith("["):
            policy["connect-src"] += f" ws://{host} wss://{host}"
        return as_header(policy)

    def _kept(self) -> str:
        """For how long browsers keep a file: for ever where its address changes with its content."""
        is_versioned = self._request.query or _NAMED_AFTER_CONTENT.search(self._request.path)
        return f"public, max-age={YEAR}, immutable" if is_versioned else f"public, max-age={DAY}"


def as_header(policy: Mapping[str, str]) -> str:
    """The directives of a Content-Security-Policy as its header has them."""
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())


def add_headers(application: Application, policy: Mapping[str, str]) -> None:
    """Have all answers of an application bear them, before they are compressed."""
    application.transforms.insert(0, cast(type[OutputTransform], partial(Headers, policy)))
