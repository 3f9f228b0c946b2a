"""Messages that begin and do not end: what has come of one is held, so it may take only so long, and hold so much.

A message of Bokeh is several of the websocket, each of one frame or several; all are counted from its first byte.
"""

import asyncio
from functools import cache
from typing import Any
from weakref import WeakSet

from bokeh.server.views.ws import WSHandler
from tornado.websocket import WebSocketProtocol13

from fastnet.web.limits import counted_as

MOST_MESSAGE_BYTES = 11 * 2**20  # of one piece: a picture has 10 MB, and comes as it is
MOST_SECONDS = 120.0  # that a browser may take over a message, this server's own time not counted
MOST_HELD = 60 * 2**20  # bytes of messages that have begun, of one address
TOO_SLOW = "a message takes longer to come than this server waits"

_LITTLE = 2**16  # bytes that nobody waits for
_MOST_INFLATED = 1032  # times as much as came, by deflate
_SECONDS_BETWEEN_LOOKS = 0.1
_POLICY = 1008  # a websocket's code


class PatientProtocol(WebSocketProtocol13):
    """Ends the line whose message takes too long; reads no more of a large one while its address has others begun."""

    handler: Any  # Bokeh's

    def __init__(self, handler: Any, *args: Any, **more: Any) -> None:
        super().__init__(handler, *args, **more)
        self._address = counted_as(handler.request.remote_ip)
        self._seconds_left = MOST_SECONDS
        self._n_begun = 0  # bytes of the message that is coming, or what they may become
        self._n_of_piece = 0  # of them, those of the piece that is coming, which browsers send in many frames
        _open.add(self)

    async def _receive_frame(self) -> None:
        if not self._is_within_message():
            self._seconds_left, self._n_begun = MOST_SECONDS, 0
        if self._fragmented_message_buffer is None:
            self._n_of_piece = 0
        await super()._receive_frame()

    async def _read_bytes(self, n: int) -> bytes:
        if not self._n_begun:  # as long as nothing comes, nothing is late
            data = await super()._read_bytes(n)
            self._n_begun = n
            return data
        loop = asyncio.get_running_loop()
        began = loop.time()
        ending = loop.call_later(self._seconds_left, self.close, _POLICY, TOO_SLOW)
        try:
            held = self._size(n)
            while not self._has_room(held) and not self.is_closing():
                await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            self._n_begun += held
            self._n_of_piece += held
            return await super()._read_bytes(n)
        finally:
            ending.cancel()
            self._seconds_left -= loop.time() - began

    def _is_within_message(self) -> bool:
        receiver = self.handler.receiver
        is_within = receiver is not None and receiver._current_consumer != receiver._HEADER
        return is_within or self._fragmented_message_buffer is not None

    def _size(self, n: int) -> int:
        """What so many bytes more may become: a piece that inflates beyond its limit ends the line."""
        left = max(0, self.params.max_message_size - self._n_of_piece)
        return min(n * _MOST_INFLATED, left) if self._frame_compressed else n

    def _has_room(self, n: int) -> bool:
        if self._n_begun + n <= _LITTLE:
            return True
        others = [other for other in _open if other._address == self._address and other is not self]
        held = sum(other._n_begun for other in others if not other.stream.closed())
        return self._n_begun + n + held <= MOST_HELD


_open: "WeakSet[PatientProtocol]" = WeakSet()


@cache  # `panel serve` runs the app anew for each session
def bound_unfinished() -> None:
    """Have all lines of this process read so."""
    make: Any = WSHandler.get_websocket_protocol

    def make_patient(self: WSHandler) -> Any:
        protocol = make(self)
        return protocol and PatientProtocol(self, False, protocol.params)

    WSHandler.get_websocket_protocol = make_patient  # type: ignore[assignment, method-assign]
