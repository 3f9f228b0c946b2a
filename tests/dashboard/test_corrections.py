"""Teach it: what a visitor teaches the chosen model, the process that learns, and all of it in a browser."""

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.serving import wait_for
from fastnet import weights
from fastnet.dashboard.server import corrections as server
from fastnet.dashboard.server import library
from fastnet.dashboard.server.corrections import Task, UnderWay
from fastnet.dashboard.server.places import Places
from fastnet.dashboard.server.quotas import Quotas, Role
from fastnet.dashboard.server.shared import Shared
from fastnet.dashboard.session import corrections as session
from fastnet.dashboard.session.corrections import CALIBRATING, IDLE, LEARNING, Corrections
from fastnet.dashboard.session.store import Store
from fastnet.dashboard.views.reading.teaching import Teaching, questions
from fastnet.dashboard.worker import correcting as worker
from fastnet.errors import OptionError
from fastnet.models.calibration import read_calibration
from fastnet.models.documents import Score
from fastnet.models.files import read_model, write_model
from fastnet.reading.pictures import UNLIKE
from fastnet.training.correcting import Correction

from ..conftest import PATIENCE
from .conftest import serving
from .test_library import make_run

CHALK = 2  # the sample with a 3, an 8 and a 6


def learnt(n_lost: int = 2) -> Correction:
    before, after = Score(0.99, 0.03), Score(0.99 - n_lost / 10_000, 0.031)
    return Correction(40, True, before, after, 10_000, n_lost, n_won=0)


class Learner:
    """In the place of processes: each correction makes a model that answers what was taught last."""

    def __init__(self):
        self.tasks, self.stopped, self.outcome = [], 0, learnt()
        self.answer = None  # in the place of what was taught last
        self.uncalibrated = ""

    def begin(self, task: Task, visitor: str | None = None):
        self.tasks.append(task)
        make_run(task.out, bias=int(task.labels[-1]) if self.answer is None else self.answer)
        return self

    def hear_of_learning(self) -> Correction:
        if isinstance(self.outcome, OptionError):
            raise self.outcome
        return self.outcome

    def hear_of_the_end(self) -> str:
        return self.uncalibrated

    def stop(self) -> None:
        self.stopped += 1

    executor = None


@pytest.fixture
def learner() -> Learner:
    return Learner()


@pytest.fixture
def store(tmp_path, learner) -> Iterator[Store]:
    """One visitor's, with three digits on the board."""
    shared = Shared.open_to(Role.OWNERS, Quotas(), tmp_path / "models", tmp_path / "runs")
    vars(shared)["corrections"] = learner
    store = Store(shared=shared)
    store.show_sample(CHALK)
    assert store.answer.reading.text == "386"
    yield store
    store.close()


def test_digits_that_are_taught_add_up_until_the_model_is_kept(store, learner):
    view = Teaching(store)
    eight = store.answer.reading.digits[1]
    view._handle_msg({"digit": 1, "label": 0})
    assert view.problem == ""
    assert (view.state, view.taught) == (IDLE, ["0"])
    assert store.answer.reading.text == "000"  # what is on the board is read anew
    assert view.outcome["before"][8][0] == pytest.approx(float(eight.probabilities[8]))
    assert np.argmax([probability for probability, _ in view.outcome["after"]]) == 0
    assert "9,898, 2 fewer than before." in view.outcome["costPlainly"]
    assert "before 99.00%, loss 0.0300; now 98.98%, loss 0.0310; 2 lost and 0 won" in view.outcome["cost"]
    view._handle_msg({"digit": 2, "label": 5})
    view._handle_msg({"digit": 1, "label": 7})  # another word on the same digit takes the place of the first
    assert view.taught == ["5", "7"]
    task = learner.tasks[-1]
    assert task.model == weights.DIRECTORY / weights.SMALL  # from the model as it was
    np.testing.assert_array_equal(task.images[1], eight.pixels.reshape(-1))
    assert task.labels.tolist() == [5, 7]
    view._handle_msg({"keep": "no/name"})
    assert "a name has 1 to 40 letters" in view.problem
    view._handle_msg({"keep": " sevens "})
    assert (view.kept, view.taught, store.model) == ("sevens", [], "sevens")
    assert store.answer.reading.text == "777"
    assert not task.out.exists()
    assert store.corrected is None


def test_a_digit_that_the_board_cuts_otherwise_afterwards_is_said_to_be_read_only_by_itself(store, monkeypatch):
    view = Teaching(store)
    view._handle_msg({"digit": 1, "label": 0})
    assert not any("by itself" in remark for remark in view.remarks)

    monkeypatch.setattr(store, "_ask_again", lambda: store.show_sample(0))
    view._handle_msg({"digit": 1, "label": 0})
    assert any("of the digit by itself" in remark for remark in view.remarks)


def test_what_was_taught_is_forgotten_at_a_word_and_when_another_model_is_chosen(store, learner):
    view = Teaching(store)
    for forget in (lambda: view._handle_msg("forget"), lambda: store.param.update(model="mnist-784-512-10")):
        view._handle_msg({"digit": 0, "label": 9})
        assert store.answer.reading.text == "999"
        forget()
        view._show()
        assert (view.taught, view.outcome) == ([], {})
        assert store.answer.reading.text == "386"
        assert not learner.tasks[-1].out.exists()


def test_a_correction_under_way_ends_with_what_it_was_for(store, learner):
    corrections = Corrections(store)
    under_way = corrections.teach(0, 9)
    assert corrections.state == LEARNING
    assert not corrections.may_keep()
    assert corrections.problem == "there is nothing to keep yet"
    store.model = "mnist-784-512-10"
    assert learner.stopped == 1
    assert not corrections.take_in(under_way, learnt())  # it comes too late
    assert (corrections.state, corrections.taught) == (IDLE, [])
    under_way = corrections.teach(0, 9)
    assert corrections.take_in(under_way, learnt())
    assert corrections.state == CALIBRATING
    store.close()
    assert learner.stopped == 2
    assert not learner.tasks[-1].out.exists()


def test_what_cannot_be_taught_is_told_in_a_sentence(store, learner, monkeypatch):
    view = Teaching(store)
    corrections = view._corrections
    for number, label in ((3, 1), (-1, 1), (0, 10), (0, -1)):
        view._handle_msg({"digit": number, "label": label})
        assert view.problem == "there is no such digit on the board"
    for message in ("", {"digit": "0", "label": 1}, {"keep": 3}, 7, {}):
        view._handle_msg(message)
    monkeypatch.setattr(session, "MOST_TAUGHT", 1)
    view._handle_msg({"digit": 0, "label": 9})
    view._handle_msg({"digit": 1, "label": 9})
    assert "1 digits are the most that are taught at once" in view.problem
    corrections.state = LEARNING
    view._handle_msg({"digit": 0, "label": 8})
    assert "still busy" in view.problem
    corrections.state = IDLE
    learner.outcome = OptionError("the data are gone")
    view._handle_msg({"digit": 0, "label": 8})
    assert (view.problem, view.state, view.taught) == ("the data are gone", IDLE, ["9"])
    assert store.answer.reading.text == "999"  # what was learnt before holds


def test_what_is_likely_no_such_digit_is_asked_about(store, learner):
    learner.outcome = learnt(n_lost=90)
    view = Teaching(store)
    view._handle_msg({"digit": 1, "label": 8})
    assert view.outcome["costPlainly"].endswith("90 fewer than before. Was that really an 8?")


def test_what_it_knew_and_what_it_cannot_learn_are_told_so(store, learner):
    view = Teaching(store)
    learner.outcome = replace(learnt(), n_steps=0)
    view._handle_msg({"digit": 1, "label": 8})
    assert view.outcome["plainly"] == "It was sure of your 8 already: there was nothing to practise."
    learner.answer, learner.outcome = 8, replace(learnt(), is_learnt=False)
    view._handle_msg({"digit": 0, "label": 1})
    assert view.outcome["plainly"].startswith("It practised, and still takes it for an 8")
    assert "which is the most" in view.outcome["precisely"]


def test_an_answer_that_tells_something_else_than_the_network_now_does_is_explained(store, learner):
    view = Teaching(store)
    assert store.know({"pattern": "386"}) == ""
    view._handle_msg({"digit": 1, "label": 0})
    assert store.answer.reading.text == "386"
    assert view.remarks == [
        "The answer above still has an 8 there: what is known of the digits, below the board, goes before what the"
        " network sees."
    ]
    store.know({})
    assert view.remarks == []
    first, digit, last = store.answer.reading.digits
    others = {
        "no digit there: it is unlike any digit": replace(digit, digit=None, flags=("no digit", UNLIKE)),
        "a 1 there: digits that touch are read by a network of their own": replace(digit, digit=1),
    }
    for sentence, other in others.items():
        reading = store.answer.reading.with_digits((first, other, last))
        store.answer = replace(store.answer, reading=reading)
        assert view.remarks[0].startswith(f"The answer above still has {sentence}")


def test_digits_are_counted_without_empty_boxes_and_what_is_no_digit(store):
    three, eight, six = store.answer.reading.digits
    empty = replace(three, digit=None, kind="empty")
    asked = questions([empty, three, replace(eight, digit=None, kind="other"), empty, six])
    assert asked[1].startswith("Is digit 1 of 2, chosen above,")
    assert asked[2].startswith("Is what is chosen above a digit after all?")
    assert asked[4].startswith("Is digit 2 of 2, chosen above,")
    assert questions([three, eight])[0] == "Is digit 1 of 2, chosen above, read wrongly? Say what it is:"
    assert questions([three]) == ["Is that wrong? Say what it is:"]
    assert questions([empty, three]) == ["Is that wrong? Say what it is:"] * 2
    assert Teaching(store).questions == questions([three, eight, six])


def test_before_and_now_are_both_of_the_network_that_is_taught(store, learner):
    first, digit, last = store.answer.reading.digits
    by_another = replace(digit, probabilities=np.eye(10, dtype=np.float32)[1])  # as of two digits that touch
    store.answer = replace(store.answer, reading=store.answer.reading.with_digits((first, by_another, last)))
    view = Teaching(store)
    view._handle_msg({"digit": 1, "label": 0})
    assert np.argmax([probability for probability, _ in view.outcome["before"]]) == 8


def test_a_model_that_is_not_calibrated_anew_says_so_and_has_no_figures_of_the_earlier_one(
    store, learner, tmp_path, monkeypatch
):
    learner.uncalibrated = "a model that was trained without validation samples cannot be calibrated"
    view = Teaching(store)
    view._handle_msg({"digit": 1, "label": 0})
    assert view.remarks == [f"It has no calibration: {learner.uncalibrated}."]

    def correct(model, images, labels, out):
        write_model(out, {**known.parameters, "b2": known.parameters["b2"] + 1}, known.manifest)
        return learnt()

    def unable(model):
        raise OptionError(f"{model}: too few digits")

    known, told = read_model(weights.DIRECTORY / weights.SMALL), []
    (tmp_path / "out").mkdir()
    for name, other in (("correct_model", correct), ("calibrate", unable), ("leave_a_processor", lambda: None)):
        monkeypatch.setattr(worker, name, other)
    worker.work(SimpleNamespace(send=told.append), known.directory, None, None, tmp_path / "out")
    assert told == [learnt(), "the corrected model: too few digits"]  # and not where it lies
    assert read_calibration(read_model(tmp_path / "out")).measured == {}
    store.corrected = (store.model, tmp_path / "out")
    assert view._corrections.on_calibration().startswith("Its calibration is that of the model that it was: a model")


def test_what_is_taught_while_a_model_is_kept_is_not_begun_and_lost(store, learner):
    corrections = Corrections(store)
    assert corrections.take_in(corrections.teach(0, 9), learnt())
    corrections.end(learner, "")
    assert corrections.may_keep()
    assert corrections.teach(1, 8) is None
    assert corrections.problem == "it is still busy with the last thing; one after the other"
    corrections.choose_kept("nines", "the disk is full")
    assert (corrections.state, corrections.problem) == (IDLE, "the disk is full")
    assert corrections.may_keep()
    corrections.forget()
    assert corrections.keep("nines") == "it was forgotten meanwhile"


def test_a_model_that_is_being_kept_is_copied_whole_though_the_page_is_closed(store, learner, monkeypatch):
    corrections = Corrections(store)
    assert corrections.take_in(corrections.teach(0, 9), learnt())
    corrections.end(learner, "")
    copy, closing = library.copy_files, threading.Thread(target=store.close)

    def copied_meanwhile(source, target):
        closing.start()
        closing.join(0.05)  # it would take no longer
        assert list(source.iterdir())
        copy(source, target)

    monkeypatch.setattr(library, "copy_files", copied_meanwhile)
    assert corrections.keep("nines") == ""
    closing.join(PATIENCE)
    assert not learner.tasks[-1].out.exists()
    assert store.shared.library.load("nines")


# ---- The process -----------------------------------------------------------------------------------------------------


def refusing(pipe, task):
    pipe.send("the data are gone")


def test_a_process_that_fails_is_told_of_and_its_place_is_free_again(tmp_path, monkeypatch):
    places = Places()
    task = Task(tmp_path / "model", np.zeros((1, 784), np.uint8), np.zeros(1, np.int64), tmp_path / "out")
    corrections = server.Corrections(places, refusing)
    under_way = corrections.begin(task)
    with pytest.raises(OptionError, match="somebody trains or measures here just now"):
        corrections.begin(task)
    with pytest.raises(OptionError, match="the data are gone"):
        under_way.hear_of_learning()
    under_way = server.Corrections(places, refusing).begin(task)
    under_way.stop()
    assert places.take("another")
    places.free("another")

    def unable(*_, **__):
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(server, "start_beside", unable)
    with pytest.raises(OptionError, match="nothing can be learnt now: resource temporarily unavailable"):
        corrections.begin(task)
    assert places.take("another")


def test_a_correction_that_takes_too_long_is_ended_and_both_parts_share_its_time():
    ended, polled, freed = threading.Event(), [], []
    process = SimpleNamespace(kill=ended.set, join=ended.wait)
    under_way = UnderWay(process, SimpleNamespace(poll=polled.append), lambda: freed.append(True))
    with pytest.raises(OptionError, match="it took too long, and was ended"):
        under_way.hear_of_learning()
    assert freed == [True]
    assert under_way.hear_of_the_end() == "it took too long, and was ended"
    assert 0 <= polled[1] < polled[0] <= server.MOST_SECONDS


# ---- In a browser ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A server whose models are gone with the test."""
    options = ["--models", str(tmp_path_factory.mktemp("models"))]
    with serving(["-P", "-m", "fastnet", "dashboard", *options, "--port"]) as root:
        wait_for(root, PATIENCE)
        yield root


def test_a_visitor_teaches_one_of_three_digits_by_keyboard_and_keeps_the_model(open_page):
    from playwright.sync_api import expect

    page = open_page()
    page.get_by_alt_text("Sample: Chalk on a board").click()
    text = page.locator("output.digits")
    expect(text).to_have_text("386")
    page.locator(".tile").nth(1).press("Enter")
    expect(page.get_by_text("Is digit 2 of 3, chosen above, read wrongly?")).to_be_visible()
    three = page.get_by_role("group", name="What this digit is").get_by_role("button", name="3")
    three.press("Enter")
    expect(page.get_by_role("status").filter(has_text="It practises")).to_be_visible()
    row = page.get_by_role("row", name=re.compile("^3 "))
    expect(row).to_have_text(re.compile(r"^3\s*(<0\.1|\d+\.\d)%\s*9\d\.\d%$"))
    expect(text).to_have_text("336")
    expect(page.get_by_role("status").filter(has_text="steps of Adam")).to_contain_text(
        "Test set of 10,000: before 99."
    )
    expect(three).to_be_focused()
    page.get_by_text("Show the network").click()
    expect(page.locator(".outputs .best b")).to_have_text("3")  # by the network that gave the answer
    keep = page.get_by_role("button", name="Keep it")
    expect(keep).to_be_enabled()
    page.set_viewport_size({"width": 390, "height": 400})
    for name in ("no/name", "threes"):
        page.get_by_label("Name of your model").fill(name)
        page.get_by_label("Name of your model").press("Enter")
        if name == "no/name":
            expect(page.get_by_role("alert").filter(has_text="A name has 1 to 40 letters")).to_be_in_viewport()
    expect(page.get_by_role("status").filter(has_text="Kept: “threes” is the model that reads now.")).to_be_visible()
    expect(page.get_by_role("combobox", name="Model").first).to_have_text("threes")
    expect(page.get_by_role("definition").filter(has_text="1 image")).to_be_visible()
    expect(text).to_have_text("336")
