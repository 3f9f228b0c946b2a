"""`fastnet serve`: it starts, answers and ends as people and their service managers have it, with little installed."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from fastnet.interrupts import exit_status
from fastnet.packages import pip_install

from ..conftest import PATIENCE

ROOT = Path(__file__).parents[2]
SEVEN = ROOT / "dashboard" / "assets" / "samples" / "18-digit-7.png"
COMMAND = [sys.executable, "-P", "-m", "fastnet", "serve", "--port", "0", "--workers", "1"]
PNG = {"Content-Type": "image/png"}
UNWANTED = ("panel", "bokeh", "param", "numba", "llvmlite", "matplotlib", "scipy", "sklearn")
ENDINGS = ("SIGINT", "SIGTERM", "SIGKILL")  # not all of which Windows has


@pytest.fixture
def begin(start_process, tmp_path):
    """Starts a server; returns its process and its address once it says that it answers."""

    def begin(*options, command=COMMAND):
        process = start_process([*command, *options], stderr=subprocess.PIPE, text=True, cwd=tmp_path)
        told = ""
        for line in process.stderr:  # a busy machine is told first what it loads
            if found := re.fullmatch(r"serving on (http://localhost:\d+\S*)/api/ \(Ctrl-C ends it\)\n", line):
                return process, found[1]
            told += line
        raise AssertionError(told)

    return begin


def ask(address, body=None, headers=PNG):
    with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=PATIENCE) as response:
        return json.load(response)


def read_seven(address):
    (answer,) = ask(f"{address}/api/read", SEVEN.read_bytes())["results"]
    return answer["text"]


@pytest.mark.parametrize("name", ENDINGS)
def test_it_answers_once_it_says_so_and_ends_at_a_signal_without_a_word_or_a_process_left(begin, name):
    number = getattr(signal, name)
    process, address = begin()
    assert read_seven(address) == "7"
    children = children_of(process.pid) if Path("/proc").is_dir() else []
    process.send_signal(number)
    assert process.wait(PATIENCE) == (-number if name == "SIGKILL" else exit_status(number))
    if name != "SIGKILL":  # its readers find themselves alone
        assert process.stderr.read() == ""
    deadline = time.monotonic() + PATIENCE
    while any(is_running(child) for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def children_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(os.name != "posix", reason="stops a process")
def test_what_is_under_way_when_it_ends_is_answered(begin):
    process, address = begin()
    assert read_seven(address) == "7"
    readers = children_of(process.pid)
    for reader in readers:
        os.kill(reader, signal.SIGSTOP)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(read_seven(address)))
    asking.start()
    while not ask(f"{address}/api/health")["queue"]["waiting"]:
        time.sleep(0.01)
    process.terminate()
    for reader in readers:
        os.kill(reader, signal.SIGCONT)
    asking.join(PATIENCE)
    assert answers == ["7"]
    assert process.wait(PATIENCE) == exit_status(signal.SIGTERM)


def test_a_port_that_is_taken_is_told(begin, fastnet, monkeypatch):
    _, address = begin()
    port = address.rpartition(":")[2]
    code, _, told = fastnet("serve", "--port", port)
    assert (code, told) == (
        2,
        f"fastnet serve: port {port} is in use by another program; choose another, or 0 for any that is free\n",
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--models", "file"], "--models file: is no directory"),
        (["--workers", "0"], "'0' is not a whole number from 1"),
        (["--allow-origin", "http://a.example"], "'http://a.example' is not a host"),
    ],
)
def test_what_cannot_be_served_is_told_in_a_sentence(fastnet, tmp_path, monkeypatch, options, sentence):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    code, _, told = fastnet("serve", "--port", "0", *options)
    assert (code, told.count("\n")) == (2, 1)
    assert sentence in told


def test_models_and_runs_are_those_of_its_folders(begin, tmp_path):
    for folder in ("mine", "runs"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one").symlink_to(ROOT / "weights" / "mnist-784-512-10", target_is_directory=True)
    _, address = begin("--models", "mine")
    names = [model["name"] for model in ask(f"{address}/api/models")["models"]]
    assert names[-2:] == ["runs/one", "one"]
    assert ask(f"{address}/api/read?model=runs/one", SEVEN.read_bytes())["results"][0]["text"] == "7"


def test_it_answers_below_a_prefix(begin):
    _, address = begin("--prefix", "/digits")
    assert address.endswith("/digits")
    assert read_seven(address) == "7"
    assert ask(f"{address}/api/openapi.json")["servers"] == [{"url": "/digits"}]
    with urllib.request.urlopen(f"{address}/", timeout=PATIENCE) as page:
        assert page.url == f"{address}/api/"
        assert f"curl {address}/api/read" in page.read().decode()


def refused(address, body=None, **headers):
    with pytest.raises(urllib.error.HTTPError) as refusal:
        ask(address, body, headers)
    with refusal.value as answer:
        return answer.code, json.load(answer)["error"]


def test_it_stands_behind_the_guard(begin):
    _, address = begin()
    code, sentence = refused(f"{address}/api/health", Host="evil.example")
    assert (code, "--allow-origin" in sentence) == (403, True)
    code, sentence = refused(f"{address}/api/health", Origin="https://evil.example")
    assert (code, "--allow-origin" in sentence) == (403, True)
    for _ in range(5):  # however much they send; a connection that is closed too early loses most answers, not all
        code, sentence = refused(f"{address}/api/read", bytes(10_000_000), Host="evil.example")
        assert (code, "--allow-origin" in sentence) == (403, True)


def test_one_address_may_ask_so_much(begin):
    limit = "from fastnet.web import limits, service; service.LIMITS = (limits.Limit('requests', '', 3, 1000),)"
    program = f"import sys; {limit}; from fastnet.__main__ import main; sys.exit(main())"
    _, address = begin(command=[sys.executable, "-P", "-c", program, *COMMAND[4:]])
    for _ in range(3):
        ask(f"{address}/api/health")
    code, sentence = refused(f"{address}/api/health")
    assert (code, "too many requests" in sentence) == (429, True)


@pytest.fixture(scope="module")
def few_packages(tmp_path_factory):
    """A directory of all installed packages but those that are not wanted, and of fastnet."""
    directory = tmp_path_factory.mktemp("packages")
    for path in (path for parent in sys.path if parent.endswith("-packages") for path in Path(parent).glob("*")):
        if not path.name.startswith(UNWANTED) and path.suffix != ".pth" and not (directory / path.name).exists():
            (directory / path.name).symlink_to(path)
    if not (directory / "fastnet").exists():  # an editable install: its folders are one tree here
        (directory / "fastnet").mkdir()
        for path in (*(ROOT / "fastnet").iterdir(), *(ROOT / name for name in ("kernels", "dashboard", "weights"))):
            (directory / "fastnet" / path.name).symlink_to(path)
    return directory


def test_it_needs_neither_the_packages_of_the_page_nor_numba(begin, few_packages, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(few_packages))
    command = [sys.executable, "-S", *COMMAND[2:]]
    for name in UNWANTED:
        assert subprocess.run([*command[:2], "-c", f"import {name}"], capture_output=True, check=False).returncode
    _, address = begin(command=command)
    assert read_seven(address) == "7"


def test_it_imports_nothing_of_the_page_and_no_numba():
    program = (
        "import sys; from fastnet.web import service; from fastnet.cli import main;"
        "service.serve = lambda *_, on_ready: print(set(sys.modules) & set(sys.argv[1:])) or 2;"
        "main(['serve', '--port', '0'])"
    )
    command = [sys.executable, "-c", program, *UNWANTED]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "set()\n"


def test_what_is_missing_is_named(fastnet, monkeypatch):
    monkeypatch.setattr("fastnet.packages.find_spec", lambda name: None)
    code, _, told = fastnet("serve")
    assert (code, told) == (2, f"fastnet serve: the server needs more packages: {pip_install('tornado')}\n")
