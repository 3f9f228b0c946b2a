"""The textbook itself: its gradients against central differences, its Adam against the paper's formulas."""

import numpy as np
import pytest

from fastnet.kernels import reference


def central_differences(function, array, h=1e-6):
    """d function() / d array, one number at a time."""
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        before = array[index]
        array[index] = before + h
        above = function()
        array[index] = before - h
        below = function()
        array[index] = before
        gradient[index] = (above - below) / (2 * h)
    return gradient


@pytest.fixture
def layer():
    rng = np.random.default_rng(1)
    return rng.standard_normal((5, 4)), rng.standard_normal((4, 3)), rng.standard_normal(3), rng.standard_normal((5, 3))


@pytest.mark.parametrize("name", ["linear", "linear_relu"])
def test_layer_gradients_are_those_of_central_differences(layer, name):
    x, w, b, dout = layer
    out = np.empty_like(dout)

    def loss():
        getattr(reference, name)(x, w, b, out)
        return (out * dout).sum()

    dw, db, dx = np.empty_like(w), np.empty_like(b), np.empty_like(x)
    loss()
    if name == "linear":
        reference.linear_backward(x, w, dout, dw, db, dx)
    else:
        reference.linear_relu_backward(x, w, out.copy(), dout, np.empty_like(dout), dw, db, dx)
    for gradient, array in ((dw, w), (db, b), (dx, x)):
        np.testing.assert_allclose(gradient, central_differences(loss, array), atol=1e-8)


def test_loss_gradient_is_that_of_central_differences():
    rng = np.random.default_rng(2)
    logits, labels = 3 * rng.standard_normal((6, 5)), rng.integers(0, 5, 6)
    dlogits, ignored = np.empty_like(logits), np.empty_like(logits)
    reference.softmax_cross_entropy(logits, labels, dlogits)
    expected = central_differences(lambda: reference.softmax_cross_entropy(logits, labels, ignored), logits)
    np.testing.assert_allclose(dlogits, expected, atol=1e-9)


def test_loss_of_even_odds_is_the_logarithm_of_the_classes():
    logits = np.full((3, 10), 7.0)
    assert reference.softmax_cross_entropy(logits, np.array([0, 5, 9]), logits.copy()) == pytest.approx(np.log(10))


def test_first_adam_step_goes_the_learning_rate_against_the_sign():
    param, m, v = np.array([1.0, -2.0, 3.0]), np.zeros(3), np.zeros(3)
    reference.adam_step(param, np.array([5.0, -0.1, 0.0]), m, v, 1, 0.01, 0.9, 0.999, 1e-8, 0.0)
    np.testing.assert_allclose(param, [0.99, -1.99, 3.0], atol=1e-8)


def test_decoupled_weight_decay_shrinks_the_parameter_apart_from_its_moments():
    param, m, v = np.array([2.0]), np.zeros(1), np.zeros(1)
    reference.adam_step(param, np.zeros(1), m, v, 1, 0.1, 0.9, 0.999, 1e-8, 0.5)
    assert param[0] == pytest.approx(2.0 * (1 - 0.1 * 0.5))
    assert m[0] == v[0] == 0
