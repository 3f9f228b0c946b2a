"""What each option of a recipe costs: a training step with it, beside a plain one (`make options-cost`).

Processor time on one thread, which counts nothing that others on the machine do. The options take turns, some steps at
a time, so that a change of the machine's speed hits all alike; medians of their times, and of their ratios to the plain
steps of the same turn, are shown.
"""

import dataclasses
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.publishing import machine_text, of_this_cpu, publish, study_parser
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Samples
from fastnet.kernels import jit
from fastnet.models.network import Network
from fastnet.timing.texts import load_average
from fastnet.training.engine import make_engine
from fastnet.training.recipe import Recipe

DOCUMENT = Path("docs/speed.md")

# What is said, what the recipe has, and whether samples have weights.
OPTIONS: list[tuple[str, dict[str, Any], bool]] = [
    ("plain", {}, False),
    ("sample weights", {}, True),
    ("label smoothing 0.1", {"label_smoothing": 0.1}, False),
    ("dropout 0.5 of the hidden units", {"dropout": 0.5}, False),
    ("dropout 0.2 of the pixels", {"input_dropout": 0.2}, False),
    ("both dropouts", {"dropout": 0.5, "input_dropout": 0.2}, False),
    ("clipping to norm 1", {"clip_norm": 1.0}, False),
    ("tanh", {"activation": "tanh"}, False),
    ("logistic", {"activation": "logistic"}, False),
    ("tanh, dropout 0.5", {"activation": "tanh", "dropout": 0.5}, False),
    ("SGD", {"solver": "sgd"}, False),
]
HIDDEN = [(512,), (512, 1000)]
STEPS = 16  # in a turn


def main(argv: list[str]) -> None:
    """Time the options in turn; print the table, and write it where asked."""
    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("--rounds", type=int, default=100, help=f"turns of {STEPS} steps (default: 100)")
    args = parser.parse_args(argv)
    jit.set_threads(1)
    samples, load = load_dataset().train, load_average()
    text = table({hidden: measure(samples, hidden, args.rounds) for hidden in HIDDEN}, load)
    publish({of_this_cpu("options"): text}, args.write)


def measure(samples: Samples, hidden: tuple[int, ...], n_rounds: int) -> list[list[float]]:
    """Seconds of a step: a row an option, a column a turn."""
    weighted = dataclasses.replace(samples, weights=np.random.default_rng(0).random(len(samples), np.float32))
    engines = []
    for _, changes, _ in OPTIONS:
        network = Network.he_initialised((784, *hidden, 10), np.random.default_rng(0))
        engines.append(make_engine(network, Recipe(hidden=hidden, **changes), samples))
    seconds: list[list[float]] = [[] for _ in OPTIONS]
    order = np.random.default_rng(0).permutation(len(samples))
    size = STEPS * Recipe.batch_size
    for number in range(n_rounds + 1):  # the first compiles
        rows = np.roll(order, -number * size)[:size]
        for engine, taken, (_, _, has_weights) in zip(engines, seconds, OPTIONS, strict=True):
            started = time.thread_time()
            engine.train_steps(weighted if has_weights else samples, rows, number * STEPS + 1, np.full(STEPS, 1e-3))
            taken.append((time.thread_time() - started) / STEPS)
    return [taken[1:] for taken in seconds]


def table(seconds: dict[tuple[int, ...], list[list[float]]], load: float | None) -> str:
    """A row an option: for each network, microseconds a step and the ratio to a plain one."""
    names = ["-".join(str(size) for size in (784, *hidden, 10)) for hidden in seconds]
    lines = [
        "| option |" + "".join(f" {name}, a step | to plain |" for name in names),
        "|---|" + "--:|--:|" * len(names),
    ]
    for i, (option, _, _) in enumerate(OPTIONS):
        cells = ""
        for rows in seconds.values():
            ratios = [own / plain for own, plain in zip(rows[i], rows[0], strict=True)]
            cells += f" {statistics.median(rows[i]) * 1e6:,.0f} us | {statistics.median(ratios):.2f}x |"
        lines.append(f"| {option} |{cells}")
    lines.append(f"\nBatch 64, processor time on one thread. {machine_text(load)}")
    return "\n".join(lines)
