"""Digits that touch are cut in the ways that are likely, and the network chooses; one digit stays one."""

import numpy as np
import pytest

from benchmarks.rendering import TOUCHING, black_on_white
from fastnet.data.loading import load_dataset
from fastnet.reading.pictures.touching import closer_cuts, with_alternatives
from fastnet.reading.predictor import Predictor


@pytest.fixture(scope="module")
def predictor():
    return Predictor.load()


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


def test_two_digits_joined_by_a_bridge_are_read_as_two(predictor, train):
    assert n_read(predictor, train, "touching, overlap of 1 stroke", 10) >= 5


def test_a_wide_digit_is_not_cut(predictor, train):
    for digit in (0, 2, 7):
        images = train.images[train.labels == digit].reshape(-1, 28, 28)
        widest = images[np.argsort([np.ptp(np.flatnonzero(image.max(axis=0) > 99)) for image in images[:200]])[-10:]]
        for number, image in enumerate(widest):
            reading = predictor.read(black_on_white(np.random.default_rng(number), image))
            assert len(reading.digits) == 1 or reading.flags


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


def test_strokes_that_lie_on_each_other_go_to_both_digits(predictor, train):
    assert n_read(predictor, train, "touching, overlap of 4 strokes", 12) >= 8


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
