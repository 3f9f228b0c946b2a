"""Tabs, address and colours in a real browser."""

import re

from .conftest import pages, serving
from .test_messages import wait_for_port

FAILING = """
import sys
import panel as pn
from fastnet.dashboard.app import Serving, serve
from fastnet.dashboard.views import page

class Unsound(pn.pane.HTML):
    def _get_model(self, *args, **options):
        raise AttributeError("of the second visit")

def build(store, views=iter([lambda: 1 / 0, Unsound])):
    view = next(views, None)
    return view() if view else learn(store)

read, (_, _, learn), *others = page.TABS
page.TABS = (read, page.Tab("Learn", "learn", build), *others)
serve(Serving(int(sys.argv[1])))
"""


def test_the_page_starts_in_the_colours_of_the_system_and_can_be_switched(open_page):
    from playwright.sync_api import expect

    page = open_page(color_scheme="dark")
    expect(page.locator(".mui-dark").first).to_be_attached()
    page.get_by_role("button", name="Toggle theme").click()
    expect(page.locator(".mui-light").first).to_be_attached()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")  # in which tabs that are built later start
    page.emulate_media(color_scheme="light")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")  # seen in a frame
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".mui-dark").first).to_be_attached()


def test_a_shared_address_restores_the_model(open_page):
    from playwright.sync_api import expect

    page = open_page(search="?model=mnist-784-512-10")
    expect(page.get_by_role("combobox", name="Model").first).to_have_text("mnist-784-512-10")


def test_a_tab_whose_view_is_being_built_says_so(open_page):
    from playwright.sync_api import expect

    page = open_page()
    wait = page.locator("#panel-learn .wait")
    page.get_by_role("tab", name="Learn").evaluate(  # at once, before the server can have answered
        """tab => {
            tab.click()
            const wait = tab.getRootNode().querySelector("#panel-learn .wait")
            tab.dataset.waited = wait.checkVisibility()
        }"""
    )
    expect(page.get_by_role("tab", name="Learn")).to_have_attribute("data-waited", "true")
    page.get_by_role("heading", name="A network at work").wait_for()
    expect(wait).to_be_hidden()
    expect(page.locator("#panel-read .wait")).to_be_hidden()


def test_a_tab_that_cannot_be_built_says_so_and_is_built_anew_where_the_page_is_loaded_again(browser, capfd):
    from playwright.sync_api import expect

    with serving(["-c", FAILING]) as address:
        wait_for_port(address)
        with pages(browser, address) as open_page:
            for page in (open_page(), open_page()):
                page.get_by_role("tab", name="Learn").click()
                failure = page.get_by_role("alert").filter(has_text="The tab Learn could not be shown")
                expect(failure).to_contain_text("reload the page to try again")
                expect(page.locator("#panel-learn .wait")).to_be_hidden()
            page.reload()
            page.get_by_role("heading", name="A network at work").wait_for()
            expect(failure).to_have_count(0)
    log = capfd.readouterr().err
    assert log.count("the tab Learn could not be built") == 2
    assert "  | ZeroDivisionError" in log
    assert "  | AttributeError: of the second visit" in log


def test_a_bad_address_is_told_in_a_sentence(open_page):
    from playwright.sync_api import expect

    page = open_page(search="?tab=nowhere&model=nothing")
    expect(page.get_by_role("alert").filter(has_text="nowhere")).to_contain_text("asks for the tab 'nowhere'")
    expect(page.get_by_role("tab", name="Read")).to_have_attribute("aria-selected", "true")


def test_back_and_forward_undo_and_redo_a_choice(open_page):
    from playwright.sync_api import expect

    page = open_page()
    choice = page.get_by_role("combobox", name="Model").first
    before = choice.inner_text()
    choice.click()
    page.get_by_role("listbox").get_by_text("mnist-784-512-10", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?model=mnist-784-512-10$"))
    page.go_back()
    expect(choice).to_have_text(before)
    page.go_forward()
    expect(choice).to_have_text("mnist-784-512-10")
