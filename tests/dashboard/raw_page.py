"""A page without a browser: what it sends is whatever a test likes."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

SECONDS = 60


class RawPage:
    """The websocket of a session that was begun by asking for the page."""

    def __init__(self, websocket: WebSocketClientConnection):
        self._websocket = websocket
        self._n_sent = 0

    async def send(self, kind: str, content: Any) -> None:
        self._n_sent += 1
        for part in ({"msgid": str(self._n_sent), "msgtype": kind}, {}, content):
            await self.send_piece(json.dumps(part))

    async def send_piece(self, piece: str | bytes) -> None:
        await self._websocket.write_message(piece, binary=isinstance(piece, bytes))

    async def change(self, *events: Any) -> str:
        """Send a patch; what is answered: OK, or the sentence that refuses it."""
        await self.send("PATCH-DOC", {"events": list(events)})
        header, content = await self.answer()
        return "OK" if header["msgtype"] == "OK" else str(content["text"])

    async def set(self, model: str, name: str, new: Any) -> str:
        return await self.change({"kind": "ModelChanged", "model": {"id": model}, "attr": name, "new": new})

    async def tell(self, model: str, data: Any, name: str = "data_event") -> str:
        values = {"type": "map", "entries": [["model", {"id": model}], ["data", data]]}
        told = {"type": "event", "name": name, "values": values}
        return await self.change({"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": told})

    async def answer(self) -> tuple[dict[str, Any], Any]:
        """The next answer to what was sent; what the server tells by itself is passed over."""
        while True:
            header, content = await self.message()
            if header.get("reqid") == str(self._n_sent):
                return header, content

    async def message(self) -> tuple[dict[str, Any], Any]:
        header = json.loads(await self._piece())
        _, content = await self._piece(), json.loads(await self._piece())
        for _ in range(2 * header.get("num_buffers", 0)):
            await self._piece()
        return header, content

    async def models(self) -> list[dict[str, Any]]:
        """All parts of the page, as they are."""
        await self.send("PULL-DOC-REQ", {})
        _, content = await self.answer()
        return list(objects(content))

    async def find(self, kind: str, **attributes: Any) -> str:
        """The id of the first part of that kind with these attributes."""
        for model in await self.models():
            had = model.get("attributes", {})
            if re.fullmatch(rf"{kind}\d*", model["name"]) and attributes.items() <= {**had, **_data(had)}.items():
                return str(model["id"])
        raise AssertionError(f"the page has no {kind} with {attributes}")

    async def component(self, kind: str) -> str:
        """The id of the first component of that kind, which tells events; its properties are of a part of their own."""
        data = await self.find(kind)
        for model in await self.models():
            match model:
                case {"id": str(id), "attributes": {"data": {"id": other}}} if other == data:
                    return id
        raise AssertionError(f"the page has no component of {data}")

    async def closed(self) -> tuple[int | None, str | None]:
        """The code and the reason with which the server closes the line."""
        while await asyncio.wait_for(self._websocket.read_message(), SECONDS) is not None:
            pass
        return self._websocket.close_code, self._websocket.close_reason

    async def _piece(self) -> str | bytes:
        piece = await asyncio.wait_for(self._websocket.read_message(), SECONDS)
        assert piece is not None, (self._websocket.close_code, self._websocket.close_reason)
        return piece


@contextlib.asynccontextmanager
async def raw_page(address: str, path: str = "") -> AsyncIterator[RawPage]:
    """Ask for the page and take up its session."""
    root = address.rstrip("/")
    page = await AsyncHTTPClient().fetch(f"{root}/{path}", request_timeout=SECONDS)
    token = re.search(r'"token":"([^"]+)"', page.body.decode())[1]
    request = HTTPRequest(f"{root.replace('http', 'ws')}/ws", headers={"Origin": root})
    websocket = await websocket_connect(request, subprotocols=["bokeh", token], max_message_size=10**9)
    raw = RawPage(websocket)
    await raw.message()  # its greeting
    try:
        yield raw
    finally:
        websocket.close()


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """The parts of the page that a message describes."""
    if isinstance(value, dict):
        if value.get("type") == "object" and "id" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from objects(part)


def _data(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if isinstance(value, str | int | float | bool)}
