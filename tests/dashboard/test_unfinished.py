"""Messages that begin and do not end: they are held for a while, and only so much of them."""

import asyncio
import contextlib
import os
import struct
from collections.abc import Iterator

import pytest

from fastnet.dashboard.server.unfinished import TOO_SLOW

from .conftest import serving
from .raw_page import RawPage, raw_page
from .test_messages import run, wait_for_port

QUICK = """
import sys
from fastnet.dashboard.app import Serving, serve
from fastnet.dashboard.server import unfinished
{}
serve(Serving(int(sys.argv[1])))
"""
SIZE = 10**6
HEADER = '{"msgid": "1", "msgtype": "PATCH-DOC", "num_buffers": 2}'


async def begin_frame(page: RawPage, n: int = SIZE) -> None:
    """A frame that lacks its last ten bytes."""
    mask = os.urandom(4)
    frame = struct.pack("!BBQ", 0x82, 0xFF, n) + mask + bytes(n - 10)
    await page._websocket.protocol.stream.write(frame)


async def end_frame(page: RawPage) -> None:
    await page._websocket.protocol.stream.write(bytes(10))


async def begin_fragments(page: RawPage) -> None:
    await page._websocket.protocol._write_frame(False, 0x1, b"{")


async def begin_pieces(page: RawPage) -> None:
    await page.send_piece(HEADER)


@pytest.fixture(scope="module")
def impatient() -> Iterator[str]:
    """A server that waits three seconds for the rest of a message."""
    with serving(["-c", QUICK.format("unfinished.MOST_SECONDS = 3.0")]) as address:
        wait_for_port(address)
        yield address


@pytest.mark.parametrize("begin", [begin_frame, begin_fragments, begin_pieces])
def test_a_message_that_does_not_end_is_not_held_for_ever(impatient, begin):
    async def attack() -> None:
        async with raw_page(impatient) as bystander, raw_page(impatient) as page:
            await begin(page)
            code, sentence = await page.closed()
            assert (code, sentence) in {(1008, TOO_SLOW), (None, None)}
            assert await bystander.find("Tabs", chosen="read")  # which waited as long, with nothing begun

    run(attack())


def test_one_address_has_only_so_much_begun_and_the_rest_waits():
    async def is_answered(page: RawPage) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(page.closed(), 3)
            return True
        return False

    async def attack(address: str) -> None:
        async with raw_page(address) as first, raw_page(address) as second, raw_page(address) as small:
            await begin_frame(first)
            await asyncio.sleep(1)
            await begin_frame(second)
            await end_frame(second)
            assert not await is_answered(second)  # it is no message, but is not read yet
            assert await small.find("Tabs", chosen="read")
            await end_frame(first)
            assert (await first.closed())[0] == 10001
            assert (await second.closed())[0] == 10001

    with serving(["-c", QUICK.format(f"unfinished.MOST_HELD = {SIZE * 3 // 2}")]) as address:
        wait_for_port(address)
        run(attack(address))
