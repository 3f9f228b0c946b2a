"""Weights of samples: a whole number is that many copies, 0 is absence, and both engines mean the same by them."""

import dataclasses

import numpy as np
import pytest

from fastnet import kernels
from fastnet.data.samples import Dataset, Samples
from fastnet.errors import DataError
from fastnet.kernels import jit, reference
from fastnet.models.network import Network
from fastnet.training.engine import make_engine
from fastnet.training.engine.fused import FusedEngine
from fastnet.training.engine.stepwise import StepwiseEngine
from fastnet.training.recipe import ENGINES, Recipe
from fastnet.training.runs import load_run, save_run
from fastnet.training.trainer import Training

from .engines import assert_same_parameters

SMALL = Recipe(hidden=(16,), epochs=2, batch_size=32, n_validation=88, learning_rate=5e-3, warmup_epochs=0)


def weighted(samples, weights):
    return dataclasses.replace(samples, weights=np.asarray(weights, np.float32))


def random_weights(n):
    rng = np.random.default_rng(5)
    return (rng.gamma(1.0, 2.0, n) * (rng.random(n) < 0.8)).astype(np.float32)


def engines(recipe, n_classes=4):
    """Each way to take steps, on a network of its own."""
    for make in (
        lambda network: FusedEngine(network, recipe, is_sparse=True),
        lambda network: FusedEngine(network, recipe, is_sparse=False),
        lambda network: StepwiseEngine(network, recipe, kernels),
        lambda network: StepwiseEngine(network, recipe, reference),
    ):
        yield make(Network.he_initialised((30, *recipe.hidden, n_classes), np.random.default_rng(0)))


def take_steps(engine, samples, rows, n_steps):
    return engine.train_steps(samples, rows, 1, np.full(n_steps, 1e-3))


def assert_close(first, second, atol=1e-5):
    """The same weights, and the same gradients in Adam's first moment."""
    for one, other in ((first.network, second.network), (first.moments[0], second.moments[0])):
        for name, array in one.parameters().items():
            np.testing.assert_allclose(array, other.parameters()[name], rtol=1e-3, atol=atol, err_msg=name)


@pytest.mark.parametrize("batch_size", [1, 7, 32, 200])
def test_engines_agree_on_weighted_samples(dataset, batch_size):
    recipe = dataclasses.replace(SMALL, hidden=(17, 5), batch_size=batch_size, label_smoothing=0.1)
    samples = weighted(dataset.train, random_weights(600))
    rows = np.arange(8 * batch_size - batch_size // 2) % 600
    answers = [(engine, *take_steps(engine, samples, rows, 8)) for engine in engines(recipe)]
    for engine, losses, n_correct in answers[:-1]:
        np.testing.assert_allclose(losses, answers[-1][1], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(n_correct, answers[-1][2], rtol=1e-6)
        assert_close(engine, answers[-1][0])


def test_whole_weights_are_copies_and_zero_is_absence(dataset):
    """One step on the whole set: the same gradient, loss and accuracy as with each sample as often as it weighs."""
    counts = np.random.default_rng(1).integers(0, 4, 100)
    copies = dataset.test.take(np.repeat(np.arange(100), counts))
    recipe = dataclasses.replace(SMALL, batch_size=300)
    for light, full in zip(engines(recipe), engines(recipe), strict=True):
        losses, n_correct = take_steps(light, weighted(dataset.test, counts), np.arange(100), 1)
        expected_losses, expected_n_correct = take_steps(full, copies, np.arange(len(copies)), 1)
        assert losses == pytest.approx(expected_losses, rel=1e-5)
        assert n_correct == pytest.approx(expected_n_correct)
        assert_close(light, full, atol=1e-6)
        assert light.evaluate(weighted(dataset.test, counts)) == pytest.approx(light.evaluate(copies), rel=1e-6)


def test_equal_weights_change_nothing(dataset):
    """All a half: the shares in a mini-batch are the same numbers as without weights."""
    plain, halves = dataset, dataclasses.replace(dataset, train=weighted(dataset.train, np.full(600, 0.5)))
    trainings = [Training(data, SMALL) for data in (plain, halves)]
    for training in trainings:
        training.run()
    assert_same_parameters(*trainings)
    first, second = (dataclasses.asdict(training.progress.history[-1]) for training in trainings)
    for figures in (first, second):
        figures.pop("seconds")
    assert first == pytest.approx(second)


def test_a_mini_batch_without_any_weight_has_no_gradient(dataset):
    """Its loss is 0, and so is what Adam sees; the next mini-batch is not touched by it."""
    weights = np.ones(600)
    weights[:32] = 0
    for engine in engines(SMALL):
        losses, n_correct = take_steps(engine, weighted(dataset.train, weights), np.arange(32), 1)
        assert (losses.tolist(), n_correct.tolist()) == ([0], [0])
        assert not any(array.any() for array in engine.moments[0].parameters().values())
        losses, _ = take_steps(engine, weighted(dataset.train, weights), np.arange(64), 2)
        assert losses[0] == 0 < losses[1]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_epoch_is_recorded_by_weight(dataset, engine):
    """Without steps to speak of, an epoch's figures are those of an evaluation."""
    data = dataclasses.replace(dataset, train=weighted(dataset.train, random_weights(600)))
    training = Training(data, dataclasses.replace(SMALL, engine=engine, epochs=1, learning_rate=1e-30, weight_decay=0))
    loss, accuracy = training.engine.evaluate(training.train_samples)
    validation = training.engine.evaluate(training.validation_samples)
    training.run()
    (record,) = training.progress.history
    assert (record.train_loss, record.train_accuracy) == pytest.approx((loss, accuracy), rel=1e-6)
    assert (record.validation_loss, record.validation_accuracy) == pytest.approx(validation, rel=1e-6)
    unweighted = dataclasses.replace(training.train_samples, weights=None)
    assert training.engine.evaluate(unweighted)[0] != pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize("n_threads", [2, 3])
def test_any_number_of_threads_gives_the_same_bits(dataset, monkeypatch, n_threads):
    data = dataclasses.replace(dataset, train=weighted(dataset.train, random_weights(600)))
    trainings = []
    for count in (1, n_threads):
        monkeypatch.setattr(jit, "_threads", count)
        training = Training(data, SMALL)
        training.run()
        trainings.append(training)
    assert_same_parameters(*trainings)


def test_a_weighted_training_is_taken_up_again(dataset, tmp_path):
    """The same samples with other weights are another training set."""
    data = dataclasses.replace(dataset, train=weighted(dataset.train, random_weights(600)))
    whole, half = (Training(data, SMALL) for _ in range(2))
    whole.run()
    half.run(n_steps=20)  # within the second epoch
    save_run(half, tmp_path / "run")
    resumed = load_run(tmp_path / "run", data)
    resumed.run()
    assert_same_parameters(whole, resumed)
    assert resumed.progress.history[-1].train_loss == pytest.approx(whole.progress.history[-1].train_loss, rel=1e-12)
    with pytest.raises(DataError, match="is not the training set"):
        load_run(tmp_path / "run", dataset)


def test_weights_stay_with_their_samples(dataset):
    weights = np.arange(600, dtype=np.float32)
    samples = weighted(dataset.train, weights)
    rows = np.array([5, 3, 599])
    np.testing.assert_array_equal(samples.take(rows).weights, weights[rows])
    assert samples.total_weight() == weights.sum()
    assert dataset.train.total_weight() == 600
    assert not samples.weights.flags.writeable


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        (np.ones(3, np.float32), r"weights must be 4 float32 numbers, not float32 \(3,\)"),
        (np.ones(4), "weights must be 4 float32 numbers, not float64"),
        ([1, 1, 1, 1], "weights must be 4 float32 numbers, not list"),
        (np.array([1, 1, -1, 1], np.float32), "weights must be finite and at least 0"),
        (np.array([1, 1, np.nan, 1], np.float32), "weights must be finite and at least 0"),
        (np.array([1, 1, np.inf, 1], np.float32), "weights must be finite and at least 0"),
    ],
)
def test_weights_that_are_none_are_refused(weights, sentence):
    with pytest.raises(DataError, match=sentence):
        Samples(np.zeros((4, 2), np.uint8), np.zeros(4, np.int64), 1.0, weights)


def test_samples_without_any_weight_are_refused(dataset):
    nothing = weighted(dataset.train, np.zeros(600))
    with pytest.raises(DataError, match="the weights of 512 samples sum to 0"):
        Training(Dataset(nothing, dataset.test, "weightless"), SMALL)
    for engine in ENGINES:
        recipe = dataclasses.replace(SMALL, engine=engine)
        made = make_engine(Network.zeros((30, 16, 4)), recipe, dataset.train)
        with pytest.raises(DataError, match="the weights of 600 samples sum to 0"):
            made.evaluate(nothing)
