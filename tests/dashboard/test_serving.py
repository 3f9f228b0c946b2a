"""How the page is served: where, for whom, and with which limits."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import panel as pn
import pytest

from fastnet import weights
from fastnet.cli import main
from fastnet.dashboard import app
from fastnet.dashboard.app import MOST_MESSAGE_BYTES

# What a process knows of BLAS's threads and of websockets, before the page is imported, after, and when it serves.
PROCESS = """
import json
import numpy as np
import panel as pn
from bokeh.server.views.ws import WSHandler
from threadpoolctl import threadpool_info

opens = WSHandler.open

def state():
    threads = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return [threads, WSHandler.open is opens]

states = [state()]
from fastnet.dashboard import app
states.append(state())
pn.serve = lambda pages, **options: states.append(state())
app.serve()
print(json.dumps(states))
"""


@pytest.fixture
def served(monkeypatch) -> dict:
    options: dict = {}
    monkeypatch.setattr(pn, "serve", lambda pages, **given: options.update(given))
    return options


def test_importing_the_page_changes_nothing_in_the_process_and_serving_does():
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}
    command = [sys.executable, "-c", PROCESS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    before, imported, serving = json.loads(done.stdout.splitlines()[-1])
    assert before[0]
    assert imported == before == [before[0], True]
    assert serving == [[1] * len(before[0]), False]


def test_by_default_only_this_computer_sees_the_page(served):
    assert main(["dashboard"]) == 0
    assert (served["address"], served["port"], served["show"]) == ("localhost", 5006, False)
    assert served["websocket_origin"] == ["127.0.0.1:5006", "localhost:5006"]
    assert served["websocket_max_message_size"] == MOST_MESSAGE_BYTES


def test_other_addresses_and_origins_are_given_by_options(served):
    options = ["--port", "8000", "--address", "0.0.0.0", "--open"]
    assert main(["dashboard", *options, "--allow-origin", "a.example", "--allow-origin", "b.example:81"]) == 0
    assert (served["address"], served["port"], served["show"]) == ("0.0.0.0", 8000, True)
    assert {"a.example", "b.example:81", "localhost:8000"} <= set(served["websocket_origin"])


def test_models_data_and_trainings_are_given_by_options(monkeypatch, tmp_path):
    shared: list = []
    monkeypatch.setattr(app, "create_app", shared.append)
    monkeypatch.setattr(pn, "serve", lambda pages, **given: pages["/"]())
    shutil.copytree(weights.DIRECTORY / weights.DEFAULT, tmp_path / "mine")
    options = ["--models", str(tmp_path), "--trainings", "2", "--data", "some/images"]
    assert main(["dashboard", *options]) == 0
    assert "mine" in shared[0].library.names()
    assert shared[0].data == str(Path("some/images").absolute())
    assert [shared[0].places.take(number) for number in range(3)] == [True, True, False]
