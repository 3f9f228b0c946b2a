"""Thirty visitors draw while programs send pictures and somebody trains: each gets all answers."""

import asyncio
import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.browsing import start_training, stop_training
from benchmarks.studies.sessions import draw, open_session

from ..conftest import PATIENCE

VISITORS, PROGRAMS, PICTURES = 30, 4, 10
SECONDS, EVERY = 6, 1.0  # that they draw, and between two points of a pen
SEVEN = Path(__file__).parents[2] / "dashboard" / "assets" / "samples" / "18-digit-7.png"


@pytest.mark.parametrize("address", ["fastnet dashboard"], indirect=True)
def test_visitors_who_draw_programs_that_send_pictures_and_a_training_all_get_their_answers(address, open_page):
    page = open_page()
    start_training(page, "reference")  # which waits for no compiler
    with ThreadPoolExecutor(1 + PROGRAMS) as threads:
        drawing = threads.submit(asyncio.run, all_draw(address))
        asking = [threads.submit(send_pictures, urlsplit(address)) for _ in range(PROGRAMS)]
        answers = drawing.result(PATIENCE)
        texts = [text for program in asking for text in program.result(PATIENCE)]
    assert len(answers) == VISITORS
    assert all(answers)
    assert texts == ["7"] * PROGRAMS * PICTURES
    assert stop_training(page)["samples_per_second"] > 0


async def all_draw(address):
    """How long each answer took to each of the visitors."""
    visitors = [await open_session(address) for _ in range(VISITORS)]
    until = time.monotonic() + SECONDS
    answers = await asyncio.gather(*(draw(*visitor, until, EVERY) for visitor in visitors))
    for socket, _ in visitors:
        socket.close()
    return answers


def send_pictures(address):
    """What is read in each picture, sent again as long as there is no place for it."""
    texts = []
    connection = http.client.HTTPConnection(address.netloc, timeout=PATIENCE)
    while len(texts) < PICTURES:
        connection.request("POST", "/api/read", SEVEN.read_bytes(), {"Content-Type": "image/png"})
        response = connection.getresponse()
        document = json.load(response)
        if response.status == 429:
            time.sleep(int(response.headers["Retry-After"]))
        else:
            texts += [answer["text"] for answer in document["results"]]
    connection.close()
    return texts
