"""What each idea gained: one step of the default network, in versions from the textbook to the fused engine.

They take turns, so that a change of the machine's speed hits them alike; medians tell.
"""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fastnet import kernels
from fastnet.data.loading import load_dataset
from fastnet.kernels import jit, reference
from fastnet.models.network import Network
from fastnet.training.engine.base import Engine
from fastnet.training.engine.fused import FusedEngine
from fastnet.training.engine.stepwise import StepwiseEngine
from fastnet.training.recipe import Recipe

SIZES = (784, 512, 10)
RECIPE = Recipe()


class Version(NamedTuple):
    """A way to take a step: what makes its engine, and on how many threads it runs."""

    name: str
    make: Callable[[Network], Engine]
    n_threads: int


VERSIONS = (
    Version("NumPy, the textbook", lambda network: StepwiseEngine(network, RECIPE, reference), 1),
    Version("register tiles, kernel by kernel", lambda network: StepwiseEngine(network, RECIPE, kernels), 1),
    Version("fused: gradients straight into Adam", lambda network: FusedEngine(network, RECIPE, is_sparse=False), 1),
    Version("fused, zeros of the pixels skipped", lambda network: FusedEngine(network, RECIPE, is_sparse=True), 1),
    Version("the same on all threads", lambda network: FusedEngine(network, RECIPE, is_sparse=True), jit.get_threads()),
)


def measure(n_rounds: int, n_steps: int) -> list[float]:
    """The median seconds of a step of each version, over rounds of so many steps."""
    samples = load_dataset().train
    engines = [version.make(Network.he_initialised(SIZES, np.random.default_rng(0))) for version in VERSIONS]
    seconds: list[list[float]] = [[] for _ in VERSIONS]
    order = np.random.default_rng(0).permutation(len(samples))
    for number in range(n_rounds + 1):  # the first compiles
        rows = np.roll(order, -number * n_steps * RECIPE.batch_size)[: n_steps * RECIPE.batch_size]
        for engine, taken, version in zip(engines, seconds, VERSIONS, strict=True):
            jit.set_threads(version.n_threads)
            started = time.perf_counter()
            engine.train_steps(samples, rows, number * n_steps + 1, np.full(n_steps, 1e-3))
            taken.append((time.perf_counter() - started) / n_steps)
    return [statistics.median(taken[1:]) for taken in seconds]
