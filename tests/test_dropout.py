"""Dropout in a training: the same in both engines, with the right gradient, and none where a network answers."""

import dataclasses

import numpy as np
import pytest

from fastnet.data.samples import PIXEL_SCALE, Dataset, Samples
from fastnet.kernels import jit, reference
from fastnet.kernels.sparse_rows import SparseRows
from fastnet.training.recipe import ENGINES, Recipe
from fastnet.training.runs import load_run, save_run
from fastnet.training.trainer import Training

from .engines import assert_agree, assert_same_parameters, engines

SMALL = Recipe(
    hidden=(16,),
    epochs=2,
    batch_size=32,
    n_validation=88,
    learning_rate=5e-3,
    warmup_epochs=0,
    dropout=0.4,
    input_dropout=0.2,
)


def take_steps(engine, samples, rows, n_steps, first_step=1):
    losses, _ = engine.train_steps(samples, rows, first_step, np.full(n_steps, 1e-3))
    return losses


@pytest.mark.parametrize("batch_size", [1, 7, 32, 200])
@pytest.mark.parametrize("hidden", [(), (1,), (17, 5, 33), (65, 130)])
def test_engines_agree_with_dropout(dataset, hidden, batch_size):
    recipe = dataclasses.replace(SMALL, hidden=hidden, batch_size=batch_size)
    rows = np.arange(8 * batch_size - batch_size // 2) % 600
    assert_agree([(engine, take_steps(engine, dataset.train, rows, 8)) for engine in engines(recipe)])


def loss_of(parameters, x, labels, drop):
    """The mean loss of a network in double precision; `drop` is given what each layer takes in."""
    n_layers = len(parameters) // 2
    for number in range(1, n_layers + 1):
        x = drop(x, number - 1) @ parameters[f"W{number}"] + parameters[f"b{number}"]
        x = np.maximum(x, 0) if number < n_layers else x
    shifted = x - x.max(axis=1, keepdims=True)
    return (np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(x)), labels]).mean()


@pytest.mark.parametrize("engine", ENGINES)
def test_gradients_with_dropout_are_those_of_central_differences(dataset, engine):
    """Adam's first moment is (1 - beta1) * gradient after one step; the masks are those of that step."""
    training = Training(dataset, dataclasses.replace(SMALL, hidden=(17, 9), engine=engine))
    parameters = {name: array.astype(np.float64) for name, array in training.network.parameters().items()}
    step, rows = 7, np.arange(32)
    take_steps(training.engine, training.train_samples, rows, 1, step)
    x = training.train_samples.images[rows] * PIXEL_SCALE
    labels = training.train_samples.labels[rows]

    def drop(x, layer):
        x = x.copy()
        reference.drop_units(x, 0.4 if layer else 0.2, training.engine._dropout_key, step, layer)
        return x

    rng = np.random.default_rng(0)
    for name, moment in training.engine.moments[0].parameters().items():
        for _ in range(5):
            index = tuple(rng.integers(0, size) for size in moment.shape)
            losses = []
            for difference in (1e-6, -2e-6):
                parameters[name][index] += difference
                losses.append(loss_of(parameters, x, labels, drop))
            parameters[name][index] += 1e-6
            gradient = (losses[0] - losses[1]) / 2e-6
            assert moment[index] / 0.1 == pytest.approx(gradient, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_answer_drops_nothing(dataset, engine):
    dropping, plain = (
        Training(dataset, dataclasses.replace(SMALL, engine=engine, dropout=rate, input_dropout=rate))
        for rate in (0.5, 0.0)
    )
    assert dropping.engine.evaluate(dataset.test) == plain.engine.evaluate(dataset.test)
    batch = np.arange(32)
    losses = [take_steps(training.engine, training.train_samples, batch, 1)[0] for training in (dropping, plain)]
    assert losses[0] != losses[1]


@pytest.mark.parametrize("density", [0.1, 1.0])  # the sparse and the dense path
def test_sparse_samples_lose_the_same_features_as_dense_ones(dataset, density):
    images = dataset.train.images * (np.random.default_rng(0).random(dataset.train.images.shape) < density)
    dense = Samples(images, dataset.train.labels, PIXEL_SCALE)
    sparse = Samples(SparseRows.from_dense(images), dense.labels, dense.scale)
    trainings = [Training(Dataset(samples, samples, ""), SMALL) for samples in (dense, sparse)]
    for training in trainings:
        training.run()
    assert_same_parameters(*trainings)


@pytest.mark.parametrize("n_threads", [2, 3])
@pytest.mark.parametrize("density", [0.1, 1.0])
def test_any_number_of_threads_gives_the_same_bits(dataset, monkeypatch, density, n_threads):
    images = dataset.train.images * (np.random.default_rng(0).random(dataset.train.images.shape) < density)
    data = dataclasses.replace(dataset, train=Samples(images, dataset.train.labels, PIXEL_SCALE))
    trainings = []
    for count in (1, n_threads):
        monkeypatch.setattr(jit, "_threads", count)
        trainings.append(Training(data, dataclasses.replace(SMALL, hidden=(200, 70))))
        trainings[-1].run()
    assert_same_parameters(*trainings)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_training_with_dropout_is_taken_up_again(dataset, tmp_path, engine):
    recipe = dataclasses.replace(SMALL, engine=engine)
    whole, part = (Training(dataset, recipe) for _ in range(2))
    whole.run()
    part.run(n_steps=21)
    save_run(part, tmp_path / "run")
    resumed = load_run(tmp_path / "run", dataset)
    resumed.run()
    assert_same_parameters(whole, resumed)


def test_another_seed_drops_others(dataset):
    keys = {Training(dataset, dataclasses.replace(SMALL, seed=seed)).engine._dropout_key for seed in range(5)}
    assert len(keys) == 5
