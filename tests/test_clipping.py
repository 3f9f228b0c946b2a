"""Gradients clipped to a norm: NumPy's norm of all of them together, in both engines."""

import dataclasses

import numpy as np
import pytest

from fastnet.kernels import jit
from fastnet.training.recipe import Recipe
from fastnet.training.runs import load_run, save_run
from fastnet.training.trainer import Training

from .engines import assert_same_parameters, engines

SMALL = Recipe(hidden=(16,), epochs=2, batch_size=32, n_validation=88, learning_rate=5e-3, clip_norm=0.05)


def take_steps(engine, samples, rows, n_steps):
    engine.train_steps(samples, rows, 1, np.full(n_steps, 1e-3))
    return engine


def first_gradient(engine, samples):
    """Of one step on the first mini-batch: Adam's first moment is (1 - beta1) of it."""
    take_steps(engine, samples, np.arange(engine.recipe.batch_size), 1)
    return np.concatenate([array.ravel() for array in engine.moments[0].parameters().values()]) / 0.1


@pytest.mark.parametrize("hidden", [(), (1,), (17, 5), (130, 65)])
@pytest.mark.parametrize("batch_size", [1, 7, 200])
def test_a_gradient_keeps_its_direction_and_gets_the_norm(dataset, hidden, batch_size):
    recipe = dataclasses.replace(SMALL, hidden=hidden, batch_size=batch_size, clip_norm=None)
    plain = first_gradient(next(engines(recipe)), dataset.train).astype(np.float64)
    norm = np.linalg.norm(plain)
    for clip_norm in (norm / 3, 2 * norm):
        clipped = dataclasses.replace(recipe, clip_norm=float(clip_norm))
        for engine in engines(clipped):
            gradient = first_gradient(engine, dataset.train)
            assert np.linalg.norm(gradient) == pytest.approx(min(norm, clip_norm), rel=1e-5)
            np.testing.assert_allclose(gradient, plain * min(1, clip_norm / norm), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("batch_size", [7, 32])
@pytest.mark.parametrize("hidden", [(), (17, 5, 33), (65, 130)])
def test_engines_agree_with_clipped_gradients(dataset, hidden, batch_size):
    recipe = dataclasses.replace(SMALL, hidden=hidden, batch_size=batch_size, clip_norm=0.5)
    rows = np.arange(8 * batch_size - batch_size // 2) % 600
    expected, *others = (take_steps(engine, dataset.train, rows, 8) for engine in engines(recipe))
    for engine in others:
        for one, other in ((engine.network, expected.network), (engine.moments[0], expected.moments[0])):
            for name, array in one.parameters().items():
                np.testing.assert_allclose(array, other.parameters()[name], rtol=1e-3, atol=1e-5, err_msg=name)


def test_a_norm_that_is_never_reached_changes_no_bit(dataset):
    trainings = [Training(dataset, dataclasses.replace(SMALL, clip_norm=norm)) for norm in (None, 1e6)]
    for training in trainings:
        training.run()
    assert_same_parameters(*trainings)


@pytest.mark.parametrize("n_threads", [2, 3])
def test_any_number_of_threads_gives_the_same_bits_and_so_does_a_resumption(dataset, tmp_path, monkeypatch, n_threads):
    recipe = dataclasses.replace(SMALL, hidden=(200, 70), dropout=0.3)
    monkeypatch.setattr(jit, "_threads", 1)
    expected, stopped = (Training(dataset, recipe) for _ in range(2))
    expected.run()
    monkeypatch.setattr(jit, "_threads", n_threads)
    stopped.run(n_steps=21)
    save_run(stopped, tmp_path / "run")
    resumed = load_run(tmp_path / "run", dataset)
    resumed.run()
    assert_same_parameters(expected, resumed)
