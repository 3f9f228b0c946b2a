"""The training tab in a real browser: watch, steer, compare and keep a training, while others draw."""

import re
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.serving import wait_for
from fastnet.data.loading import load_dataset

from ..conftest import PATIENCE
from .conftest import MILLISECONDS, pages, serving
from .test_browser import SEVEN, answer, draw

# Millions of steps: no test waits for their end.
LONG = {"epochs": "1000", "batch_size": "1", "hidden_layer_sizes": "256"}


def small_data(folder: Path) -> list[str]:
    """The options of a server that trains on a few digits, which are kept in the folder."""
    mnist = load_dataset()
    train, test = mnist.train, mnist.test
    np.savez(
        folder / "small.npz",
        x_train=train.images[:3000],
        y_train=train.labels[:3000],
        x_test=test.images[:500],
        y_test=test.labels[:500],
    )
    return ["--data", str(folder / "small.npz")]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A server that trains on a few digits and has no saved models yet."""
    folder = tmp_path_factory.mktemp("server")
    options = [*small_data(folder), "--models", str(folder / "models"), "--runs", str(folder)]
    with serving(["-P", "-m", "fastnet", "dashboard", *options, "--port"]) as root:
        wait_for(root)
        yield root


@pytest.fixture
def open_tab(open_page):
    def open_tab(size: str = "desk"):
        page = open_page(size)
        page.get_by_role("tab", name="Train").click()
        page.get_by_role("button", name="Start").wait_for()
        return page

    return open_tab


@pytest.fixture(scope="module")
def tab(browser, address):
    """A page on the tab, which takes long to build: for tests that hold whatever was trained there before."""
    with pages(browser, address) as open_page:
        page = open_page()
        page.get_by_role("tab", name="Train").click()
        page.get_by_role("button", name="Start").wait_for()
        yield page


def fill_in(page, **fields: str) -> None:
    for label, text in fields.items():
        field = page.get_by_label(label.replace("_", " ").capitalize(), exact=True)
        field.fill(text)
        field.press("Tab")


def start(page, engine: str | None = None, **fields: str) -> None:
    fill_in(page, **{"hidden_layer_sizes": "32", "batch_size": "64", **fields})
    if engine:
        page.get_by_role("combobox", name="Engine").click()
        page.get_by_role("listbox").get_by_text(engine).click()
    press(page, "Start")


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def expect_state(page, *words: str) -> None:
    from playwright.sync_api import expect

    expect(page.locator(".state")).to_have_text(re.compile(f"^({'|'.join(words)})$"), timeout=MILLISECONDS)


def figure(page, name: str):
    return page.locator(".figures div").filter(has_text=name).locator("dd")


def points(page) -> list[int]:
    """How many points each line of the figures has."""
    return page.evaluate(
        """() => Bokeh.documents.flatMap((document) => [...document._all_models.values()])
            .filter((model) => model.type === "ColumnDataSource" && model.data.accuracy)
            .map((source) => source.data.accuracy.length)"""
    )


def test_a_training_of_two_epochs_is_watched_to_its_end(tab):
    from playwright.sync_api import expect

    page = tab
    page.get_by_role("tab", name="Train").click()
    start(page, epochs="2")
    expect_state(page, "Finished")
    expect(figure(page, "Epoch")).to_have_text("2 of 2")
    for name in ("Samples/s", "Loss", "Training accuracy", "Validation accuracy", "Test accuracy"):
        expect(figure(page, name)).to_have_text(re.compile(r"\d"))
    live, epochs = sorted(points(page), reverse=True)
    assert live >= epochs == 2
    expect(page.get_by_alt_text("Weights of 32 hidden units")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text=re.compile(r"Run \d+: 32, numba")).first).to_contain_text("%")


def test_players_choose_one_of_three_trainings_and_try_what_it_made(open_page):
    from playwright.sync_api import expect

    page, warnings = open_page(search="?tab=train&mode=playful"), []
    page.on("console", lambda message: warnings.append(message.text) if message.type == "warning" else None)
    expect(page.get_by_text("mistakes in 10,000")).to_have_count(3)
    expect(page.get_by_role("radio", name="Good")).to_be_checked()
    expect(page.get_by_text(re.compile("This is how .* learned")).last).to_be_visible()  # until there is one's own
    page.get_by_label("Quick").check()
    for _ in range(2):  # the second finds figures of the first
        press(page, "Start")
        expect_state(page, "Getting ready")
        expect_state(page, "Finished")
    expect(page.get_by_text("Your network can read.")).to_be_visible()
    expect(page.get_by_text("This is how")).to_have_count(0)
    press(page, "Try it")
    expect(page.get_by_role("tab", name="Read")).to_have_attribute("aria-selected", "true")
    expect(page).to_have_url(re.compile(r"model=my\+network\+1"))
    page.get_by_alt_text("Sample: Digit 7").click()
    expect(page.get_by_text("That is a 7")).to_be_visible()
    assert warnings == []


@pytest.mark.parametrize("engine", ["Numba", "NumPy"])
def test_a_training_is_paused_goes_on_and_stops_while_people_draw(tab, engine):
    from playwright.sync_api import expect

    page = tab
    page.get_by_role("tab", name="Train").click()
    start(page, engine, **LONG)
    expect_state(page, "Training")
    press(page, "Pause")
    expect_state(page, "Paused")
    step = figure(page, "Step").inner_text()
    page.wait_for_timeout(500)
    assert figure(page, "Step").inner_text() == step
    press(page, "Resume")
    expect(figure(page, "Step")).not_to_have_text(step)
    page.get_by_role("tab", name="Read").click()
    draw(page, SEVEN)
    expect(answer(page)).to_have_text("7")
    page.get_by_role("tab", name="Train").click()
    expect_state(page, "Training")
    press(page, "Stop")
    expect_state(page, "Stopped")
    expect(page.get_by_role("button", name="Start")).to_be_enabled()


def test_a_second_visitor_is_told_until_the_first_has_closed_the_page(open_tab):
    from playwright.sync_api import expect

    first, second = open_tab(), open_tab("phone")
    start(first, **LONG)
    expect_state(first, "Training")
    start(second, epochs="1")
    expect(second.get_by_role("alert")).to_contain_text("Another visitor trains")
    first.close()
    deadline = time.monotonic() + PATIENCE
    while second.get_by_role("alert").count() and time.monotonic() < deadline:
        press(second, "Start")
        second.wait_for_timeout(500)
    expect_state(second, "Finished")
    assert second.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_is_out_of_range_is_told_beside_its_field(tab):
    from playwright.sync_api import expect

    page = tab
    page.get_by_role("tab", name="Train").click()
    before = page.locator(".state").inner_text()
    fill_in(page, epochs="0", batch_size="many")
    press(page, "Start")
    for label, sentence in (
        ("Epochs", "epochs must be a whole number from 1, not 0"),
        ("Batch size", "batch size must be a whole number from 1, not 'many'"),
    ):
        expect(page.get_by_label(label, exact=True)).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_text(sentence)).to_be_visible()
    expect_state(page, before)
    told = "Nothing is trained before the form is right; see epochs and batch size."
    expect(page.get_by_role("alert")).to_have_text(told)
    fill_in(page, epochs="1", batch_size="64")
    expect(page.get_by_text("must be a whole number")).to_have_count(0)
    expect(page.get_by_text("Nothing is trained before the form is right")).to_have_count(0)


def test_a_run_is_saved_and_reads_digits_on_all_pages(tab, open_tab):
    from playwright.sync_api import expect

    page, other = tab, open_tab()
    page.get_by_role("tab", name="Train").click()
    start(page, epochs="3")
    expect_state(page, "Finished")
    for name, told in (("../mine", "A name has 1 to 40 letters"), ("mine", "Saved as 'mine'")):
        page.get_by_label("Name of the model").fill(name)
        press(page, "Save as a model")
        expect(page.get_by_role("status").filter(has_text=told)).to_be_visible()
    for visitor in (page, other):
        visitor.get_by_role("tab", name="Read").click()
        visitor.get_by_role("combobox", name="Model").first.click()
        visitor.get_by_role("listbox").get_by_text("mine", exact=True).click()
        expect(visitor.get_by_text("784 → 32 → 10")).to_be_visible()
        visitor.get_by_alt_text("Sample: Digit 7").click()  # waits until the menu no longer covers the page
        expect(answer(visitor)).to_have_text("7")


def test_the_two_engines_are_compared(open_tab):
    from playwright.sync_api import expect

    page = open_tab()
    for engine in ("NumPy", "Numba"):
        start(page, engine, epochs="2")
        expect_state(page, "Finished")
    table = page.get_by_role("table")
    expect(table.get_by_role("row")).to_have_text([re.compile("Training"), re.compile("Run 2"), re.compile("Run 1")])
    expect(page.get_by_text("the training loss differs by at most")).to_be_visible()
