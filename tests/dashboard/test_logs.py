"""What visitors send that cannot be read or done: the log stays short and true, and nobody is told of insides."""

import asyncio
import io
import json
import logging
import re

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

from fastnet.dashboard.server.logs import MOST_CHARACTERS, MOST_LINES, ShortRecord

from .conftest import serving
from .raw_page import RawPage, raw_page
from .test_messages import run, wait_for_port

HUGE = 2_000_000
FORGED = "200 GET /forged (8.8.8.8) 1ms\n\x1b[31mred"


@pytest.fixture
def log():
    """A log as a server has it: what was written, and where to log."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    factory = logging.getLogRecordFactory()
    logging.setLogRecordFactory(ShortRecord)
    logger = logging.Logger("test")
    logger.addHandler(handler)
    yield logger, written
    logging.setLogRecordFactory(factory)


def test_a_record_is_one_short_line(log):
    logger, written = log
    logger.error("received %r", b"\xff" * HUGE)
    logger.error("value: %s", f"x\n{FORGED}")
    one, two = written.getvalue().splitlines()
    assert len(one) < MOST_CHARACTERS + 20
    assert two == "ERROR value: x\ufffd200 GET /forged (8.8.8.8) 1ms\ufffd\ufffd[31mred"


def test_a_traceback_cannot_pass_for_records_nor_fill_the_log(log):
    logger, written = log
    for message in (FORGED, "line\n" * HUGE, "x" * HUGE):
        try:
            raise ValueError(message)
        except ValueError:
            logger.exception("failed")
    assert len(written.getvalue()) < 5 * MOST_LINES * MOST_CHARACTERS
    assert "\x1b" not in written.getvalue()
    assert {line[:4] for line in written.getvalue().splitlines()} == {"ERRO", "  | "}
    assert "  | ValueError: 200 GET /forged" in written.getvalue()


async def early_page(address: str) -> RawPage:
    """A line that sends a piece of a message before the server has greeted it."""
    root = address.rstrip("/")
    page = await AsyncHTTPClient().fetch(f"{root}/", request_timeout=60)
    token = re.search(r'"token":"([^"]+)"', page.body.decode())[1]
    request = HTTPRequest(f"{root.replace('http', 'ws')}/ws", headers={"Origin": root})
    connecting = websocket_connect(request, subprotocols=["bokeh", token], max_message_size=10**9)
    return RawPage(await connecting)


def test_what_cannot_be_read_closes_its_line_and_is_not_logged(capfd):
    pieces = {
        "binary": [b"\xff" * HUGE],
        "a header without a kind": [json.dumps([1] * 100_000), "{}", "{}"],
        "a kind that is no word": ['{"msgtype": ["x"], "msgid": "1"}', "{}", json.dumps("x" * 900_000)],
        "no JSON": ["x" * 900_000, "{}", "{}"],
        "a buffer that is text": ['{"msgtype": "PATCH-DOC", "msgid": "1", "num_buffers": 1}', "{}", "{}", "[]"],
    }

    async def attack(address: str) -> None:
        for sent in pieces.values():
            async with raw_page(address) as page:
                for piece in sent:
                    await page.send_piece(piece)
                assert (await page.closed())[0] == 10001
        page = await early_page(address)
        page._websocket.write_message(b"\xff" * HUGE, binary=True)
        await page.closed()
        page._websocket.close()

    with serving(["-P", "-m", "fastnet", "dashboard", "--public", "--port"]) as address:
        wait_for_port(address)
        run(asyncio.wait_for(attack(address), 120))
    written = capfd.readouterr().err
    assert "a message that cannot be read" in written
    assert len(written) < 20_000
    assert "Traceback" not in written


def test_a_change_that_fails_is_answered_without_the_servers_insides(capfd):
    async def attack(address: str) -> None:
        async with raw_page(address) as page:
            model = await page.find("Select", label="Model")
            part = await page.find(r"panel\..*ReactComponent")
            values = {"type": "map", "entries": [["model", {"id": "p0"}], ["data", 5]]}
            for event in (
                {"kind": "ModelChanged", "model": {"id": part}, "attr": "visible", "new": "x"},
                {"kind": "ModelChanged", "model": {"id": model}, "attr": "value", "new": f"x\n{FORGED}"},
                {"kind": "ModelChanged", "model": {"id": part}, "attr": "visible", "new": f"x\n{FORGED}"},
                *(
                    {
                        "kind": "MessageSent",
                        "msg_type": "bokeh_event",
                        "msg_data": {"type": "event", "name": "data_event", "values": given},
                    }
                    for given in (5, {}, values)
                ),
            ):
                await page.send("PATCH-DOC", {"events": [event]})
                header, content = await page.answer()
                assert header["msgtype"] == "ERROR"
                assert content["traceback"] is None
                assert len(content["text"]) < 100
            assert await page.find("Tabs", chosen="read")

    with serving(["-P", "-m", "fastnet", "dashboard", "--public", "--port"]) as address:
        wait_for_port(address)
        run(attack(address))
    written = capfd.readouterr().err
    assert not re.search(r"^(200 GET /forged|.*\x1b)", written, re.MULTILINE)
