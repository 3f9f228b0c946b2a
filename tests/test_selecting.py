"""Steps on a choice of the samples seen: which are chosen, what is recorded, and that it is the same everywhere."""

import dataclasses

import numpy as np
import pytest

from fastnet.errors import OptionError
from fastnet.kernels import jit
from fastnet.training.recipe import ENGINES, Recipe
from fastnet.training.runs import load_run, save_run
from fastnet.training.selecting import choose
from fastnet.training.trainer import Training

from .engines import assert_same_parameters

# 512 training samples, 12 mini-batches of 16 from 43 each
SELECTIVE = Recipe(
    hidden=(16,), epochs=3, batch_size=16, n_validation=88, learning_rate=5e-3, warmup_epochs=0, selectivity=0.375
)


def trained(dataset, recipe=SELECTIVE, **changes):
    training = Training(dataset, dataclasses.replace(recipe, **changes))
    training.run()
    return training


def without_seconds(training):
    return [dataclasses.replace(record, seconds=0) for record in training.progress.history]


@pytest.mark.parametrize(("n", "selectivity", "n_chosen"), [(512, 0.25, 128), (10, 0.3, 3), (1, 0.1, 1), (7, 1.0, 7)])
def test_a_share_is_chosen_without_replacement_in_order(n, selectivity, n_chosen):
    chosen = choose(np.random.default_rng(0).random(n), selectivity, np.random.default_rng(1))
    assert len(chosen) == n_chosen
    assert (np.diff(chosen) > 0).all()
    assert 0 <= chosen[0] <= chosen[-1] < n


def test_draws_are_those_of_numpy_by_the_rank_of_the_loss():
    """Each sample is chosen as often as by the weighted draws of NumPy's `Generator.choice`, which is independent."""
    n, selectivity, n_draws = 12, 0.25, 20_000
    losses = np.random.default_rng(2).gamma(0.3, size=n)
    ranks = np.array([(losses <= loss).sum() for loss in losses]) / n
    weights = ranks**3
    ours, numpys = np.zeros(n), np.zeros(n)
    rng = np.random.default_rng(3)
    for _ in range(n_draws):
        ours[choose(losses, selectivity, rng)] += 1 / n_draws
        numpys[rng.choice(n, 3, replace=False, p=weights / weights.sum())] += 1 / n_draws
    np.testing.assert_allclose(ours, numpys, atol=0.02)
    assert ours[losses.argmax()] > 0.5 > 0.01 > ours[losses.argmin()]


@pytest.mark.parametrize("selectivity", [0.01, 1e-6])
def test_of_a_small_share_the_largest_losses_are_chosen(selectivity):
    """Weights of the draw go far below what a number can be, and no warning comes of it."""
    losses = np.random.default_rng(0).permutation(20_000).astype(np.float64)
    chosen = choose(losses, selectivity, np.random.default_rng(1))
    assert len(chosen) == max(1, 20_000 * selectivity)
    assert losses[chosen].min() > 20_000 * (1 - 10 * selectivity) - 20


def test_an_epoch_has_a_share_of_the_steps_and_counts_all_that_it_sees(dataset):
    """Without steps to speak of, its figures are those of an evaluation of all training samples."""
    training = Training(dataset, dataclasses.replace(SELECTIVE, learning_rate=1e-30, weight_decay=0.0, epochs=1))
    assert training.steps_per_epoch == 12
    loss, accuracy = training.engine.evaluate(training.train_samples)
    training.run()
    (record,) = training.progress.history
    assert (record.train_loss, record.train_accuracy) == pytest.approx((loss, accuracy), rel=1e-6)
    assert training.progress.step == 12


def test_samples_with_large_losses_are_trained_on(dataset, monkeypatch):
    """Each step is given as many as the mini-batch has, and on the mean they are harder than those not chosen."""
    training = Training(dataset, SELECTIVE)
    take_steps, seen, differences = training.engine.train_steps, [], []

    def watch(samples, rows, first_step, learning_rates):
        seen.append((first_step, len(rows), len(learning_rates)))
        losses, _ = training.engine.losses_and_answers(samples, np.arange(len(samples)))
        differences.append(losses[rows].mean() - losses.mean())
        return take_steps(samples, rows, first_step, learning_rates)

    monkeypatch.setattr(training.engine, "train_steps", watch)
    training.run()
    assert [step for step, _, _ in seen] == list(range(1, 37))
    assert {(n, steps) for _, n, steps in seen[:11]} == {(16, 1)}
    assert seen[11][1] == round(0.375 * (512 - 11 * 43))
    assert np.mean(np.array(differences) > 0) > 0.9


@pytest.mark.parametrize("n_threads", [2, 3])
def test_any_number_of_threads_gives_the_same_bits(dataset, monkeypatch, n_threads):
    networks = []
    for count in (1, n_threads):
        monkeypatch.setattr(jit, "_threads", count)
        networks.append(trained(dataset, dropout=0.2))
    assert_same_parameters(*networks)


@pytest.mark.parametrize("stop_at", [5, 12, 20])
def test_a_training_that_was_stopped_goes_on_to_the_same_bits(dataset, tmp_path, stop_at):
    whole, half = trained(dataset), Training(dataset, SELECTIVE)
    half.run(n_steps=stop_at)
    save_run(half, tmp_path / "run")
    resumed = load_run(tmp_path / "run", dataset)
    resumed.run()
    assert_same_parameters(whole, resumed)
    assert without_seconds(whole) == pytest.approx(without_seconds(resumed))


def test_looking_more_often_for_a_stop_changes_nothing(dataset):
    whole, often = trained(dataset), Training(dataset, SELECTIVE)
    often.steps_at_a_time = 1
    often.run()
    assert_same_parameters(whole, often)


def test_the_reference_makes_the_same_choice(dataset):
    """Losses differ by rounding, and no two of these samples have nearly the same: the steps are on the same ones."""
    fast, reference = (trained(dataset, engine=engine, epochs=1) for engine in ENGINES)
    for name, array in fast.network.parameters().items():
        np.testing.assert_allclose(array, reference.network.parameters()[name], atol=1e-4, err_msg=name)
    assert fast.progress.history[0].train_loss == pytest.approx(reference.progress.history[0].train_loss, rel=1e-5)


def test_answers_are_those_of_the_samples_asked_for(dataset):
    rows = np.array([5, 3, 3, 599, 0])
    fast, reference = (Training(dataset, dataclasses.replace(SELECTIVE, engine=engine)).engine for engine in ENGINES)
    everything, _ = reference.losses_and_answers(dataset.train, np.arange(600))
    for engine in (fast, reference):
        losses, classes = engine.losses_and_answers(dataset.train, rows)
        np.testing.assert_allclose(losses, everything[rows], rtol=1e-5)
        np.testing.assert_array_equal(classes, engine.predict(dataset.train)[rows])


def test_weights_count_in_the_record(dataset):
    weights = np.random.default_rng(0).integers(0, 3, 600).astype(np.float32)
    data = dataclasses.replace(dataset, train=dataclasses.replace(dataset.train, weights=weights))
    training = Training(data, dataclasses.replace(SELECTIVE, learning_rate=1e-30, weight_decay=0.0, epochs=1))
    loss, accuracy = training.engine.evaluate(training.train_samples)
    training.run()
    (record,) = training.progress.history
    assert (record.train_loss, record.train_accuracy) == pytest.approx((loss, accuracy), rel=1e-6)


def test_samples_that_weigh_nothing_do_not_count_as_hard(dataset, monkeypatch):
    """Nothing is learned of them, so their losses stay large."""
    weights = (np.arange(600) % 2).astype(np.float32)
    train = dataclasses.replace(dataset.train, labels=np.where(weights > 0, dataset.train.labels, 0), weights=weights)
    training = Training(dataclasses.replace(dataset, train=train), dataclasses.replace(SELECTIVE, epochs=20))
    take_steps, shares = training.engine.train_steps, []

    def watch(samples, rows, *args):
        shares.append(samples.weights[rows].mean())
        return take_steps(samples, rows, *args)

    monkeypatch.setattr(training.engine, "train_steps", watch)
    training.run()
    assert np.mean(shares) > 0.7


def test_copies_are_made_for_as_many_samples_at_a_time_as_without(dataset):
    """However many each step sees: their memory, and the time between two looks, stay what they were."""
    for selectivity in (1.0, 0.25, 0.01):
        training = Training(dataset, dataclasses.replace(SELECTIVE, selectivity=selectivity))
        n_at_a_time = training.steps_at_a_time * training.n_per_step
        assert n_at_a_time == max(64 * 16, training.n_per_step)


@pytest.mark.parametrize("selectivity", [0, 1e-310, -0.5, 1.5, float("nan"), "much"])
def test_selectivity_that_is_none(selectivity):
    with pytest.raises(OptionError, match="selectivity must be"):
        Recipe(selectivity=selectivity)


def test_the_command_takes_it(tmp_path, fastnet):
    out = tmp_path / "run"
    options = ["--epochs", "1", "--hidden", "8", "--selectivity", "0.25", "--warmup-epochs", "0", "--out", str(out)]
    code, _, _ = fastnet("train", *options, "--json")
    assert code == 0
    assert load_run(out).recipe.selectivity == 0.25
    assert load_run(out).progress.step == -(-55_000 // 256)
