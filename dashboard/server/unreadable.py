"""Messages that cannot be read close their line: Bokeh would log them in full, and tell the browser of its insides."""

import contextlib
from functools import cache
from typing import Any

from bokeh.protocol.message import Message
from bokeh.server.views.ws import WSHandler

SENTENCE = "a message that cannot be read"


@cache  # `panel serve` runs the app anew for each session
def refuse_unreadable() -> None:
    """Close each line of this process over which comes what is no message, or what comes before its greeting."""
    WSHandler._receive = _receive  # type: ignore[method-assign]


async def _receive(self: WSHandler, fragment: str | bytes) -> Message[Any] | None:
    if self.receiver:
        with contextlib.suppress(Exception):  # whatever JSON or its reader raises
            return await self.receiver.consume(fragment)
    self._protocol_error(SENTENCE)
    return None
