"""The corrupted test digits of docs/generalisation.md: each kind is what its name says, and always the same."""

import numpy as np
import pytest

from benchmarks.corruptions import KINDS, corrupted
from fastnet import load_dataset


@pytest.fixture(scope="module")
def digits():
    return load_dataset().test.pixels[:30].reshape(-1, 28, 28)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_changes_every_digit_and_the_same_seed_gives_the_same(digits, kind):
    copies = corrupted(digits, kind, seed=1)
    assert (copies.dtype, copies.shape) == (np.uint8, digits.shape)
    assert (copies != digits).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(copies, corrupted(digits, kind, seed=1))
    is_random = kind not in ("scale", "brightness", "stripe", "canny edges")
    assert is_random == (copies != corrupted(digits, kind, seed=2)).any()


def test_no_digit_depends_on_those_beside_it(digits):
    for kind in ("canny edges", "scale", "stripe", "brightness"):
        np.testing.assert_array_equal(corrupted(digits[3:5], kind, 1), corrupted(digits, kind, 1)[3:5])


def test_strengths_are_the_published_ones():
    white = np.full((200, 28, 28), 255, np.uint8)
    disc = np.uint8(255 * (np.hypot(*(np.mgrid[:28, :28] - 13.5)) < 10))[np.newaxis]
    black = 0 * white
    assert np.mean(corrupted(black, "impulse noise", 0) == 255) == pytest.approx(0.17 / 2, abs=0.005)
    assert set(np.unique(corrupted(white // 2, "shot noise", 0))) == {0, 85, 170, 255}
    assert (corrupted(black, "brightness", 0) == 128).all()
    assert (corrupted(black, "stripe", 0) == 255).mean() == 0.5
    assert np.sqrt((corrupted(disc, "scale", 0) > 127).sum() / (disc > 127).sum()) == pytest.approx(0.7, abs=0.03)
    dot = np.zeros((1, 28, 28), np.uint8)
    dot[0, 10, 10] = 255
    assert set(np.argwhere(corrupted(dot, "translate", 0)[0])[0]) <= {7, 13}
    for kind in ("motion blur", "glass blur"):
        assert int(corrupted(dot, kind, 0).sum()) == pytest.approx(255, rel=0.1)


def test_edges_are_a_thin_outline():
    square = np.zeros((1, 28, 28), np.uint8)
    square[0, 8:20, 8:20] = 255
    edges = corrupted(square, "canny edges", 0)[0] == 255
    assert 36 <= edges.sum() <= 52
    assert not edges[11:17, 11:17].any()
    assert not edges[:6].any()
