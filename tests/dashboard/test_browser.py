"""The page in a real browser: draw, upload, choose, by mouse, finger and keyboard, on a desk and on a phone."""

import io
import re
from functools import cache

import numpy as np
import pytest
from PIL import Image

from benchmarks.pen import draw_strokes
from fastnet.dashboard.server.samples import samples

from .conftest import at_rest, pages

SEVEN = [(0.35, 0.2), (0.65, 0.2), (0.45, 0.8)]
NOTHING = "\N{EN DASH}"
ONE = [(0.5, 0.2), (0.5, 0.8)]


def answer(page):
    return page.locator("output.digits")


def draw(page, corners, shift: float = 0, scale: float = 1) -> None:
    """Draw with the mouse, from corner to corner."""
    page.locator("canvas.ink").scroll_into_view_if_needed()
    stroke = [(0.5 + shift + scale * (x - 0.5), y) for x, y in corners]
    draw_strokes(page, "canvas.ink", [stroke], steps=8)


def upload(page, *files: tuple[str, bytes]) -> None:
    page.locator("input[type=file]").set_input_files(
        [{"name": name, "mimeType": "image/png", "buffer": content} for name, content in files]
    )


def png(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def ink(digit: int) -> np.ndarray:
    """A typical digit, ten times as large, white on black."""
    sample = next(sample for sample in samples() if sample.title == f"Digit {digit}")
    return np.kron(np.asarray(Image.open(io.BytesIO(sample.content))), np.ones((10, 10), np.uint8))


PICTURES = {
    "white on black": ink(3),
    "black on white": 255 - ink(3),
    "transparent": np.dstack([np.zeros((280, 280, 3), np.uint8), ink(3)]),
}


@pytest.fixture(params=["desk", "phone"])
def size(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def kept_pages(browser, address):
    """Opens the page once for each size."""
    with pages(browser, address) as open_page:
        yield cache(open_page)


@pytest.fixture
def blank_page(kept_pages):
    """Finds the page with blank paper, whatever tests before this one drew or uploaded."""
    from playwright.sync_api import expect

    def blank_page(size: str = "desk"):
        page = kept_pages(size)
        page.locator("canvas.ink").scroll_into_view_if_needed()
        clear = page.get_by_role("button", name="Clear")
        if clear.is_enabled():
            clear.click()
        expect(answer(page)).to_have_text(NOTHING)
        return page

    return blank_page


def test_people_draw_a_seven_and_read_it(blank_page, size):
    from playwright.sync_api import expect

    page = blank_page(size)
    draw(page, SEVEN)
    expect(answer(page)).to_have_text("7")
    expect(page.locator(".bar")).to_have_count(10)
    expect(page.locator(".bar.best")).to_contain_text(re.compile(r"7.*\d+\.\d%"))
    expect(page.locator(".stages li")).not_to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_answer_changes_while_the_pen_is_down(blank_page):
    from playwright.sync_api import expect

    page = blank_page()
    box = page.locator("canvas.ink").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 300, steps=10)
    expect(answer(page)).to_have_text("1")
    page.mouse.up()


def test_undo_erase_and_clear(open_page):
    from playwright.sync_api import expect

    page = open_page()
    undo, clear = page.get_by_role("button", name="Undo"), page.get_by_role("button", name="Clear")
    expect(undo).to_be_disabled()
    draw(page, ONE)
    expect(answer(page)).to_have_text("1")
    draw(page, ONE, shift=0.25)
    expect(answer(page)).to_have_text("11")
    undo.click()
    expect(answer(page)).to_have_text("1")
    clear.click()
    expect(answer(page)).to_have_text(NOTHING)
    expect(answer(page)).not_to_have_class(re.compile("unsure"))
    page.keyboard.press("Control+z")  # brings the cleared drawing back
    expect(answer(page)).to_have_text("1")
    page.get_by_role("button", name="Redo").click()
    expect(answer(page)).to_have_text(NOTHING)
    page.keyboard.press("Control+z")
    expect(answer(page)).to_have_text("1")
    page.get_by_role("button", name="Erase").click()
    for shift in (-0.02, 0, 0.02):
        draw(page, [(0.5, 0.1), (0.5, 0.9)], shift=shift)
    expect(answer(page)).to_have_text(NOTHING)


def test_a_tap_is_painted_and_no_digit(blank_page):
    from playwright.sync_api import expect

    page = blank_page()
    box = page.locator("canvas.ink").bounding_box()
    page.mouse.click(box["x"] + 200, box["y"] + 200)
    expect(page.get_by_text("No digit found")).to_be_visible()
    painted = "canvas => canvas.getContext('2d').getImageData(200, 200, 1, 1).data[3]"
    assert page.locator("canvas.ink").evaluate(painted) == 255


def test_a_picture_dropped_on_another_tab_is_read(open_page):
    from playwright.sync_api import expect

    page = open_page(search="?tab=benchmark")  # the tab that reads is not built yet
    content = list(png(PICTURES["black on white"]))
    page.evaluate(
        """content => {
            const dataTransfer = new DataTransfer()
            dataTransfer.items.add(new File([new Uint8Array(content)], "dropped.png", { type: "image/png" }))
            document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }))
        }""",
        content,
    )
    expect(answer(page)).to_have_text("3")
    expect(page.get_by_role("tab", name="Read")).to_have_attribute("aria-selected", "true")


def test_several_digits_are_read_in_their_order(blank_page):
    from playwright.sync_api import expect

    page = blank_page()
    draw(page, SEVEN, shift=-0.3, scale=0.6)
    draw(page, ONE)
    draw(page, SEVEN, shift=0.3, scale=0.6)
    expect(answer(page)).to_have_text("717")
    expect(page.locator(".box")).to_have_text(["7", "1", "7"])
    page.locator(".tile").nth(1).click()
    expect(page.locator(".bar.best")).to_contain_text("1")


def test_a_finger_draws(open_page):
    from playwright.sync_api import expect

    page = open_page("phone", has_touch=True)
    box = page.locator("canvas.ink").bounding_box()
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        where = [{"x": box["x"] + box["width"] * x, "y": box["y"] + box["height"] * y} for x, y in points]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})

    touch("touchStart", SEVEN[0])
    for step in range(1, 21):
        t = step / 10
        (x0, y0), (x1, y1) = SEVEN[int(min(t, 1.99))], SEVEN[int(min(t, 1.99)) + 1]
        part = min(t - int(min(t, 1.99)), 1)
        touch("touchMove", (x0 + part * (x1 - x0), y0 + part * (y1 - y0)))
    touch("touchEnd")
    expect(answer(page)).to_have_text("7")
    assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize("kind", PICTURES)
def test_people_upload_a_picture_and_read_the_digit(blank_page, kind):
    from playwright.sync_api import expect

    page = blank_page()
    for _ in range(2):  # the same file again, after something else
        upload(page, ("mine.png", png(PICTURES[kind])))
        expect(page.get_by_role("button", name="mine.png").first).to_contain_text("3")
        expect(answer(page)).to_have_text("3")
        page.get_by_alt_text("Sample: Digit 5").click()
        expect(answer(page)).to_have_text("5")


def test_a_bad_file_gets_a_sentence_and_the_page_goes_on(blank_page, size):
    from playwright.sync_api import expect

    page = blank_page(size)
    upload(page, ("<b>bad.png", b"no picture"), ("good.png", png(PICTURES["black on white"])))
    expect(page.get_by_role("alert").filter(has_text="not a picture")).to_contain_text("<b>bad.png: is text")
    expect(answer(page)).to_have_text("3")
    draw(page, SEVEN)
    expect(answer(page)).to_have_text("7")


def test_a_picture_stays_where_a_file_that_is_none_is_brought_after_it(blank_page, size):
    from playwright.sync_api import expect

    page = blank_page(size)
    upload(page, ("good.png", png(PICTURES["black on white"])))
    expect(answer(page)).to_have_text("3")
    upload(page, ("none.png", b"no picture"))
    expect(page.get_by_role("alert").filter(has_text="none.png: is text, not a picture")).to_be_in_viewport()
    expect(answer(page)).to_have_text("3")
    told = page.get_by_role("alert").filter(has_text="none.png was not read; this is still the answer to good.png")
    expect(told).to_be_visible()
    assert 0 <= answer(page).bounding_box()["y"] - told.bounding_box()["y"] < 150  # beside the answer
    expect(page.get_by_role("button", name="good.png").first).to_have_attribute("aria-current", "true")


def test_the_boxes_of_a_form_are_told_with_their_digits(blank_page):
    from playwright.sync_api import expect

    form = np.full((220, 1000), 255, np.uint8)
    for at in range(6):
        box = form[30:190, 20 + 160 * at : 20 + 160 * (at + 1)]
        if at % 2:
            box[20:140, 20:140] -= np.asarray(Image.fromarray(ink(3)).resize((120, 120)))
        for edge in (box[:4], box[-4:], box[:, :4], box[:, -4:]):
            edge[:] = 30
    page = blank_page()
    upload(page, ("form.png", png(form)))
    expect(answer(page)).to_have_text("_3_3_3")
    expect(page.locator(".verdict")).to_contain_text("3 digits in 6 boxes, the least sure")
    labels = page.get_by_role("group", name="What this digit is")
    expect(page.get_by_text("Is digit 1 of 3, chosen above")).to_be_visible()
    expect(page.locator(".tile").nth(1)).to_have_attribute("aria-pressed", "true")
    page.locator(".tile").nth(3).click()
    expect(page.get_by_text("Is digit 2 of 3, chosen above")).to_be_visible()
    page.locator(".tile").nth(2).click()  # an empty box
    expect(labels).to_be_hidden()
    page.locator(".tile").nth(5).click()
    expect(page.get_by_text("Is digit 3 of 3, chosen above")).to_be_visible()


def test_many_pictures_at_once_are_all_read_and_can_be_seen_again(open_page):
    from playwright.sync_api import expect

    page = open_page()
    upload(page, *((f"{digit}.png", png(255 - ink(digit))) for digit in range(10)))
    rows = page.locator(".pictures button")
    expect(rows).to_have_count(10)
    expect(rows.first).to_have_text("9.png9")  # the newest first
    page.get_by_role("button", name="4.png").click()
    expect(answer(page)).to_have_text("4")
    expect(page.get_by_role("button", name="4.png")).to_have_attribute("aria-current", "true")


def test_pictures_are_dropped_and_pasted(blank_page):
    from playwright.sync_api import expect

    page = blank_page()
    for event, holder in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        page.evaluate(
            """([event, holder, bytes]) => {
                const data = new DataTransfer()
                data.items.add(new File([new Uint8Array(bytes)], `${event}.png`, { type: "image/png" }))
                const kind = event === "drop" ? DragEvent : ClipboardEvent
                document.body.dispatchEvent(new kind(event, { [holder]: data, bubbles: true, cancelable: true }))
            }""",
            [event, holder, list(png(PICTURES["black on white"]))],
        )
        expect(page.get_by_role("button", name=f"{event}.png")).to_contain_text("3")


def test_on_a_phone_a_chosen_picture_comes_into_view(blank_page):
    from playwright.sync_api import expect

    page = blank_page("phone")
    page.get_by_alt_text("Sample: A postcode").click()
    expect(page.get_by_alt_text("The picture that is read")).to_be_in_viewport()
    expect(answer(page)).to_have_text("94107")


def test_drawing_on_a_picture_begins_on_blank_paper(blank_page):
    from playwright.sync_api import expect

    page = blank_page()
    page.get_by_alt_text("Sample: A postcode").click()
    expect(answer(page)).to_have_text("94107")
    expect(page.get_by_alt_text("The picture that is read")).to_be_visible()
    at_rest(page, page.locator("canvas.ink").bounding_box)  # it is scrolled into sight
    draw(page, SEVEN)
    expect(answer(page)).to_have_text("7")
    expect(page.get_by_alt_text("The picture that is read")).to_have_count(0)


def test_the_drawing_outlives_the_dark_switch(open_page):
    from playwright.sync_api import expect

    page = open_page()
    draw(page, SEVEN)
    expect(answer(page)).to_have_text("7")
    page.get_by_role("button", name="Toggle theme").click()
    expect(page.locator(".mui-dark").first).to_be_attached()
    draw(page, ONE, shift=0.3)
    expect(answer(page)).to_have_text("71")


def test_every_control_is_reached_by_the_keyboard_and_has_a_name(open_page):
    from playwright.sync_api import expect

    page = open_page()
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        name = page.evaluate(
            """() => {
                let element = document.activeElement
                while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
                const text = element.ariaLabel || element.innerText || element.closest("label")?.innerText
                return text || element.querySelector("img")?.alt || element.tagName
            }"""
        )
        reached.append(name)
        if name == "Sample: Digit 8":
            page.keyboard.press("Enter")
            break
    assert {"Pen width", "Erase", "Upload pictures", "Sample: A postcode", "Sample: Digit 8"} <= set(reached)
    expect(answer(page)).to_have_text("8")


def test_one_visitor_does_not_see_what_another_draws(blank_page, open_page):
    from playwright.sync_api import expect

    first, second = blank_page(), open_page()
    draw(first, SEVEN)
    expect(answer(first)).to_have_text("7")
    draw(second, ONE)
    expect(answer(second)).to_have_text("1")
    expect(answer(first)).to_have_text("7")


def test_others_draw_on_while_a_very_large_picture_is_read(blank_page, open_page):
    from playwright.sync_api import expect

    first, second = blank_page(), open_page()
    upload(first, ("large.png", png(np.kron(PICTURES["transparent"], np.ones((14, 14, 1), np.uint8)))))
    draw(second, SEVEN)
    expect(answer(second)).to_have_text("7")
    expect(answer(first)).to_have_text("3")


@pytest.mark.parametrize("address", ["panel serve"], indirect=True)
def test_panel_serves_the_page_too(open_page):
    from playwright.sync_api import expect

    page = open_page()
    draw(page, SEVEN)
    expect(answer(page)).to_have_text("7")
