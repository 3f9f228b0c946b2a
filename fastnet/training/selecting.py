"""Which samples a step is taken on, where it sees more than it takes: those with a large loss, mostly.

Selective-Backprop (Jiang et al. 2019, "Accelerating Deep Learning by Focusing on the Biggest Losers"): most samples are
answered well soon, and a step on them is all work and little change. Going forward costs a third of a step.
"""

import numpy as np


def choose(losses: np.ndarray, selectivity: float, rng: np.random.Generator) -> np.ndarray:
    """The places of a share `selectivity` of `losses`, in their order, drawn without replacement.

    Each weighs `rank ** (1 / selectivity - 1)` in the draw, where the largest loss has rank 1 and the smallest 1 / n:
    the power of the paper's equation 1 whose mean is `selectivity`. They are those with the largest of
    `log(uniform) / weight` (Efraimidis & Spirakis 2006), in logarithms: small weights are less than a number can be.
    """
    n = len(losses)
    ranks = (np.argsort(np.argsort(losses, kind="stable")) + 1) / n
    keys = (1 / selectivity - 1) * np.log(ranks) - np.log(-np.log1p(-rng.random(n)))
    n_chosen = max(1, round(n * selectivity))
    return np.sort(np.argpartition(keys, n - n_chosen)[n - n_chosen :])
