"""The predictor: held against a forward pass written out here, with NumPy alone, strict about what it is given."""

import json
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from fastnet.data.loading import load_dataset
from fastnet.errors import ModelError, OptionError
from fastnet.models.documents import Manifest, Score
from fastnet.models.fields import to_json
from fastnet.models.files import write_model
from fastnet.reading.predictor import Predictor

SIZES = {"softmax regression": (12, 4), "one hidden layer": (12, 9, 4), "three hidden layers": (12, 9, 1, 6, 4)}


def parameters_of(sizes, seed=5):
    rng = np.random.default_rng(seed)
    parameters = {}
    for number, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
        parameters[f"W{number}"] = rng.standard_normal((n_in, n_out)).astype(np.float32)
        parameters[f"b{number}"] = rng.standard_normal(n_out).astype(np.float32)
    return parameters


def forward(parameters, pixels):
    """The textbook in float64, sample by sample and unit by unit: hidden layers, then probabilities."""
    layers, n_layers = [np.asarray(pixels, np.float64)], len(parameters) // 2
    for number in range(1, n_layers + 1):
        w, b = parameters[f"W{number}"], parameters[f"b{number}"]
        sums = np.array([[sum(x * w[:, j]) + b[j] for j in range(len(b))] for x in layers[-1]])
        layers.append(np.where(sums > 0, sums, 0) if number < n_layers else sums)
    powers = np.array([[np.exp(z - max(row)) for z in row] for row in layers.pop()])
    return layers[1:], powers / powers.sum(axis=1)[:, None]


@pytest.fixture
def pixels():
    return np.random.default_rng(6).random((7, 12)).astype(np.float32)


@pytest.fixture
def predictor():
    return Predictor(parameters_of((12, 9, 4)), 1 / 255)


# ---- The arithmetic -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES.keys())
def test_probabilities_and_digits_are_those_of_the_textbook(pixels, sizes):
    parameters = parameters_of(sizes)
    predictor = Predictor(parameters, 1.0)
    _, expected = forward(parameters, pixels)
    probabilities = predictor.predict_proba(pixels)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities, expected, rtol=2e-5, atol=1e-7)
    digits = predictor.predict(pixels)
    assert digits.dtype == np.int64
    np.testing.assert_array_equal(digits, expected.argmax(axis=1))
    assert predictor.layer_sizes == sizes


@pytest.mark.parametrize("layer", [0, 1, 2, -1, -2, -3])
def test_hidden_activations_are_those_of_the_textbook(pixels, layer):
    parameters = parameters_of((12, 9, 5, 6, 4))
    expected, _ = forward(parameters, pixels)
    activations = Predictor(parameters, 1.0).hidden_activations(pixels, layer)
    assert activations.dtype == np.float32
    assert (activations >= 0).all()
    np.testing.assert_allclose(activations, expected[layer], rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(("sizes", "layer"), [((12, 9, 4), 1), ((12, 9, 4), -2), ((12, 4), 0), ((12, 4), -1)])
def test_hidden_layer_that_is_not_there_is_refused(pixels, sizes, layer):
    predictor = Predictor(parameters_of(sizes), 1.0)
    n_hidden = len(sizes) - 2
    with pytest.raises(OptionError, match=f"has {n_hidden} hidden layers, and layer {layer} is none of them"):
        predictor.hidden_activations(pixels, layer)


@pytest.mark.parametrize("factor", [1e4, 1e6, 1e20])
def test_probabilities_of_extreme_logits_are_finite_and_sum_to_1(pixels, factor):
    parameters = parameters_of((12, 4))
    parameters["W1"] *= np.float32(factor)
    probabilities = Predictor(parameters, 1.0).predict_proba(pixels)
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), (pixels @ parameters["W1"]).argmax(axis=1))


def test_equal_logits_share_the_probability():
    parameters = {"W1": np.zeros((12, 4), np.float32), "b1": np.full(4, -1e30, np.float32)}
    np.testing.assert_array_equal(Predictor(parameters, 1.0).predict_proba(np.ones((1, 12))), np.full((1, 4), 0.25))


# ---- What it takes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "n"),
    [
        ((12,), 1),
        ((3, 4), 1),
        ((1, 12), 1),
        ((12, 1), 1),
        ((2, 12), 2),
        ((2, 3, 4), 2),
        ((1, 3, 4), 1),
        ((0, 12), 0),
        ((0, 3, 4), 0),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_shapes_of_images(predictor, shape, n, dtype):
    images = np.random.default_rng(1).integers(0, 256, shape).astype(dtype)
    assert predictor.predict(images).shape == (n,)
    assert predictor.predict_proba(images).shape == (n, 4)
    assert predictor.hidden_activations(images).shape == (n, 9)
    np.testing.assert_array_equal(predictor.predict_proba(images), predictor.predict_proba(images.reshape(n, 12)))


@pytest.mark.parametrize("shape", [(), (0,), (11,), (13,), (2, 11), (13, 1), (2, 4, 4), (2, 3, 4, 1), (1, 2, 3, 4)])
def test_other_shapes_are_refused(predictor, shape):
    with pytest.raises(OptionError) as caught:
        predictor.predict(np.zeros(shape, np.float32))
    assert str(caught.value) == f"this model takes images of 12 pixels; the array has shape {shape}"


def test_uint8_pixels_are_scaled_and_floats_of_0_to_1_are_not(predictor):
    bytes_ = np.random.default_rng(2).integers(0, 256, (5, 12), dtype=np.uint8)
    scaled = (bytes_ / 255).astype(np.float32)
    np.testing.assert_allclose(predictor.predict_proba(bytes_), predictor.predict_proba(scaled), rtol=1e-4)


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.longdouble])
def test_other_floats_are_taken(predictor, pixels, dtype):
    pixels = pixels.astype(np.float16)
    np.testing.assert_array_equal(
        predictor.predict_proba(pixels.astype(dtype)), predictor.predict_proba(pixels.astype(np.float32))
    )


def test_nested_lists_are_taken(predictor, pixels):
    np.testing.assert_array_equal(predictor.predict_proba(pixels.tolist()), predictor.predict_proba(pixels))


@pytest.mark.parametrize("dtype", [bool, complex, object, str])
def test_pixels_of_another_type_are_refused(predictor, dtype):
    with pytest.raises(OptionError, match="pixels must be whole or floating-point numbers, not "):
        predictor.predict(np.zeros((2, 12), dtype))


@pytest.mark.parametrize("dtype", [np.int64, np.int16, np.uint16, np.uint32])
def test_whole_numbers_of_any_type_are_scaled_as_uint8_is(predictor, dtype):
    images = np.random.default_rng(3).integers(0, 256, (3, 12))
    np.testing.assert_array_equal(
        predictor.predict_proba(images.astype(dtype)), predictor.predict_proba(images.astype(np.uint8))
    )
    for beyond in (-1, 256):
        images[0, 0] = beyond
        with pytest.raises(OptionError, match="whole numbers must be from 0 to 255"):
            predictor.predict(images)


def test_floating_point_pixels_that_are_unscaled_are_scaled(predictor):
    images = np.random.default_rng(3).integers(0, 256, (3, 12)).astype(np.uint8)
    np.testing.assert_array_equal(predictor.predict_proba(images.astype(float)), predictor.predict_proba(images))


@pytest.mark.parametrize("pixel", [np.nan, np.inf, -np.inf, 1e300])
def test_pixels_that_are_not_finite_in_float32_are_refused(predictor, pixel):
    images = np.zeros((2, 12))
    images[1, 3] = pixel
    with pytest.raises(OptionError, match="NaN or infinite pixels"):
        predictor.predict(images)


def test_images_are_left_as_they_were(predictor, pixels):
    before = pixels.copy()
    pixels.flags.writeable = False
    predictor.predict_proba(pixels)
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize("view", [lambda x: x[::2], lambda x: np.asfortranarray(x), lambda x: x[::-1]])
def test_memory_layout_does_not_matter(predictor, pixels, view):
    images = view(pixels)
    np.testing.assert_allclose(
        predictor.predict_proba(images), predictor.predict_proba(np.ascontiguousarray(images)), rtol=1e-5
    )


# ---- Models ---------------------------------------------------------------------------------------------------------


def test_model_directory_is_loaded_with_its_pixel_scale_and_manifest(tmp_path, pixels):
    parameters = parameters_of((12, 9, 4))
    write_model(tmp_path, parameters, Manifest(layer_sizes=(12, 9, 4), pixel_scale=0.5, test=Score(accuracy=0.9)))
    predictor = Predictor.load(tmp_path)
    np.testing.assert_array_equal(predictor.predict_proba(pixels), Predictor(parameters, 1).predict_proba(pixels))
    assert to_json(predictor.manifest.test) == {"accuracy": 0.9}
    halves = np.full((1, 12), 2, np.uint8)
    np.testing.assert_array_equal(predictor.predict_proba(halves), predictor.predict_proba(np.ones((1, 12))))


def test_broken_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"manifest\.json: is missing, so this directory holds no model; give one "):
        Predictor.load(tmp_path)


@pytest.fixture(scope="module")
def shipped():
    return Predictor.load()


def test_shipped_model_reads_the_mnist_test_set(shipped):
    test = load_dataset().test
    assert (shipped.predict(test.images) == test.labels).mean() > 0.95


def test_shipped_model_is_sure_of_the_first_test_digits(shipped):
    images = load_dataset().test.images[:5].reshape(5, 28, 28)
    assert shipped.predict(images).tolist() == [7, 2, 1, 0, 4]
    assert (shipped.predict_proba(images).max(axis=1) > 0.9).all()


def test_inference_loads_numpy_and_nothing_heavy():
    code = """
import json, sys
from fastnet.reading.predictor import Predictor
import numpy
Predictor.load().predict(numpy.zeros((28, 28), numpy.uint8))
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert {"fastnet", "numpy"} <= loaded
    assert not loaded & {"numba", "llvmlite", "panel", "bokeh", "PIL", "scipy", "sklearn", "tqdm", "pandas"}


def test_a_predictor_shows_its_name_its_layers_and_whether_it_is_calibrated(tmp_path):
    assert repr(Predictor.load("mnist-784-512-10")) == "Predictor('mnist-784-512-10', 784-512-10, calibrated)"
    parameters = parameters_of((12, 9, 4))
    assert repr(Predictor(parameters, 1 / 255)) == "Predictor(12-9-4, not calibrated)"
    assert repr(Predictor(parameters, 1 / 255).network) == "Network(12-9-4, relu)"
