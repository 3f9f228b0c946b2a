"""A digit that is far paler than those beside it: read from some strength on, and told where it is paler."""

import numpy as np
import pytest

from benchmarks import rendering
from fastnet.data.loading import load_dataset
from fastnet.reading.predictor import Predictor

DARK, LEGIBLE, TOO_PALE = (20, 20, 25), (160, 160, 160), (184, 184, 184)


@pytest.fixture(scope="module")
def predictor():
    return Predictor.load()


@pytest.fixture(scope="module")
def images():
    train = load_dataset().train
    rows = [int(np.flatnonzero(train.labels == label)[3]) for label in range(10)]
    return train.images[rows].reshape(-1, 28, 28)


def row(images, text, colours, x=40, gap=25):
    page = rendering.paper((640, 220), rendering.WHITE)
    for character, colour in zip(text, colours, strict=True):
        ink = rendering.strokes(images[int(character)], 90)
        rendering.write(page, ink, x, 60, colour)
        x += ink.shape[1] + gap
    return page


@pytest.mark.parametrize("place", range(4))
def test_a_pale_digit_among_dark_ones_is_read(predictor, images, place):
    colours = [LEGIBLE if n == place else DARK for n in range(4)]
    reading = predictor.read(rendering.picture(row(images, "2036", colours)))
    assert (reading.text, reading.flags) == ("2036", ())


@pytest.mark.parametrize("place", range(4))
def test_a_digit_too_pale_to_be_told_from_an_erased_one_is_told_in_its_place(predictor, images, place):
    colours = [TOO_PALE if n == place else DARK for n in range(4)]
    reading = predictor.read(rendering.picture(row(images, "2036", colours)))
    assert [each.reason for each in reading.left_out] == ["too pale"]
    assert reading.flags == ("unsure", "may be a pale digit")
    assert [digit.kind for digit in reading.digits].index("other") == place


def test_what_was_erased_below_digits_or_far_from_them_is_passed_over(predictor, images):
    below = row(images, "84", [TOO_PALE] * 2)
    page = row(images, "203", [DARK] * 3, x=58)
    reading = predictor.read(rendering.picture(np.minimum(page, below)))
    assert "may be a pale digit" not in reading.flags
    page = row(images, "203", [DARK] * 3)
    rendering.write(page, rendering.strokes(images[6], 90), 560, 125, TOO_PALE)
    assert predictor.read(rendering.picture(page)).flags == ()


def test_a_blurred_pale_shape_among_digits_is_shade(predictor, images):
    page = row(images, "203", [DARK] * 3)
    y, x = np.mgrid[: page.shape[0], : page.shape[1]]
    page -= 75 * np.exp(-(((x - 420) / 22) ** 2) - ((y - 105) / 35) ** 2)[..., np.newaxis]
    assert predictor.read(rendering.picture(page)).text == "203"
    assert predictor.read(rendering.picture(page)).flags == ()
