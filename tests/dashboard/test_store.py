"""The dashboard's state, without a browser and without Panel."""

import dataclasses
import io
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fastnet import weights
from fastnet.dashboard.server.library import Library
from fastnet.dashboard.server.samples import samples
from fastnet.dashboard.server.shared import Shared
from fastnet.dashboard.session import store as store_module
from fastnet.dashboard.session.drawing import Stroke
from fastnet.dashboard.session.store import MOST_PICTURES, MOST_SIDE, Store, model_facts, read_file
from fastnet.dashboard.views.learn.network import _model_or_small
from fastnet.dashboard.worker.audit_files import audit_file, file_names
from fastnet.dashboard.worker.sentences import for_visitors
from fastnet.errors import DataError, ModelError, OptionError
from fastnet.models.documents import Score
from fastnet.packages import require_packages
from fastnet.reading.predictor import Predictor
from fastnet.web.reading import MOST_PICTURE_MEGABYTES

ONE = Stroke(np.array([[0.5, 0.2, 0.07], [0.5, 0.8, 0.07]], np.float32))


def png(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def black_on_white(title: str) -> bytes:
    """A typical digit as a scanner would see it."""
    content = next(sample.content for sample in samples() if sample.title == title)
    return png(255 - np.kron(np.asarray(Image.open(io.BytesIO(content))), np.ones((10, 10), np.uint8)))


FIVE = black_on_white("Digit 5")


@pytest.fixture
def store() -> Store:
    return Store()


def test_the_default_model_is_loaded_with_its_facts(store):
    facts = dict(store.facts)
    assert store.model == weights.SMALL
    assert facts["Layers"] == "784 → 512 → 10"
    assert facts["Parameters"] == "407,050"
    assert facts["Optimizer"].startswith("Adam, learning rate ")
    assert "epochs in batches of" in facts["Training"]
    assert store.problem == ""


@pytest.mark.parametrize(("test", "expected"), [(None, None), (Score(0.98765, 0.04), "98.77%")])
def test_the_test_accuracy_is_told_where_it_is_known(test, expected):
    known = Predictor.load(weights.SMALL)
    known.manifest = dataclasses.replace(known.manifest, test=test)
    assert dict(model_facts(known)).get("Test accuracy") == expected


def test_the_solver_is_told_that_a_model_was_trained_with():
    known = Predictor.load(weights.SMALL)
    recipe = known.manifest.recipe | {"solver": "sgd", "momentum": 0.8}
    known.manifest = dataclasses.replace(known.manifest, recipe=recipe)
    assert dict(model_facts(known))["Optimizer"].startswith("SGD, momentum 0.8, learning rate ")


def test_facts_need_no_manifest():
    parameters = {"W1": np.zeros((4, 3)), "b1": np.zeros(3), "W2": np.zeros((3, 2)), "b2": np.zeros(2)}
    assert model_facts(Predictor(parameters, 1.0)) == [("Layers", "4 → 3 → 2"), ("Parameters", "23")]


def sample(title: str) -> int:
    return next(number for number, sample in enumerate(samples()) if sample.title == title)


@pytest.mark.parametrize("digit", range(10))
def test_each_typical_digit_is_read(store, digit):
    store.show_sample(sample(f"Digit {digit}"))
    reading = store.answer.reading
    assert (reading.digit, store.answer.caption) == (digit, f"Digit {digit}")
    assert reading.probability > 0.9
    assert [heat.shape for heat in store.answer.heat_maps] == [(28, 28)]
    assert not store.is_drawing


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("A postcode", "94107"),
        ("A photograph with a shadow", "4"),
        ("Chalk on a board", "386"),
        ("A ruled notepad", "2"),
        ("Three lines", "215\n708\n923"),
        ("Small on a large page", "6"),
        ("A thick marker", "0"),
        ("A faint pencil", "7"),
        ("Transparent ground", "5"),
    ],
)
def test_the_other_samples_are_read_too(store, title, text):
    store.show_sample(sample(title))
    assert store.answer.reading.text == text


def test_what_is_no_digit_is_doubted(store):
    store.show_sample(sample("No digit at all"))
    assert "unlike any digit" in store.answer.reading.flags


def test_pictures_that_leave_the_list_are_told(store):
    for number in range(MOST_PICTURES + 10):
        store.add_picture(f"{number}.png", b"", DataError("no picture"))
    assert (len(store.pictures), store.n_forgotten) == (MOST_PICTURES, 10)


@pytest.mark.parametrize("number", [-1, 10**9])
def test_no_other_samples_are_there(store, number):
    store.show_sample(number)
    assert (store.answer, store.problem) == (None, "")


def test_a_drawing_is_read_and_empty_paper_needs_no_answer(store):
    store.draw([ONE], is_final=False)
    assert (store.answer.reading.text, store.answer.is_final, store.is_drawing) == ("1", False, True)
    store.draw([ONE])
    assert store.answer.is_final
    store.draw([])
    assert (store.answer, store.is_drawing) == (None, True)


def test_files_are_read_and_kept_newest_first(store):
    store.add_picture("five.png", FIVE)
    store.add_picture("again.png", FIVE)
    assert [(picture.name, picture.text) for picture in store.pictures] == [("again.png", "5"), ("five.png", "5")]
    assert (store.shown, store.answer.caption) == (0, "again.png")
    store.show_picture(1)
    assert (store.shown, store.answer.caption) == (1, "five.png")
    store.draw([ONE])
    assert store.shown == -1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "bad.png: is empty (0 bytes)"),
        (b"no picture at all", "bad.png: is text, not a picture"),
        (FIVE[:100], "bad.png: is a picture that is cut short"),
        (bytes(MOST_PICTURE_MEGABYTES * 10**6 + 1), f"bad.png: is larger than {MOST_PICTURE_MEGABYTES} MB"),
    ],
    ids=["empty", "text", "cut off", "too large"],
)
def test_a_bad_file_gets_a_sentence_and_the_session_goes_on(store, content, sentence):
    store.add_picture("five.png", FIVE)
    store.add_picture("bad.png", content)
    bad, good = store.pictures
    assert bad.problem.startswith(sentence)
    assert bad.content == b""
    assert (good.text, good.problem) == ("5", "")
    assert (store.answer.caption, store.shown) == ("five.png", 1)  # what was read before stays
    before = store.answer
    store.model = weights.names()[-1]
    assert store.pictures[0] is bad  # no other model makes a picture of it
    assert store.answer is not before
    assert (store.answer.caption, store.shown) == ("five.png", 1)
    store.show_picture(1)
    assert (store.answer.caption, store.shown) == ("five.png", 1)
    store.add_picture("six.png", FIVE)
    assert store.shown == 0


def test_a_drawing_stays_where_a_bad_file_is_brought(store):
    store.draw([ONE])
    before = store.answer
    store.add_picture("bad.png", b"no picture at all")
    assert (store.answer, store.is_drawing, store.shown) == (before, True, -1)
    assert store.problem == "bad.png was not read; this is still the answer to your drawing"


def test_an_answer_that_stays_says_whose_it_is_until_there_is_another(store):
    store.add_picture("bad.png", b"no picture at all")
    assert store.problem == ""  # there is no answer that could be taken for its
    store.add_picture("five.png", FIVE)
    assert store.problem == ""
    store.add_picture("worse.png", b"no picture at all")
    assert store.problem == "worse.png was not read; this is still the answer to five.png"
    store.show_picture(1)
    assert store.problem == ""


def test_no_answer_stays_of_a_picture_that_left_the_list_or_cannot_be_read_any_more(store, monkeypatch):
    store.add_picture("five.png", FIVE)
    monkeypatch.setattr(store_module, "MOST_PICTURES", 2)
    store.add_picture("bad.png", b"no picture at all")
    assert store.answer.caption == "five.png"
    store.add_picture("worse.png", b"no picture at all")
    assert (store.answer, store.shown) == (None, -1)
    store.add_picture("six.png", FIVE)

    def refuse(*_, **__):
        raise MemoryError

    monkeypatch.setattr(store_module, "ask", refuse)
    store.model = weights.names()[-1]
    assert (store.answer, store.shown) == (None, -1)  # what another model read would mislead
    assert store.pictures[0].problem == "six.png: there is not enough memory"


def test_a_file_that_was_read_elsewhere_is_shown_as_it_was_read(store):
    outcome = read_file(store.predictor, "five.png", FIVE)
    store.add_picture("five.png", b"not read again", outcome)
    assert store.answer is outcome
    store.add_picture("bad.png", FIVE, read_file(store.predictor, "bad.png", b"no picture"))
    assert store.pictures[0].problem.startswith("bad.png: is text, not a picture")


def test_a_session_keeps_few_pictures(store, monkeypatch):
    monkeypatch.setattr(store_module, "MOST_PICTURES", 3)
    for number in range(5):
        store.add_picture(f"{number}.png", FIVE)
    assert [picture.name for picture in store.pictures] == ["4.png", "3.png", "2.png"]
    monkeypatch.setattr(store_module, "MOST_KEPT_BYTES", len(FIVE) * 2)
    store.add_picture("5.png", FIVE)
    assert [picture.name for picture in store.pictures] == ["5.png", "4.png"]


def test_large_pictures_are_kept_small_but_their_boxes_are_those_of_the_file(store):
    large = np.kron(np.asarray(Image.open(io.BytesIO(FIVE))), np.ones((10, 10), np.uint8))
    store.add_picture("large.png", png(large))
    assert max(max(stage.pixels.shape) for stage in store.answer.reading.stages) <= MOST_SIDE
    assert store.answer.reading.size == large.shape[::-1]
    assert max(store.answer.reading.digits[0].box) > MOST_SIDE


def test_another_model_is_asked_about_the_same_picture(store, monkeypatch):
    biased = Predictor({"W1": np.zeros((784, 10), np.float32), "b1": np.eye(10, dtype=np.float32)[4]}, 1.0)
    store.add_picture("five.png", FIVE)
    store.draw([ONE])
    monkeypatch.setattr(store.shared.library, "load", lambda name: biased)
    store.model = "biased"
    assert store.answer.caption == "Your drawing"
    assert store.answer.reading.probabilities.argmax() == 4
    assert dict(store.facts)["Layers"] == "784 → 10"
    store.show_picture(0)
    store.model = "biased too"
    assert store.answer.caption == "five.png"


def test_a_damaged_model_gets_a_sentence(store, monkeypatch):
    def refuse(name):
        raise ModelError(f"{name}: is damaged")

    monkeypatch.setattr(store.shared.library, "load", refuse)
    store.model = "damaged"
    assert store.problem == "damaged: is damaged"
    assert store.facts == []
    store.draw([ONE])
    assert (store.answer, store.problem) == (None, "damaged: is damaged")


def test_visitors_are_told_a_models_name_and_the_log_where_it_lies(tmp_path, capfd):
    folder = Path(shutil.copytree(weights.DIRECTORY / weights.SMALL, tmp_path / "mine"))
    store = Store(shared=Shared(Library(tmp_path)))
    (folder / "W1.npy").write_bytes(b"")
    store.model = "mine"
    assert store.problem.startswith("mine/W1.npy: ")
    assert f"{folder}/W1.npy: " in capfd.readouterr().err
    assert _model_or_small(store, "mine")[1].startswith("mine is not shown: mine/W1.npy: ")
    store.corrected = ("mine", tmp_path / "temporary")
    assert str(tmp_path) not in store.problem
    assert audit_file(folder, file_names()[0]).startswith("mine/")


@pytest.mark.parametrize("act", [lambda store: store.show_sample(0), lambda store: store.draw([ONE])])
def test_no_earlier_answer_stands_beside_what_could_not_be_read(store, monkeypatch, act):
    def refuse(*_, **__):
        raise MemoryError

    store.add_picture("five.png", FIVE)
    monkeypatch.setattr(store_module, "ask", refuse)
    act(store)
    assert (store.answer, store.shown, store.problem) == (None, -1, "there is not enough memory")


def test_a_picture_that_needs_too_much_memory_gets_a_sentence(store, monkeypatch):
    def refuse(*_, **__):
        raise MemoryError

    monkeypatch.setattr(store_module, "ask", refuse)
    store.add_picture("five.png", FIVE)
    assert (store.answer, store.pictures[0].problem) == (None, "five.png: there is not enough memory")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(13, "Permission denied", "W1.npy"), "W1.npy: permission denied"),
        (MemoryError(), "there is not enough memory"),
    ],
)
def test_a_model_that_cannot_be_opened_leaves_nothing_of_another(store, monkeypatch, error, sentence):
    def refuse(name):
        raise error

    store.draw([ONE])
    load = store.shared.library.load
    monkeypatch.setattr(store.shared.library, "load", refuse)
    store.model = weights.names()[-1]
    assert (store.answer, store.predictor, store.facts, store.problem) == (None, None, [], sentence)
    monkeypatch.setattr(store.shared.library, "load", load)
    store.model = weights.SMALL
    assert store.answer.reading.text == "1"  # the drawing is still on the paper


def test_a_picture_below_a_bad_file_is_read_again_once_the_model_is_sound(store, monkeypatch):
    def refuse(name):
        raise ModelError(f"{name}: is damaged")

    store.add_picture("five.png", FIVE)
    store.add_picture("bad.png", b"no picture at all")
    with monkeypatch.context() as damaged:
        damaged.setattr(store.shared.library, "load", refuse)
        store.model = weights.names()[-1]
    assert (store.answer, store.shown) == (None, -1)
    store.model = weights.SMALL
    assert (store.answer.caption, store.shown) == ("five.png", 1)


def test_the_store_does_not_load_panel():
    subprocess.run(
        [sys.executable, "-c", "import fastnet.dashboard.session.store, sys; assert 'panel' not in sys.modules"],
        check=True,
    )


def test_visitors_are_not_told_where_the_servers_python_lies(monkeypatch, capsys):
    monkeypatch.setattr(sys, "executable", "/srv/digits/bin/python3")
    with pytest.raises(OptionError) as told:
        require_packages("an audit", "no_such_package")
    assert for_visitors(told.value, {}) == "an audit needs more packages: python3 -m pip install no_such_package"
    assert capsys.readouterr().err == f"{told.value}\n"
