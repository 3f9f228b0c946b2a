"""Answers about pictures: which digit, how sure, what speaks against it, and which pixels spoke for it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from fastnet import weights
from fastnet.cli.answers import in_words
from fastnet.data.loading import load_dataset
from fastnet.models.network import Network
from fastnet.reading import recognition
from fastnet.reading.batch import read_picture
from fastnet.reading.explanation import draw_explanation, explain
from fastnet.reading.pictures import LeftOut, prepare
from fastnet.reading.predictor import Predictor

PICTURES = Path(__file__).parent / "pictures"


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


def with_alternatives(part):
    return [part, *(each for other in part.alternatives for piece in other for each in with_alternatives(piece))]


def test_a_picture_is_read_in_few_forward_passes(predictor, images, monkeypatch):
    n_rows = []
    whole = Network.forward
    monkeypatch.setattr(Network, "forward", lambda self, x: n_rows.append(len(x)) or whole(self, x))
    touching = np.maximum(*(np.pad(images[3], ((0, 0), sides)) for sides in ((0, 15), (15, 0))))
    picture = page(images[1], touching, images[2])
    prepared = prepare(picture, None, None)
    n_seen = len({id(each) for part in prepared.parts for each in with_alternatives(part)})
    assert n_seen > len(prepared.parts)
    assert predictor.read(picture).text == "2001"
    # the pieces; what may be two digits; the ways to cut these; then the four digits as they stand, and in three turns
    assert n_rows[0] == n_seen
    assert 1 <= n_rows[1] <= 2
    assert n_rows[3:] == [4, 4, 4, 4]
    predictor.read(np.full((50, 60), 255, np.uint8))
    assert len(n_rows) == 7


def test_a_digit_among_others_is_answered_as_if_alone(predictor, images):
    """But for the last bits: a product of one row sums in another order than one of many."""
    for digit in predictor.read(page(*images)).digits:
        alone = predictor.predict_proba(digit.pixels)[0]
        np.testing.assert_allclose(digit.probabilities, alone, rtol=1e-4, atol=1e-6)
        likeness = predictor.calibration.likeness_of(predictor.forward(digit.pixels).traits)[0]
        assert (digit.digit is None) == (likeness < predictor.calibration.no_digit_below)
        is_likely = digit.probability >= predictor.calibration.least_probability
        assert bool(digit.flags) == (likeness < predictor.calibration.unsure_below or not is_likely)


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


# ---- Doubts ----------------------------------------------------------------------------------------------------------


def limited(predictor, **limits):
    """The same model with other limits."""
    calibration = replace(predictor.calibration, **limits)
    return Predictor(predictor.network.parameters(), predictor.pixel_scale, predictor.manifest, calibration)


def test_an_answer_that_is_not_likely_is_doubted_however_much_it_is_like_a_digit(predictor, images):
    between = np.maximum(images[0], images[4])  # a 7 and a 4, which is rather a 9
    reading = limited(predictor, unsure_below=-1e9, no_digit_below=-1e9, least_probability=0.999).read(page(between))
    assert reading.probability < 0.999
    assert reading.flags == ("unsure", "may be another digit")
    undemanding = limited(predictor, unsure_below=-1e9, no_digit_below=-1e9, least_probability=0.0)
    assert "may be another digit" not in undemanding.read(page(between)).flags


@pytest.mark.parametrize("turns", [1, 3])
def test_a_picture_that_is_turned_says_so_of_all_its_digits(predictor, images, turns):
    row = page(*images[[0, 1, 3, 4, 5, 2, 8]])
    reading = predictor.read(np.rot90(row, turns))
    assert reading.digits
    for told in (reading, *reading.digits):
        assert "turned?" in told.flags
        assert told.flags[0] in ("unsure", "no digit")  # which, is for the model to say


def test_upright_rows_are_not_called_turned(predictor, images):
    for start in range(0, 20, 4):
        assert "turned?" not in predictor.read(page(*images[start : start + 4])).flags


def found(monkeypatch, *left_out):
    """Have the pipeline leave out these boxes, each for being too small."""
    marks = tuple(LeftOut(box, "too small") for box in left_out)
    monkeypatch.setattr(recognition, "prepare", lambda *args: replace(prepare(*args), left_out=marks))


def test_a_point_between_digits_is_told_in_its_place(predictor, images, monkeypatch):
    plain = predictor.read(page(*images[:3]))
    x, y = plain.digits[1].box[2] + 5, plain.digits[1].box[3] - 12
    found(monkeypatch, (x, y, x + 12, y + 12))
    reading = predictor.read(page(*images[:3]))
    assert [digit.kind for digit in reading.digits] == ["digit", "digit", "other", "digit"]
    assert (reading.text, reading.digits[2].digit) == ("721", None)
    assert {"unsure", "a mark between digits"} <= set(reading.flags)


def test_dirt_in_a_digit_is_no_mark_beside_it(predictor, images, monkeypatch):
    x0, y0, x1, y1 = predictor.read(page(*images[:3])).digits[1].box
    x, y = (x0 + x1) // 2, (y0 + y1) // 2
    found(monkeypatch, (x - 6, y - 6, x + 6, y + 6))
    assert predictor.read(page(*images[:3])).flags == ()


def test_a_minus_before_digits_is_told_and_a_speck_there_is_not(predictor, images, monkeypatch):
    x0, y0, _, y1 = predictor.read(page(*images[:3])).digits[0].box
    middle = (y0 + y1) // 2
    found(monkeypatch, (x0 - 18, middle, x0 - 15, middle + 3))
    assert predictor.read(page(*images[:3])).flags == ()
    found(monkeypatch, (x0 - 40, middle, x0 - 5, middle + 6))
    reading = predictor.read(page(*images[:3]))
    assert [digit.kind for digit in reading.digits][:2] == ["other", "digit"]
    assert reading.flags == ("unsure", "a mark beside digits")
    assert reading.digit == 7


def test_what_is_refused_is_of_another_kind(predictor, images):
    reading = limited(predictor, no_digit_below=1e9).read(page(images[0]))
    assert [digit.kind for digit in reading.digits] == ["other"]


@pytest.mark.parametrize(("above", "kinds"), [(1.0, ["digit"] * 3), (2.0, ["digit", "other", "digit"])])
def test_what_is_little_unlike_a_digit_is_answered_with_doubt_among_digits(predictor, images, above, kinds):
    digits = [predictor.read(page(image)).digits[0].pixels for image in images]
    likeness = predictor.calibration.likeness_of(predictor.forward(np.stack(digits)).traits)
    least, *_, second, most = likeness.argsort()
    strict = limited(predictor, no_digit_below=float(likeness[least]) + above, unsure_below=-1e9)
    assert strict.read(page(images[least])).digit is None  # alone
    among = strict.read(page(images[most], images[least], images[second]))
    assert [digit.kind for digit in among.digits] == kinds
    assert among.digits[1].flags[0] == ("unsure" if kinds[1] == "digit" else "no digit")
    assert "unsure" in among.flags
    assert (among.digits[1].digit is None) == (kinds[1] == "other")


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


@pytest.mark.parametrize(
    ("name", "mean", "share", "least"),
    [("mnist-784-512-10-best", 0.75, 0.1, 0.5), (weights.SMALL, 0.75, 0.1, 0.5), (weights.DEFAULT, 0.65, 0.1, 0.25)],
)
def test_the_contributions_agree_with_occlusion(name, mean, share, least, images):
    """Patches of ink are wiped out one at a time: the lead falls by about what their pixels were said to contribute.

    About: the contributions are those on the way from an empty picture, and a patch is taken from the whole one.
    """
    predictor, agreements = Predictor.load(name), []
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
    assert np.mean(agreements) > mean
    assert np.quantile(agreements, share) > least  # a 1 covers few patches, on which there is little to agree


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


@pytest.fixture
def captions(predictor, monkeypatch):
    """What is written on the drawing of a picture."""
    written = []
    draw = ImageDraw.ImageDraw.text
    monkeypatch.setattr(
        ImageDraw.ImageDraw, "text", lambda self, xy, text, *more: written.append(text) or draw(self, xy, text, *more)
    )

    def captions(picture):
        written.clear()
        draw_explanation(predictor, predictor.read(picture))
        return list(written)

    return captions


def test_what_the_network_was_not_asked_about_is_not_explained(predictor, captions):
    form = PICTURES / "grid-9x9.png"
    n_digits = sum(digit.kind == "digit" for digit in predictor.read(form).digits)
    *stages_and_digits, legend = captions(form)
    assert sum(caption.startswith("the network sees: ") for caption in stages_and_digits) == 12 < n_digits
    assert not any("no digit" in caption for caption in stages_and_digits)
    assert legend.endswith(f"; not shown: {n_digits - 12} more digits")


@pytest.mark.parametrize(
    "picture",
    [np.full((40, 30), 255, np.uint8), np.zeros((28, 28), np.uint8), PICTURES / "boxes-empty.png"],
    ids=["page", "image", "form"],
)
def test_a_blank_picture_is_said_to_be_so_once(captions, picture):
    *stages, legend = captions(picture)
    assert legend == "no digit: blank"
    assert not any("network sees: " in caption for caption in stages)


# ---- Models whose classes have names --------------------------------------------------------------------------------


def renamed(predictor, names):
    """The same model, whose classes are called otherwise."""
    manifest = replace(predictor.manifest, classes=tuple(names))
    return Predictor(predictor.network.parameters(), predictor.pixel_scale, manifest, predictor.calibration)


@pytest.mark.parametrize(
    ("names", "text"),
    [("ABCDEFGHIJ", "HCBAE"), ([f"no. {n}" for n in range(10)], "no. 7 no. 2 no. 1 no. 0 no. 4")],
    ids=["letters", "words"],
)
def test_digits_are_told_by_the_names_of_their_classes(predictor, images, names, text):
    reading = renamed(predictor, names).read(page(*images[:5]))
    assert reading.text == text
    assert [(each.text, each.label) for each in reading.digits] == [(names[each.digit],) * 2 for each in reading.digits]
    assert (reading.label, reading.second_label) == (names[7], names[reading.second])
    assert reading.digits[1].second_label == names[reading.digits[1].second]


def test_answers_in_words_and_in_json_tell_the_names_of_classes(predictor, images, tmp_path):
    Image.fromarray(page(images[0])).save(tmp_path / "seven.png")
    answer = read_picture(renamed(predictor, "ABCDEFGHIJ"), str(tmp_path / "seven.png"))
    assert (answer["text"], answer["label"], answer["digits"][0]["label"]) == ("H", "H", "H")
    assert answer["second_label"] == "ABCDEFGHIJ"[answer["second"]]
    assert in_words(answer).startswith("H (")
    assert in_words(answer).endswith(f"else {answer['second_label']})")


def test_nothing_to_read_has_no_name(predictor):
    reading = renamed(predictor, "ABCDEFGHIJ").read(np.full((50, 60), 255, np.uint8))
    assert (reading.text, reading.digit, reading.label, reading.second_label) == ("", None, None, None)
