"""Engines side by side, and trainings with and without a pause, for the tests that hold them against each other."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from fastnet import kernels
from fastnet.data.samples import Dataset
from fastnet.kernels import reference
from fastnet.models.network import Network
from fastnet.training.engine.base import Engine
from fastnet.training.engine.fused import FusedEngine
from fastnet.training.engine.stepwise import StepwiseEngine
from fastnet.training.recipe import Recipe
from fastnet.training.runs import load_run, save_run
from fastnet.training.trainer import Training

N_FEATURES, N_OUTPUTS = 30, 4  # of the small data set


def engines(recipe: Recipe) -> Iterator[Engine]:
    """Of the same network: the textbook, the same with the fast kernels, and the fused ones."""
    for make in (
        lambda network: StepwiseEngine(network, recipe, reference),
        lambda network: StepwiseEngine(network, recipe, kernels),
        lambda network: FusedEngine(network, recipe, is_sparse=True),
        lambda network: FusedEngine(network, recipe, is_sparse=False),
    ):
        network = Network.he_initialised((N_FEATURES, *recipe.hidden, N_OUTPUTS), np.random.default_rng(0))
        yield make(Network(network.layers, recipe.activation))


def assert_agree(answers: Sequence[tuple[Engine, np.ndarray]]) -> None:
    """Engines that took the same steps, each with its losses, have come to the same losses, weights and moments."""
    expected, expected_losses = answers[0]
    for engine, losses in answers[1:]:
        np.testing.assert_allclose(losses, expected_losses, rtol=1e-4, atol=1e-6)
        for one, other in ((engine.network, expected.network), (engine.moments[0], expected.moments[0])):
            for name, array in one.parameters().items():
                np.testing.assert_allclose(array, other.parameters()[name], rtol=1e-3, atol=1e-5, err_msg=name)


def assert_same_parameters(first: Training | Engine, second: Training | Engine) -> None:
    """The same weights and biases, to the bit."""
    for name, array in first.network.parameters().items():
        np.testing.assert_array_equal(array, second.network.parameters()[name], err_msg=name)


def whole_and_resumed(data: Dataset, recipe: Recipe, step: int, run: Path) -> tuple[Training, Training]:
    """Two trainings to their end, one of which was put away after a step, and taken up again."""
    whole, first = Training(data, recipe), Training(data, recipe)
    whole.run()
    first.run(n_steps=step)
    save_run(first, run)
    second = load_run(run, data)
    second.run()
    return whole, second
