"""What the server tells a page leaves at once, and all of it: no Nagle's algorithm, no message that is forgotten.

Bokeh sends one message as several small frames, and Nagle's algorithm holds all but the first back until the browser
has acknowledged it. That costs tens of milliseconds while one draws.

Panel keeps a message back while another is being written. If that one ends just before it looks again, it takes the
end for a sign that nothing is left to write, and the message waits for the next one: a page that shows "Training"
although the training is paused.

Panel also drops what changes before a browser says that it has built the page, as if it were still to fetch it. On a
busy computer people choose a tab meanwhile, and would look at an empty one for ever. Bokeh for its part believes that a
browser knows all parts of the page as soon as it says anything, and would only name those that wait to be sent.

Tornado lets who writes wait for the end of it or not. Where nobody does, and the page has been left meanwhile, asyncio
would complain of an error that nobody took, with a traceback in the log. Panel writes a message in parts: left between
two of them, it would give up what it had to tell other pages, too, and have the session wait for an end of the writing.

Bokeh gives up a page that it finds left when it pings it, and fails when Tornado then tells it that the page was left.
"""

from asyncio import Future
from collections.abc import Sequence
from functools import cache
from threading import Lock
from typing import Any
from weakref import WeakSet

from bokeh.core.serialization import Deserializer
from bokeh.document import Document
from bokeh.document import document as documents
from bokeh.document.callbacks import _combine_document_events
from bokeh.document.events import (
    ColumnDataChangedEvent,
    ColumnsPatchedEvent,
    ColumnsStreamedEvent,
    DocumentChangedEvent,
    SessionCallbackAdded,
    SessionCallbackRemoved,
)
from bokeh.model import Model
from bokeh.protocol.messages.pull_doc_req import pull_doc_req
from bokeh.server.connection import ServerConnection
from bokeh.server.session import ServerSession
from bokeh.server.views.ws import WSHandler
from panel.io import document as writing
from tornado.websocket import WebSocketClosedError, WebSocketProtocol13


@cache  # `panel serve` runs the app anew for each session
def send_promptly() -> None:
    """Let every websocket of this process send each frame when it is written."""
    accept = WSHandler.open

    def accept_promptly(handler: WSHandler) -> None:
        handler.set_nodelay(True)
        accept(handler)

    WSHandler.open = accept_promptly  # type: ignore[method-assign]


@cache
def leave_in_silence() -> None:
    """Have that a page was left be told to who waits for what is written to it, and to nobody else."""
    write, dispatch, close = WebSocketProtocol13.write_message, writing.dispatch_tornado, WSHandler.on_close

    def write_and_look(self: WebSocketProtocol13, *args: Any, **options: Any) -> "Future[None]":
        written = write(self, *args, **options)
        written.add_done_callback(lambda done: done.cancelled() or done.exception())
        return written

    def dispatch_while_there(*args: Any, **options: Any) -> "Sequence[Future[None]]":
        try:
            return dispatch(*args, **options)
        except WebSocketClosedError:
            return []

    def close_unless_given_up(self: WSHandler) -> None:
        if self.connection is None or self.connection._session is not None:
            close(self)

    WebSocketProtocol13.write_message = write_and_look  # type: ignore[method-assign]
    writing.dispatch_tornado = dispatch_while_there
    WSHandler.on_close = close_unless_given_up  # type: ignore[method-assign]


@cache
def send_all() -> None:
    """Have what was kept back be written, whatever has ended meanwhile."""
    write = writing._dispatch_msgs

    async def write_what_is_left(document: Document) -> None:
        if document in writing._WRITE_MSGS:
            writing._WRITE_BLOCK[document] = True
        await write(document)

    writing._dispatch_msgs = write_what_is_left


@cache
def send_early_changes() -> None:
    """Have what changes while a browser builds the page be sent when it is built."""
    fetched: WeakSet[Document] = WeakSet()
    pull: Any = ServerSession._handle_pull  # a coroutine, behind its decorator
    drop = writing._drain_unconnected_events

    async def pull_and_note(self: ServerSession, message: pull_doc_req, connection: ServerConnection) -> Any:
        reply = await pull(self, message, connection)  # which holds what has changed up to now
        fetched.add(self.document)
        return reply

    def send_kept(doc: Document) -> None:
        """Before all else: what changes as the page is there may be about parts that only these tell of."""
        writing.retrigger_events(doc, writing._UNCONNECTED_EVENTS.pop(doc, []))

    def keep(doc: Document, lock: Lock) -> list[DocumentChangedEvent]:
        if doc not in fetched:
            return drop(doc, lock)
        with lock:
            changes, doc.callbacks._held_events = doc.callbacks._held_events, []
            doc.callbacks._hold = None
        early = writing._UNCONNECTED_EVENTS.setdefault(doc, [])
        for change in changes:
            take_up(change, early)
        return [change for change in changes if isinstance(change, SessionCallbackAdded | SessionCallbackRemoved)]

    ServerSession._handle_pull = pull_and_note  # type: ignore[method-assign, assignment]
    writing._drain_unconnected_events = keep
    writing._dispatch_unconnected_events = send_kept
    documents.Deserializer = _OfBrowsers  # type: ignore[attr-defined]


class _OfBrowsers(Deserializer):
    """Reads what browsers tell."""

    def has_ref(self, obj: Model) -> bool:
        """Whether they have told of that part of the page: they never make any."""
        return False


def take_up(change: DocumentChangedEvent, early: list[DocumentChangedEvent]) -> None:
    """Add a change to those that are to be sent, which are never more than the page has parts, and messages.

    Of a figure's data all is sent at last: what was added to it meanwhile, is in it.
    """
    if isinstance(change, ColumnDataChangedEvent | ColumnsStreamedEvent | ColumnsPatchedEvent):
        if not any(isinstance(each, ColumnDataChangedEvent) and each.model is change.model for each in early):
            early.append(ColumnDataChangedEvent(change.document, change.model, "data"))
    elif not isinstance(change, SessionCallbackAdded | SessionCallbackRemoved):
        _combine_document_events(change, early)
