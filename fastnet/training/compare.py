"""The two engines side by side: the same training, step by step, on the Numba kernels and on the NumPy reference."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from fastnet.data.samples import Dataset
from fastnet.errors import OptionError
from fastnet.plurals import counted

from .recipe import ENGINES, Recipe
from .trainer import Training


@dataclass(frozen=True)
class EngineComparison:
    """How far apart the engines are after the same training, and how fast each is."""

    steps: int
    max_loss_difference: float  # over steps
    max_weight_difference: float  # at the end, over all parameters
    seconds: dict[str, float]  # by engine, compilation apart
    ratio: float  # how many times faster numba is


def compare_engines(dataset: Dataset, recipe: Recipe, n_steps: int) -> EngineComparison:
    """Train `n_steps` with each engine from the same seed; OptionError for more steps than the recipe has."""
    if n_steps < 1:
        raise OptionError(f"steps must be at least 1, not {n_steps}")
    runs = {}
    for engine in ENGINES:
        _run(dataset, dataclasses.replace(recipe, engine=engine), n_steps=2)  # compiles, and wakes the threads
        runs[engine] = _run(dataset, dataclasses.replace(recipe, engine=engine), n_steps)
    fast, slow = (runs[engine] for engine in ENGINES)
    return EngineComparison(
        steps=n_steps,
        max_loss_difference=float(np.abs(np.subtract(fast.losses, slow.losses)).max()),
        max_weight_difference=max(
            float(np.abs(array - slow.parameters[name]).max()) for name, array in fast.parameters.items()
        ),
        seconds={engine: run.seconds for engine, run in runs.items()},
        ratio=slow.seconds / fast.seconds,
    )


@dataclass(frozen=True)
class _Run:
    losses: list[float]
    parameters: dict[str, np.ndarray]
    seconds: float


def _run(dataset: Dataset, recipe: Recipe, n_steps: int) -> _Run:
    """Train `n_steps` and keep each step's loss."""
    training = Training(dataset, recipe)
    if n_steps > training.n_steps:
        epochs = counted(recipe.epochs, "epoch")
        raise OptionError(f"{n_steps:,} steps are more than the {training.n_steps:,} of {epochs}")
    losses: list[float] = []
    training.run(on_step=losses.append, n_steps=n_steps)
    seconds = training.progress.seconds + sum(record.seconds for record in training.progress.history)
    return _Run(losses, training.network.parameters(), seconds)
