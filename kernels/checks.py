"""The check that stands before each kernel: arrays of right shapes, float32, C order, writable results, or a sentence.

Kernels index without bounds; what passes here cannot read or write outside its arrays.
"""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from .kinds import ACTIVATIONS

if TYPE_CHECKING:
    from .sparse_rows import SparseRows

_FLOAT32 = np.dtype(np.float32)

Kernel = Callable[..., Any]
Named = tuple[str, np.ndarray, tuple[int, ...]]


def check_arrays(kernel: str, **arrays: object) -> None:
    """ValueError for the first of `arrays`, by its name, that is no NumPy array."""
    for name, array in arrays.items():
        _check_array(kernel, name, array)


def takes_arrays(*names: str, or_none: str = "") -> Callable[[Kernel], Kernel]:
    """Have a textbook begin with `check_arrays` of those arguments; the one called `or_none` may be None."""

    def decorated(textbook: Kernel) -> Kernel:
        arguments = tuple(signature(textbook).parameters)

        @wraps(textbook)
        def checked(*args, **kwargs):
            for name, value in (*zip(arguments, args, strict=False), *kwargs.items()):
                if name in names or (name == or_none and value is not None):
                    _check_array(textbook.__name__, name, value)
            return textbook(*args, **kwargs)

        return checked

    return decorated


def check_inputs(kernel: str, *arrays: Named) -> None:
    """ValueError for the first of `arrays`, each (name, array, expected shape), that is not as the kernel needs it."""
    for name, array, shape in arrays:
        _check_array(kernel, name, array)
        if array.shape != shape or array.dtype != _FLOAT32 or not array.flags.c_contiguous:
            raise ValueError(f"{kernel}: {name} must be {_FLOAT32} of shape {shape} in C order, not {_describe(array)}")


def check_outputs(kernel: str, *arrays: Named) -> None:
    """As `check_inputs`, for arrays that the kernel writes to."""
    check_inputs(kernel, *arrays)
    for name, array, _ in arrays:
        if not array.flags.writeable:
            raise ValueError(f"{kernel}: {name} must be writable")


def check_apart(kernel: str, results: dict[str, np.ndarray], inputs: dict[str, np.ndarray]) -> None:
    """ValueError where a result of a product shares memory with what is still read for it; all are in C order."""
    for name, result in results.items():
        for other, array in inputs.items():
            if np.may_share_memory(result, array):
                raise ValueError(f"{kernel}: {name} must not share memory with {other}")


def check_axes(kernel: str, name: str, array: np.ndarray, n_axes: int) -> None:
    """ValueError unless it is an array with `n_axes`."""
    _check_array(kernel, name, array)
    if array.ndim != n_axes:
        raise ValueError(f"{kernel}: {name} must have {n_axes} axes, not {array.ndim}")


def check_labels(kernel: str, name: str, labels: np.ndarray, n_samples: int) -> None:
    """ValueError unless `labels` are `n_samples` integers in C order, and at least one."""
    _check_array(kernel, name, labels)
    if labels.shape != (n_samples,) or labels.dtype.kind not in "iu" or not labels.flags.c_contiguous:
        raise ValueError(
            f"{kernel}: {name} must be integers of shape {(n_samples,)} in C order, not {_describe(labels)}"
        )
    if n_samples == 0:
        raise ValueError(f"{kernel}: {name} must not be empty")


def check_activation(kernel: str, activation: str) -> None:
    """ValueError unless `activation` is one of `ACTIVATIONS`."""
    if activation not in ACTIVATIONS:
        raise ValueError(f"{kernel}: activation must be one of {', '.join(ACTIVATIONS)}, not {activation!r}")


def check_sparse_rows(kernel: str, images: "SparseRows", rows: np.ndarray) -> None:
    """ValueError unless the rows of `images` at `rows`, which are there, lie within its arrays and features."""
    starts, features, values, n_features = images
    types = (starts.dtype, features.dtype, len(features))
    if types != (np.int64, np.int32, len(values)):
        raise ValueError(f"{kernel}: sparse images must have int64 starts, and as many int32 features as values")
    first, last = starts[rows], starts[rows + 1]
    if not (first.min() >= 0 and (first <= last).all() and last.max() <= len(values)):
        raise ValueError(f"{kernel}: the starts of sparse images must ascend from 0 to the number of values")
    chosen = images.take(rows).features
    if len(chosen) and not 0 <= chosen.min() <= chosen.max() < n_features:
        raise ValueError(f"{kernel}: the features of sparse images must be from 0 to {n_features - 1}")


def _check_array(kernel: str, name: str, array: object) -> None:
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{kernel}: {name} must be a NumPy array, not {type(array).__name__}")


def _describe(array: np.ndarray) -> str:
    order = "" if array.flags.c_contiguous else ", not contiguous"
    return f"{array.dtype} of shape {array.shape}{order}"
