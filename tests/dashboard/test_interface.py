"""The HTTP interface beside the page, on its server."""

import http.client
import io
import json
import socket
import urllib.request
from html import unescape
from pathlib import Path
from re import DOTALL, findall
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from fastnet.dashboard.server.guarding import MOST_BODY_BYTES

from ..conftest import PATIENCE
from .conftest import MILLISECONDS

SAMPLES = Path(__file__).parents[2] / "dashboard" / "assets" / "samples"
SEVEN = SAMPLES / "18-digit-7.png"


@pytest.mark.parametrize("address", ["fastnet dashboard"], indirect=True)
def test_the_server_of_the_page_reads_pictures_for_programs_too(address, fastnet):
    request = urllib.request.Request(f"{address}api/read", SEVEN.read_bytes(), {"Content-Type": "image/png"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        (answer,) = json.load(response)["results"]
    (predicted,) = json.loads(fastnet("predict", SEVEN, "--json")[1])["results"]
    # One of a server's threads is not the command's main one, and BLAS may add up in another order.
    for told, same in ((answer, predicted), *zip(answer["digits"], predicted["digits"], strict=True)):
        for name in ("probability", "probabilities"):
            if name in same:
                assert told.pop(name) == pytest.approx(same.pop(name), rel=1e-4)
    assert answer == {**predicted, "path": "picture"}
    with urllib.request.urlopen(f"{address}api/health", timeout=PATIENCE) as response:
        assert json.load(response)["status"] == "ok"
    with urllib.request.urlopen(address, timeout=PATIENCE) as response:
        assert b"<title>fastnet</title>" in response.read()


def test_a_refusal_comes_before_the_body_also_where_answers_are_compressed(address):
    host, _, port = urlsplit(address).netloc.partition(":")
    head = (
        f"POST /api/read HTTP/1.1\r\nHost: {host}:{port}\r\nAccept-Encoding: gzip\r\nContent-Length: 15000000\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), PATIENCE) as connection:
        connection.sendall(head.encode())
        response = http.client.HTTPResponse(connection, method="POST")
        response.begin()
        assert (response.status, json.load(response).keys()) == (413, {"error"})


def test_larger_pictures_are_taken_than_the_page_itself_takes_bodies(address):
    content = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (1400, 1400), np.uint8)).save(content, "BMP")
    assert len(content.getvalue()) > MOST_BODY_BYTES
    request = urllib.request.Request(f"{address}api/read", content.getvalue(), {"Content-Type": "image/bmp"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        assert response.status == 200


def test_the_example_for_javascript_runs_on_its_page_which_needs_nothing_else(browser, address):
    page = browser.new_page()
    page.set_default_timeout(MILLISECONDS)
    told, asked = [], []
    page.on("console", lambda message: told.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}api/")
    (source,) = findall(r'<pre data-run="javascript">(.*?)</pre>', page.content(), DOTALL)
    page.evaluate("document.body.append(Object.assign(document.createElement('input'), { type: 'file' }))")
    page.locator("input").set_input_files(SEVEN)
    page.evaluate(f"(async () => {{ {unescape(source)} }})()")
    assert told == ["7"]
    assert {url for url in asked if "favicon" not in url} == {f"{address}api/", f"{address}api/read"}
    page.close()
