"""What share of a training's time its distorted copies take, written into docs/recipe.md (`make distortion-cost`).

Epochs as a training has them, and after each the same copies alone; medians of both.
"""

import statistics
import time
from pathlib import Path

import numpy as np

from benchmarks.publishing import publish, study_parser
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Dataset
from fastnet.plurals import counted
from fastnet.system import environment
from fastnet.training.engine import distorted
from fastnet.training.recipe import RECIPES, Recipe
from fastnet.training.trainer import Training

DOCUMENT = Path("docs/recipe.md")


def main(argv: list[str]) -> None:
    """Measure the recipes that distort; print and optionally write the table."""
    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("--epochs", type=int, default=5, help="of each recipe (default: 5)")
    args = parser.parse_args(argv)
    dataset = load_dataset()
    lines = ["| recipe | a copy | training on it | share of the copies |", "|---|--:|--:|--:|"]
    for name in ("fast", "best-large"):
        copies, steps = seconds(dataset, RECIPES[name], args.epochs)
        lines.append(f"| `{name}` | {copies * 1e6:.2f} us | {steps * 1e6:.2f} us | {copies / (copies + steps):.0%} |")
    machine = environment()
    lines += ["", f"Medians on {counted(machine['threads'], 'thread')} of {machine['cpu']}."]
    publish({"distortion-cost": "\n".join(lines)}, args.write)


def seconds(dataset: Dataset, recipe: Recipe, n_epochs: int) -> tuple[float, float]:
    """Seconds a sample of making copies, and of all else that a training does with them."""
    training = Training(dataset, recipe)
    samples, rng = training.train_samples, np.random.default_rng(0)
    training.compile_kernels()
    n_at_a_time = training.steps_at_a_time * training.n_per_step
    making, whole = [], []
    for epoch in range(n_epochs):
        training.run(n_steps=(epoch + 1) * training.steps_per_epoch)
        whole.append(training.progress.history[-1].seconds)
        order = rng.permutation(len(samples))
        started = time.perf_counter()
        for start in range(0, len(samples), n_at_a_time):
            distorted(samples, order[start : start + n_at_a_time], recipe, epoch)
        making.append(time.perf_counter() - started)
    copies = statistics.median(making) / len(samples)
    return copies, statistics.median(whole) / len(samples) - copies
