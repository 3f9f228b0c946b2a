"""What the seed of a recipe is used for: each use has its own stream of random numbers, so that none moves another."""

from enum import IntEnum

import numpy as np


class SeedUse(IntEnum):
    """The uses; a number is never given anew, or trainings that were saved would go on differently."""

    INITIALISATION = 0  # of the weights
    SPLIT = 1  # which samples are set aside for validation
    SHUFFLE = 2  # the order of samples in a pass
    DISTORTION = 3  # of images
    DROPOUT = 4
    SELECTION = 5  # of the samples that a step is taken on
    CORRECTION = 6  # of the samples beside which a model is corrected
    SYNTHESIS = 7  # of digits that are made of others


def rng(seed: int, use: SeedUse, *number: int) -> np.random.Generator:
    """The generator for a use of the seed, and for a number within it where it has several: a pass, a step."""
    return np.random.default_rng(_sequence(seed, use, *number))


def key(seed: int, use: SeedUse) -> int:
    """The key below 2**64 from which kernels draw for a use of the seed."""
    return int(_sequence(seed, use).generate_state(1, np.uint64)[0])


def _sequence(seed: int, *use: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed, spawn_key=use)
