"""The ceilings of this machine beside its FMA peak: bandwidth of caches and memory, and of the divider.

Each is the best of many short runs of a small kernel, because whatever disturbs such a loop can only slow it down. All
threads have an array of their own, so that nothing is shared but what the hardware shares.
"""

from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np

from fastnet.kernels import aligned_empty
from fastnet.kernels.jit import kernel
from fastnet.kernels.simd import LANES, load, splat, sqrt, store
from fastnet.kernels.tiles import tile

from .peak import best_seconds, fma_peak

UNROLLED = 8  # vectors under way at once
STRIDE = UNROLLED * LANES  # numbers
BYTES_A_CALL = 50e6  # some milliseconds
ROUNDS = 4
DIVISIONS_A_CALL = 20_000  # of each of UNROLLED vectors
USUAL_CACHES = {"L1": 32 * 2**10, "L2": 2**20, "L3": 32 * 2**20}  # where the system does not say
MEMORY = "memory"


@kernel(parallel=True)
def read_arrays(n_passes: int, arrays: np.ndarray, sums: np.ndarray) -> None:
    """Sum row `task` of `arrays`, `n_passes` times; the rows are a multiple of STRIDE long."""
    for task in numba.prange(len(arrays)):
        acc = tile(UNROLLED, 1)
        for _ in range(n_passes):
            for i in range(0, arrays.shape[1], STRIDE):
                for r in range(UNROLLED):
                    acc[r, 0] = acc[r, 0] + load(arrays, (task, i + r * LANES))
        for r in range(UNROLLED):
            store(sums, (task, r, 0), acc[r, 0])


@kernel(parallel=True)
def update_arrays(n_passes: int, arrays: np.ndarray, sums: np.ndarray) -> None:
    """Replace each x of row `task` by x / 2 + 1, `n_passes` times. `sums` is not used."""
    for task in numba.prange(len(arrays)):
        for _ in range(n_passes):
            for i in range(0, arrays.shape[1], STRIDE):
                for r in range(UNROLLED):
                    index = (task, i + r * LANES)
                    store(arrays, index, load(arrays, index) * splat(0.5) + splat(1.0))


@kernel(parallel=True)
def divide_repeatedly(n_times: int, result: np.ndarray) -> None:
    """Each task replaces x by 1 / (sqrt(x) + 1), `n_times`, in UNROLLED vectors that don't wait for each other."""
    for task in numba.prange(len(result)):
        acc = tile(UNROLLED, 1)
        for _ in range(n_times):
            for r in range(UNROLLED):
                acc[r, 0] = splat(1.0) / (sqrt(acc[r, 0]) + splat(1.0))
        for r in range(UNROLLED):
            store(result, (task, r, 0), acc[r, 0])


@dataclass(frozen=True)
class Ceilings:
    """What `threads` threads reach at most, together. Bandwidths are by level, "L1" to "memory", in bytes a second."""

    threads: int
    flop: float  # floating-point operations a second
    divisions: float  # numbers a second of which a square root is taken and by which is divided
    read: dict[str, float]
    update: dict[str, float]  # what is read and what is written, both counted


def measure(n_threads: int) -> Ceilings:
    """Measure all ceilings on `n_threads` threads at once."""
    sizes = level_sizes(cache_sizes(), n_threads)
    read, update = (bandwidths(n_threads, list(sizes.values()), is_update) for is_update in (False, True))
    return Ceilings(
        threads=n_threads,
        flop=fma_peak(n_threads),
        divisions=divider_rate(n_threads),
        read=dict(zip(sizes, read, strict=True)),
        update=dict(zip(sizes, update, strict=True)),
    )


def bandwidths(n_threads: int, sizes: list[int], is_update: bool) -> list[float]:
    """The bandwidth at each size, the best of rounds some time apart: a neighbour may use the cache for a while."""
    rounds = [[bandwidth(n_threads, size, is_update) for size in sizes] for _ in range(ROUNDS)]
    return [max(rates) for rates in zip(*rounds, strict=True)]


def bandwidth(n_threads: int, n_bytes: int, is_update: bool, seconds: float = 0.06) -> float:
    """Bytes a second that `n_threads` threads move, each within about `n_bytes` of its own."""
    n_numbers = max(n_bytes // 4 // STRIDE, 1) * STRIDE
    arrays = aligned_empty((n_threads, n_numbers))
    arrays.fill(2.0)  # the fixed point of x / 2 + 1
    sums = aligned_empty((n_threads, UNROLLED, LANES))
    n_passes = max(1, round(BYTES_A_CALL / (4 * n_numbers)))
    function = update_arrays if is_update else read_arrays
    best = best_seconds(n_threads, lambda: function(n_passes, arrays, sums), seconds)
    assert np.all(arrays == 2.0)
    rate: float = (2 if is_update else 1) * n_passes * arrays.nbytes / best
    return rate


def divider_rate(n_threads: int, seconds: float = 0.3) -> float:
    """Numbers a second of which `n_threads` threads take the square root and by which they divide, as Adam does."""
    result = aligned_empty((n_threads, UNROLLED, LANES))
    best = best_seconds(n_threads, lambda: divide_repeatedly(DIVISIONS_A_CALL, result), seconds)
    assert np.all(np.abs(result * (np.sqrt(result) + 1) - 1) < 1e-3)  # the fixed point
    return DIVISIONS_A_CALL * result.size / best


def cache_sizes() -> dict[str, int]:
    """Bytes of the first core's caches, by level, as Linux tells them; usual ones elsewhere."""
    sizes = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if (index / "type").read_text().strip() != "Instruction":
            size = (index / "size").read_text().strip()
            sizes[f"L{(index / 'level').read_text().strip()}"] = int(size.removesuffix("K")) * 2**10
    return sizes or USUAL_CACHES


def level_sizes(caches: dict[str, int], n_threads: int) -> dict[str, int]:
    """Bytes for each thread that fill half of each cache; the last is shared. Memory is eight times that one."""
    last = list(caches)[-1]
    sizes = {level: size // 2 for level, size in caches.items()}
    sizes[last] = max(sizes[last] // n_threads, 2 * caches[list(caches)[-2]] if len(caches) > 1 else 0)
    return {**sizes, MEMORY: 8 * caches[last] // n_threads}
