"""Digits that touch are cut in the ways that are likely, and the network chooses; one digit stays one."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from benchmarks.rendering import TOUCHING, black_on_white
from benchmarks.studies import pairs
from benchmarks.studies.generalisation import WAYS, enlargeable
from benchmarks.studies.pairs import RECIPE, images_of, write_network
from fastnet import weights
from fastnet.data.loading import load_dataset
from fastnet.data.samples import PIXEL_SCALE, Dataset, Samples
from fastnet.reading.pairs import CLASSES
from fastnet.reading.pictures.mnist_form import PAIR, to_pair_form
from fastnet.reading.pictures.touching import _one_row_on, closer_cuts, with_alternatives
from fastnet.reading.predictor import Predictor
from fastnet.training.trainer import Training

BEST = "mnist-784-512-10-best"


@pytest.fixture(scope="module")
def train():
    return load_dataset().train


def n_read(predictor, train, kind, n):
    """How many of `n` pairs that touch are read right."""
    n_right = 0
    for number in range(n):
        rng = np.random.default_rng(number)
        two = rng.integers(len(train.labels), size=2)
        picture = TOUCHING[kind](rng, train.images[two].reshape(-1, 28, 28))
        n_right += predictor.read(picture).text == "".join(str(label) for label in train.labels[two])
    return n_right


@pytest.mark.parametrize("kind", TOUCHING)
def test_two_digits_that_touch_are_read_as_two(predictor, train, kind):
    assert n_read(predictor, train, kind, 10) >= 8


def test_what_was_read_as_two_that_touch_is_unsure_and_stands_in_its_pieces(predictor, train):
    picture = TOUCHING["touching, overlap of 3 strokes"](np.random.default_rng(2), train.images[:2].reshape(-1, 28, 28))
    reading = predictor.read(picture)
    assert reading.text == "50"
    assert reading.flags == ("unsure", "may be other digits that touch")
    left, right = reading.digits
    assert left.box[0] < right.box[0]
    assert left.box[2] < right.box[2]
    for digit in reading.digits:
        assert digit.probabilities.argmax() == digit.digit
        assert digit.probabilities.sum() == pytest.approx(1)
        assert digit.pixels.any()


def test_pairs_are_not_thought_of_by_a_model_of_other_classes(predictor, train):
    names = tuple("abcdefghij")
    other = Predictor(
        predictor.network.parameters(),
        predictor.pixel_scale,
        replace(predictor.manifest, classes=names),
        predictor.calibration,
    )
    picture = TOUCHING["touching, overlap of 3 strokes"](np.random.default_rng(2), train.images[:2].reshape(-1, 28, 28))
    assert set(other.read(picture).text) <= set(names)


def test_the_form_of_pairs_is_as_high_or_as_wide_as_it_can_be():
    for shape in ((80, 60), (100, 90), (40, 160), (3, 5), (1, 1)):
        pixels = to_pair_form(np.full(shape, 255, np.uint8))
        assert pixels.shape == PAIR
        rows, columns = (np.flatnonzero((pixels > 0).any(axis=axis)) for axis in (1, 0))
        assert len(rows) >= PAIR[0] - 1 or len(columns) >= PAIR[1] - 1


def test_the_study_trains_a_network_of_pairs(tmp_path, train):
    digits = np.asarray(train.images[:300]).reshape(-1, 28, 28)
    images, classes = images_of(digits, train.labels[:300], 1, 40)
    assert images.shape == (40, PAIR[0] * PAIR[1])
    assert classes.max() >= 100  # digits that are alone
    samples = Samples(images, classes, PIXEL_SCALE)
    training = Training(Dataset(samples, samples, "pairs", CLASSES), replace(RECIPE, hidden=(8,), epochs=1))
    training.run()
    write_network(training, tmp_path / "network")
    assert Predictor.load(tmp_path / "network").classes == CLASSES


def test_the_study_goes_on_from_a_network_at_the_rate_that_it_is_told(tmp_path, train, monkeypatch):
    """Adam's steps are about as long as the rate, so weights stay near those that a training goes on from."""

    def few(digits, labels, n, seed):
        return Samples(*images_of(digits[:300], labels[:300], seed, n), PIXEL_SCALE)

    monkeypatch.setattr(pairs, "RECIPE", replace(RECIPE, hidden=(8,)))
    monkeypatch.setattr(pairs, "drawn", few)
    first, second = tmp_path / "first", tmp_path / "second"
    for out, more in ((first, []), (second, ["--initial", str(first), "--learning-rate", "1e-4"])):
        pairs.main(["-n", "40", "--epochs", "1", "--out", str(out), *more])
    before, after = Predictor.load(first), Predictor.load(second)
    assert after.manifest.recipe["learning_rate"] == 1e-4
    for name, array in before.network.parameters().items():
        assert 0 < np.abs(after.network.parameters()[name] - array).max() < 1e-3


@pytest.mark.parametrize(("name", "most"), [(BEST, 1), (weights.DEFAULT, 1)])  # a 7 of two strokes apart may be 11
def test_a_wide_digit_is_not_cut(name, most, train):
    predictor, n_cut = Predictor.load(name), 0
    for digit in (0, 2, 7):
        images = train.images[train.labels == digit].reshape(-1, 28, 28)
        widest = images[np.argsort([np.ptp(np.flatnonzero(image.max(axis=0) > 99)) for image in images[:200]])[-10:]]
        for number, image in enumerate(widest):
            reading = predictor.read(black_on_white(np.random.default_rng(number), image))
            n_cut += len(reading.digits) > 1 and not reading.flags
    assert n_cut <= most


@pytest.mark.parametrize(
    ("name", "n_wrong"), [(BEST, 3), (weights.SMALL, 1), (weights.DEFAULT, 0)]
)  # `best` is for MNIST's own digits
def test_a_coarse_digit_is_not_taken_for_two(name, n_wrong):
    predictor, digits = Predictor.load(name), load_digits()
    rows = [423, 491, 521, 545, 572, 626, 756, 818, 947]  # these were, by the network of pairs
    pictures = [WAYS["enlarged to 64 x 64"](enlargeable(digits.images[row])) for row in rows]
    texts = [predictor.read(picture).text for picture in pictures]
    assert all(len(text) < 2 for text in texts)
    assert sum(text != str(digit) for text, digit in zip(texts, digits.target[rows], strict=True)) == n_wrong


def test_ways_through_ink_cost_the_same_however_precise_the_ink_is():
    ink = np.random.default_rng(0).integers(0, 4, (200, 20)).astype(np.float32) / 3
    for single, double in zip(_one_row_on(ink), _one_row_on(ink.astype(np.float64)), strict=True):
        np.testing.assert_array_equal(single, double)


def test_alternatives_share_their_pieces_and_hold_all_ink():
    own = np.zeros((40, 120), bool)
    for left in (0, 42, 84):
        own[:, left : left + 6] = own[:, left + 28 : left + 34] = own[:5, left : left + 34] = True
    own[18:22] = True
    whole = with_alternatives(own, 5, 7)
    assert whole.box == (5, 7, 125, 47)
    assert whole.alternatives
    for first, rest in whole.alternatives:
        assert first.own.sum() + rest.own.sum() == own.sum()
    rests = {id(rest): rest for _, rest in whole.alternatives}
    assert any(id(last) in rests for rest in rests.values() for *_, last in rest.alternatives)


def test_closer_cuts_lose_no_ink_and_share_a_stroke_at_most():
    own = np.zeros((60, 100), bool)
    for left in (0, 45):  # two rings that have a side in common
        own[:, left : left + 8] = own[:, left + 47 : left + 55] = own[:8, left : left + 55] = True
        own[-8:, left : left + 55] = True
    pairs = list(closer_cuts(own, 5, 7))
    assert pairs
    for pair in pairs:
        times = np.zeros(own.shape, int)
        for piece in pair:
            x0, y0, x1, y1 = piece.box
            times[y0 - 7 : y1 - 7, x0 - 5 : x1 - 5] += piece.own
        assert (times[own] >= 1).all()
        assert not times[~own].any()
    assert any(left.own.shape[1] == 55 and right.own.shape[1] >= 45 for left, right in pairs)


def test_what_is_narrow_has_no_alternatives():
    assert not with_alternatives(np.ones((40, 20), bool), 0, 0).alternatives
