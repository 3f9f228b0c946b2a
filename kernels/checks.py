"""The check that stands before each kernel: right shapes, float32, C-contiguous, or one clear sentence.

Kernels index without bounds; what passes here cannot read or write outside its arrays.
"""

import numpy as np

_FLOAT32 = np.dtype(np.float32)


def check_arrays(kernel: str, *arrays: tuple[str, np.ndarray, tuple[int, ...]]) -> None:
    """ValueError for the first of `arrays`, each (name, array, expected shape), that is not as the kernel needs it."""
    for name, array, shape in arrays:
        if array.shape != shape or array.dtype != _FLOAT32 or not array.flags.c_contiguous:
            raise ValueError(f"{kernel}: {name} must be {_FLOAT32} of shape {shape} in C order, not {_describe(array)}")


def check_labels(kernel: str, labels: np.ndarray, n_samples: int) -> None:
    """ValueError unless `labels` are `n_samples` integers in C order."""
    if labels.shape != (n_samples,) or labels.dtype.kind not in "iu" or not labels.flags.c_contiguous:
        raise ValueError(
            f"{kernel}: labels must be integers of shape {(n_samples,)} in C order, not {_describe(labels)}"
        )


def _describe(array: np.ndarray) -> str:
    order = "" if array.flags.c_contiguous else ", not contiguous"
    return f"{array.dtype} of shape {array.shape}{order}"
