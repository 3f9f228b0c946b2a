"""The HTTP interface beside the page, on its server."""

import json
import urllib.request
from html import unescape
from pathlib import Path
from re import DOTALL, findall

import pytest

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
    assert answer == {**predicted, "path": "picture"}
    with urllib.request.urlopen(f"{address}api/health", timeout=PATIENCE) as response:
        assert json.load(response)["status"] == "ok"
    with urllib.request.urlopen(address, timeout=PATIENCE) as response:
        assert b"<title>fastnet</title>" in response.read()


def test_the_example_for_javascript_runs_on_its_page_which_needs_nothing_else(browser, address):
    page = browser.new_page()
    page.set_default_timeout(MILLISECONDS)
    told, asked = [], []
    page.on("console", lambda message: told.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}api/")
    (source,) = findall(r'<pre tabindex="0" data-run="javascript">(.*?)</pre>', page.content(), DOTALL)
    page.evaluate("document.body.append(Object.assign(document.createElement('input'), { type: 'file' }))")
    page.locator("input").set_input_files(SEVEN)
    page.evaluate(f"(async () => {{ {unescape(source)} }})()")
    assert told == ["7"]
    assert {url for url in asked if "favicon" not in url} == {f"{address}api/", f"{address}api/read"}
    page.close()
