"""The dashboard's views and their life, without a browser."""

import gc
import html
import json
import queue
import threading
import weakref
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import panel as pn
import pytest

from fastnet import weights
from fastnet.dashboard.app import create_app
from fastnet.dashboard.session.drawing import HEIGHT, WIDTH, Stroke
from fastnet.dashboard.session.store import Answer, Store
from fastnet.dashboard.views import parts
from fastnet.dashboard.views.audit.embedding import marked_html
from fastnet.dashboard.views.audit.point import point_html
from fastnet.dashboard.views.audit.units import UnitsView, answers
from fastnet.dashboard.views.probabilities import percent
from fastnet.dashboard.views.reading.answer import AnswerView, answer_message
from fastnet.dashboard.views.reading.board import Board, boxes
from fastnet.dashboard.views.reading.gallery import Gallery
from fastnet.dashboard.views.reading.model import facts_html, model_name, name_html
from fastnet.reading.recognition import DigitReading, Reading

from ..conftest import PATIENCE
from .test_audit_state import opened

ONE = Stroke(np.array([[0.5, 0.2, 0.07], [0.5, 0.8, 0.07]], np.float32))


def digit(label: int, box=(0, 0, 28, 28), flags=()) -> DigitReading:
    probabilities = np.full(10, 0.02, np.float32)
    probabilities[label] = 0.82
    pixels, second = np.zeros((28, 28), np.uint8), (label + 1) % 10
    return DigitReading(label, 0.82, probabilities, second, flags, box, pixels, str(label), str(second))


def answer(*digits: DigitReading, flags=(), size=(WIDTH, HEIGHT)) -> Answer:
    first = digits[0] if digits else DigitReading(None, 0.0, np.full(10, 0.1), None, (), (0, 0, 0, 0), None, "0", "1")
    figures = first.digit, first.probability, first.probabilities, first.second, first.label, first.second_label
    reading = Reading(digits, flags, (), size, *figures)
    return Answer("a picture", reading, tuple(np.ones((28, 28), np.float32) for _ in digits))


def test_the_page_holds_a_board_a_gallery_and_a_choice_of_models():
    page = create_app()
    assert [len(page.select(view)) for view in (Board, Gallery, AnswerView, pn.widgets.Select)] == [1, 1, 1, 1]


def test_a_page_can_be_collected():
    page = weakref.ref(create_app())
    gc.collect()
    assert page() is None


def test_names_of_facts_are_escaped():
    assert "<b>" not in facts_html([("<b>", "<b>")])


def test_the_model_that_reads_is_named_beside_the_answer():
    store = Store()
    name = model_name(store)
    assert ">Model: mnist-784-512-10-people<" in name()
    store.model = weights.DEFAULT
    assert f">Model: {weights.DEFAULT}<" in name()
    store.model = "not here"
    assert name() == ""
    mine = Path("models/<i>")
    assert name_html("<i>", Store().predictor, ("<i>", mine)).count("Model: &lt;i&gt;, as you taught it<") == 1
    assert "taught" not in name_html("other", Store().predictor, ("<i>", mine))


def test_the_model_that_reads_is_named_in_the_saved_answer(monkeypatch):
    store, sent = Store(), []
    view = AnswerView(store)
    monkeypatch.setattr(view, "_send_msg", sent.append)
    store.show_sample(0)
    view._handle_msg({"file": "json"})
    store.model = weights.DEFAULT
    view._handle_msg({"file": "json"})
    store.corrected = weights.DEFAULT, weights.DIRECTORY / weights.DEFAULT
    view._handle_msg({"file": "json"})
    names = [json.loads(message["content"])["model"] for message in sent]
    assert names == [weights.SMALL, weights.DEFAULT, f"{weights.DEFAULT}, as you taught it"]


@pytest.mark.parametrize(
    "message",
    [
        None,
        3,
        {},
        {"strokes": 3, "resting": True},
        {"strokes": [], "resting": 1},
        {"sample": "3"},
        {"sample": -1},
        {"sample": 10**9},
        {"picture": 0},
        {"name": "x.png"},
        {"name": 1, "content": b""},
    ],
)
@pytest.mark.parametrize("view", [Board, Gallery])
def test_messages_of_another_form_are_ignored(view, message):
    store = Store()
    view(store)._handle_msg(message)
    assert (store.answer, store.problem, store.pictures) == (None, "", [])


def test_work_aside_ends_on_the_event_loop(monkeypatch):
    ended = []
    scheduled = queue.Queue()
    document = SimpleNamespace(session_context=object(), add_next_tick_callback=scheduled.put)
    monkeypatch.setattr(parts, "pn", SimpleNamespace(state=SimpleNamespace(curdoc=document)))
    parts.aside(threading.current_thread, ended.append)
    finish = scheduled.get(timeout=PATIENCE)
    assert ended == []
    finish()
    assert ended != [threading.current_thread()]
    assert len(ended) == 1


def test_strokes_that_are_none_get_a_sentence():
    store = Store()
    Board(store)._handle_msg({"strokes": [{"points": [float("nan")] * 3, "erases": False}], "resting": True})
    assert store.problem == "a stroke holds NaN or infinite numbers"
    assert answer_message(store.answer, store.problem)["problem"] == "a stroke holds NaN or infinite numbers"


def test_a_drawing_is_answered_on_the_board_and_beside_it():
    store = Store()
    board, view = Board(store), AnswerView(store)
    points = [0.5, 0.2, 0.07, 0.5, 0.8, 0.07]
    board._handle_msg({"strokes": [{"points": points, "erases": False}], "resting": True})
    assert view.answer["text"] == "1"
    assert (board.picture, board.boxes) == ("", [])  # one digit needs no box
    points = [0.8, 0.2, 0.07, 0.8, 0.8, 0.07]
    store.draw([ONE, Stroke(np.reshape(points, (2, 3)).astype(np.float32))])
    assert [box[-1] for box in board.boxes] == ["1", "1"]


def test_a_picture_lies_on_the_board_until_people_draw():
    store = Store()
    board = Board(store)
    store.show_sample(0)
    assert board.picture.startswith("data:image/png;base64,")
    assert [box[-1] for box in board.boxes] == list("94107")
    store.draw([ONE])
    assert (board.picture, board.boxes) == ("", [])


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((WIDTH, HEIGHT), (0, 0, 0.5, 0.5)),
        ((WIDTH, HEIGHT // 2), (0, 0.25, 0.5, 0.75)),  # a wide picture lies between bands above and below
        ((WIDTH // 2, HEIGHT), (0.25, 0, 0.75, 0.5)),
    ],
)
def test_boxes_are_where_the_picture_lies_on_the_paper(size, expected):
    box = (0, 0, min(size[0], WIDTH // 2), min(size[1], HEIGHT // 2))
    assert boxes(answer(digit(3, box), size=size)) == [(*expected, "3")]


def test_the_answer_is_told_in_words():
    message = answer_message(answer(digit(3)), "")
    assert (message["text"], message["sentence"], message["second"]) == ("3", "82.0%", "second guess 4, 2.0%")
    assert (message["is_unsure"], message["reasons"]) == (False, [])


def test_no_probability_is_told_as_nothing_or_as_certain():
    told = [percent(probability) for probability in (0.0, 0.0004, 0.0006, 0.5, 0.9994, 0.9996, 1.0)]
    assert told == ["<0.1%", "<0.1%", "0.1%", "50.0%", "99.9%", ">99.9%", ">99.9%"]


def test_several_digits_are_told_by_the_least_sure():
    message = answer_message(answer(digit(3), digit(4)), "")
    assert (message["text"], message["sentence"], message["second"]) == ("34", "2 digits, the least sure 82.0%", "")


def in_boxes(*boxes: DigitReading | None) -> Answer:
    """A row of boxes with these in them; None for an empty one."""
    empty = replace(digit(0), digit=None, label="", kind="empty")
    return answer(*(replace(box or empty, column=column) for column, box in enumerate(boxes)))


def test_digits_in_boxes_are_told_with_the_boxes():
    message = answer_message(in_boxes(None, digit(3), digit(4), None, digit(5), None), "")
    assert (message["text"], message["sentence"]) == ("_34_5_", "3 digits in 6 boxes, the least sure 82.0%")
    assert message["plainly"] == "I see 3 digits in 6 boxes"
    message = answer_message(in_boxes(None, digit(3)), "")
    assert (message["sentence"], message["plainly"]) == (
        "1 digit in 2 boxes, the least sure 82.0%",
        "I see 1 digit in 2 boxes",
    )


def test_boxes_with_a_letter_alone_hold_no_digit():
    letter = replace(digit(0), digit=None, label="", kind="other")
    message = answer_message(in_boxes(None, letter), "")
    assert (message["sentence"], message["plainly"]) == ("No digit found", "I see no digit")


def test_the_reasons_of_doubt_are_told():
    message = answer_message(answer(digit(3), flags=("unsure", "low contrast")), "")
    assert (message["is_unsure"], message["reasons"]) == (True, ["Low contrast"])
    assert message["sentence"] == "Unsure: 82.0%"


def test_doubts_of_one_among_several_digits_are_told():
    message = answer_message(answer(digit(3), digit(4), flags=("unsure", "unlike any digit")), "")
    assert (message["is_unsure"], message["reasons"]) == (True, ["Unlike any digit"])
    assert message["sentence"] == "Unsure: 2 digits, the least sure 82.0%"


def test_what_is_hardly_a_digit_is_called_so():
    message = answer_message(
        answer(digit(8, flags=("unsure", "unlike any digit")), flags=("unsure", "unlike any digit")), ""
    )
    assert message["sentence"] == "Unlike any digit; if it is one, 82.0%"
    assert message["plainly"] == "I doubt that this is a digit; if it is one, an 8"


def test_what_is_said_of_units_cells_and_certainty_is_so(models):
    _, state = opened(models)
    dead = int(np.flatnonzero(state.audit.active_shares[0] == 0)[0])
    state.toggle_unit(dead)
    view = UnitsView(state)
    assert (view.sentence, view.exciting) == (f"Unit {dead} is dead: it answers to none of the test digits.", [])
    assert answers(3, 0.0, "tanh") == "Unit 3 answers above 0 to 0.00% of the test digits."
    state.toggle_cell(0, 1)  # which is empty
    assert "(0), there are among the points: none." in marked_html(state, state.cell)
    surest = int(state.audit.probabilities.max(axis=1).argmax())
    assert ">99.9%" in html.unescape(point_html(state, surest))


def test_no_digit_is_told_with_the_reason():
    message = answer_message(answer(flags=("no digit", "blank")), "")
    assert (message["text"], message["sentence"], message["reasons"]) == ("", "No digit found", ["Blank"])
