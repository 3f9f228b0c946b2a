"""The two modes, the welcome of newcomers and the specs, in a real browser."""

import re

import numpy as np
import pytest

from fastnet import weights
from fastnet.dashboard.server.quotas import Role
from fastnet.dashboard.server.shared import Shared
from fastnet.dashboard.session.specs import specifications
from fastnet.dashboard.session.store import Store
from fastnet.dashboard.views import specs
from fastnet.dashboard.views.mode import known_mode
from fastnet.dashboard.views.reading.answer import answer_message
from fastnet.dashboard.views.specs import specs_html, specs_view
from fastnet.errors import DataError
from fastnet.reading.predictor import Predictor

MODEL = weights.SMALL


def mode(page, name):
    return page.get_by_role("button", name=name, exact=True)


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_newcomers_are_welcomed_once_and_may_play(open_page, size):
    from playwright.sync_api import expect

    page = open_page(size, is_new=True)
    expect(page.get_by_role("region", name="Welcome").locator("svg")).to_have_attribute("data-moving", "true")
    page.get_by_role("button", name="Let me draw").click()
    expect(page.get_by_role("region", name="Welcome")).to_have_count(0)
    expect(mode(page, "Playful")).to_have_attribute("aria-pressed", "true")
    page.get_by_alt_text("Sample: Digit 5").click()
    expect(page.get_by_text("That is a 5")).to_be_visible()
    expect(page.locator(".percent").first).to_be_hidden()
    expect(page.locator(".stages")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.reload()
    expect(page.get_by_text("Draw a digit, or several")).to_be_visible()
    expect(page.get_by_role("region", name="Welcome")).to_have_count(0)


def test_newcomers_who_ask_for_figures_get_them_and_keep_them(open_page):
    from playwright.sync_api import expect

    page = open_page(is_new=True)
    page.get_by_role("button", name="Show me all the figures").click()
    page.get_by_alt_text("Sample: Digit 5").click()
    expect(page.locator(".bar.best .percent")).to_have_text(">99.9%")
    expect(page.get_by_text("That is a 5")).to_be_hidden()
    expect(page.locator(".stages li").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?mode=scientific$"))
    page.goto(page.url.partition("?")[0])
    expect(mode(page, "Scientific")).to_have_attribute("aria-pressed", "true")


def test_the_address_names_the_mode(open_page):
    from playwright.sync_api import expect

    page = open_page(search="?mode=playful")
    expect(mode(page, "Playful")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("heading", name="How the picture got there")).to_be_hidden()
    mode(page, "Scientific").click()
    expect(page.get_by_role("heading", name="How the picture got there")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?mode=scientific$"))  # the server sets it
    page.go_back()
    expect(mode(page, "Playful")).to_have_attribute("aria-pressed", "true")


def test_a_welcome_stands_still_for_people_who_prefer_reduced_motion(open_page):
    from playwright.sync_api import expect

    page = open_page(is_new=True, reduced_motion="reduce")
    expect(page.get_by_role("region", name="Welcome").locator("svg")).to_have_attribute("data-moving", "false")


def test_a_mode_of_another_name_is_refused():
    with pytest.raises(DataError, match="'loud', which is none of playful, scientific"):
        known_mode("loud")


def test_the_answer_has_words_without_figures():
    store = Store()
    store.show_sample(15)
    assert answer_message(store.answer, "")["plainly"] == "That is a 5"
    store.show_sample(0)
    assert answer_message(store.answer, "")["plainly"] == "I see 5 digits"
    store.show_sample(9)
    assert answer_message(store.answer, "")["plainly"].startswith("I doubt that ")


def test_the_specs_open_and_close_by_keyboard(open_page):
    from playwright.sync_api import expect

    page = open_page()
    page.get_by_role("button", name="Specs").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{MODEL}, 407,050 parameters")
    expect(dialog.get_by_role("list", name="Layers").get_by_role("listitem")).to_have_text(
        ["784pixels", "512ReLU", "10softmax"]
    )
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_specs_say_what_the_manifest_says():
    predictor = Store(model=MODEL).predictor
    manifest = predictor.manifest
    sections = {title: dict(facts) for title, facts in specifications(predictor).items()}
    assert sections["Accuracy"]["Test set"] == f"{manifest.test.accuracy:.2%}"
    assert sections["Training"]["Learning rate"] == "0.004, linear schedule, warm-up of 1 epoch"
    assert "rotation 10" in sections["Training"]["Distortions"]
    assert sections["Trained on"]["CPU"].startswith(manifest.environment.cpu)
    assert "Numba" in sections["This server"]["Versions"]
    assert "Share Alike" in sections["Licences"]["Data"]


def test_readers_are_not_told_what_the_server_runs_on(monkeypatch):
    def shown(role: Role) -> str:
        chip, dialog = specs_view(Store(shared=Shared(role=role), model=MODEL))
        chip._handle_msg("open")
        return str(dialog.objects[0].object)

    monkeypatch.setattr(specs, "aside", lambda work, finish: finish(work()))
    assert "This server" in shown(Role.OWNERS)
    assert "This server" not in shown(Role.READERS)
    assert "Trained on" in shown(Role.READERS)


def test_specs_of_a_model_without_a_history():
    parameters = {"W1": np.zeros((4, 3), np.float32), "b1": np.zeros(3, np.float32)}
    predictor = Predictor(parameters, 1.0)
    assert set(specifications(predictor)) == {"Architecture", "This server", "Licences"}
    assert "15 parameters" in specs_html("<mine>", predictor)
    assert "<mine>" not in specs_html("<mine>", predictor)
    assert "No sound model" in specs_html("", None)
