"""The page of what is doubtful in a browser: corrections with the keyboard, and what it saves."""

import re

import numpy as np

from fastnet.data.loading import load_dataset

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


def test_no_answer_is_shown_as_certain(browser, fastnet, tmp_path):
    review = written_review(fastnet, tmp_path)
    review.write_text(re.sub(r'("probability": ?)[\d.e-]+', r"\g<1>1.0", review.read_text(encoding="utf-8")))
    page = browser.new_page()
    page.goto(review.as_uri())
    answers = []
    for _ in range(N_DOUBTFUL):
        answers.append(page.locator("#answer").inner_text())
        page.keyboard.press("ArrowRight")
    page.close()
    told = [answer for answer in answers if not answer.startswith("no digit")]
    assert told
    assert all(answer.endswith("(>99.9%)") for answer in told)
