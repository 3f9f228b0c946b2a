"""How far probabilities can be trusted: reliability in bins, and accuracy against the share that is answered."""

import numpy as np

from .figures import Bins, Coverage

N_BINS = 15
N_SHARES = 100


def reliability(probabilities: np.ndarray, labels: np.ndarray) -> Bins:
    """In bins of equal width: how many answers, how sure they are on average, how often right; None without any.

    The bins are those of `calibration.expected_calibration_error`.
    """
    confidences, right = _confidences(probabilities, labels)
    bins = np.minimum((confidences * N_BINS).astype(int), N_BINS - 1)
    counts = np.bincount(bins, minlength=N_BINS)
    means = [
        tuple(
            total / n if n else None
            for total, n in zip(np.bincount(bins, values, N_BINS).tolist(), counts, strict=True)
        )
        for values in (confidences, right)
    ]
    edges = tuple((np.arange(N_BINS + 1) / N_BINS).tolist())
    return Bins(edges, tuple(counts.tolist()), confidence=means[0], accuracy=means[1])


def coverage(probabilities: np.ndarray, labels: np.ndarray) -> Coverage:
    """The accuracy on the surest answers, by the share that is answered, with the probability from which that is."""
    confidences, right = _confidences(probabilities, labels)
    surest_first = np.argsort(-confidences, kind="stable")
    n_answered = np.unique(np.ceil(np.arange(1, N_SHARES + 1) / N_SHARES * len(labels)).astype(int))
    return Coverage(
        share=tuple((n_answered / len(labels)).tolist()),
        accuracy=tuple((right[surest_first].cumsum()[n_answered - 1] / n_answered).tolist()),
        threshold=tuple(confidences[surest_first[n_answered - 1]].tolist()),
    )


def _confidences(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The probability of each answer, and 1 where it is right."""
    right = probabilities.argmax(axis=1) == labels
    return probabilities.max(axis=1).astype(np.float64), right.astype(np.float64)
