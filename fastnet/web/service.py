"""The server of `fastnet serve`: the HTTP interface alone."""

import asyncio
import socket
from collections.abc import Callable, Sequence

from tornado.httpserver import HTTPServer
from tornado.web import Application, RedirectHandler, RequestHandler

from fastnet.interrupts import stops
from fastnet.weights import DEFAULT

from .api import Nothing, routes
from .descriptors import allow_many
from .handler import MEGABYTE, Api
from .headers import add_headers
from .limits import Limit, Limits
from .serving import Serving

LIMITS = (Limit("requests", r"", burst=1000, seconds=0.01),)  # of one address
MOST_CONNECTIONS = 800  # of one address: systems often let a process have 1,024 files
POLICY = {"style-src": "'unsafe-inline'", "connect-src": "'self'"}  # of the page of examples
SECONDS_TO_END = 10.0  # for the requests under way

_MOST_BODY_BYTES = MEGABYTE  # of requests that take none; those that do say so themselves
_POLL_SECONDS = 0.05


def serve(serving: Serving, sockets: Sequence[socket.socket], api: Api, on_ready: Callable[[], None]) -> int:
    """Answer on these sockets until a signal asks for the end; returns its number.

    What is under way then is answered first, for as long as 10 seconds. `on_ready` is called once requests are
    answered.
    """
    allow_many()
    return asyncio.run(_serve(serving, sockets, api, on_ready))


async def _serve(serving: Serving, sockets: Sequence[socket.socket], api: Api, on_ready: Callable[[], None]) -> int:
    loop = asyncio.get_running_loop()
    end: asyncio.Future[int] = loop.create_future()
    with stops(lambda number: loop.call_soon_threadsafe(end.set_result, number)):
        limits = Limits(LIMITS, sockets=0, connections=MOST_CONNECTIONS)
        guard = serving.guard(make_application(api, serving.prefix), limits)
        server = HTTPServer(guard, **serving.http_options(_MOST_BODY_BYTES))
        server.add_sockets(sockets)
        try:
            api.readers.warm(api.models.folder(DEFAULT))
            on_ready()
            number = await end
            await _finish(server, api)
        finally:
            api.readers.close()
    return number


def make_application(api: Api, prefix: str = "") -> Application:
    """What answers below the prefix under /api/, and leads there."""
    rest: list[tuple[str, type[RequestHandler], dict[str, object]]] = [
        (f"{prefix}/", RedirectHandler, {"url": "api/", "permanent": False}),
        (r".*", Nothing, {"api": api}),
    ]
    application = Application([*routes(api, prefix), *rest], log_function=lambda handler: None)
    add_headers(application, POLICY)
    return application


async def _finish(server: HTTPServer, api: Api) -> None:
    """Take nothing more, and answer what is under way."""
    api.is_ending = True
    server.stop()
    deadline = asyncio.get_running_loop().time() + SECONDS_TO_END
    while api.under_way and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(_POLL_SECONDS)
    await server.close_all_connections()
