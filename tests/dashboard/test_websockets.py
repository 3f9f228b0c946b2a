"""What the server tells a page reaches it, whatever else is being written."""

import asyncio
import gc
from types import SimpleNamespace

import pytest
from bokeh.core.serialization import Serializer
from bokeh.document import Document
from bokeh.models import ColumnDataSource
from bokeh.server.connection import ServerConnection
from bokeh.server.views.ws import WSHandler
from panel.io import document as writing
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketHandler, WebSocketProtocol13

from fastnet.dashboard.server.websockets import leave_in_silence, send_all, take_up

from .raw_page import RawPage, objects, raw_page
from .test_messages import run


class SlowConnection:
    """One to a browser that takes what it is sent when `take` is called."""

    def __init__(self) -> None:
        self.protocol = SimpleNamespace(create=lambda kind, events: Message(*events))
        self._socket = self
        self.sent: list[str] = []
        self._writing: list[asyncio.Future[None]] = []

    def send(self, text_data: str) -> asyncio.Future[None]:
        self.sent.append(text_data)
        self._writing.append(asyncio.get_running_loop().create_future())
        return self._writing[-1]

    def take(self) -> None:
        for write in self._writing:
            write.set_result(None)
        self._writing = []


class Message(SimpleNamespace):
    def __init__(self, text: str) -> None:
        super().__init__(header_json="", metadata_json="", content_json=text, _buffers=[])


async def said_as_another_message_is_written() -> list[str]:
    document, connection = Document(), SlowConnection()
    writing.schedule_write_events(document, [connection], ["training"])
    await asyncio.sleep(0.01)
    connection.take()
    writing.schedule_write_events(document, [connection], ["paused"])
    for _ in range(5):
        await asyncio.sleep(0.01)
        connection.take()
    return [text for text in connection.sent if text]


def test_a_message_that_comes_as_another_has_been_written_is_not_forgotten():
    send_all()
    assert run(said_as_another_message_is_written()) == ["training", "paused"]


async def tell(page: RawPage, name: str, *entries: object) -> None:
    told = {"type": "event", "name": name, "values": {"type": "map", "entries": entries}}
    await page.send("PATCH-DOC", {"events": [{"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": told}]})


async def hear(page: RawPage, words: str) -> None:
    while words not in str(await page.message()):
        pass


def test_what_changes_while_a_browser_builds_the_page_reaches_it(address):
    async def choose_early() -> None:
        async with raw_page(address) as page:
            gallery = await page.component("Gallery")
            sample = {"type": "map", "entries": [["sample", 17]]}
            await tell(page, "data_event", ["model", {"id": gallery}], ["data", sample])
            await hear(page, "heard")
            await tell(page, "document_ready")
            await hear(page, "['text', '7']")

    run(choose_early())


def test_a_tab_that_is_chosen_while_a_browser_builds_the_page_reaches_it_whole(address):
    """The browser says more before it hears of the tab: it must be told all of its parts, and of changes after that."""

    async def choose_early() -> None:
        async with raw_page(address) as page:
            known = {model["id"] for model in await page.models()}
            connection = await page.component("Connection")
            assert await page.set(await page.find("Tabs", chosen="read"), "chosen", "learn") == "OK"
            await tell(page, "data_event", ["model", {"id": connection}], ["data", "here"])
            await hear(page, "heard")
            await tell(page, "document_ready")
            told = 0
            while told == 0:
                _, content = await page.message()
                for event in content.get("events", []):
                    new = {model["id"] for model in objects(event)}
                    assert event.get("attr") != "children" or event["new"][0]["id"] in new
                    known |= new
                    assert event["kind"] != "ModelChanged" or event["model"]["id"] in known
                    told += event.get("attr") == "children"

    run(choose_early())


def test_points_that_came_early_are_sent_once():
    document, source, early = Document(), ColumnDataSource({"x": [1, 2]}), []
    document.add_root(source)
    document.hold("collect")
    source.data = {"x": [1, 2, 3]}
    for number in (4, 5):
        source.stream({"x": [number]})
    for change in document.callbacks._held_events:
        take_up(change, early)
    (only,) = early
    sent = only.to_serializable(Serializer(references=document.models.synced_references))
    assert sent["data"]["entries"] == [("x", [1, 2, 3, 4, 5])]


async def write_to_a_page_that_was_left(is_awaited: bool) -> list[str]:
    """What asyncio complains of."""
    complaints: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: complaints.append(context["message"]))
    left = loop.create_future()
    left.set_exception(StreamClosedError())
    protocol = SimpleNamespace(_message_bytes_out=0, _compressor=None, _write_frame=lambda *_, **__: left)
    writing = WebSocketProtocol13.write_message(protocol, "late")
    if is_awaited:
        with pytest.raises(WebSocketClosedError):
            await writing
    del writing
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gc.collect()
    return complaints


@pytest.mark.parametrize("is_awaited", [False, True])
def test_that_a_page_was_left_is_told_to_who_waits_and_no_one_else(is_awaited):
    leave_in_silence()
    assert run(write_to_a_page_that_was_left(is_awaited)) == []


class LeftConnection(WebSocketHandler):
    """One to a page that was left after one part of a message."""

    def __init__(self) -> None:
        self.protocol = SimpleNamespace(create=lambda kind, events: Message(*events))
        self._socket = self
        self.parts: list[str] = []
        self.ws_connection = SimpleNamespace(is_closing=lambda: bool(self.parts), write_message=self._write)

    def _write(self, part: str, binary: bool) -> asyncio.Future[None]:
        self.parts.append(part)
        return asyncio.ensure_future(asyncio.sleep(0))


async def said_as_a_page_is_left_between_two_parts() -> tuple[list[str], list[str]]:
    """What another page of the session is told then and later, and what asyncio complains of."""
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context["message"]))
    document, left, stays = Document(), LeftConnection(), SlowConnection()
    for text in ("training", "paused"):
        writing.schedule_write_events(document, [left, stays], [text])
        for _ in range(5):
            await asyncio.sleep(0.01)
            stays.take()
    assert len(left.parts) == 1
    assert document not in writing._WRITE_BLOCK
    gc.collect()
    return [text for text in stays.sent if text], complaints


def test_a_page_that_is_left_within_a_message_keeps_nothing_from_others_and_is_not_complained_of():
    send_all()
    leave_in_silence()
    assert run(said_as_a_page_is_left_between_two_parts()) == (["training", "paused"], [])


@pytest.mark.parametrize("is_given_up", [False, True])
def test_a_page_that_a_ping_found_left_may_be_told_as_left(is_given_up):
    leave_in_silence()
    session, lost = SimpleNamespace(told=[], subscribe=str, unsubscribe=str), []
    session.notify_connection_lost = lambda: session.told.append("lost")
    handler = WSHandler.__new__(WSHandler)
    handler.close_code = handler.close_reason = None
    handler.connection = ServerConnection(None, handler, None, session)
    handler.application = SimpleNamespace(client_lost=lost.append)
    if is_given_up:
        handler.connection.detach_session()
    handler.on_close()
    assert (session.told, lost) == (([], []) if is_given_up else (["lost"], [handler.connection]))
