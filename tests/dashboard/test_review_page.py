"""The page of what is doubtful in a browser: corrections with the keyboard, and what it saves."""

from dataclasses import replace

import numpy as np

from fastnet import Predictor, load_dataset
from fastnet.dashboard.server.samples import samples
from fastnet.reading.review import Review

from ..doubtful import N_DOUBTFUL, written_review


def test_corrections_are_made_with_the_keyboard_and_saved_as_a_data_set(browser, fastnet, tmp_path):
    told = []
    page = browser.new_page()
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(written_review(fastnet, tmp_path).as_uri())
    assert page.get_by_role("button", name="Save corrections").is_disabled()
    for key in ("4", "Backspace", "7", "ArrowLeft", "ArrowLeft", "9"):
        page.keyboard.press(key)
    assert page.locator("#count").inner_text() == f"3 of {N_DOUBTFUL} looked at"
    assert page.locator("#progress").evaluate("progress => progress.value") == N_DOUBTFUL
    with page.expect_download() as download:
        page.get_by_role("button", name="Save corrections").click()
    download.value.save_as(tmp_path / "corrections.csv")
    page.close()
    assert told == []
    saved = np.loadtxt(tmp_path / "corrections.csv", np.uint8, delimiter=",", skiprows=1)
    assert saved[:, 0].tolist() == [9, 7]  # the second one is no digit
    assert saved[0, 1:].max() == 255
    assert len(load_dataset(corrections=tmp_path / "corrections.csv").train) == len(load_dataset().train) + 2


def test_no_answer_is_shown_as_certain(browser, tmp_path):
    reading = Predictor.load().read(samples()[0].content)
    certain = [replace(digit, probability=1.0, flags=("unsure",)) for digit in reading.digits]
    review = Review(tuple("0123456789"))
    review.add("certain.png", "", replace(reading, digits=tuple(certain)))
    (tmp_path / "review.html").write_text(review.page(), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "review.html").as_uri())
    answers = []
    for _ in certain:
        answers.append(page.locator("#answer").inner_text())
        page.keyboard.press("ArrowRight")
    page.close()
    assert answers == [f"{digit.label} (>99.9%)" for digit in certain]
