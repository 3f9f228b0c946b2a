"""Slashes, commas and brackets between digits: told as marks in their places, never read as a 1 without doubt."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks import rendering
from fastnet.data.loading import load_dataset
from fastnet.reading.constraints import Constraint
from fastnet.reading.doubts import MARK_BESIDE, MARK_BETWEEN

HEIGHT, BASE = 80, 160  # of the digits, and where they stand


@pytest.fixture(scope="module")
def digits():
    """Three plain digits of each class."""
    train = load_dataset().train
    return {label: train.images[train.labels == label][:3].reshape(-1, 28, 28) for label in range(10)}


def row(digits, text, turned=0.0, **marks):
    """A picture of a text, in which the signs that are named in `marks` are drawn: points as shares of the height."""
    page = Image.new("L", (90 * len(text) + 120, 260), 250)
    x, draw = 60, ImageDraw.Draw(page)
    for place, sign in enumerate(text):
        if sign.isdigit():
            ink = rendering.strokes(digits[int(sign)][place % 3], HEIGHT)
            page.paste(20, (x, BASE - ink.shape[0]), Image.fromarray((255 * ink).astype(np.uint8)))
            x += ink.shape[1] + 14
        else:
            points = [(x + HEIGHT * right, BASE - HEIGHT * up) for right, up in SIGNS[sign]]
            draw.line(points, 20, 8, joint="curve")
            x = int(max(right for right, _ in points)) + 24
    return page.rotate(turned, Image.Resampling.BICUBIC, fillcolor=250)


def bow(height, depth, middle=0.5):
    """The points of a bracket that opens to the right if its depth is positive."""
    up = np.linspace(-1, 1, 21)
    return [(depth * t**2 + max(0.0, -depth), middle + height / 2 * t) for t in up]


SIGNS = {
    "/": [(0, -0.2), (0.5, 1.2)],
    ",": [(0, -0.25), (0.1, -0.1), (0.1, 0.1)],
    "(": bow(1.4, 0.25),
    ")": bow(1.4, -0.25),
    "|": [(0, 0), (0, 1)],
}


def marks_of(reading):
    return [(place, digit.flags[1]) for place, digit in enumerate(reading.digits) if digit.kind == "other"]


@pytest.mark.parametrize("text", ["12/05", "3/4", "12/5/24", "08/03/2024"])
@pytest.mark.parametrize("turned", [0, 4])
def test_a_slash_that_is_longer_than_the_digits_is_a_mark_in_its_place(predictor, digits, text, turned):
    reading = predictor.read(row(digits, text, turned))
    assert marks_of(reading) == [(place, MARK_BETWEEN) for place, sign in enumerate(text) if sign == "/"]
    assert reading.text == text.replace("/", "")
    assert reading.flags[0] == "unsure"
    assert {each.reason for each in reading.left_out} == {"a slash"}


def test_a_slash_is_what_a_pattern_has_there(predictor, digits):
    reading = predictor.read(row(digits, "24/12/2023"), constraint=Constraint(pattern="##/##/####"))
    assert (reading.text, reading.flags) == ("24/12/2023", ())


@pytest.mark.parametrize("text", ["12,5", "3,04", "2,2,2"])
def test_a_comma_hangs_below_its_line(predictor, digits, text):
    reading = predictor.read(row(digits, text))
    assert reading.text == text.replace(",", "")
    assert marks_of(reading) == [(place, MARK_BETWEEN) for place, sign in enumerate(text) if sign == ","]


@pytest.mark.parametrize("text", ["(5)", "(42)", "3(42)", "(380)6"])
def test_brackets_come_in_pairs(predictor, digits, text):
    reading = predictor.read(row(digits, text))
    assert reading.text == "".join(filter(str.isdigit, text))
    ends = (0, len(text) - 1)
    expected = [
        (place, MARK_BESIDE if place in ends else MARK_BETWEEN) for place, sign in enumerate(text) if sign in "()"
    ]
    assert marks_of(reading) == expected


def test_a_slash_as_high_as_the_digits_is_a_doubtful_one(predictor, digits, monkeypatch):
    monkeypatch.setitem(SIGNS, "/", [(0, -0.05), (0.55, 1.05)])
    reading = predictor.read(row(digits, "25/36"))
    assert reading.text == "25136"
    assert [digit.flags for digit in reading.digits if digit.flags] == [("unsure", "may be a slash")]


@pytest.mark.parametrize("text", ["3/4", "25/36"])
def test_a_slash_no_longer_than_the_digits_is_doubted_where_it_leans_more(predictor, digits, monkeypatch, text):
    monkeypatch.setitem(SIGNS, "/", [(0, 0), (0.5, 1)])
    assert "may be a slash" in predictor.read(row(digits, text)).flags


@pytest.mark.parametrize("text", ["(5)", "(28)", "3(4)"])
def test_brackets_no_longer_than_the_digits_are_told_by_how_far_they_bow(predictor, digits, monkeypatch, text):
    monkeypatch.setitem(SIGNS, "(", bow(1.0, 0.2))
    monkeypatch.setitem(SIGNS, ")", bow(1.0, -0.2))
    reading = predictor.read(row(digits, text))
    assert reading.text == "".join(filter(str.isdigit, text))
    assert {each.reason for each in reading.left_out} == {"a bracket"}


def test_a_bracket_alone_is_a_doubtful_one(predictor, digits):
    for text in ("2)", "36)"):
        assert predictor.read(row(digits, text)).flags[0] == "unsure"
    reading = predictor.read(row(digits, "(28"))
    assert reading.text == "128"
    assert [digit.flags for digit in reading.digits] == [("unsure", "may be a bracket"), (), ()]


def test_ones_are_no_marks(predictor, digits, monkeypatch):
    for top in (1.0, 1.2, 1.4):  # long ones stand on the line
        monkeypatch.setitem(SIGNS, "|", [(0, 0), (0.2, top)])
        reading = predictor.read(row(digits, "2|3|8"))
        assert reading.text == "21318"
        assert not marks_of(reading)
        assert not {"may be a slash", "may be a bracket"} & set(reading.flags)


def test_marks_in_the_cell_of_a_form_are_told(predictor, digits):
    page = Image.new("L", (800, 300), 250)
    draw = ImageDraw.Draw(page)
    for x, text in ((40, "2/5"), (400, "34")):
        draw.rectangle((x, 60, x + 360, 240), None, 120, 3)
        page.paste(row(digits, text).crop((30, 50, 280, 215)), (x + 6, 68))
    reading = predictor.read(page)
    assert reading.grid == (("25", "34"),)
    assert [digit.column for digit in reading.digits if digit.kind == "other"] == [0]
    assert "a mark between digits" in reading.flags


# ---- Small digits beside large ones ---------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [20, 470])
def test_a_digit_far_smaller_than_those_beside_it_is_told(predictor, x):
    page = rendering.paper((540, 240), rendering.WHITE)
    for n, at in enumerate((90, 210, 330)):
        image = load_dataset().train.images[n + 1].reshape(28, 28)
        rendering.write(page, rendering.strokes(image, 150), at, 40, (20, 20, 20))
    page[146:190, x : x + 9] = 20
    reading = predictor.read(rendering.picture(page))
    assert "too small" in [each.reason for each in reading.left_out]
    assert "a mark beside digits" in reading.flags
    page[146:190, x : x + 9] = 255
    page[180:190, x : x + 9] = 20
    assert "a mark beside digits" not in predictor.read(rendering.picture(page)).flags
