"""Answers about pictures: which digit, how sure, what speaks against it, and which pixels spoke for it."""

import numpy as np
import pytest
from PIL import Image

from fastnet.data.loading import load_dataset
from fastnet.reading.explanation import draw_explanation, explain
from fastnet.reading.predictor import Predictor


@pytest.fixture(scope="module")
def predictor():
    return Predictor.load()


@pytest.fixture(scope="module")
def images():
    return load_dataset().test.images[:20].reshape(-1, 28, 28)


def page(*digits):
    """Digits side by side, black on white."""
    return 255 - np.hstack([np.pad(np.kron(digit, np.ones((4, 4), np.uint8)), 20) for digit in digits])


def test_one_digit(predictor, images):
    reading = predictor.read(page(images[0]))
    (digit,) = reading.digits
    assert (reading.digit, reading.text, reading.flags) == (7, "7", ())
    assert reading.probability == reading.probabilities[7] > 0.9
    assert reading.probabilities.shape == (10,)
    assert reading.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert reading.second == reading.probabilities.argsort()[-2]
    assert digit.pixels.shape == (28, 28)
    assert [stage.pixels.dtype for stage in reading.stages] == [np.uint8] * len(reading.stages)


def test_several_digits(predictor, images):
    reading = predictor.read(page(*images[:5]))
    assert reading.text == "72104"
    assert reading.digit == reading.digits[0].digit == 7
    assert [digit.box[0] for digit in reading.digits] == sorted(digit.box[0] for digit in reading.digits)


def test_doubts_of_any_digit_are_told_of_the_picture(predictor, images):
    cross = np.zeros((28, 28), np.uint8)
    cross[4:24, 13:15] = cross[13:15, 4:24] = 255
    for parts in ((images[0], cross), (cross, images[0])):
        reading = predictor.read(page(*parts))
        assert [digit.flags == () for digit in reading.digits] == [part is not cross for part in parts]
        assert reading.flags == ("unsure", "unlike any digit")


def test_a_blank_page_has_no_digit(predictor):
    reading = predictor.read(np.full((50, 60), 255, np.uint8))
    assert (reading.digit, reading.text, reading.flags) == (None, "", ("no digit", "blank"))
    assert reading.probability == 0


def test_noise_is_no_digit(predictor):
    pixels = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
    reading = predictor.read(pixels)
    assert reading.flags
    assert reading.digit is None


def test_a_model_without_calibration_answers_all_it_is_shown(predictor, images):
    bare = Predictor(predictor.network.parameters(), predictor.pixel_scale)
    assert bare.read(page(images[0])).digit == 7


# ---- Which pixels spoke for it --------------------------------------------------------------------------------------


def lead(predictor, images, digit):
    """The digit's logit over the mean of the others."""
    logits = predictor.logits(images)
    return logits[:, digit] - np.delete(logits, digit, axis=1).mean(axis=1)


def test_the_contributions_add_up_to_what_the_ink_changed(predictor, images):
    for image in images:
        for digit in (0, 4, 7):
            before, after = lead(predictor, np.stack([np.zeros_like(image), image]), digit)
            contributions = explain(predictor, image, digit)
            assert contributions.dtype == np.float32
            assert contributions.shape == (28, 28)
            assert contributions.sum() == pytest.approx(after - before, rel=0.02, abs=0.1)


def test_the_contributions_agree_with_occlusion(predictor, images):
    """Patches of ink are wiped out one at a time: the lead falls by about what their pixels were said to contribute.

    About: the contributions are those on the way from an empty picture, and a patch is taken from the whole one.
    """
    agreements = []
    for image in images:
        digit = int(predictor.predict(image)[0])
        said, lost = [], []
        contributions = explain(predictor, image, digit)
        for y in range(0, 28, 4):
            for x in range(0, 28, 4):
                if image[y : y + 4, x : x + 4].any():
                    wiped = image.copy()
                    wiped[y : y + 4, x : x + 4] = 0
                    said.append(contributions[y : y + 4, x : x + 4].sum())
                    lost.append(float(np.subtract(*lead(predictor, np.stack([image, wiped]), digit))))
        agreements.append(np.corrcoef(said, lost)[0, 1])
    assert np.mean(agreements) > 0.75
    assert min(agreements) > 0.25


def test_empty_paper_says_nothing(predictor, images):
    assert not explain(predictor, images[0], 7)[images[0] == 0].any()


def test_a_network_without_hidden_layers_is_explained_exactly(images):
    weights = np.random.default_rng(0).standard_normal((784, 10)).astype(np.float32)
    predictor = Predictor({"W1": weights, "b1": np.zeros(10, np.float32)}, 1 / 255)
    expected = (weights[:, 3] - np.delete(weights, 3, axis=1).mean(axis=1)) * images[0].ravel() / 255
    np.testing.assert_allclose(explain(predictor, images[0], 3).ravel(), expected, atol=1e-4)


def test_the_explanation_is_drawn(predictor, images, tmp_path):
    for number, picture in enumerate((page(images[0]), page(*images[:6]), images[1], np.zeros((40, 30), np.uint8))):
        drawn = draw_explanation(predictor, predictor.read(picture), tmp_path / f"{number}.png")
        with Image.open(tmp_path / f"{number}.png") as saved:
            assert saved.size == drawn.size
        assert len(np.unique(np.asarray(drawn).reshape(-1, 3), axis=0)) > 2
