"""What each option of a recipe costs: an epoch with it, beside a plain one (`make options-cost`).

The options take turns within a round, so that a change of the machine's speed hits all alike; medians of their times,
and of their ratios to the plain epoch of the same round, are shown.
"""

import argparse
import dataclasses
import statistics
from pathlib import Path
from typing import Any

import numpy as np

from fastnet.datasets import Dataset, Samples, load_dataset
from fastnet.kernels import jit
from fastnet.recipe import Recipe
from fastnet.training import Training

from .tables import load_average, machine_text, write_between_marks

# What is said, what the recipe has, and whether samples have weights.
OPTIONS: list[tuple[str, dict[str, Any], bool]] = [
    ("plain", {}, False),
    ("sample weights", {}, True),
    ("label smoothing 0.1", {"label_smoothing": 0.1}, False),
    ("dropout 0.5 of the hidden units", {"dropout": 0.5}, False),
    ("dropout 0.2 of the pixels", {"input_dropout": 0.2}, False),
    ("both dropouts", {"dropout": 0.5, "input_dropout": 0.2}, False),
    ("clipping to norm 1", {"clip_norm": 1.0}, False),
]
HIDDEN = [(512,), (512, 1000)]


def main() -> None:
    """Time the options in turn; print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="epochs of each option (default: 9)")
    parser.add_argument("--write", action="store_true", help="write the table into docs/speed.md")
    args = parser.parse_args()
    dataset, load = load_dataset(), load_average()
    text = table({hidden: measure(dataset, hidden, args.rounds) for hidden in HIDDEN}, args.rounds, load)
    print(text)
    if args.write:
        write_between_marks(Path("docs/speed.md"), "options", text)


def measure(dataset: Dataset, hidden: tuple[int, ...], n_rounds: int) -> list[list[float]]:
    """Seconds of an epoch's steps: a row an option, a column a round."""
    trainings = [
        Training(
            dataclasses.replace(dataset, train=with_weights(dataset.train) if is_weighted else dataset.train),
            Recipe(hidden=hidden, epochs=n_rounds + 1, **changes),
        )
        for _, changes, is_weighted in OPTIONS
    ]
    seconds: list[list[float]] = [[] for _ in OPTIONS]
    for number in range(n_rounds + 1):  # the first compiles
        for training, taken in zip(trainings, seconds, strict=True):
            training.run(n_steps=(number + 1) * training.steps_per_epoch)
            taken.append(training.progress.history[-1].seconds)
    return [taken[1:] for taken in seconds]


def with_weights(samples: Samples) -> Samples:
    """The same samples, each of a random weight."""
    weights = np.random.default_rng(0).random(len(samples), np.float32)
    return dataclasses.replace(samples, weights=weights)


def table(seconds: dict[tuple[int, ...], list[list[float]]], n_rounds: int, load: float | None) -> str:
    """A row an option: for each network, milliseconds an epoch and the ratio to a plain one."""
    names = ["-".join(str(size) for size in (784, *hidden, 10)) for hidden in seconds]
    lines = [
        "| option |" + "".join(f" {name}, an epoch | to plain |" for name in names),
        "|---|" + "--:|--:|" * len(names),
    ]
    for i, (option, _, _) in enumerate(OPTIONS):
        cells = []
        for rows in seconds.values():
            ratios = [own / plain for own, plain in zip(rows[i], rows[0], strict=True)]
            cells.append(f" {statistics.median(rows[i]) * 1e3:,.0f} ms | {statistics.median(ratios):.2f}x |")
        lines.append(f"| {option} |" + "".join(cells))
    lines.append(
        f"\nBatch 64, 55,000 samples, medians of {n_rounds} epochs in turn on {jit.get_threads()} threads."
        f" {machine_text(load)}"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
