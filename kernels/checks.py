"""The check that stands before each kernel: right shapes, float32, C order, writable results, or one clear sentence.

Kernels index without bounds; what passes here cannot read or write outside its arrays.
"""

import numpy as np

_FLOAT32 = np.dtype(np.float32)

Named = tuple[str, np.ndarray, tuple[int, ...]]


def check_inputs(kernel: str, *arrays: Named) -> None:
    """ValueError for the first of `arrays`, each (name, array, expected shape), that is not as the kernel needs it."""
    for name, array, shape in arrays:
        if array.shape != shape or array.dtype != _FLOAT32 or not array.flags.c_contiguous:
            raise ValueError(f"{kernel}: {name} must be {_FLOAT32} of shape {shape} in C order, not {_describe(array)}")


def check_outputs(kernel: str, *arrays: Named) -> None:
    """As `check_inputs`, for arrays that the kernel writes to."""
    check_inputs(kernel, *arrays)
    for name, array, _ in arrays:
        if not array.flags.writeable:
            raise ValueError(f"{kernel}: {name} must be writable")


def check_axes(kernel: str, name: str, array: np.ndarray, n_axes: int) -> None:
    """ValueError unless the array has `n_axes`."""
    if array.ndim != n_axes:
        raise ValueError(f"{kernel}: {name} must have {n_axes} axes, not {array.ndim}")


def check_labels(kernel: str, name: str, labels: np.ndarray, n_samples: int) -> None:
    """ValueError unless `labels` are `n_samples` integers in C order, and at least one."""
    if labels.shape != (n_samples,) or labels.dtype.kind not in "iu" or not labels.flags.c_contiguous:
        raise ValueError(
            f"{kernel}: {name} must be integers of shape {(n_samples,)} in C order, not {_describe(labels)}"
        )
    if n_samples == 0:
        raise ValueError(f"{kernel}: {name} must not be empty")


def _describe(array: np.ndarray) -> str:
    order = "" if array.flags.c_contiguous else ", not contiguous"
    return f"{array.dtype} of shape {array.shape}{order}"
