"""Every activation, loss and solver in whole steps: right gradients, and the same from all engines and threads."""

import dataclasses

import numpy as np
import pytest

from fastnet.data.samples import PIXEL_SCALE, Samples
from fastnet.kernels import jit, reference
from fastnet.kernels.kinds import ACTIVATIONS
from fastnet.models.network import Network
from fastnet.training.engine.fused import FusedEngine
from fastnet.training.recipe import Recipe

from .engines import N_OUTPUTS, assert_agree, engines

SMALL = Recipe(hidden=(16,), batch_size=32, learning_rate=1e-3, warmup_epochs=0)
LOSSES = {
    "cross_entropy": "softmax_cross_entropy",
    "squared_error": "squared_error",
    "logistic": "logistic_cross_entropy",
    "poisson": "poisson_loss",
}
DROPOUT = 0.4


def samples_for(loss, dataset):
    """The training samples, with the labels or targets that the loss takes."""
    rng, n = np.random.default_rng(1), len(dataset.train)
    targets = {
        "squared_error": lambda: rng.standard_normal((n, N_OUTPUTS)),
        "logistic": lambda: rng.integers(0, 2, (n, N_OUTPUTS)),
        "poisson": lambda: rng.poisson(1, (n, N_OUTPUTS)),
    }
    if loss == "cross_entropy":
        return dataset.train
    return Samples(dataset.train.images, targets[loss]().astype(np.float32), PIXEL_SCALE)


def take_steps(engine, samples, rows, n_steps, first_step=1):
    losses, _ = engine.train_steps(samples, rows, first_step, np.full(n_steps, 1e-3))
    return losses


def loss_of(parameters, samples, rows, recipe, drop):
    """The loss of a network in double precision; `drop` is given what each layer takes in."""
    x, n_layers = samples.images[rows] * samples.scale, len(parameters) // 2
    for number in range(1, n_layers + 1):
        x = drop(x, number - 1) @ parameters[f"W{number}"] + parameters[f"b{number}"]
        if number < n_layers:
            reference.activate(x, recipe.activation)
    labels = samples.labels[rows]
    loss = getattr(reference, LOSSES[recipe.loss])(x, labels, np.empty_like(x))
    return loss * (N_OUTPUTS if recipe.loss == "squared_error" else 1)  # which is a mean, but not in the gradient


def gradients(engine):
    """Of one step, from the first moment or the velocity."""
    factor = 0.1 if engine.recipe.solver == "adam" else -1e-3
    return {name: moment / factor for name, moment in engine.moments[0].parameters().items()}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_are_those_of_central_differences(dataset, activation, loss):
    recipe = dataclasses.replace(
        SMALL,
        hidden=(17, 9),
        activation=activation,
        loss=loss,
        solver="sgd" if loss == "poisson" else "adam",
        dropout=DROPOUT,
        input_dropout=DROPOUT / 2,
    )
    samples, step, rows = samples_for(loss, dataset), 7, np.arange(32)
    rng = np.random.default_rng(0)
    for engine in engines(recipe):

        def drop(x, layer, key=engine._dropout_key):
            x = x.copy()
            reference.drop_units(x, DROPOUT if layer else DROPOUT / 2, key, step, layer)
            return x

        parameters = {name: array.astype(np.float64) for name, array in engine.network.parameters().items()}
        take_steps(engine, samples, rows, 1, step)
        for name, gradient in gradients(engine).items():
            for _ in range(3):
                index = tuple(rng.integers(0, size) for size in gradient.shape)
                losses = []
                for difference in (1e-6, -2e-6):
                    parameters[name][index] += difference
                    losses.append(loss_of(parameters, samples, rows, recipe, drop))
                parameters[name][index] += 1e-6
                assert gradient[index] == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=2e-3, abs=2e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {"activation": "relu", "loss": "squared_error", "solver": "sgd"},
        {"activation": "tanh", "loss": "cross_entropy", "solver": "sgd", "momentum": 0.5, "nesterov": False},
        {"activation": "logistic", "loss": "logistic", "solver": "adam"},
        {"activation": "identity", "loss": "poisson", "solver": "sgd", "dropout": 0.3},
    ],
    ids=lambda changes: "-".join(map(str, changes.values())),
)
@pytest.mark.parametrize(("hidden", "batch_size"), [((), 7), ((1,), 200), ((17, 5, 33), 32), ((65, 130), 1)])
def test_engines_agree(dataset, changes, hidden, batch_size):
    recipe = dataclasses.replace(SMALL, hidden=hidden, batch_size=batch_size, clip_norm=0.5, l2=0.1, **changes)
    samples = samples_for(recipe.loss, dataset)
    rows = np.arange(8 * batch_size - batch_size // 2) % 600
    assert_agree([(engine, take_steps(engine, samples, rows, 8)) for engine in engines(recipe)])


@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize(
    "changes",
    [
        {"activation": "tanh", "loss": "cross_entropy", "solver": "adam"},
        {"activation": "logistic", "loss": "poisson", "solver": "sgd"},
        {"activation": "relu", "loss": "squared_error", "solver": "sgd"},
    ],
    ids=lambda changes: "-".join(changes.values()),
)
def test_any_number_of_threads_gives_the_same_bits(dataset, monkeypatch, changes, is_sparse):
    recipe = dataclasses.replace(SMALL, hidden=(200, 70), dropout=0.3, clip_norm=0.1, **changes)
    samples, rows, networks = samples_for(recipe.loss, dataset), np.arange(600), []
    for count in (1, 2):
        monkeypatch.setattr(jit, "_threads", count)
        network = Network.he_initialised((30, *recipe.hidden, N_OUTPUTS), np.random.default_rng(0))
        engine = FusedEngine(Network(network.layers, recipe.activation), recipe, is_sparse)
        take_steps(engine, samples, rows, 19)
        networks.append(engine.network)
    for one, other in zip(*(network.parameters().values() for network in networks), strict=True):
        np.testing.assert_array_equal(one, other)
