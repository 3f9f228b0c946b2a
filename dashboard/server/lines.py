"""Lines to browsers, which are websockets: what comes over one is looked at, and slowed down when it is much.

Who is slowed down loses nothing: no more is read from their line until their share of the server has come back, and
others are answered meanwhile.
"""

import asyncio
import time
from collections.abc import Callable
from functools import cache
from typing import Any
from weakref import WeakValueDictionary

from bokeh.document import Document
from bokeh.protocol.message import Message
from bokeh.protocol.messages.patch_doc import patch_doc
from bokeh.server.connection import ServerConnection
from bokeh.server.protocol_handler import ProtocolHandler
from bokeh.server.views.ws import WSHandler

from fastnet.web.limits import counted_as

from .allowance import Allowance
from .messages import fault, leave_out_echoes, refer

MOST_TEXT = 2**20  # bytes; the largest drawing has a quarter of it
MOST_BYTES = 12 * 2**20  # of a message with all that belongs to it
SECONDS_UNTOLD = 2.0  # that a line may be slowed down before its page says so
TOO_LARGE = "a message is larger than this server takes"
SLOWED_DOWN = "this page asks for more than one visitor's share of the server, and is answered more slowly"

SECONDS_BETWEEN_SIGNS = 2.0  # of life, while a message waits: sooner than the page takes the line for quiet or dead
_OVERHEAD = 100  # bytes for a piece, so that empty ones count as well
_CANNOT = "the change cannot be made"  # Bokeh's own answer is a traceback
_SECONDS_OF_FAULT = 1.0  # of the line's share, for a traceback in the log
_SECONDS_OF_PULL = 0.2  # of the server's time, for the whole page as it is
_TOO_BIG = 1009  # a websocket's code


class _Share:
    """What one visitor, or one address, may have of the server."""

    def __init__(self, share: float, messages: float, megabytes: float):
        self.seconds = Allowance(3.0, share)  # of the event loop
        self.messages = Allowance(5 * messages, messages)
        self.bytes = Allowance(60e6, megabytes * 1e6)

    def seconds_short(self) -> float:
        return max(part.seconds_short() for part in (self.seconds, self.messages, self.bytes))


_shares: "WeakValueDictionary[str, _Share]" = WeakValueDictionary()  # of addresses with a line
_tellers: dict[Document, Callable[[str], None]] = {}


class Line:
    """One line: its share, that of its address, and the message that is on its way."""

    def __init__(self, address: str):
        self._own = _Share(0.5, messages=120, megabytes=4)  # drawing sends sixty messages a second, and takes a third
        self._shared = _shares.setdefault(address, _Share(0.75, messages=2000, megabytes=20))
        self._bytes = 0
        self._told = False

    def fault(self, piece: str | bytes) -> str:
        """What is wrong with the next piece of a message; empty if nothing is."""
        self._bytes += len(piece) + _OVERHEAD
        is_text_too_long = isinstance(piece, str) and len(piece) > MOST_TEXT
        return TOO_LARGE if is_text_too_long or self._bytes > MOST_BYTES else ""

    def end_message(self) -> None:
        """A message has come as a whole."""
        for share in (self._own, self._shared):
            share.messages.use(1)
            share.bytes.use(self._bytes)
        self._bytes = 0

    def spend(self, seconds: float) -> None:
        """Others had to wait that long for what came over this line."""
        self._own.seconds.use(seconds)
        self._shared.seconds.use(seconds)

    def wait(self) -> float:
        """Seconds until the next message is read, if nobody else uses up what the address has."""
        return max(self._own.seconds_short(), self._shared.seconds_short())

    def news(self, wait: float) -> str | None:
        """What the page is to say of that, where it changes."""
        if self._told == (is_long := wait > SECONDS_UNTOLD * (not self._told)):
            return None
        self._told = is_long
        return SLOWED_DOWN if is_long else ""


def when_slowed_down(document: Document, tell: Callable[[str], None]) -> Callable[[], None]:
    """Have the sentence told when the line of this page is slowed down, and an empty one when it no longer is.

    Returns what ends that.
    """
    _tellers[document] = tell

    def end() -> None:
        _tellers.pop(document, None)

    return end


@cache  # `panel serve` runs the app anew for each session
def watch_lines() -> None:
    """Look at all that comes over each line of this process."""
    receive, handle, apply = WSHandler.on_message, ProtocolHandler.handle, patch_doc.apply_to_document

    async def receive_within_limits(self: WSHandler, fragment: str | bytes) -> None:
        line = _line(self)
        _tell(self, line.news(line.wait()))
        await _wait_for(line, self)
        if sentence := line.fault(fragment):
            self.close(_TOO_BIG, sentence)
        else:
            await receive(self, fragment)

    async def handle_what_is_taken(self: ProtocolHandler, message: Message[Any], connection: ServerConnection) -> Any:
        line = _line(connection._socket)
        document = connection.session.document
        refer(message.content, document)
        sentence = fault(message.msgtype, message.content, document)
        leave_out_echoes(message.content, document)
        line.end_message()
        if message.msgtype == "PULL-DOC-REQ":
            line.spend(_SECONDS_OF_PULL)
        if sentence:
            return connection.error(message, sentence)
        answer = await handle(self, message, connection)
        if answer.msgtype != "ERROR":
            return answer
        line.spend(_SECONDS_OF_FAULT)
        return connection.error(message, _CANNOT)

    def apply_and_count(self: patch_doc, doc: Document, setter: Any = None) -> None:
        began = time.perf_counter()
        try:
            apply(self, doc, setter)
        finally:
            seconds = time.perf_counter() - began
            if connection := getattr(setter, "_current_patch_connection", None):
                _line(connection._socket).spend(seconds)

    WSHandler.on_message = receive_within_limits  # type: ignore[method-assign]
    ProtocolHandler.handle = handle_what_is_taken  # type: ignore[method-assign]
    patch_doc.apply_to_document = apply_and_count  # type: ignore[method-assign]


def _line(handler: Any) -> Line:
    line: Line | None = getattr(handler, "_fastnet_line", None)
    if line is None:
        line = handler._fastnet_line = Line(counted_as(handler.request.remote_ip))
    return line


async def _wait_for(line: Line, handler: Any) -> None:
    """Wait for the line's share, for as long as somebody is there."""
    while (wait := line.wait()) and handler.ws_connection:
        await asyncio.sleep(min(wait, SECONDS_BETWEEN_SIGNS))
        if handler.connection:
            await handler.send_message(handler.connection.protocol.create("ACK"))  # which says nothing more


def _tell(handler: Any, news: str | None) -> None:
    connection = handler.connection
    if news is None or connection is None:
        return
    document = connection.session.document
    if tell := _tellers.get(document):
        document.add_next_tick_callback(lambda: tell(news))
