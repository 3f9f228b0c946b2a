"""The textbook itself: its gradients against central differences, its optimizers against formulas."""

import numpy as np
import pytest

from fastnet import kernels
from fastnet.kernels import reference
from fastnet.kernels.kinds import ACTIVATIONS


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


@pytest.mark.parametrize("weights", [None, np.array([1.0, 0.0, 2.0, 0.5, 3.0, 1.0])])
def test_loss_gradient_of_soft_targets_is_that_of_central_differences(weights):
    rng = np.random.default_rng(2)
    logits, odds = 3 * rng.standard_normal((6, 5)), rng.random((6, 5)) ** 4
    targets, dlogits, ignored = odds / odds.sum(axis=1, keepdims=True), np.empty_like(logits), np.empty_like(logits)
    reference.soft_cross_entropy(logits, targets, dlogits, weights)
    expected = central_differences(lambda: reference.soft_cross_entropy(logits, targets, ignored, weights), logits)
    np.testing.assert_allclose(dlogits, expected, atol=1e-9)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activation_gradients_are_those_of_central_differences(activation):
    rng = np.random.default_rng(3)
    z, dout = 2 * rng.standard_normal((6, 5)), rng.standard_normal((6, 5))

    def loss():
        out = z.copy()
        reference.activate(out, activation)
        return (out * dout).sum()

    out, dz = z.copy(), np.empty_like(z)
    reference.activate(out, activation)
    reference.activate_backward(out, dout, activation, dz)
    np.testing.assert_allclose(dz, central_differences(loss, z), atol=1e-8)


@pytest.mark.parametrize("module", [kernels, reference])
@pytest.mark.parametrize("kernel", ["activate", "activate_backward"])
def test_an_activation_without_a_name_is_refused(module, kernel):
    arguments = [np.zeros((2, 2), np.float32) for _ in range(1 if kernel == "activate" else 2)]
    others = [] if kernel == "activate" else [np.zeros((2, 2), np.float32)]
    with pytest.raises(ValueError, match=f"{kernel}: activation must be one of relu, tanh, logistic, identity"):
        getattr(module, kernel)(*arguments, "swish", *others)


@pytest.mark.parametrize("weights", [None, np.array([1.0, 0.0, 2.0, 0.5, 3.0, 1.0])])
@pytest.mark.parametrize("name", ["squared_error", "logistic_cross_entropy", "poisson_loss"])
def test_gradients_of_losses_of_targets_are_those_of_central_differences(name, weights):
    """That of the squared error is not divided by the number of outputs, as in scikit-learn."""
    rng = np.random.default_rng(4)
    outputs, targets = rng.standard_normal((6, 3)), rng.integers(0, 2, (6, 3)).astype(np.float64)
    gradient, ignored = np.empty_like(outputs), np.empty_like(outputs)
    function = getattr(reference, name)
    function(outputs, targets, gradient, weights)
    expected = central_differences(lambda: function(outputs, targets, ignored, weights), outputs)
    np.testing.assert_allclose(gradient, expected * (3 if name == "squared_error" else 1), atol=1e-8)


@pytest.mark.parametrize("weights", [None, np.array([1.0, 0.0, 2.0, 0.5, 3.0, 1.0])])
def test_losses_are_those_of_scikit_learn(weights):
    losses = pytest.importorskip("sklearn.neural_network._base")
    if not hasattr(losses, "poisson_loss"):
        pytest.skip("older than Poisson's loss and weights")
    rng = np.random.default_rng(5)
    z, flags, ignored = rng.standard_normal((6, 3)), rng.integers(0, 2, (6, 3)).astype(np.float64), np.empty((6, 3))
    p = 1 / (1 + np.exp(-z))
    for own, theirs in (
        (reference.squared_error(z, flags, ignored, weights), losses.squared_loss(flags, z, weights)),
        (reference.logistic_cross_entropy(z, flags, ignored, weights), losses.binary_log_loss(flags, p, weights)),
        (reference.poisson_loss(z, flags, ignored, weights), losses.poisson_loss(flags, np.exp(z), weights)),
    ):
        assert own == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_is_that_of_scikit_learn(nesterov):
    optimizers = pytest.importorskip("sklearn.neural_network._stochastic_optimizers")
    rng = np.random.default_rng(6)
    param, velocity = rng.standard_normal(5), np.zeros(5)
    theirs = [param.copy()]
    optimizer = optimizers.SGDOptimizer(theirs, 0.1, momentum=0.8, nesterov=nesterov)
    for _ in range(4):
        grad = rng.standard_normal(5)
        optimizer.update_params(theirs, [grad])
        reference.sgd_step(param, grad, velocity, 0.1, 0.8, nesterov)
    np.testing.assert_allclose(param, theirs[0], rtol=1e-12)


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
