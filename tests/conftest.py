"""What many tests share: small data, digits, a predictor, the command line in this process, a browser, their order."""

import importlib
import math
import os
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from fastnet import cli
from fastnet.cli import waiting
from fastnet.data.loading import load_dataset
from fastnet.data.samples import PIXEL_SCALE, Dataset, Samples
from fastnet.interrupts import SIGNALS
from fastnet.reading.predictor import Predictor

# What is installed is tested; `benchmarks` is not installed, but some release of some package brings one of that name.
sys.path.insert(0, str(Path(__file__).parents[1]))
importlib.import_module("benchmarks")
sys.path.append(sys.path.pop(0))

# In the background Ctrl-C may be ignored, under `nohup` SIGHUP is, and what tests start would inherit that.
for number in SIGNALS:
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

N_FEATURES, N_CLASSES = 30, 4
PATIENCE = 300  # seconds for what takes one or two on a quiet machine: no test fails for being slow
MILLISECONDS = 1000 * PATIENCE
CHROMIUM = next(  # the first has no windows: it opens the page with a third less of the processor
    filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-renderer-backgrounding",  # as quick as a page that somebody looks at
]
LONG = (  # files that take half a minute and more on a quiet machine, the longest first
    "dashboard/test_connection.py",  # waits most of the time, so others run meanwhile
    "dashboard/test_audit_tab.py",
    "dashboard/test_train_tab.py",
    "dashboard/test_requests.py",
    "dashboard/test_browser.py",
    "dashboard/test_readers.py",
    "dashboard/test_load.py",
)


def pytest_configure(config):
    """What takes long begins first: xdist by itself ends with files of few tests, such as those of a browser."""
    config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)  # pytest itself puts tests together that share a fixture
def pytest_collection_modifyitems(items):
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path, len(LONG)))


@pytest.fixture(scope="session")
def browser():
    if os.environ.get("CI") != "true":  # CI must not skip
        pytest.importorskip("playwright", reason="Playwright for Python is not installed")
        if not CHROMIUM:
            pytest.skip("no Chromium on the PATH")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def untold_waits(monkeypatch):
    """What a command says is the same however long it takes: no wait is told of, unless a test is about that."""
    monkeypatch.setattr(waiting, "_SECONDS_BEFORE", math.inf)


def _samples(n: int, rng: np.random.Generator) -> Samples:
    """Noise with one bright patch a class: easy, and not without errors."""
    labels = rng.integers(0, N_CLASSES, n)
    images = rng.integers(0, 120, (n, N_FEATURES))
    for label in range(N_CLASSES):
        images[labels == label, label * 7 : label * 7 + 7] += 40
    return Samples(images.astype(np.uint8), labels, PIXEL_SCALE)


@pytest.fixture
def dataset() -> Dataset:
    """600 training and 100 test samples of 30 pixels in 4 classes."""
    rng = np.random.default_rng(0)
    return Dataset(_samples(600, rng), _samples(100, rng), "small")


@pytest.fixture
def npz(dataset, tmp_path):
    """The same as an .npz file."""
    path = tmp_path / "small.npz"
    train, test = dataset.train, dataset.test
    np.savez(path, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    return path


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    """The model that reads where no other is named."""
    return Predictor.load()


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """MNIST's first 400 training digits, `(400, 28, 28)`, and their labels."""
    train = load_dataset().train
    return train.images[:400].reshape(-1, 28, 28), train.labels[:400]


@pytest.fixture
def digits_npz(tmp_path):
    """A few of MNIST's training digits as an .npz file: what can be calibrated."""
    some = load_dataset().train.take(np.arange(2200))
    images = some.images.reshape(-1, 28, 28)
    path = tmp_path / "digits.npz"
    np.savez(path, x_train=images[:2000], y_train=some.labels[:2000], x_test=images[2000:], y_test=some.labels[2000:])
    return path


@pytest.fixture
def start_process():
    """Starts a process, as `subprocess.Popen` does, and ends it with the test, also with one that fails.

    What is left running or open would be warned of in whichever test comes next.
    """
    with ExitStack() as started:

        def start(*args, **options):
            process = started.enter_context(subprocess.Popen(*args, **options))
            started.callback(process.kill)
            return process

        yield start


@pytest.fixture
def fastnet(capsys):
    """Runs a command in this process: `fastnet("info")` returns (exit code, standard output, standard error)."""

    def run(*args):
        try:
            code = cli.main([str(arg) for arg in args])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
