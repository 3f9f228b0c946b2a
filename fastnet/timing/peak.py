"""The FMA peak of this machine: how many floating-point operations a second its cores do with all else free.

It is the yardstick of the kernels (share of one core's peak) and of training (the dense floor: an epoch's dense
products at the peak of all cores together).
"""

import time
from collections.abc import Callable
from itertools import pairwise

import numba
import numpy as np

from fastnet.kernels import aligned_copy, jit
from fastnet.kernels.jit import kernel
from fastnet.kernels.simd import LANES, load, store
from fastnet.kernels.tiles import tile

# Two FMAs may start in a cycle and take 4 or 5 cycles, so 10 must be under way; 12 and two operands fit 16 registers.
ACCUMULATORS = 12
FMAS_PER_CALL = 200_000  # of each accumulator: a few milliseconds
CHUNK_FLOP = 2 * ACCUMULATORS * LANES * FMAS_PER_CALL  # one thread's share of a call


@kernel(parallel=True)
def multiply_and_add(
    n_tasks: int, n_fmas: int, start: np.ndarray, factor: np.ndarray, shift: np.ndarray, result: np.ndarray
) -> None:
    """Each task runs acc = acc * factor + shift on all its accumulators, `n_fmas` times, and stores them."""
    for task in numba.prange(n_tasks):
        a, b = load(factor, (0,)), load(shift, (0,))
        acc = tile(ACCUMULATORS, 1)
        for r in range(ACCUMULATORS):
            acc[r, 0] = load(start, (r, 0))
        for _ in range(n_fmas):
            for r in range(ACCUMULATORS):
                acc[r, 0] = acc[r, 0] * a + b
        for r in range(ACCUMULATORS):
            store(result, (task, r, 0), acc[r, 0])


def fma_peak(n_threads: int, seconds: float = 0.3) -> float:
    """Floating-point operations a second on `n_threads` threads at once: the best of many short calls.

    The best, because whatever disturbs such a loop can only slow it down.
    """
    rng = np.random.default_rng(0)
    start = aligned_copy(rng.random((ACCUMULATORS, LANES)))
    factor, shift = aligned_copy(np.full(LANES, 0.5)), aligned_copy(np.ones(LANES))
    result = aligned_copy(np.full((n_threads, ACCUMULATORS, LANES), np.nan))
    multiply_and_add(n_threads, 1, start, factor, shift, result)
    assert np.allclose(result, start / 2 + 1)
    best = best_seconds(
        n_threads, lambda: multiply_and_add(n_threads, FMAS_PER_CALL, start, factor, shift, result), seconds
    )
    assert np.allclose(result, 2)  # the fixed point of x / 2 + 1
    rate: float = n_threads * CHUNK_FLOP / best
    return rate


def best_seconds(n_threads: int, call: Callable[[], None], seconds: float) -> float:
    """The shortest of the calls on `n_threads` threads that fit into some seconds; the first, which compiles, apart."""
    threads_before = jit.get_threads()
    jit.set_threads(n_threads)
    try:
        call()
        best = np.inf
        stop = time.perf_counter() + seconds
        while time.perf_counter() < stop or best == np.inf:
            started = time.perf_counter()
            call()
            best = min(best, time.perf_counter() - started)
    finally:
        jit.set_threads(threads_before)
    return best


def dense_flop(layer_sizes: tuple[int, ...], n_samples: int) -> int:
    """Floating-point operations of an epoch's dense matrix products.

    Forward, gradient of the weights, and gradient of the input for all layers but the first; a multiply and an add
    count as two.
    """
    products = [n_in * n_out for n_in, n_out in pairwise(layer_sizes)]
    return 2 * n_samples * (3 * sum(products) - products[0])
