"""What is known of the digits, on the page: the form, the store behind it, rows, left-out ink and doubt."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from fastnet.dashboard.server.samples import samples
from fastnet.dashboard.session.drawing import HEIGHT, WIDTH
from fastnet.dashboard.session.results import answer_as_json
from fastnet.dashboard.session.store import Answer, Store, read_file
from fastnet.dashboard.views.reading.answer import answer_message
from fastnet.dashboard.views.reading.board import Board, left_out
from fastnet.dashboard.views.reading.gallery import Gallery
from fastnet.dashboard.views.reading.known import Known
from fastnet.errors import DataError
from fastnet.reading.pictures import LeftOut
from fastnet.reading.recognition import Reading


@pytest.fixture(scope="module")
def one():
    pixels = np.full((80, 80), 255, np.uint8)
    pixels[15:65, 38:44] = 0
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def test_what_is_known_has_the_picture_on_the_board_read_again(one):
    store = Store()
    known = Known(store)
    store.add_picture("one.png", one)
    known._handle_msg({"known": {"digits": "", "pattern": "7", "range": "", "check": ""}})
    assert store.answer.reading.text == "7"
    assert "Read 1, taken as 7" in answer_message(store.answer, "")["reasons"]
    known._handle_msg({"known": {"digits": "", "pattern": "", "range": "", "check": ""}})
    assert store.answer.reading.text == "1"


def test_what_is_wrong_with_it_is_told_and_the_answer_stays(one):
    store = Store()
    known = Known(store)
    store.add_picture("one.png", one)
    before = store.answer
    known._handle_msg({"known": {"digits": "six"}})
    assert known.problem == "the number of digits is a whole number from 1 to 100, not 'six'"
    assert store.answer is before
    known._handle_msg({"known": {"digits": "1"}})
    assert known.problem == ""


@pytest.mark.parametrize("message", [None, {}, {"known": 3}, {"known": {"digits": 3}}, {"known": {"else": "1"}}])
def test_messages_of_another_form_are_ignored(message):
    store = Store()
    known = Known(store)
    known._handle_msg(message)
    assert (known.problem, store.answer) == ("", None)


def test_doubtful_pictures_look_doubtful_in_the_list(one):
    store = Store()
    gallery, known = Gallery(store), Known(store)
    store.add_picture("one.png", one)
    assert [row["is_unsure"] for row in gallery.pictures] == [False]
    known._handle_msg({"known": {"pattern": "7"}})
    assert [(row["text"], row["is_unsure"]) for row in gallery.pictures] == [("7", True)]


def test_of_a_document_the_first_page_is_read_and_that_is_told(one):
    content = io.BytesIO()
    page = Image.open(io.BytesIO(one))
    page.save(content, "TIFF", save_all=True, append_images=[page.copy()] * 2)
    store = Store()
    store.add_picture("letter.tif", content.getvalue())
    assert (store.pictures[0].text, answer_message(store.answer, "")["notes"]) == ("1", "page 1 of 3")


def a_document(*pages: bytes) -> bytes:
    first, *others = (Image.open(io.BytesIO(page)).convert("L") for page in pages)
    content = io.BytesIO()
    first.save(content, "TIFF", save_all=True, append_images=others)
    return content.getvalue()


def test_the_pages_of_a_document_are_chosen(one):
    store = Store()
    gallery, pages, known = Gallery(store), Board(store), Known(store)
    store.add_picture("letter.tif", a_document(one, samples()[0].content, one))
    assert (pages.page, pages.n_pages, store.pictures[0].text) == (1, 3, "1")
    gallery._handle_msg({"picture": 0, "page": 2})
    assert (pages.page, gallery.pictures[0]["pages"], store.answer.reading.text) == (2, "page 2 of 3", "94107")
    assert json.loads(answer_as_json(store.answer, "any"))["results"][0]["page"] == 2
    known._handle_msg({"known": {"digits": "5"}})  # it is read again
    gallery._handle_msg({"picture": 0})  # chosen from the list
    assert (pages.page, store.pictures[0].text) == (2, "94107")
    for page in (0, 4, "2", 10**30, None, [1]):
        gallery._handle_msg({"picture": 0, "page": page})
        assert pages.page == 2
    store.add_picture("one.png", one)
    assert (pages.page, pages.n_pages, gallery.pictures[0]["pages"]) == (1, 1, "")


def test_a_page_that_cannot_be_read_is_told_and_the_others_stay(one):
    store = Store()
    store.add_picture("letter.tif", a_document(one, one))
    store.show_picture(0, DataError("letter.tif: is a picture that is damaged"), page=2)
    assert "damaged; this is still the answer to letter.tif" in store.problem
    assert (store.pictures[0].text, store.pictures[0].problem, store.answer.page) == ("1", "", 1)
    store.show_picture(0, page=2)
    assert (store.problem, store.answer.page) == ("", 2)
    assert str(read_file(store.predictor, "letter.tif", a_document(one, one), page=3)) == "letter.tif: has no page 3"


def test_left_out_ink_is_on_the_board_and_counted():
    parts = (LeftOut((0, 0, WIDTH // 2, HEIGHT // 2), "too small"),) * 2
    size = WIDTH, HEIGHT
    reading = Reading((), ("no digit",), (), size, None, 0.0, np.full(10, 0.1), None, None, None, left_out=parts)
    answer = Answer("page", reading, ())
    assert left_out(answer) == [(0, 0, 0.5, 0.5, "too small"), (0, 0, 0.5, 0.5, "")]  # the reason once
    assert answer_message(answer, "")["notes"] == "2 parts left out: 2 too small"
    store = Store()
    board = Board(store)
    store.draw([])
    assert board.left_out == []


def test_pages_are_turned_below_the_board(open_page, one):
    from playwright.sync_api import expect

    page = open_page("phone")
    bar = page.get_by_role("group", name="The pages of the document")
    expect(bar).to_be_hidden()
    document = a_document(one, samples()[0].content, one)
    file = {"name": "letter.tif", "mimeType": "image/tiff", "buffer": document}
    page.locator("input[type=file]").set_input_files([file])
    expect(page.locator("output.digits")).to_have_text("1")
    expect(bar).to_contain_text("of 3")
    expect(bar.get_by_role("button", name="Back")).to_be_disabled()
    bar.get_by_role("button", name="Next").click()
    expect(page.locator("output.digits")).to_have_text("94107")
    expect(page.get_by_role("button", name="letter.tif, page 2 of 3")).to_be_visible()
    number = bar.get_by_label("Page")
    number.fill("7")
    number.press("Enter")
    expect(number).to_have_value("2")  # there is no such page
    number.fill("3")
    number.press("Enter")
    expect(page.locator("output.digits")).to_have_text("1")
    expect(bar.get_by_role("button", name="Next")).to_be_disabled()
    page.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()


def test_the_form_on_the_page_changes_the_answer(open_page, one):
    from playwright.sync_api import expect

    page = open_page()
    page.locator("input[type=file]").set_input_files([{"name": "one.png", "mimeType": "image/png", "buffer": one}])
    expect(page.locator("output.digits")).to_have_text("1")
    page.get_by_text("What is known of the digits").click()
    page.get_by_label("Pattern").fill("7")
    page.get_by_label("Pattern").press("Enter")
    expect(page.locator("output.digits")).to_have_text("7")
    expect(page.locator(".reasons")).to_contain_text("Read 1, taken as 7")
    expect(page.locator(".pictures b.unsure")).to_have_text("7")
    page.get_by_label("How many digits").fill("9")
    page.get_by_label("How many digits").press("Enter")
    expect(page.locator(".known .problem")).to_contain_text("the number of digits in the pattern '7' is 1, not 9")
