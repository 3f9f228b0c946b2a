"""The dashboard's state, without a browser and without Panel."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from fastnet import weights
from fastnet.dashboard import store as store_module
from fastnet.dashboard.store import MOST_MEGABYTES, Store, model_facts, sample_digits
from fastnet.errors import ModelError
from fastnet.inference import Predictor


@pytest.fixture
def store() -> Store:
    return Store()


def png(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def test_the_default_model_is_loaded_with_its_facts(store):
    facts = dict(store.facts)
    assert store.model == weights.DEFAULT
    assert facts["Layers"] == "784 → 512 → 10"
    assert facts["Parameters"] == "407,050"
    assert facts["Optimizer"].startswith("Adam, learning rate ")
    assert "epochs in batches of" in facts["Training"]
    assert store.problem == ""


@pytest.mark.parametrize(("test", "expected"), [(None, None), ({"accuracy": 0.98765, "loss": 0.04}, "98.77%")])
def test_the_test_accuracy_is_told_where_it_is_known(test, expected):
    known = Predictor.load()
    known.manifest["test"] = test
    assert dict(model_facts(known)).get("Test accuracy") == expected


def test_facts_need_no_manifest():
    parameters = {"W1": np.zeros((4, 3)), "b1": np.zeros(3), "W2": np.zeros((3, 2)), "b2": np.zeros(2)}
    assert model_facts(Predictor(parameters, 1.0)) == [("Layers", "4 → 3 → 2"), ("Parameters", "23")]


@pytest.mark.parametrize("digit", range(10))
def test_each_sample_gets_its_digit(store, digit):
    store.show_sample(digit)
    assert store.answer.digit == digit
    assert store.answer.probability == store.answer.probabilities[digit] > 0.9
    assert store.answer.probabilities.shape == (10,)
    assert store.answer.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert store.answer.pixels.shape == (28, 28)


@pytest.mark.parametrize("digit", [-1, 10])
def test_no_other_samples_are_there(store, digit):
    store.show_sample(digit)
    assert store.answer is None
    assert store.problem == f"{digit}: there are sample digits from 0 to 9"


def test_a_file_is_seen_as_the_network_sees_it(store):
    store.show_file("five.png", png(255 - np.kron(sample_digits()[5], np.ones((10, 10), np.uint8))))
    assert store.problem == ""
    assert (store.answer.caption, store.answer.digit) == ("five.png", 5)
    np.testing.assert_array_equal(store.answer.pixels, sample_digits()[5])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "bad.png: is not a sound picture"),
        (b"no picture at all", "bad.png: is not a sound picture"),
        (png(sample_digits()[8])[:100], "bad.png: is not a sound picture"),
        (bytes(MOST_MEGABYTES * 10**6 + 1), f"bad.png: is larger than {MOST_MEGABYTES} MB"),
    ],
    ids=["empty", "text", "cut off", "too large"],
)
def test_a_bad_file_gets_a_sentence_and_the_session_goes_on(store, content, sentence):
    store.show_sample(1)
    store.show_file("bad.png", content)
    assert store.problem.startswith(sentence)
    assert not store.answer
    store.show_sample(2)
    assert store.problem == ""
    assert store.answer.digit == 2


def test_another_model_is_asked_about_the_same_picture(store, monkeypatch):
    biased = Predictor({"W1": np.zeros((784, 10), np.float32), "b1": np.eye(10, dtype=np.float32)[4]}, 1.0)
    monkeypatch.setattr(store_module, "load_model", lambda name: biased)
    store.show_sample(3)
    store.model = "biased"
    assert (store.answer.caption, store.answer.digit) == ("Sample digit 3", 4)
    assert dict(store.facts)["Layers"] == "784 → 10"


def test_a_damaged_model_gets_a_sentence(store, monkeypatch):
    def refuse(name):
        raise ModelError(f"{name}: is damaged")

    monkeypatch.setattr(store_module, "load_model", refuse)
    store.model = "damaged"
    assert store.problem == "damaged: is damaged"
    assert store.facts == []
    store.show_sample(3)
    assert store.answer is None
    assert store.problem == "damaged: is damaged"


def test_the_store_does_not_load_panel():
    subprocess.run(
        [sys.executable, "-c", "import fastnet.dashboard.store, sys; assert 'panel' not in sys.modules"], check=True
    )
