"""Distorted pictures: the generator's published numbers, maps known beforehand, and the size of what is drawn."""

import math

import numpy as np
import pytest
from numba import config

from fastnet import kernels
from fastnet.kernels import augment, cases, jit, reference, reference_augment
from fastnet.kernels.augment import distort_images
from fastnet.kernels.displacements import smooth_basis, unit_amplitude

SIDE = 12
N_MOVED = 2000
N_COPIES = 8 if config.DISABLE_JIT else 150
ROTATION, SCALE, ASPECT, SHEAR, DOWN, RIGHT, THICKNESS = range(7)


def pictures(n=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, SIDE, SIDE)).astype(np.uint8)


def distorted(images, fixed=None, elastic=0.0, key=7, epoch=0, rows=None, module=kernels):
    """Copies under the same affine map for all of them: `fixed` gives some of its numbers."""
    ranges = np.zeros(7)
    for index, value in (fixed or {}).items():
        ranges[index] = value
    rows = np.arange(len(images)) if rows is None else rows
    basis = smooth_basis(images.shape[1], 3.0), smooth_basis(images.shape[2], 3.0)
    out = np.empty((len(rows), *images.shape[1:]), np.uint8)
    module.distort_images(images, rows, key, epoch, ranges, ranges, *basis, elastic * unit_amplitude(*basis), out)
    return out


# The first three vectors that the authors of Philox publish with it (Random123, kat_vectors, philox4x32 10).
@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ([0, 0, 0, 0], 0, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([2**32 - 1] * 4, 2**64 - 1, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            0x299F31D0A4093822,
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_random_words_are_those_of_philox(counter, key, words):
    assert [int(word) for word in augment.philox(np.uint64(key), *np.array(counter, np.uint64))] == words


def test_random_words_of_the_twin_are_the_same():
    words = reference_augment.random_words(2**63 + 9, 4, [5, 6], 7)
    for row, sample in enumerate((5, 6)):
        for block in range(2):
            counter = np.array([block, sample, 4, 0], np.uint64)
            expected = augment.philox(np.uint64(2**63 + 9), *counter)
            assert tuple(words[row, 4 * block : 4 * block + 4]) == expected[: 7 - 4 * block]


@pytest.mark.parametrize("module", [kernels, reference])
@pytest.mark.parametrize(
    ("fixed", "expected"),
    [
        ({}, lambda images: images),
        ({ROTATION: math.pi / 2}, lambda images: np.rot90(images, 1, (1, 2))),
        ({ROTATION: -math.pi}, lambda images: np.rot90(images, 2, (1, 2))),
        ({DOWN: 1, RIGHT: -2}, lambda images: np.pad(images, ((0, 0), (1, 0), (0, 2)))[:, :-1, 2:]),
        ({DOWN: SIDE + 5}, np.zeros_like),
        (
            {RIGHT: 0.5},
            lambda images: (np.pad(images, ((0, 0), (0, 0), (1, 0)))[:, :, :-1] / 2 + images / 2 + 0.5) // 1,
        ),
    ],
    ids=["nothing", "a quarter turn", "half a turn", "a shift", "a shift out", "half a pixel"],
)
def test_known_maps(module, fixed, expected):
    images = pictures()
    np.testing.assert_array_equal(distorted(images, fixed, module=module), expected(images))


@pytest.mark.parametrize("module", [kernels, reference])
def test_a_shear_leans_as_italics_do(module):
    image = np.zeros((1, 3, SIDE), np.uint8)
    image[0, :, 5] = [100, 150, 200]
    copy = distorted(image, {SHEAR: math.pi / 4}, module=module)[0]
    assert [copy[0, 6], copy[1, 5], copy[2, 4]] == [100, 150, 200]
    assert copy.sum() == image.sum()


@pytest.mark.parametrize(("fixed", "height", "width"), [({SCALE: math.log(2)}, 8, 8), ({ASPECT: math.log(4)}, 8, 2)])
def test_scale_and_aspect_stretch(fixed, height, width):
    image = np.zeros((1, SIDE, SIDE), np.uint8)
    image[0, 4:8, 4:8] = 200
    ink = distorted(image, fixed)[0] > 100
    assert (ink.any(axis=1).sum(), ink.any(axis=0).sum()) == (height, width)


@pytest.mark.parametrize("module", [kernels, reference])
@pytest.mark.parametrize(
    ("thickness", "expected"),
    [
        (1, [0, 200, 200, 200, 200, 200, 0, 0]),
        (0.25, [0, 50, 200, 200, 200, 50, 0, 0]),
        (-1, [0, 0, 0, 200, 0, 0, 0, 0]),
        (-0.5, [0, 0, 100, 200, 100, 0, 0, 0]),
    ],
)
def test_the_sides_of_a_stroke_move(module, thickness, expected):
    image = np.zeros((1, 6, 8), np.uint8)
    image[0, :, 2:5] = 200
    across = distorted(image, {THICKNESS: thickness}, module=module)
    along = distorted(np.ascontiguousarray(image.transpose(0, 2, 1)), {THICKNESS: thickness}, module=module)
    np.testing.assert_array_equal(across[0, 2], expected)
    np.testing.assert_array_equal(along[0, :, 2], expected)


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="a statistic of many draws takes long in plain Python")
def test_displacements_are_smooth_and_as_large_as_asked():
    """A picture of its own columns' numbers tells by how much each pixel was moved."""
    images = np.broadcast_to(np.arange(28, dtype=np.uint8) * 8, (N_MOVED, 28, 28)).copy()
    basis = smooth_basis(28, 6.0), smooth_basis(28, 6.0)
    out = np.empty_like(images)
    still = np.zeros(7)
    distort_images(images, np.arange(N_MOVED), 1, 0, still, still, *basis, 1.5 * unit_amplitude(*basis), out)
    moves = (out.astype(float) - images)[:, 8:20, 8:20] / 8
    assert abs(moves.mean()) < 0.05
    np.testing.assert_allclose(moves.std(axis=0), 1.5, atol=0.15)  # the same at each place
    # The correlation of white noise under a Gaussian: exp(-distance**2 / (4 sigma**2)).
    for distance in (3, 6, 9):
        correlation = np.corrcoef(moves[:, 6, 0], moves[:, 6, distance])[0, 1]
        assert correlation == pytest.approx(math.exp(-(distance**2) / (4 * 6.0**2)), abs=0.08)


def test_draws_fill_their_ranges():
    least, most = np.array([-1.0, 2, 0, -3, 0, 5, -1]), np.array([1.0, 4, 0, 3, 1, 5, 1])
    words = reference_augment.random_words(3, 0, np.arange(5000), 7)
    draws = least + (most - least) * ((words + 0.5) / 2.0**32)
    np.testing.assert_allclose(draws.mean(axis=0), (least + most) / 2, atol=0.1)
    np.testing.assert_allclose(np.ptp(draws, axis=0), most - least, rtol=0.01)


def test_a_copy_depends_on_key_epoch_and_row_alone(monkeypatch):
    arguments = cases.make_distort_images(np.random.default_rng(0), 200, N_COPIES, 28, 28)
    distort_images(**arguments)
    for n_threads in (1, 3):
        monkeypatch.setattr(jit, "_threads", n_threads)
        for part in (slice(0, N_COPIES // 4), slice(N_COPIES // 4, N_COPIES)):
            out = np.empty_like(arguments["out"][part])
            distort_images(**{**arguments, "rows": arguments["rows"][part], "out": out})
            np.testing.assert_array_equal(out, arguments["out"][part])
    for change in ({"epoch": 4}, {"key": 5}):
        out = np.empty_like(arguments["out"])
        distort_images(**{**arguments, **change, "out": out})
        assert (out != arguments["out"]).any(axis=(1, 2)).all()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"images": np.zeros((3, 9), np.uint8)}, "images must have 3 axes, not 2"),
        ({"images": np.zeros((3, 28, 28))}, "images must be uint8"),
        ({"out": np.zeros((2, 28, 28), np.uint8)}, r"out must be uint8 of shape \(4, 28, 28\)"),
        ({"least": np.zeros(6)}, r"least must be float64 of shape \(7,\)"),
        ({"most": np.zeros(7, np.float32)}, r"most must be float64 of shape \(7,\)"),
        ({"most": np.full(7, 1.5)}, "thickness must be from -1 to 1 pixel"),
        ({"rows": np.zeros(4)}, "rows must be integers"),
        ({"images": np.zeros((3, 0, 28), np.uint8), "out": np.zeros((4, 0, 28), np.uint8)}, "sides of images must be"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, sentence):
    arguments = cases.make_distort_images(np.random.default_rng(0), 3, 4, 28, 28)
    with pytest.raises(ValueError, match=sentence):
        distort_images(**{**arguments, **change})


@pytest.mark.parametrize("module", [kernels, reference])
@pytest.mark.parametrize("row", [-1, 3])
def test_row_that_is_not_there_is_refused(module, row):
    with pytest.raises(IndexError, match=r"a row is outside 0\.\.2"):
        distorted(pictures(), rows=np.array([0, row]), module=module)
