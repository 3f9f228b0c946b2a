"""Arrays that kernels like: on 64-byte boundaries, so that no vector load straddles two cache lines."""

import math

import numpy as np

ALIGNMENT = 64  # bytes: a cache line, and the widest vector register


def aligned_empty(shape: tuple[int, ...], dtype: type | np.dtype = np.float32) -> np.ndarray:
    """An uninitialised C-order array whose first number lies on a 64-byte boundary (NumPy promises 16)."""
    dtype = np.dtype(dtype)
    n_bytes = math.prod(shape) * dtype.itemsize
    memory = np.empty(n_bytes + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + n_bytes].view(dtype).reshape(shape)


def aligned_zeros(shape: tuple[int, ...], dtype: type | np.dtype = np.float32) -> np.ndarray:
    """As `aligned_empty`, filled with zeros."""
    array = aligned_empty(shape, dtype)
    array.fill(0)
    return array


def aligned_copy(array: np.ndarray, dtype: type | np.dtype = np.float32) -> np.ndarray:
    """A C-order copy of `array` on a 64-byte boundary."""
    copy = aligned_empty(array.shape, dtype)
    copy[...] = array
    return copy
