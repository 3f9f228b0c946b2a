"""What share of a training's time its distorted copies take, written into docs/recipe.md (`make distorting`).

Chunks of steps as a training takes them: the copies are made, then the steps are taken, in turn; medians of both.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np

from fastnet.augmenting import augment_samples
from fastnet.datasets import Dataset, load_dataset
from fastnet.engine import compile_kernels
from fastnet.recipe import Recipe
from fastnet.recipes import RECIPES
from fastnet.system import environment
from fastnet.training import STEPS_AT_A_TIME, Training

from .tables import write_between_marks

DOCUMENT = Path("docs/recipe.md")


def main() -> None:
    """Measure the recipes that distort; print and optionally write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=40, help="of 64 steps each (default: 40)")
    parser.add_argument("--write", action="store_true", help="write the table into docs/recipe.md")
    args = parser.parse_args()
    dataset = load_dataset()
    lines = ["| recipe | a copy | a step on one | share of the copies |", "|---|--:|--:|--:|"]
    for name in ("best", "best-large"):
        copies, steps = seconds(dataset, RECIPES[name], args.chunks)
        lines.append(f"| `{name}` | {copies * 1e6:.2f} us | {steps * 1e6:.2f} us | {copies / (copies + steps):.0%} |")
    machine = environment()
    lines += ["", f"Medians on {machine['threads']} threads of {machine['cpu']}."]
    print("\n".join(lines))
    if args.write:
        write_between_marks(DOCUMENT, "distorting", "\n".join(lines))


def seconds(dataset: Dataset, recipe: Recipe, n_chunks: int) -> tuple[float, float]:
    """Seconds a sample of making copies, and of the steps on them."""
    training = Training(dataset, recipe)
    samples, engine = training.train_samples, training.engine
    compile_kernels(samples, training.network.layer_sizes, recipe)
    n = STEPS_AT_A_TIME * recipe.batch_size
    rates, times = np.full(STEPS_AT_A_TIME, recipe.learning_rate / 10), []
    rng = np.random.default_rng(0)
    engine.load()
    for chunk in range(n_chunks):
        rows = rng.choice(len(samples), n, replace=False)
        started = time.perf_counter()
        copies = augment_samples(samples, rows, recipe, chunk)
        made = time.perf_counter()
        engine.train_steps(copies, np.arange(n), chunk * STEPS_AT_A_TIME + 1, rates)
        times.append((made - started, time.perf_counter() - made))
    engine.unload()
    making, stepping = (statistics.median(column) / n for column in zip(*times, strict=True))
    return making, stepping


if __name__ == "__main__":
    main()
