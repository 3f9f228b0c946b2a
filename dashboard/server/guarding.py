"""What stands between the page and the network: sessions that are signed, and a guard before every handler."""

import secrets
from typing import Any

from bokeh.settings import settings
from panel.io.server import Server
from tornado.web import ErrorHandler

from fastnet.web.compression import compress
from fastnet.web.headers import add_headers
from fastnet.web.limits import Limit, Limits
from fastnet.web.serving import Serving

from .lightness import leave_webgl_out

# A page is made in some tenths of a second of the one loop that serves all; a class of students has one address.
LIMITS = (
    Limit("requests", r"/api/", burst=300, seconds=0.05),
    Limit("files", r"/static/|/favicon\.ico$", burst=2000, seconds=0.02),
    Limit("connections", r"/ws$", burst=60, seconds=1),
    Limit("pages", r"", burst=40, seconds=2),
)
POLICY = {
    "script-src": "'self' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self' blob:",
}
MOST_SOCKETS = 60
MOST_CONNECTIONS = 400  # a browser has some seven
# What Panel and Bokeh answer to and the page does not need: some begin sessions, one imports whatever module is named.
CLOSED = r"/(?:autoload\.js|metadata|components/.*)"
MOST_BODY_BYTES = 2**20  # the page itself takes none: what it is sent comes by the websocket


def guarded(serving: Serving) -> dict[str, Any]:
    """Options of `pn.serve`: only this server begins sessions, and its tokens hold no header of a request."""
    return {
        "http_server_kwargs": serving.http_options(MOST_BODY_BYTES),
        "sign_sessions": True,
        "secret_key": settings.secret_key_bytes() or secrets.token_bytes(32),
        "include_headers": [],
        "include_cookies": [],
        "websocket_compression_level": 6,
    }


def guard(server: Server, serving: Serving) -> None:
    """Put the guard before all that the server answers."""
    add_headers(server._tornado, POLICY)
    compress(server._tornado)
    leave_webgl_out(server._tornado)
    server._tornado.add_handlers(r".*", [(serving.prefix + CLOSED, ErrorHandler, {"status_code": 404})])
    server._tornado._websocket_origins = {"*"}  # not asked where Origin equals Host, so that the guard asks for all
    server._http.request_callback = serving.guard(server._tornado, Limits(LIMITS, MOST_SOCKETS, MOST_CONNECTIONS))
