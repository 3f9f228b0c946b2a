"""Two models on the same samples: is one better than the other, by McNemar's test, and on which samples?"""

import math
from dataclasses import dataclass

import numpy as np

from fastnet.data.samples import Samples
from fastnet.models.model import Model

LEAST_FOR_CHI_SQUARED = 25  # samples that only one reads right; with fewer the binomial is summed


@dataclass(frozen=True)
class McNemar:
    """McNemar's test of two models being right equally often."""

    test: str  # which form of it
    statistic: float
    p_value: float  # two-sided


@dataclass(frozen=True)
class Disagreement:
    """A sample that only one of two models reads right."""

    row: int
    label: int
    answers: tuple[int, ...]  # of both


@dataclass(frozen=True)
class Disagreements:
    """All of them, by who is right."""

    only_first: tuple[Disagreement, ...]
    only_second: tuple[Disagreement, ...]


@dataclass(frozen=True)
class Comparison:
    """Two models on the same samples: `n` of them, and how many of these who reads right."""

    n: int
    accuracy: tuple[float, ...]  # of both
    both_right: int
    only_first: int
    only_second: int
    neither: int
    mcnemar: McNemar
    digits: Disagreements


def compare_models(first: Model, second: Model, samples: Samples) -> Comparison:
    """Compare two models' answers on samples."""
    labels = samples.labels
    answers = np.stack([model.predict(samples.pixels) for model in (first, second)], axis=1)
    right = answers == labels[:, np.newaxis]
    only_first, only_second = (
        tuple(
            Disagreement(row, int(labels[row]), tuple(answers[row].tolist())) for row in np.flatnonzero(mask).tolist()
        )
        for mask in (right[:, 0] & ~right[:, 1], right[:, 1] & ~right[:, 0])
    )
    return Comparison(
        n=len(labels),
        accuracy=tuple(right.mean(axis=0).tolist()),
        both_right=int(right.all(axis=1).sum()),
        only_first=len(only_first),
        only_second=len(only_second),
        neither=int((~right.any(axis=1)).sum()),
        mcnemar=mcnemar(len(only_first), len(only_second)),
        digits=Disagreements(only_first, only_second),
    )


def mcnemar(only_first: int, only_second: int) -> McNemar:
    """McNemar's test (1947), from how many samples only one of the models reads right.

    With few samples that only one of them reads right, the binomial is summed (the statistic is the smaller count);
    otherwise chi-squared with one degree of freedom and Edwards' correction for continuity (1948).
    """
    n, least = only_first + only_second, min(only_first, only_second)
    if n < LEAST_FOR_CHI_SQUARED:
        tail = sum(math.comb(n, k) for k in range(least + 1)) / 2**n
        return McNemar("exact binomial", statistic=least, p_value=min(1.0, 2 * tail))
    statistic = max(abs(only_first - only_second) - 1, 0) ** 2 / n  # the correction never goes beyond equal counts
    p_value = math.erfc(math.sqrt(statistic / 2))
    return McNemar("chi-squared with continuity correction", statistic, p_value)
