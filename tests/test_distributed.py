"""Searches, ensembles and batch prediction on a real cluster of two processes, also when one of them is killed.

The blocks of docs/scaling-out.md are run as they stand: the first one makes the cluster of all tests here.
"""

import os
import re
import signal
import time
from contextlib import suppress
from itertools import chain
from pathlib import Path

import dask
import numpy as np
import pytest
from joblib import parallel_config
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from fastnet import FastNetClassifier, Predictor, weights
from fastnet.data.loading import load_dataset
from fastnet.reading.batch import read_pictures

from .conftest import PATIENCE

DOCUMENT = Path(__file__).parents[1] / "docs/scaling-out.md"
MEMORY_MANAGER_INTERVAL = 2  # seconds, unless it is stopped
BLOCKS = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def client():
    names: dict = {}
    # On a busy machine a killed worker takes longer to come back than a cluster waits before it does without.
    with dask.config.set({"distributed.deploy.lost-worker-timeout": f"{PATIENCE} s"}):
        exec(BLOCKS[0], names)
        client = names["client"]
        yield client
        cluster = client.cluster
        client.close()
        cluster.close()


@pytest.fixture(scope="module")
def data():
    return load_digits(return_X_y=True)


@pytest.fixture
def scans(tmp_path):
    """A directory of twelve digits; its labels."""
    test = load_dataset().test
    (tmp_path / "scans").mkdir()
    for number, pixels in enumerate(test.pixels[:12]):
        Image.fromarray(pixels.reshape(28, 28)).save(tmp_path / f"scans/{number:02}.png")
    return tmp_path / "scans", [str(label) for label in test.labels[:12]]


def test_the_page_says_what_works(client, scans, monkeypatch, capsys):
    directory, labels = scans
    monkeypatch.chdir(directory.parent)
    names = {"client": client}
    for block in BLOCKS[1:]:
        exec(block, names)
    assert names["search"].best_score_ > 0.9
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()[-12:]] == labels
    in_process = GridSearchCV(names["model"], names["grid"], cv=names["folds"]).fit(names["X"], names["y"])
    np.testing.assert_array_equal(
        names["search"].cv_results_["mean_test_score"], in_process.cv_results_["mean_test_score"]
    )


def test_shared_data_stays_on_all_workers(client, data):
    shared = client.scatter(data[0], broadcast=True)
    time.sleep(1.5 * MEMORY_MANAGER_INTERVAL)
    (holders,) = client.who_has([shared]).values()
    assert len(holders) == 2


def test_search_completes_though_a_worker_is_killed(client, data, tmp_path):
    X, y = data
    flag = tmp_path / "killed"

    def kill_once(model, record):
        """End the first worker that has trained for an epoch, as the kernel does when memory runs out."""
        with suppress(FileExistsError):
            flag.touch(exist_ok=False)  # one of two that come here at the same instant
            os.kill(os.getpid(), signal.SIGKILL)

    folds = list(StratifiedKFold(2).split(X, y))
    grid = {"learning_rate_init": [0.001, 0.003, 0.01]}
    model = FastNetClassifier((16,), max_iter=2, learning_rate="linear", random_state=0)
    search = GridSearchCV(model.set_params(callbacks=[kill_once]), grid, cv=folds, error_score="raise")
    with parallel_config("dask", scatter=[X, y, *chain(*folds)]):
        search.fit(X, y)
    assert flag.exists()
    undisturbed = GridSearchCV(model.set_params(callbacks=None), grid, cv=folds).fit(X, y)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], undisturbed.cv_results_["mean_test_score"])
    client.wait_for_workers(2, timeout=PATIENCE)


def test_pictures_are_read_though_a_worker_is_killed(client, scans):
    directory, labels = scans
    paths = [str(path) for path in sorted(directory.iterdir())] * 20
    answers = read_pictures(Predictor.load(weights.SMALL), paths, client.get_executor(), chunk=2, n_ahead=8)
    read = [next(answers)]
    os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
    read += answers
    assert [answer["path"] for answer in read] == paths
    assert [answer["text"] for answer in read] == labels * 20
    client.wait_for_workers(2, timeout=PATIENCE)


def test_a_worker_trains_with_one_thread(client, data):
    X, y = data

    def train(seed):
        threads = []

        def look(model, record):
            from fastnet.kernels.jit import get_threads

            threads.append(get_threads())

        large_enough_for_two = FastNetClassifier((256,), max_iter=1, random_state=seed, callbacks=[look])
        large_enough_for_two.set_params(learning_rate="linear").fit(X, y)
        return threads

    assert client.gather(client.map(train, [0, 1])) == [[1], [1]]
