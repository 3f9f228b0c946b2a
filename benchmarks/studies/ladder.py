"""What each idea gained: one step of the default network, from the textbook to the fused engine (`make ladder`).

The versions take turns, so that a change of the machine's speed hits them alike; medians are shown.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.publishing import of_this_make, publish, study_parser
from fastnet import kernels
from fastnet.data.loading import load_dataset
from fastnet.kernels import jit, reference
from fastnet.models.network import Network
from fastnet.system import environment
from fastnet.training.engine.base import Engine
from fastnet.training.engine.fused import FusedEngine
from fastnet.training.engine.stepwise import StepwiseEngine
from fastnet.training.recipe import Recipe

DOCUMENT = Path("docs/speed.md")

SIZES = (784, 512, 10)
STEPS = 256
RECIPE = Recipe()

VERSIONS: list[tuple[str, Callable[[Network], Engine], int]] = [
    ("NumPy, the textbook", lambda network: StepwiseEngine(network, RECIPE, reference), 1),
    ("register tiles, kernel by kernel", lambda network: StepwiseEngine(network, RECIPE, kernels), 1),
    ("fused: gradients straight into Adam", lambda network: FusedEngine(network, RECIPE, is_sparse=False), 1),
    ("fused, zeros of the pixels skipped", lambda network: FusedEngine(network, RECIPE, is_sparse=True), 1),
    ("the same on all threads", lambda network: FusedEngine(network, RECIPE, is_sparse=True), jit.get_threads()),
]


def main(argv: list[str]) -> None:
    """Time the versions in turn; print the table, and write it where asked."""
    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("--rounds", type=int, default=15, help=f"rounds of {STEPS} steps (default: 15)")
    args = parser.parse_args(argv)
    samples = load_dataset().train
    engines = [make(Network.he_initialised(SIZES, np.random.default_rng(0))) for _, make, _ in VERSIONS]
    seconds: list[list[float]] = [[] for _ in VERSIONS]
    order = np.random.default_rng(0).permutation(len(samples))
    for number in range(args.rounds + 1):  # the first compiles
        rows = np.roll(order, -number * STEPS * RECIPE.batch_size)[: STEPS * RECIPE.batch_size]
        for engine, taken, (_, _, n_threads) in zip(engines, seconds, VERSIONS, strict=True):
            jit.set_threads(n_threads)
            started = time.perf_counter()
            engine.train_steps(samples, rows, number * STEPS + 1, np.full(STEPS, 1e-3))
            taken.append((time.perf_counter() - started) / STEPS)
    text = table([statistics.median(taken[1:]) for taken in seconds])
    publish({of_this_make("ladder"): text}, args.write)


def table(medians: list[float]) -> str:
    """A row a version: microseconds a step, and how much faster than the row above and than the first."""
    lines = ["| version | threads | a step | faster than above | than NumPy |", "|---|--:|--:|--:|--:|"]
    for i, (name, _, n_threads) in enumerate(VERSIONS):
        gained = f"{medians[i - 1] / medians[i]:.1f}x" if i else ""
        total = f"{medians[0] / medians[i]:.1f}x"
        lines.append(f"| {name} | {n_threads} | {medians[i] * 1e6:,.0f} us | {gained} | {total} |")
    machine = environment()
    lines.append(
        f"\n{machine['cpu']}, {machine['cpus']} CPUs, {machine['lanes']} lanes; NumPy {machine['numpy']}"
        f" (its BLAS limited to one thread), Numba {machine['numba']}."
    )
    return "\n".join(lines)
