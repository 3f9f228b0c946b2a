"""How a server ends: at a signal it takes nothing more, and what is under way is answered first."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from tornado.httpserver import HTTPServer

from fastnet.interrupts import stops

from .handler import Api

SECONDS_TO_END = 10.0  # for the requests under way

_POLL_SECONDS = 0.05


@contextmanager
def signal_noted(loop: asyncio.AbstractEventLoop) -> Iterator["asyncio.Future[int]"]:
    """While the block runs, the first signal that asks for the end is noted: its number becomes the future's result."""
    end: asyncio.Future[int] = loop.create_future()
    with stops(lambda number: loop.call_soon_threadsafe(end.set_result, number)):
        yield end


async def answer_until(end: "asyncio.Future[int]", server: HTTPServer, api: Api) -> int:
    """Serve until the future has a result, which is returned; what is under way then is answered in 10 seconds."""
    number = await end
    api.is_ending = True
    server.stop()
    deadline = asyncio.get_running_loop().time() + SECONDS_TO_END
    while api.under_way and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(_POLL_SECONDS)
    await server.close_all_connections()
    return number
