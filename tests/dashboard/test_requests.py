"""Nothing that a browser asks for leaves the server, however the page is served."""

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id
from tornado.websocket import websocket_connect

WAYS = ("fastnet dashboard", "panel serve", "panel serve --num-procs 2")
SECONDS = 60


async def begun_by_websocket(address: str) -> str:
    """The document of a session for which nobody asked by HTTP before: the page waited too long, or another process."""
    token = generate_jwt_token(generate_session_id())
    websocket = await websocket_connect(f"{address.replace('http', 'ws')}/ws", subprotocols=["bokeh", token])
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


@pytest.mark.parametrize("address", WAYS, indirect=True)
def test_a_visit_to_all_tabs_asks_for_nothing_elsewhere(open_page):
    page = open_page()  # whatever a browser asks elsewhere for is a fault of its own
    for tab in ("Audit", "Train", "Benchmark", "Read"):
        page.get_by_role("tab", name=tab).click()
        page.locator("h2:visible").first.wait_for()
