"""How the page is served: where, for whom, and with which limits."""

import contextlib
import errno
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import webbrowser
from pathlib import Path
from unittest.mock import MagicMock

import panel as pn
import pytest

from fastnet import weights
from fastnet.cli import main
from fastnet.dashboard import app
from fastnet.dashboard.server.quotas import Quotas, Role
from fastnet.dashboard.server.unfinished import MOST_MESSAGE_BYTES
from fastnet.dashboard.session.store import Store
from fastnet.interrupts import exit_status

from ..conftest import PATIENCE

SEVEN = Path(__file__).parents[2] / "dashboard" / "assets" / "samples" / "18-digit-7.png"

# What a process knows of BLAS's threads and of websockets, before the page is imported, after, and when it serves.
PROCESS = """
import json
from unittest.mock import MagicMock
import numpy as np
import panel as pn
from bokeh.server.views.ws import WSHandler
from panel.io import document
from threadpoolctl import threadpool_info

opens, writes = WSHandler.open, document._dispatch_msgs

def state():
    threads = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return [threads, WSHandler.open is opens, document._dispatch_msgs is writes]

states = [state()]
from fastnet.dashboard import app
states.append(state())
pn.serve = lambda pages, **options: states.append(state()) or MagicMock()
app.serve()
print(json.dumps(states))
"""


@pytest.fixture
def served(monkeypatch) -> dict:
    options: dict = {}

    def serve(pages, **given):
        options.update(given, pages=pages)
        server = MagicMock()
        server.io_loop.run_sync.return_value = signal.SIGINT
        return server

    monkeypatch.setattr(pn, "serve", serve)
    return options


@pytest.fixture
def taken():
    """A port that another program has."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        yield holder.getsockname()[1]


def test_importing_the_page_changes_nothing_in_the_process_and_serving_does():
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}
    command = [sys.executable, "-c", PROCESS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    before, imported, serving = json.loads(done.stdout.splitlines()[-1])
    assert before[0]
    assert imported == before == [before[0], True, True]
    assert serving == [[1] * len(before[0]), False, False]


def test_by_default_only_this_computer_sees_the_page(served, monkeypatch):
    monkeypatch.setattr(app, "find_port", lambda address, port: port)
    monkeypatch.setattr("fastnet.web.ports.find_port", lambda address, port: port)
    assert main(["dashboard"]) == exit_status(signal.SIGINT)
    assert (served["address"], served["port"], served["show"]) == ("localhost", 5006, False)
    assert served["websocket_max_message_size"] == MOST_MESSAGE_BYTES


def test_another_address_and_a_prefix_are_given_by_options(served, capfd, monkeypatch):
    opened: list = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    options = ["--port", "0", "--address", "0.0.0.0", "--prefix", "/digits/", "--open"]
    assert main(["dashboard", *options]) == exit_status(signal.SIGINT)
    assert (served["address"], served["prefix"]) == ("0.0.0.0", "/digits")
    url = f"http://0.0.0.0:{served['port']}/digits/"
    assert opened == [url]
    assert capfd.readouterr().err == f"serving on {url} (Ctrl-C ends it)\n"


def test_models_runs_data_and_trainings_are_given_by_options(monkeypatch, served, tmp_path, npz):
    shared: list = []
    monkeypatch.setattr(app, "create_app", shared.append)
    for name in ("mine", "own"):
        shutil.copytree(weights.DIRECTORY / weights.SMALL, tmp_path / name / name)
    options = ["--models", tmp_path / "mine", "--runs", tmp_path / "own", "--trainings", "2", "--data", npz]
    assert main(["dashboard", "--port", "0", *map(str, options)]) == exit_status(signal.SIGINT)
    served["pages"]["/"]()
    assert shared[0].library.names() == [*weights.names(), "runs/own", "mine"]
    assert shared[0].data == str(npz)
    assert [shared[0].places.take(number) for number in range(3)] == [True, True, False]


def test_role_and_quotas_are_given_by_options(monkeypatch, served, tmp_path):
    shared: list = []
    limits: list[int] = []
    monkeypatch.setattr(app, "create_app", shared.append)
    monkeypatch.setattr(app, "limit_sessions", limits.append)  # of this process
    monkeypatch.chdir(tmp_path)
    options = ["--training-minutes", "7", "--models-megabytes", "50", "--sessions", "3"]
    for more in ([], ["--public"]):
        assert main(["dashboard", "--port", "0", *options, *more]) == exit_status(signal.SIGINT)
        served["pages"]["/"]()
    for each, role in zip(shared, (Role.OWNERS, Role.READERS), strict=True):
        assert each.role is role
        quotas = each.quotas
        assert (quotas.training_minutes, quotas.models_megabytes, quotas.sessions) == (7, 50, 3)
    assert limits == [3, 3]
    assert Store(shared=shared[0]).trainer.quotas.training_minutes == 7


def test_quotas_are_those_of_the_page_where_none_are_given(monkeypatch, served):
    shared: list = []
    monkeypatch.setattr(app, "create_app", shared.append)
    monkeypatch.setattr(app, "limit_sessions", lambda most: None)
    assert main(["dashboard", "--port", "0"]) == exit_status(signal.SIGINT)
    served["pages"]["/"]()
    assert shared[0].quotas == Quotas()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--data", "nope"], "nope: no such data set"),
        (["--models", "file"], "--models file: is no directory"),
        (["--runs", "no/where"], "--runs no/where: no such directory, and none to make it in"),
        (["--port", "65536"], "'65536' is not a port from 0 to 65535"),
        (["--allow-origin", "http://a.example"], "'http://a.example' is not a host"),
        (["--prefix", "digits"], "'digits' is not the beginning of a path such as /digits"),
        (["--prefix", "/../digits"], "'/../digits' is not the beginning of a path such as /digits"),
        (["--trust-proxy", "proxy"], "'proxy' is not an address such as 127.0.0.1, or a network such as 10.0.0.0/8"),
        (["--tls-cert", "file"], "--tls-cert and --tls-key go together"),
        (["--tls-cert", "file", "--tls-key", "file"], "file: no certificate in the PEM format with its key ("),
        (["--tls-cert", "none", "--tls-key", "file"], "none: no certificate in the PEM format with its key ("),
        (["--address", ""], "the address is empty; localhost is for this computer only, 0.0.0.0 for all"),
        (["--address", "no.such.host.invalid"], "cannot listen on port 0 of 'no.such.host.invalid': "),
    ],
)
def test_what_cannot_be_served_is_told_before_anything_is(fastnet, served, tmp_path, monkeypatch, options, sentence):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    code, _, told = fastnet("dashboard", "--port", "0", *options)
    assert (code, served, told.count("\n")) == (2, {}, 1)
    assert sentence in told
    assert "serving" not in told


def test_a_port_that_is_taken_is_named(fastnet, served, taken):
    code, _, told = fastnet("dashboard", "--port", taken)
    assert (code, served) == (2, {})
    assert told == (
        f"fastnet dashboard: port {taken} is in use by another program; choose another, or 0 for any that is free\n"
    )


def test_a_port_that_is_taken_meanwhile_is_named_and_nothing_was_announced(fastnet, taken, monkeypatch):
    def serve(pages, **given):
        raise OSError(errno.EADDRINUSE, "Address already in use")

    monkeypatch.setattr(pn, "serve", serve)
    monkeypatch.setattr(app, "find_port", lambda address, port: taken)
    code, _, told = fastnet("dashboard", "--port", "0")
    assert code == 2
    assert told.endswith(f"port {taken} is in use by another program; choose another, or 0 for any that is free\n")
    assert "serving on" not in told


def test_a_taken_port_is_told_before_panel_is_loaded(taken):
    code = (
        "import sys; from fastnet.cli import main;"
        f"print(main(['dashboard', '--port', '{taken}']), {{'panel', 'bokeh', 'numba'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "2 set()\n"


@pytest.fixture
def begun(start_process):
    """A server of the page, which says that it answers, and its port."""
    command = [sys.executable, "-P", "-m", "fastnet", "dashboard", "--port", "0"]
    server = start_process(command, stderr=subprocess.PIPE, text=True)
    line = next(line for line in server.stderr if "serving" in line)
    return server, int(re.fullmatch(r"serving on http://localhost:(\d+) \(Ctrl-C ends it\)\n", line)[1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_it_answers_once_it_says_where_and_also_what_is_under_way_when_it_ends(begun, number):
    server, port = begun
    urllib.request.urlopen(f"http://localhost:{port}/", timeout=PATIENCE).close()
    body = SEVEN.read_bytes()
    head = f"POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(("localhost", port), timeout=PATIENCE) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        server.send_signal(number)
        wait_until_nobody_listens(port)
        connection.sendall(body)
        response = http.client.HTTPResponse(connection, method="POST")
        response.begin()
        assert (response.status, json.load(response)["results"][0]["text"]) == (200, "7")
    assert server.wait(PATIENCE) == exit_status(number)
    assert server.stderr.read() == ""


def wait_until_nobody_listens(port):
    deadline = time.monotonic() + PATIENCE
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < deadline:
            socket.create_connection(("localhost", port), timeout=PATIENCE).close()
            time.sleep(0.01)
