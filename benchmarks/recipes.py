"""Recipes for the seed network, compared on the validation split alone, written into docs/recipe.md (`make recipes`).

The test set is not opened here.
"""

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

from tables import write_between_marks

from fastnet.datasets import load_dataset
from fastnet.recipe import Recipe
from fastnet.training import Training

ROOT = Path(__file__).parents[1]
SEEDS = range(10, 15)  # not those of the final figure

CANDIDATES: list[dict[str, Any]] = [
    {"schedule": "constant", "learning_rate": 1e-3, "weight_decay": 0.0},
    {"schedule": "linear", "learning_rate": 1e-3, "weight_decay": 0.0},
    {"schedule": "linear", "learning_rate": 1e-3, "weight_decay": 0.1},
    {"schedule": "cosine", "learning_rate": 2e-3, "weight_decay": 0.0},
    {"schedule": "linear", "learning_rate": 2e-3, "weight_decay": 0.1},
    {"schedule": "linear", "learning_rate": 4e-3, "weight_decay": 0.0},
    {"schedule": "linear", "learning_rate": 4e-3, "weight_decay": 0.03},
    {"schedule": "cosine", "learning_rate": 4e-3, "weight_decay": 0.03},
    {"schedule": "linear", "learning_rate": 4e-3, "weight_decay": 0.1},
    {"schedule": "linear", "learning_rate": 8e-3, "weight_decay": 0.03},
]


def main() -> None:
    """Train each candidate with each seed; print and optionally write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table into docs/recipe.md")
    args = parser.parse_args()
    dataset = load_dataset()
    lines = ["| schedule | learning rate | weight decay | validation accuracy |", "|---|--:|--:|--:|"]
    for candidate in CANDIDATES:
        accuracies = []
        for seed in SEEDS:
            training = Training(dataset, Recipe(seed=seed, **candidate))
            training.run()
            accuracies.append(training.progress.history[-1].validation_accuracy or 0.0)
        mean, deviation = statistics.mean(accuracies), statistics.stdev(accuracies)
        lines.append(
            f"| {candidate['schedule']} | {candidate['learning_rate']:g} | {candidate['weight_decay']:g}"
            f" | {mean:.2%} ± {deviation:.2%} |"
        )
        print(lines[-1], file=sys.stderr)
    table = "\n".join(lines)
    print(table)
    if args.write:
        write_between_marks(ROOT / "docs" / "recipe.md", "recipes", table)


if __name__ == "__main__":
    main()
