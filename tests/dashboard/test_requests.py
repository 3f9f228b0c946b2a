"""Nothing that a browser asks for leaves the server, however the page is served."""

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from .conftest import SECRET

WAYS = (
    "fastnet dashboard",
    "fastnet dashboard --prefix",
    "fastnet dashboard --num-procs",
    "panel serve",
    "panel serve --num-procs 2",
)
SECONDS = 60


async def begun_by_websocket(address: str) -> str:
    """The document of a session for which nobody asked by HTTP before: the page waited too long, or another process."""
    key = SECRET.encode()
    token = generate_jwt_token(generate_session_id(key, signed=True), key, signed=True)
    url = urlsplit(address)
    request = HTTPRequest(f"ws://{url.netloc}{url.path}/ws", headers={"Origin": f"http://{url.netloc}"})
    websocket = await websocket_connect(request, subprotocols=["bokeh", token])
    try:
        await _message(websocket)  # its greeting
        for part in ({"msgid": "1", "msgtype": "PULL-DOC-REQ"}, {}, {}):
            await websocket.write_message(json.dumps(part))
        return await _message(websocket)
    finally:
        websocket.close()
        while await websocket.read_message() is not None:
            pass


async def _message(websocket) -> str:
    """The content of a message, which comes in three parts."""
    *_, content = [await asyncio.wait_for(websocket.read_message(), SECONDS) for _ in range(3)]
    return str(content)


@pytest.mark.parametrize("address", WAYS, indirect=True)
def test_style_sheets_are_this_servers_where_the_websocket_began_the_session(address):
    with ThreadPoolExecutor(1) as thread:  # Playwright's event loop runs in this one
        document = thread.submit(asyncio.run, begun_by_websocket(address.rstrip("/"))).result()
    sheets = set(re.findall(r'"url":"([^"]*\.css[^"]*)"', document))
    assert sheets
    assert [sheet for sheet in sheets if not sheet.startswith("static/")] == []


# The first is what all other tests of the browser visit; to a browser, `panel serve` is the same in one process or two.
@pytest.mark.parametrize("address", [way for way in WAYS[1:] if way != "panel serve"], indirect=True)
def test_a_visit_to_all_tabs_asks_for_nothing_elsewhere(open_page):
    page = open_page()  # whatever a browser asks elsewhere for is a fault of its own
    for tab in reversed(page.get_by_role("tab").all()):
        tab.click()
        page.locator("h2:visible").first.wait_for()
