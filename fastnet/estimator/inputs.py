"""What estimators are given, as the trainer takes it: features and weights in float32, told where they don't fit."""

from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight

from fastnet.data.samples import Samples

# Other kinds of numbers become float64, the first, and then float32, once.
ACCEPTED = {"accept_sparse": "csr", "dtype": [np.float64, np.float32, np.uint8]}
_LARGEST = f"{np.finfo(np.float32).max:.2g}"


def as_float32(numbers: Any, name: str) -> Any:
    """An array or sparse matrix in float32; ValueError where finite numbers are beyond its range."""
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is told
        converted = numbers.astype(np.float32, copy=False)
    values = converted if isinstance(converted, np.ndarray) else converted.data
    if numbers.dtype != np.float32 and not np.isfinite(values).all():
        raise beyond_float32(name)
    return converted


def beyond_float32(name: str) -> ValueError:
    """The error about finite numbers that float32 cannot hold."""
    return ValueError(f"{name} holds numbers beyond the range of float32, in which is computed: at most {_LARGEST}")


def as_features(X: Any) -> Any:
    """Features that scikit-learn has checked, uint8 or float32: an array in C order or a CSR matrix."""
    converted = X if X.dtype == np.uint8 else as_float32(X, "X")
    return np.ascontiguousarray(converted) if isinstance(converted, np.ndarray) else converted


def checked_weights(sample_weight: Any, X: Any) -> np.ndarray | None:
    """A weight a sample, float64, finite and not negative; None where none are given."""
    if sample_weight is None:
        return None
    weights = np.asarray(_check_sample_weight(sample_weight, X, dtype=np.float64))
    if (weights < 0).any():
        raise ValueError("Negative values in data passed to `sample_weight`")
    return weights


def new_samples(X: Any, labels: np.ndarray, weights: np.ndarray | None) -> Samples:
    """Samples of an array, which is not copied, or of a CSR matrix; of weights in float64.

    ValueError for weights of which float32 takes every one for 0.
    """
    if weights is not None:
        weights = as_float32(weights, "sample_weight")
        if not weights.any():
            raise ValueError("sample_weight is too small for float32: not one weight is above 0")
    if isinstance(X, np.ndarray):
        return Samples(X, labels, 1.0, weights)
    unlabelled = Samples.from_csr(X, np.zeros(X.shape[0], np.int64))
    return Samples(unlabelled.images, labels, 1.0, weights)
