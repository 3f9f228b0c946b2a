"""The server of `fastnet serve`: the HTTP interface alone."""

import asyncio
import socket
from collections.abc import Callable, Sequence

from tornado.httpserver import HTTPServer
from tornado.web import Application, RedirectHandler, RequestHandler

from fastnet.weights import DEFAULT

from .api import Nothing, routes
from .descriptors import allow_many
from .ending import answer_until, signal_noted
from .handler import MEGABYTE, Api
from .headers import add_headers
from .limits import Limit, Limits
from .serving import Serving

LIMITS = (Limit("requests", r"", burst=1000, seconds=0.01),)  # of one address
MOST_CONNECTIONS = 800  # of one address: systems often let a process have 1,024 files
POLICY = {"style-src": "'unsafe-inline'", "connect-src": "'self'"}  # of the page of examples

_MOST_BODY_BYTES = MEGABYTE  # of requests that take none; those that do say so themselves


def serve(serving: Serving, sockets: Sequence[socket.socket], api: Api, on_ready: Callable[[], None]) -> int:
    """Answer on these sockets until a signal asks for the end; returns its number.

    What is under way then is answered first, for as long as 10 seconds. `on_ready` is called once requests are
    answered.
    """
    allow_many()
    return asyncio.run(_serve(serving, sockets, api, on_ready))


async def _serve(serving: Serving, sockets: Sequence[socket.socket], api: Api, on_ready: Callable[[], None]) -> int:
    with signal_noted(asyncio.get_running_loop()) as end:
        limits = Limits(LIMITS, sockets=0, connections=MOST_CONNECTIONS)
        guard = serving.guard(make_application(api, serving.prefix), limits)
        server = HTTPServer(guard, **serving.http_options(_MOST_BODY_BYTES))
        server.add_sockets(sockets)
        try:
            api.readers.warm(api.models.folder(DEFAULT))
            on_ready()
            return await answer_until(end, server, api)
        finally:
            api.readers.close()


def make_application(api: Api, prefix: str = "") -> Application:
    """What answers below the prefix under /api/, and leads there."""
    rest: list[tuple[str, type[RequestHandler], dict[str, object]]] = [
        (f"{prefix}/", RedirectHandler, {"url": "api/", "permanent": False}),
        (r".*", Nothing, {"api": api}),
    ]
    application = Application([*routes(api, prefix), *rest], log_function=lambda handler: None)
    add_headers(application, POLICY)
    return application
