"""A test set for data that has none: a share of each class, the same ones each time."""

import numpy as np

from .samples import Samples

TEST_SHARE = 1 / 7  # as in MNIST
_SEED = 0


def hold_out(samples: Samples) -> tuple[Samples, Samples]:
    """The training samples and the test samples, stratified; a class of one sample stays in training."""
    is_held = held_out(samples.labels)
    return samples.take(np.flatnonzero(~is_held)), samples.take(np.flatnonzero(is_held))


def held_out(labels: np.ndarray) -> np.ndarray:
    """Which samples with such classes are those for the test, bool `(n,)`."""
    rng = np.random.default_rng(_SEED)
    held = [np.empty(0, np.int64)]
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        n_held = max(round(TEST_SHARE * len(rows)), int(len(rows) > 1))
        held.append(rng.permutation(rows)[:n_held])
    is_held = np.zeros(len(labels), bool)
    is_held[np.concatenate(held)] = True
    return is_held
