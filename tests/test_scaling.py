"""How cost grows: random pictures of a given density, the crossing of two paths, the tables; time to accuracy."""

import numpy as np
import pytest

from benchmarks.studies import scaling, time_to_accuracy
from benchmarks.studies.scaling import Point, Setting
from benchmarks.studies.time_to_accuracy import Result, Trial
from fastnet.kernels import jit
from fastnet.training.recipe import Recipe


@pytest.fixture
def threads():
    before = jit.get_threads()
    yield
    jit.set_threads(before)


@pytest.mark.parametrize("density", [0.05, 0.3, 0.9, 1.0])
def test_pictures_have_the_density_that_was_asked_for(density):
    on = scaling.pixels_on(np.random.default_rng(0), density)
    assert on.shape == (scaling.N_SAMPLES, scaling.N_IN)
    assert on.mean() == pytest.approx(density, abs=0.01)


def test_pixels_that_are_on_are_neighbours():
    on = scaling.pixels_on(np.random.default_rng(0), 0.3).reshape(-1)
    n_runs = np.count_nonzero(np.diff(on) == 1)
    assert on.sum() / n_runs == pytest.approx(scaling.RUN, rel=0.02)


def test_a_point_is_measured(threads):
    point = scaling.measure(Setting(hidden=16, batch=8, density=None, threads=1), rounds=2, seconds=0.01)
    assert set(point.seconds) == {"sparse", "dense"}
    assert all(0 < seconds < 1 for seconds in point.seconds.values())
    assert 0.2 < point.group_density < 0.5


def point(group_density, sparse, dense, **setting):
    setting = {"hidden": 512, "batch": 64, "density": group_density, "threads": 2, **setting}
    return Point(Setting(**setting), group_density, {"sparse": sparse, "dense": dense})


def test_operations_and_weights_of_a_setting():
    setting = Setting(hidden=512, batch=64, density=None, threads=1)
    assert setting.flop == 64 * 2 * (2 * (784 * 512 + 512 * 10) + 512 * 10)
    assert setting.weights == 407_050


def test_paths_cross_where_they_are_equally_fast():
    points = [point(0.4, 1.0, 2.0), point(0.6, 1.0, 1.5), point(0.8, 1.0, 0.5)]
    assert scaling.crossing(points[::-1]) == pytest.approx(0.7)
    assert scaling.crossing(points[:2]) is None


def test_the_choice_of_the_engine_is_judged():
    assert point(scaling.MOST_SPARSE_DENSITY, 1.2, 1.0).loss == pytest.approx(0.2)
    assert point(scaling.MOST_SPARSE_DENSITY + 0.01, 1.2, 1.0).loss == 0
    points = {"density": [point(0.1, 1.0, 2.0), point(0.3, 1.25, 1.0), point(1.0, 2.0, 1.0)]}
    text = scaling.verdict(points)
    assert "more than 10% slower than the dense path in 1; at worst by 25% (512 units, batch 64, 30% of" in text


def test_the_best_threshold_lies_before_the_crossing():
    points = [point(0.2, 1.0, 2.0), point(0.5, 1.0, 1.1), point(0.8, 1.0, 0.5)]
    assert scaling.best_threshold(points) == 0.5
    assert scaling.best_threshold([point(0.1, 2.0, 1.0)]) == 0


def test_weights_and_moments_outgrow_caches():
    text = scaling.cache_sentence({"L1": 2**15, "L2": 2**20, "L3": 2**25})
    assert "L2 (1 MiB) at 110 hidden units and L3 (32 MiB) at 3,521 hidden units" in text


def test_scaling_tables():
    points = [point(0.3, 4e-4, 8e-4, threads=1), point(0.3, 2e-4, 5e-4)]
    points = [Point(scaling.replace(p.setting, density=None), 0.3, p.seconds) for p in points]
    row = scaling.steps_table(points, "hidden", "hidden units").splitlines()[-1]
    assert row.startswith("| 512 | 200 us | 500 us | 2.50x | 320,000 |")
    assert row.endswith("| 2.00x, 1.60x |")
    assert scaling.threads_table(points).splitlines()[-1] == "| 2 | 200 us | 500 us | 2.00x, 1.60x |"
    row = scaling.densities_table([point(0.3, 1.0, 2.0), point(0.3, 1.0, 0.5, hidden=2048)]).splitlines()[-1]
    assert row == "| 30% | 30% | 2.00x | 0.50x | sparse |"


# ---- Time to accuracy -----------------------------------------------------------------------------------------------


def trial(accuracy, seconds, epochs):
    return Trial(Recipe(epochs=epochs), accuracy, seconds)


def test_the_soonest_recipe_that_reaches_the_aim_is_chosen():
    trials = [trial(0.97, 1, 1), trial(0.9799, 2, 2), trial(0.982, 4, 4), trial(0.983, 3, 3)]
    assert time_to_accuracy.choose(trials, 0.98).epochs == 3  # the second just misses it
    assert time_to_accuracy.choose(trials, 0.99).epochs == 3  # none does: the most accurate


def test_the_seed_network_is_chosen_for_too():
    wide = Trial(Recipe(hidden=(1024,), epochs=2), 0.99, 1)
    trials = [wide, trial(0.982, 3, 3), trial(0.985, 5, 5)]
    assert [recipe.epochs for recipe in time_to_accuracy.chosen(trials, 0.98)] == [2, 3]
    assert [recipe.epochs for recipe in time_to_accuracy.chosen(trials[1:], 0.98)] == [3]


def test_the_table_says_which_aims_were_not_reached():
    reached = Result(0.98, Recipe(epochs=3, warmup_epochs=0.5), [0.981, 0.983], [1.0, 2.0])
    missed = Result(0.99, Recipe(epochs=9), [0.985, 0.987], [5.0, 5.0])
    lines = time_to_accuracy.results_table([reached, missed], later=0.5, fresh=20.0).splitlines()
    assert lines[2] == ("| 98.0% | 784-512-10, 3 epochs, batch 64, rate 0.004 | 98.20% ± 0.14% | 1.50 | 2.00 | 21.5 |")
    assert lines[3].startswith("| 99.0%, **not reached** |")


def test_search_and_final_runs_on_a_small_data_set(dataset, monkeypatch):
    monkeypatch.setattr(time_to_accuracy, "FINAL_SEEDS", (0, 1))
    recipe = Recipe(hidden=(16,), epochs=2, batch_size=32, warmup_epochs=0.5)
    (found,) = time_to_accuracy.search(dataset, [recipe], n_validation=100)
    assert 0.25 < found.accuracy <= 1
    result = time_to_accuracy.final_runs(dataset, recipe, aim=0.5)
    assert len(result.accuracies) == len(result.seconds) == 2
    assert all(seconds > 0 for seconds in result.seconds)


def test_each_cell_of_the_search_is_a_candidate():
    trials = [Trial(recipe, 0.98, 1.0) for recipe in time_to_accuracy.candidates()]
    rows = time_to_accuracy.search_table(trials).splitlines()[2:]
    assert len(rows) == len(time_to_accuracy.HIDDEN) * (len(time_to_accuracy.RATES) + 1)  # and distorted digits
    assert all(row.count("98.00%, 1.00 s") == len(time_to_accuracy.EPOCHS) for row in rows)
