"""The tab that reads, as people use it: at first, at any size, by keyboard, and how its results go out."""

import base64
import csv
import io
import json
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fastnet import weights
from fastnet.dashboard.session import store as store_module
from fastnet.dashboard.session.store import Store, read_file
from fastnet.dashboard.views.reading.advice import NEXT_STEPS, next_steps
from fastnet.dashboard.views.reading.answer import answer_message, example_message
from fastnet.dashboard.views.reading.board import Board
from fastnet.dashboard.views.specs import model_in_figures
from fastnet.errors import DataError
from fastnet.reading.doubts import ANOTHER, MARK_BESIDE, MARK_BETWEEN, TURNED
from fastnet.reading.overruling import NOTHING_FITS
from fastnet.reading.pictures import UNLIKE
from fastnet.reading.pictures.marks import MAY_BE_BRACKET, MAY_BE_SLASH
from fastnet.reading.pictures.parts import CUT_OFF
from fastnet.reading.recognition import OTHER_CUT, VERDICTS

from .test_browser import NOTHING, SEVEN, answer, draw, ink, png, upload
from .test_page import ONE, digit
from .test_page import answer as read

SIZES = {"a desk": (1440, 900), "a large desk": (1920, 1080), "a phone": (390, 844), "a small phone": (320, 640)}
ON_ITS_SIDE = (740, 360)
PICTURES = Path(__file__).parent.parent / "pictures"
LARGEST_BEFORE = 96  # pixels, the height of the answer's letters until they were two to three times as large


def test_paper_that_is_blank_invites_and_the_keyboard_draws_on_it(open_page):
    from playwright.sync_api import expect

    page = open_page(reduced_motion="reduce")  # the example is written at once
    expect(page.locator(".digits.pale")).to_have_text("3")
    expect(page.locator(".bar.best")).to_contain_text("3")
    expect(answer(page)).to_have_text(NOTHING)  # an example is no answer
    expect(page.get_by_role("button", name="Clear")).to_be_disabled()
    expect(page.get_by_role("button", name="Specs: 99.40%, 407k parameters")).to_have_text("99.40%, 407k parameters")
    assert page.title() == "Read · fastnet"
    assert page.locator("link[rel=icon]").get_attribute("href").startswith("data:image/svg")
    board = page.locator("canvas.ink")
    board.focus()
    page.keyboard.press("Space")
    expect(page.locator(".digits.pale")).to_have_text("")
    for _ in range(25):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(answer(page)).to_have_text("1")
    expect(page.get_by_text("Pen up, 50% from the left, 75% from the top")).to_be_attached()
    page.keyboard.press("Shift+ArrowRight")  # a pen that is up draws nothing
    expect(answer(page)).to_have_text("1")
    page.get_by_role("tab", name="Train").click()
    expect(page).to_have_title("Train · fastnet")


def test_board_and_answer_have_the_first_screen_at_every_size(open_page):
    from playwright.sync_api import expect

    page = open_page("phone")
    draw(page, SEVEN)
    expect(answer(page)).to_have_text("7")
    for width, height in [*SIZES.values(), ON_ITS_SIDE]:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("width => document.documentElement.clientWidth === width", arg=width)
        boxes = [page.locator(part).bounding_box() for part in ("canvas.ink", "output.digits")]
        assert all(box["y"] >= 0 and box["y"] + box["height"] <= height for box in boxes), (width, boxes)
        if width >= 1440:
            letters = answer(page).evaluate("output => parseFloat(getComputedStyle(output).fontSize)")
            assert 2 * LARGEST_BEFORE <= letters <= 3 * LARGEST_BEFORE
        if width == 1920:
            used = page.locator(".paper").bounding_box()["width"] + page.locator(".samples").bounding_box()["width"]
            assert used > 900


def test_results_are_copied_saved_and_shared_by_a_link(open_page):
    from playwright.sync_api import expect

    strokes = base64.b64encode(b"\2\0\2\2\2" * 60_000).decode().rstrip("=")  # more than a drawing has
    page = open_page(search=f"#drawing={strokes}", permissions=["clipboard-read", "clipboard-write"])
    expect(page.get_by_text("The link is damaged: ask for it again, or draw")).to_be_visible()  # the server is not told
    page.get_by_alt_text("Sample: Three lines").click()
    expect(answer(page)).to_contain_text("708")
    assert copied(page, "Copy") == "215\n708\n923"
    rows = list(csv.DictReader(saved(page, "CSV").splitlines()))
    assert [row["digit"] for row in rows if row["line"] == "2"] == list("708")
    kept = json.loads(saved(page, "JSON"))
    assert kept["results"][0]["text"] == "215\n708\n923"
    assert kept["model"] == weights.SMALL

    page.get_by_alt_text("Sample: Digit 5").click()
    expect(answer(page)).to_have_text("5")
    link = copied(page, "Copy link")
    page.evaluate("link => { location.hash = new URL(link).hash }", link)
    expect(page.get_by_role("button", name="A shared digit.png")).to_contain_text("5")
    draw(page, SEVEN)
    expect(answer(page)).to_have_text("7")
    link = copied(page, "Copy link")
    page.evaluate("location.hash = '#drawing=AAAAAA'")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("The link is damaged: ask for it again, or draw")).to_be_visible()

    other = open_page(search="#" + link.partition("#")[2])
    expect(answer(other)).to_have_text("7")
    assert other.evaluate("location.hash") == ""  # a reload shows what is drawn since


def copied(page, name: str) -> str:
    page.get_by_role("button", name=name, exact=True).click()
    page.get_by_text("copied", exact=False).filter(visible=True).first.wait_for()
    text = page.evaluate("navigator.clipboard.readText()")
    page.get_by_text(re.compile("[Cc]opied")).first.wait_for(state="detached")
    return text


def saved(page, name: str) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    return download.value.path().read_text(encoding="utf-8")


def test_photographs_are_made_smaller_before_they_are_sent(open_page):
    from playwright.sync_api import expect

    page = open_page()
    page.evaluate(
        """() => {
            const send = fastnetSocket.send.bind(fastnetSocket)
            window.nSent = 0
            fastnetSocket.send = (part) => { window.nSent += part.byteLength ?? part.length; send(part) }
        }"""
    )
    page.locator(".samples").wait_for()
    grain = np.random.default_rng(0).integers(0, 40, (3360, 4480), np.uint8)
    paper = np.full((3360, 4480), 215, np.uint8)
    paper[560:3360, 840:3640] -= np.kron(ink(3), np.ones((10, 10), np.uint8)) // 4 * 3
    content = io.BytesIO()
    Image.fromarray(paper + grain).save(content, "JPEG", quality=90)
    upload(page, ("photograph.jpg", content.getvalue()))
    expect(answer(page)).to_have_text("3")
    assert page.evaluate("nSent") < len(content.getvalue()) / 2


def test_a_picture_that_neither_browser_nor_server_opens_gets_a_way_out(monkeypatch):
    monkeypatch.setattr(store_module, "find_spec", lambda name: None)
    outcome = read_file(Store().predictor, "photo.heic", b"\0\0\0\x18ftypheic" + bytes(32))
    assert isinstance(outcome, DataError)
    assert str(outcome).startswith(
        "photo.heic: is a HEIC picture, which this browser does not open; bring a screenshot"
    )


def test_each_flag_has_a_next_step():
    assert NEXT_STEPS.keys() >= {ANOTHER, CUT_OFF, MARK_BESIDE, MARK_BETWEEN, MAY_BE_BRACKET, MAY_BE_SLASH}
    assert NEXT_STEPS.keys() >= {NOTHING_FITS, OTHER_CUT, TURNED, UNLIKE}
    assert all(next_steps([verdict, flag]) == [step] for verdict in VERDICTS for flag, step in NEXT_STEPS.items())
    assert next_steps(VERDICTS) == []
    assert next_steps(["unsure", "read 7, taken as 1"]) == [next_steps(["read 1, taken as 7"])[0]]
    message = answer_message(read(digit(3), flags=("unsure", UNLIKE)), "")
    assert message["steps"] == [NEXT_STEPS[UNLIKE]]


def test_a_gap_between_digits_is_asked_for_on_plain_paper_and_not_in_boxes():
    digits = [digit(3, flags=("unsure", OTHER_CUT)), digit(5, flags=("unsure", UNLIKE))]
    flags = "unsure", OTHER_CUT, UNLIKE
    assert answer_message(read(*digits, flags=flags), "")["steps"] == [NEXT_STEPS[OTHER_CUT], NEXT_STEPS[UNLIKE]]
    boxed = [replace(each, column=column) for column, each in enumerate(digits)]
    assert answer_message(read(*boxed, flags=flags), "")["steps"] == [NEXT_STEPS[UNLIKE]]


def test_an_example_is_read_and_is_no_answer():
    store = Store()
    board = Board(store)
    message = {"example": [{"points": ONE.points.ravel().tolist(), "erases": False}], "resting": True}
    board._handle_msg(message)
    assert store.answer is None
    shown = example_message(store.example)
    assert (shown["example"], len(shown["digits"]), shown.get("text")) == ("1", 1, None)
    store.draw([ONE])
    store.draw([])
    assert store.example is None
    store.show_sample(0)
    board._handle_msg(message)  # it comes too late
    assert store.example is None


@pytest.mark.parametrize(("model", "words"), [("mnist-784-512-10-best", ["99.44%", "407k parameters"])])
def test_the_chip_tells_of_the_model_in_two_figures(model, words):
    assert model_in_figures(Store(model=model).predictor) == words
    assert model_in_figures(None) == []


def test_the_answer_to_a_large_grid_is_seen_whole_and_its_digits_stand_in_its_rows(open_page):
    from playwright.sync_api import expect

    sudoku = (PICTURES / "grid-9x9.png").read_bytes()
    for size in ("desk", "phone"):
        page = open_page(size)
        upload(page, ("sudoku.png", sudoku))
        expect(page.locator(".tile")).to_have_count(81)
        hidden = "element => [element.scrollHeight - element.clientHeight, element.scrollWidth - element.clientWidth]"
        assert answer(page).evaluate(hidden) == [0, 0]
        rows = [tile.bounding_box()["y"] for tile in page.locator(".tile").all()]
        assert rows == sorted(rows)
        assert [rows.count(row) for row in dict.fromkeys(rows)] == [9] * 9
        assert answer(page).bounding_box()["height"] < 0.6 * page.viewport_size["height"]


def test_of_many_digits_what_the_network_sees_is_a_square():
    store = Store()
    store.add_picture("sudoku.png", (PICTURES / "grid-9x9.png").read_bytes())
    seen = store.answer.reading.stages[-1]
    assert (seen.name, seen.pixels.shape) == ("what the network sees", (9 * 28, 9 * 28))
    assert np.array_equal(seen.pixels[:28, :28], store.answer.reading.digits[0].pixels)
    store.show_sample(0)
    assert store.answer.reading.stages[-1].pixels.shape == (28, 5 * 28)


def test_tags_of_digits_that_stand_close_do_not_cover_each_other(open_page):
    from playwright.sync_api import expect

    paper = np.full((300, 400), 255, np.uint8)
    for left in range(150, 206, 14):
        paper[120:170, left : left + 5] = 0
    page = open_page("phone")
    upload(page, ("close.png", png(paper)))
    expect(answer(page)).to_have_text("1111")
    tags = page.locator(".paper .box span")
    for width, places in (
        (390, ["above", "below", "above", "below"]),
        (240, ["above", "below", "away", "above"]),
        (1440, ["above"] * 4),
    ):
        page.set_viewport_size({"width": width, "height": 844})
        for number, place in enumerate(places):
            expect(tags.nth(number)).to_have_attribute("data-place", place)
            expect(tags.nth(number)).to_be_visible(visible=place != "away")
        boxes = [tag.bounding_box() for tag in tags.all() if tag.is_visible()]
        assert not any(overlap(one, other) for one, other in combinations(boxes, 2)), (width, boxes)
        assert {box["width"] for box in boxes} == {20}  # whatever fonts are installed


def overlap(one, other) -> bool:
    """Whether two boxes share more than a tag's margin."""
    return abs(one["x"] - other["x"]) < one["width"] - 5 and abs(one["y"] - other["y"]) < one["height"] - 1
