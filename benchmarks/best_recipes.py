"""Changes to the recipe `best`, each on the validation split, written into docs/recipe.md (`make best-recipes`).

The test set is not opened here. Each trained network also reads a distorted copy of its validation digits: bent,
turned, scaled and moved by more than those that it was trained on. What was measured is kept in
build/best-recipes.json, so that a run that was stopped goes on.
"""

import argparse
import dataclasses
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np

from fastnet.augmentation import Augmentation
from fastnet.augmenting import augment_samples
from fastnet.datasets import Dataset, load_dataset
from fastnet.recipe import Recipe
from fastnet.recipes import BEST
from fastnet.training import Training

from .tables import write_between_marks

SEEDS = range(10, 13)  # not those of the final figure
STRONGER = Augmentation(rotation=15, scale=0.15, aspect=0.15, shear=15, shift=2, elastic=1.3, smoothness=5)
MEASURED = Path("build/best-recipes.json")

Changes = dict[str, Any]

# Changes to BEST, those in "augmentation" to its augmentation; epochs are fewer, so that trials are quick.
BASE: Changes = {"epochs": 30}
CANDIDATES: list[Changes] = [
    {},
    {"augmentation": None},
    {"learning_rate": 2e-3},
    {"weight_decay": 0.0},
    {"label_smoothing": 0.1},
    {"augmentation": {"elastic": 1.5}},
    {"augmentation": {"elastic": 0.7, "shear": 5}},
    {"augmentation": {"smoothness": 4}},
    {"epochs": 90},
]


def main() -> None:
    """Train each candidate with each seed; print and optionally write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table into docs/recipe.md")
    args = parser.parse_args()
    dataset = load_dataset()
    lines = ["| change | validation accuracy | distorted | seconds |", "|---|--:|--:|--:|"]
    for changes in CANDIDATES:
        lines.append(row(changes, measured(dataset, changed(BEST, {**BASE, **changes}))))
        print(lines[-1], file=sys.stderr)
    table = "\n".join(lines)
    print(table)
    if args.write:
        write_between_marks(Path("docs/recipe.md"), "best", table)


def changed(recipe: Recipe, changes: Changes) -> Recipe:
    """The recipe with those changes; a dictionary under "augmentation" changes that."""
    augmentation = changes.get("augmentation", {})
    if augmentation is not None and recipe.augmentation is not None:
        augmentation = dataclasses.replace(recipe.augmentation, **augmentation)
    return dataclasses.replace(recipe, **{**changes, "augmentation": augmentation})


def measured(dataset: Dataset, recipe: Recipe) -> list[dict[str, float]]:
    """Each seed's figures, from the file where they are there."""
    known = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    figures = []
    for seed in SEEDS:
        recipe = dataclasses.replace(recipe, seed=seed)
        key = json.dumps(recipe.to_json())
        if key not in known:
            known[key] = train(dataset, recipe)
            MEASURED.parent.mkdir(exist_ok=True)
            MEASURED.write_text(json.dumps(known, indent=1))
        figures.append(known[key])
    return figures


def train(dataset: Dataset, recipe: Recipe) -> dict[str, float]:
    """Train; the accuracy on the validation split and on its distorted copy, and the seconds of the steps."""
    training = Training(dataset, recipe)
    training.run()
    digits = training.validation_samples
    stronger = augment_samples(
        digits, np.arange(len(digits)), dataclasses.replace(recipe, augmentation=STRONGER), epoch=0
    )
    return {
        "accuracy": training.engine.evaluate(digits)[1],
        "distorted": training.engine.evaluate(stronger)[1],
        "seconds": sum(record.seconds for record in training.progress.history),
    }


def row(changes: Changes, figures: list[dict[str, float]]) -> str:
    """A line of the table."""
    accuracies, distorted, seconds = (
        [figure[name] for figure in figures] for name in ("accuracy", "distorted", "seconds")
    )
    spread = statistics.stdev(accuracies)
    return (
        f"| {words(changes)} | {statistics.mean(accuracies):.2%} ± {spread:.2%} |"
        f" {statistics.mean(distorted):.2%} | {statistics.median(seconds):.1f} |"
    )


def words(changes: Changes) -> str:
    """The changes in words."""
    if changes.get("augmentation", {}) is None:
        return "no augmentation"
    flat = {**changes, **changes.get("augmentation", {})}
    return (
        ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in flat.items() if name != "augmentation")
        or "-"
    )


if __name__ == "__main__":
    main()
