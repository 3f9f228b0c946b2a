"""The table of records: trainings that are taken up where they were stopped, and what is written of them."""

import dataclasses

import numpy as np
import pytest

from benchmarks.publishing import between_marks
from benchmarks.studies import best_recipes, records
from fastnet.dashboard.views.training import choices
from fastnet.data import synthetic
from fastnet.data.loading import load_dataset
from fastnet.training.recipe import Recipe
from fastnet.training.runs import load_run, save_run
from fastnet.training.trainer import Training

from .engines import assert_same_parameters

RECIPE = Recipe(hidden=(5,), epochs=3, batch_size=32, n_validation=50, warmup_epochs=0)


@pytest.fixture
def data(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(records, "RUNS", tmp_path)
    return dataset


def test_a_run_that_was_stopped_goes_on_and_a_finished_one_stays(data, tmp_path, capsys):
    first = Training(data, RECIPE)
    first.run(n_steps=first.steps_per_epoch)
    save_run(first, tmp_path / "seed-0")
    directory = records.finished(data, "plain", RECIPE, seed=0)
    whole = Training(data, RECIPE)
    whole.run()
    assert_same_parameters(whole, load_run(directory, data))
    written = (directory / "manifest.json").stat().st_mtime_ns
    assert records.finished(data, "plain", RECIPE, seed=0) == directory
    assert (directory / "manifest.json").stat().st_mtime_ns == written


def test_a_run_of_another_recipe_is_trained_anew(data):
    records.finished(data, "plain", RECIPE, seed=0)
    other = dataclasses.replace(RECIPE, epochs=2, learning_rate=1e-3)
    assert load_run(records.finished(data, "plain", other, seed=0), data).recipe == other


def test_the_whole_training_set_is_one_of_its_own(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(records, "load_dataset", lambda: data)
    records.main(["--whole", "--recipe", "plain", "--seeds", "1", "--epochs", "1"])
    assert "| `plain` |" in capsys.readouterr().out
    training = load_run(tmp_path / "plain-whole-0", data)
    assert len(training.train_samples) == len(data.train)


def test_the_page_has_the_figures_of_the_document():
    document = records.DOCUMENT.read_text(encoding="utf-8")
    assert choices.shipped() == records.figures_of(document), "run: python -m benchmarks records --ship"
    assert choices.shipped().keys() >= choices.CHOICES.keys()
    assert choices.cost(0.9929, 6) == "About 6 seconds, then 71 mistakes in 10,000."
    assert choices.cost(0.995, 106) == "About 2 minutes, then 50 mistakes in 10,000."


def test_a_line_says_what_the_runs_say(data):
    runs = [records.finished(data, "plain", RECIPE, seed) for seed in (0, 1)]
    accuracies = [load_run(run, data).engine.evaluate(data.test)[1] for run in runs]
    line = records.row("plain", RECIPE, runs)
    spread = f"**{np.mean(accuracies):.2%}** ± {np.std(accuracies, ddof=1):.2%}"
    assert line.startswith(f"| `plain` | {data.train.n_features}-5-{data.n_classes} | 32 | 3 | {spread} | 2 | ")


def test_rows_that_are_not_measured_anew_stay_where_the_software_is_the_same_and_say_on_which_machine():
    table = between_marks(records.DOCUMENT, "records")
    footer = table.rpartition("\n")[2]
    rows = records.rows_that_stand(table, footer)
    assert "\n".join([*records.HEADER, *rows.values(), "", footer]) == table
    assert records.rows_that_stand(table, footer.replace("NumPy 2", "NumPy 3")) == {}
    figures = records.figures_of(f"<!-- records -->\n{table}\n<!-- end records -->")
    assert figures.keys() == rows.keys()
    assert all(" threads of " in each["machine"] for each in figures.values())


def test_a_trial_counts_until_synthetic_digits_change(tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr(best_recipes, "MEASURED", tmp_path / "measured.json")
    monkeypatch.setattr(best_recipes, "train", lambda _, recipe: trained.append(recipe.seed) or {"accuracy": 0.5})
    digits = load_dataset()
    for _ in range(2):
        assert best_recipes.measured(digits, RECIPE, range(2)) == [{"accuracy": 0.5}] * 2
    assert trained == [0, 1]
    monkeypatch.setattr(synthetic, "_COARSENESS", (1.2, 3.3))
    best_recipes.measured(digits, RECIPE, range(2))
    assert trained == [0, 1, 0, 1]


@pytest.mark.parametrize("study", best_recipes.STUDIES)
def test_each_study_of_recipes_has_its_place_in_the_document(study):
    assert f"<!-- {study} -->\n" in best_recipes.DOCUMENT.read_text(encoding="utf-8")
