"""Two models on the same samples: is one better than the other, by McNemar's test, and on which samples?"""

import math
from typing import Any

import numpy as np

from fastnet.data.samples import Samples
from fastnet.models.model import Model

LEAST_FOR_CHI_SQUARED = 25  # samples that only one reads right; with fewer the binomial is summed


def compare_models(first: Model, second: Model, samples: Samples) -> dict[str, Any]:
    """Compare two models' answers on samples, as plain JSON.

    It holds `n`, `accuracy` of either, the counts `both_right`, `only_first`, `only_second` and `neither`, `mcnemar`
    (see there), and `digits`, which tells for `only_first` and `only_second` the `row`, `label` and both `answers`.
    """
    labels = samples.labels
    answers = np.stack([model.predict(samples.pixels) for model in (first, second)], axis=1)
    right = answers == labels[:, np.newaxis]
    only = {"only_first": right[:, 0] & ~right[:, 1], "only_second": right[:, 1] & ~right[:, 0]}
    counts = {name: int(mask.sum()) for name, mask in only.items()}
    return {
        "n": len(labels),
        "accuracy": right.mean(axis=0).tolist(),
        "both_right": int(right.all(axis=1).sum()),
        **counts,
        "neither": int((~right.any(axis=1)).sum()),
        "mcnemar": mcnemar(*counts.values()),
        "digits": {
            name: [
                {"row": row, "label": int(labels[row]), "answers": answers[row].tolist()}
                for row in np.flatnonzero(mask).tolist()
            ]
            for name, mask in only.items()
        },
    }


def mcnemar(only_first: int, only_second: int) -> dict[str, Any]:
    """McNemar's test (1947) of two models being right equally often: `test`, `statistic` and `p_value`, two-sided.

    With few samples that only one of them reads right, the binomial is summed (the statistic is the smaller count);
    otherwise chi-squared with one degree of freedom and Edwards' correction for continuity (1948).
    """
    n, least = only_first + only_second, min(only_first, only_second)
    if n < LEAST_FOR_CHI_SQUARED:
        tail = sum(math.comb(n, k) for k in range(least + 1)) / 2**n
        return {"test": "exact binomial", "statistic": least, "p_value": min(1.0, 2 * tail)}
    statistic = max(abs(only_first - only_second) - 1, 0) ** 2 / n  # the correction never goes beyond equal counts
    return {
        "test": "chi-squared with continuity correction",
        "statistic": statistic,
        "p_value": math.erfc(math.sqrt(statistic / 2)),
    }
