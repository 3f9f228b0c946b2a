"""The dashboard's page: its HTML, its life, and all of it in a real browser."""

import contextlib
import gc
import importlib.util
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import weakref

import numpy as np
import panel as pn
import pytest
from PIL import Image

from fastnet.dashboard.app import create_app
from fastnet.dashboard.store import Store
from fastnet.dashboard.views import Picker, answer_html
from fastnet.datasets import load_dataset

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
APP = importlib.util.find_spec("fastnet.dashboard.app")
SERVERS: dict[str, list[str]] = {
    "serve()": ["-c", "import sys; from fastnet.dashboard.app import serve; serve(port=int(sys.argv[1]))"],
    "panel serve": ["-m", "panel", "serve", str(APP and APP.origin), "--port"],
}

needs_browser = pytest.mark.skipif(
    os.environ.get("CI") != "true" and not (CHROMIUM and importlib.util.find_spec("playwright")),
    reason="needs Playwright for Python and a Chromium on the PATH",
)


def test_the_page_holds_a_picker_and_a_choice_of_models():
    page = create_app()
    assert len(page.select(Picker)) == 1
    assert len(page.select(pn.widgets.Select)) == 1


def test_a_page_can_be_collected():
    page = weakref.ref(create_app())
    gc.collect()
    assert page() is None


def test_names_of_files_are_escaped():
    store = Store()
    store.show_file("<img src=x>", b"")
    assert "&lt;img src=x&gt;" in answer_html(store.answer, store.problem)
    assert "<img" not in answer_html(store.answer, store.problem)


@pytest.mark.parametrize("message", [None, 3, {}, {"sample": "3"}, {"name": "x.png"}, {"name": 1, "content": b""}])
def test_messages_of_another_form_are_ignored(message):
    store = Store()
    Picker(store)._handle_msg(message)
    assert (store.answer, store.problem) == (None, "")


@pytest.fixture
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def serving(command: list[str]):
    """Run a server as people do; yield its address."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen([sys.executable, *command, str(port)]) as process:
        try:
            yield f"http://localhost:{port}/"
        finally:
            process.terminate()


def wait_for(address: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=seconds).close()
            return
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def watch(page, address: str) -> list[str]:
    """A list that fills with whatever must not happen: requests to elsewhere, errors in the console."""
    faults: list[str] = []

    def note(is_fault: bool, what: object) -> None:
        if is_fault:
            faults.append(str(what))

    own = (address, address.replace("http:", "ws:"), "data:", "blob:")
    page.on("request", lambda request: note(not request.url.startswith(own), request.url))
    page.on("websocket", lambda websocket: note(not websocket.url.startswith(own), websocket.url))
    page.on("console", lambda message: note(message.type == "error", message.text))
    page.on("pageerror", lambda error: note(True, error))
    return faults


def upload(page, name: str, content: bytes) -> None:
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/png", "buffer": content})


@needs_browser
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desk", "phone"])
def test_people_upload_a_picture_and_read_the_digit(browser, server, size):
    from playwright.sync_api import expect

    test = load_dataset().test
    written = 255 - np.kron(test.images[0].reshape(28, 28), np.ones((10, 10), np.uint8))  # black on white
    picture = io.BytesIO()
    Image.fromarray(written).save(picture, "PNG")

    with serving(SERVERS[server]) as address:
        wait_for(address)
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.set_default_timeout(30_000)
        expect.set_options(timeout=30_000)
        faults = watch(page, address)
        page.goto(address + ("app" if server == "panel serve" else ""))
        expect(page.get_by_text("784 → 512 → 10")).to_be_visible()

        upload(page, "bad.png", b"no picture")
        expect(page.get_by_role("alert")).to_contain_text("bad.png: is not a sound picture")

        for _ in range(2):  # the same file again, after something else
            upload(page, "mine.png", picture.getvalue())
            expect(page.get_by_text("mine.png, as the network sees it")).to_be_visible()
            expect(page.locator(".digit")).to_have_text(str(test.labels[0]))
            page.get_by_alt_text("Sample digit 3").click()
            expect(page.locator(".digit")).to_have_text("3")

        expect(page.locator(".probability")).to_have_text(re.compile(r"\d+\.\d%"))
        expect(page.locator(".bar")).to_have_count(10)
        box = page.locator(".bars").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
        assert faults == []
        page.close()
