"""What is asked of the process that takes steps one by one, and what it tells: the server knows no more of lessons."""

from dataclasses import dataclass
from typing import NamedTuple

N_PIXELS, N_CLASSES = 784, 10
UNITS = (16, 32, 128)  # hidden ones of the network, which the visitor chooses
BATCH_SIZE = 64
LEARNING_RATE = 1e-3  # Kingma & Ba's
MOST_STEPS = 500


class Weight(NamedTuple):
    """The weight of layer 0 or 1 from input `start` to unit `to`."""

    layer: int
    start: int
    to: int

    def is_in(self, units: int) -> bool:
        """Whether a network with so many hidden units has it."""
        sizes = (N_PIXELS, units, N_CLASSES)
        return self.layer in (0, 1) and 0 <= self.start < sizes[self.layer] and 0 <= self.to < sizes[self.layer + 1]


@dataclass(frozen=True)
class Question:
    """After that step of the lesson of so many units and that seed, how is the weight?"""

    units: int
    seed: int
    step: int  # from 1
    weight: Weight


@dataclass(frozen=True)
class WeightFigures:
    """What one step did to one weight, on one engine."""

    x: float  # what comes into it from the batch's first digit
    out: float  # what the unit that it leads to answers to that
    before: float
    gradient: float
    moments_before: tuple[float, float]
    moments: tuple[float, float]  # Adam's m and v
    after: float


@dataclass(frozen=True, eq=False)
class StepFigures:
    """A step on each engine, the reference first; the other is missing where Numba is not installed."""

    step: int
    losses: list[list[float]]  # of all steps so far
    n_right: int  # of the batch's digits, before the step
    images: bytes  # uint8 (BATCH_SIZE, 784)
    labels: list[int]
    weights: list[WeightFigures]
    filter: list[float]  # the first layer's weights of the unit that is looked at, before the step
    farthest: float | None  # the largest difference of any parameter of the two networks, after the step
