"""A server as people run it, and a real browser that notices whatever must not happen."""

import contextlib
import gc
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.serving import wait_for
from fastnet import load_dataset, weights
from fastnet.audit import audit_model, save_audit
from fastnet.data.samples import Samples

from ..conftest import MILLISECONDS, PATIENCE

APP = importlib.util.find_spec("fastnet.dashboard.app")
PAGES_SCRIPT = (
    "static/extensions/panel-material-ui/panel-material-ui.bundle.js"  # which processes that never had the page lack
)
N_ASKED = 20  # so often, until each of two processes has answered, in all likelihood
SERVERS: dict[str, list[str]] = {
    "serve()": ["-c", "import sys; from fastnet.dashboard.app import Serving, serve; serve(Serving(int(sys.argv[1])))"],
    "fastnet dashboard": ["-P", "-m", "fastnet", "dashboard", "--port"],
    "fastnet dashboard --prefix": ["-P", "-m", "fastnet", "dashboard", "--prefix", "/digits", "--port"],
    "fastnet dashboard --num-procs": ["-P", "-m", "fastnet", "dashboard", "--public", "--num-procs", "2", "--port"],
    "panel serve": ["-m", "panel", "serve", str(APP and APP.origin), "--port"],
    "panel serve --num-procs 2": [
        *["-m", "panel", "serve", str(APP and APP.origin), "--setup", str(APP and APP.origin)],
        *["--num-procs", "2", "--port"],
    ],
}
WITH_MODELS = """
import sys
from pathlib import Path
from fastnet.dashboard.app import Serving, serve
serve(Serving(int(sys.argv[2])), models=Path(sys.argv[1]))
"""
AUDITED, BARE = "audited", "bare"
N_AUDITED, N_EMBEDDED = 600, 400
RETURNING = (  # not in the blank document before the page, which has no memory
    "if (location.protocol === 'http:')"
    " { localStorage['fastnet-welcomed'] = 'yes'; localStorage['fastnet-mode'] ??= 'scientific' }"
)
SECRET = "what a server signs sessions with where a test must know it"
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(autouse=True)
def told_where_it_hangs(request):
    """Where a test of the browser waits when half its time is over: Playwright suspends it, and no dump shows that."""
    if "browser" not in request.fixturenames:
        yield
        return
    capture = request.config.pluginmanager.getplugin("capturemanager")
    seconds = float(request.config.getini("faulthandler_timeout")) / 2
    timer = threading.Timer(seconds, tell_of_suspended, [capture.global_and_fixture_disabled])
    timer.start()
    yield
    timer.cancel()


def tell_of_suspended(uncaptured) -> None:
    from greenlet import greenlet

    with uncaptured():
        for one in gc.get_objects():
            if isinstance(one, greenlet) and one.gr_frame:
                print("suspended:", *traceback.format_stack(one.gr_frame, 12), sep="\n", file=sys.stderr, flush=True)


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> Path:
    """A folder of two models of people: one with a small audit, one without. No test changes it.

    An audit takes long: processes side by side share the folder of whichever was first.
    """
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "audited-models"
    if not shared.exists():
        with contextlib.suppress(OSError):  # another process was first meanwhile
            make_models(tmp_path_factory.mktemp("models")).rename(shared)
    return shared


def make_models(directory: Path) -> Path:
    for name in (AUDITED, BARE):
        source = weights.DIRECTORY / "mnist-784-512-10"
        shutil.copytree(source, directory / name, ignore=shutil.ignore_patterns("audit"))
    dataset = load_dataset()
    rows = np.arange(2000, 2000 + N_AUDITED)
    test = Samples(dataset.test.images[rows], dataset.test.labels[rows], dataset.test.scale)
    audit = audit_model(directory / AUDITED, replace(dataset, test=test), n_points=N_EMBEDDED)
    save_audit(directory / AUDITED, audit)
    return directory


@pytest.fixture(scope="session")
def address(request) -> Iterator[str]:
    """Where the page is served: by `serve()` unless a test asks for another way or for the models of people."""
    server = getattr(request, "param", "serve()")
    command = ["-c", WITH_MODELS, str(request.getfixturevalue("models"))] if server == "models" else SERVERS[server]
    below = "app" if server.startswith("panel serve") else "digits/" if "--prefix" in server else ""
    with serving(command, BOKEH_SECRET_KEY=SECRET) as root:
        wait_for(root + below, PATIENCE)
        for _ in range(N_ASKED if server == "panel serve --num-procs 2" else 0):
            wait_for(root + PAGES_SCRIPT, PATIENCE)
        yield root + below


@pytest.fixture
def open_page(browser, address):
    """Open the page on a desk or a phone; at the end, nothing may have come from elsewhere and no error occurred."""
    with pages(browser, address) as open_page:
        yield open_page


@contextlib.contextmanager
def pages(browser, address: str):
    """What opens the page, and is told at the end of whatever must not have happened on those it opened."""
    with contextlib.ExitStack() as stack:
        faults: list[str] = []

        def open_page(size: str = "desk", search: str = "", is_new: bool = False, **options):
            context = browser.new_context(viewport=SIZES[size], **options)
            stack.callback(context.close)
            if not is_new:
                context.add_init_script(RETURNING)
            page = context.new_page()
            page.set_default_timeout(MILLISECONDS)
            watch(page, address, faults)
            page.goto(address + search)
            page.get_by_role("tab", selected=True).wait_for()
            return page

        yield open_page
        assert faults == []


@contextlib.contextmanager
def serving(command: list[str], **environment: str) -> Iterator[str]:
    """Run a server as people do; yield its address. At the end its processes are gone, also those beside it."""
    port = free_port()
    command = [sys.executable, *command, str(port)]
    with subprocess.Popen(command, start_new_session=True, env={**os.environ, **environment}) as process:
        try:
            yield f"http://localhost:{port}/"
        finally:
            process.terminate()
            process.wait(60)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
    return port


def at_rest(page, find):
    """The place that is found, once the page no longer moves it: views come one by one."""
    before = None
    while (now := find()) != before:
        before = now
        page.wait_for_timeout(500)
    return now


# Bokeh's word for a change that met, on its way, the removal of what it was about: once in some ten runs under load.
_CROSSED = re.compile(r"reference p\d+ isn't known")


def watch(page, address: str, faults: list[str]) -> None:
    """Fill the list with whatever must not happen: requests to elsewhere, errors in the console."""

    def note(is_fault: bool, what: object) -> None:
        if is_fault:
            faults.append(str(what))

    root = address.removesuffix("app")
    own = (root, "ws" + root.removeprefix("http"), "data:", "blob:")
    page.on("request", lambda request: note(not request.url.startswith(own), request.url))
    page.on("websocket", lambda websocket: note(not websocket.url.startswith(own), websocket.url))
    page.on("console", lambda message: note(message.type == "error", message.text))
    page.on("pageerror", lambda error: note(not _CROSSED.search(str(error)), error))
