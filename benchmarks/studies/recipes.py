"""Recipes for the default network, compared on validation images alone, written into docs/recipe.md (`make recipes`).

The test set is not opened here.
"""

import dataclasses
import statistics
import sys
from pathlib import Path

from benchmarks.publishing import publish, study_parser
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Dataset
from fastnet.training.recipe import Recipe
from fastnet.training.trainer import Training

DOCUMENT = Path("docs/recipe.md")

SEEDS = range(10, 15)  # not those of the final figure

# Schedule, peak learning rate, warm-up epochs, weight decay.
CANDIDATES = [
    ("constant", 1e-3, 0, 0.0),
    ("linear", 1e-3, 0, 0.0),
    ("linear", 1e-3, 0, 0.1),
    ("cosine", 2e-3, 0, 0.0),
    ("linear", 2e-3, 0, 0.1),
    ("linear", 4e-3, 0, 0.0),
    ("linear", 4e-3, 0, 0.03),
    ("linear", 4e-3, 1, 0.03),
    ("linear", 4e-3, 2, 0.03),
    ("cosine", 4e-3, 1, 0.03),
    ("linear", 4e-3, 1, 0.1),
    ("linear", 8e-3, 1, 0.03),
]


def main(argv: list[str]) -> None:
    """Train each candidate with each seed; print and optionally write the table."""
    parser = study_parser(__doc__, DOCUMENT)
    args = parser.parse_args(argv)
    dataset = load_dataset()
    lines = [
        "| schedule | learning rate | warm-up epochs | weight decay | validation accuracy |",
        "|---|--:|--:|--:|--:|",
    ]
    for schedule, learning_rate, warmup_epochs, weight_decay in CANDIDATES:
        recipe = Recipe(
            schedule=schedule, learning_rate=learning_rate, warmup_epochs=warmup_epochs, weight_decay=weight_decay
        )
        accuracies = [validation_accuracy(dataset, dataclasses.replace(recipe, seed=seed)) for seed in SEEDS]
        mean, deviation = statistics.mean(accuracies), statistics.stdev(accuracies)
        lines.append(
            f"| {schedule} | {learning_rate:g} | {warmup_epochs} | {weight_decay:g} | {mean:.2%} ± {deviation:.2%} |"
        )
        print(lines[-1], file=sys.stderr)
    table = "\n".join(lines)
    publish({"recipes": table}, args.write)


def validation_accuracy(dataset: Dataset, recipe: Recipe) -> float:
    """The accuracy on the validation split after the last epoch."""
    training = Training(dataset, recipe)
    training.run()
    accuracy = training.progress.history[-1].validation_accuracy
    assert accuracy is not None
    return accuracy
