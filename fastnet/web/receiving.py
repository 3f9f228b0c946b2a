"""Take in the body of a request within limits of size, time and memory, or refuse it while it comes."""

import asyncio
from typing import cast

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders

from .handler import MEGABYTE, ApiError, Handler

MOST_DRAINED_BYTES = 50 * MEGABYTE  # of a body that was refused, so that its sender comes to read why

_RETRY = {"Retry_After": "1"}


def promised_bytes(headers: HTTPHeaders) -> int:
    """How long a body is by its header; 0 if that says nothing, or no number."""
    length = headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else 0


def is_drained(headers: HTTPHeaders) -> bool:
    """Whether the body of a request that was refused is read: not if it is too long, or waits for leave to come."""
    return promised_bytes(headers) <= MOST_DRAINED_BYTES and "Expect" not in headers


class Receiver(Handler):
    """A request with a body, which is in `body` when `post` is called.

    What is refused is answered at once. The rest of its body is dropped as it comes: a connection that is closed while
    the other side still sends loses the answer.
    """

    TAKES = ("POST",)

    body: bytearray | None = None  # None: what comes is dropped
    most_bytes = 0
    _is_counted = _is_refused = False
    _held_bytes = _dropped_bytes = 0
    _timer: asyncio.TimerHandle | None = None

    async def admit(self) -> None:
        """Refuse what need not come, and set `most_bytes`."""
        raise NotImplementedError

    async def prepare(self) -> None:
        """Look at all that is known before the body comes."""
        super().prepare()
        if self.request.method not in self.TAKES:
            return
        self._is_counted = True
        self.api.under_way += 1
        cast(HTTP1Connection, self.request.connection).set_max_body_size(2 * MOST_DRAINED_BYTES)  # it ends before
        try:
            if self.api.is_ending:
                raise ApiError(503, "the server is ending", **_RETRY)
            await self.admit()
            self._require_size(promised_bytes(self.request.headers))
        except ApiError as refusal:
            if not is_drained(self.request.headers):
                raise
            self._turn_away(refusal)
        else:
            self.body = bytearray()
        self._timer = asyncio.get_running_loop().call_later(self.api.body_seconds, self._end_waiting)

    def data_received(self, chunk: bytes) -> None:
        """Keep it, or count what is dropped."""
        if self.body is None:
            self._dropped_bytes += len(chunk)
            if self._dropped_bytes > MOST_DRAINED_BYTES and not self._finished:
                self.finish()
            return
        try:
            self._require_size(len(self.body) + len(chunk))
            self._hold(len(chunk))
        except ApiError as refusal:
            self._turn_away(refusal)
        else:
            self.body += chunk

    async def post(self) -> None:
        """Hand the body on, unless it was refused."""
        self._stop_timer()
        if not self._is_refused:
            await self.received()

    async def received(self) -> None:
        """Answer: the body is there."""
        raise NotImplementedError

    def on_finish(self) -> None:
        """Give back what the request held."""
        self._give_back()

    def on_connection_close(self) -> None:
        """Give back what the request held."""
        super().on_connection_close()
        self._give_back()

    def _require_size(self, n_bytes: int) -> None:
        if n_bytes > self.most_bytes:
            raise ApiError(413, f"the body is larger than {self.most_bytes / MEGABYTE:g} MB, and that is the most here")

    def _hold(self, n_bytes: int) -> None:
        """Count the bytes among those of all requests."""
        if self.api.buffered_bytes + n_bytes > self.api.most_buffered_bytes:
            raise ApiError(429, "too many pictures are being sent; try again in 1 s", **_RETRY)
        self.api.buffered_bytes += n_bytes
        self._held_bytes += n_bytes

    def _turn_away(self, refusal: ApiError) -> None:
        """Answer now, though the body is still to come."""
        self._is_refused = True
        self._drop()
        self.set_status(refusal.status_code)
        self.write_error(refusal.status_code, exc_info=(ApiError, refusal, None))
        self.set_header("Connection", "close")
        self.set_header("Content-Encoding", "identity")  # compressed, it would be whole only when the rest has come
        self.flush()

    def _end_waiting(self) -> None:
        """The time for the body is over."""
        if not self._is_refused:
            seconds = self.api.body_seconds
            self._turn_away(ApiError(408, f"the body did not come within {seconds:g} s, and that is the longest here"))
        self.finish()  # and Tornado closes the connection, as not all was read

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _drop(self) -> None:
        """Keep no body, and none of what comes."""
        self.body = None
        self.api.buffered_bytes -= self._held_bytes
        self._held_bytes = 0

    def _give_back(self) -> None:
        self._stop_timer()
        self._drop()
        if self._is_counted:
            self.api.under_way -= 1
            self._is_counted = False
