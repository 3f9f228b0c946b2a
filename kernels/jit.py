"""How kernels are compiled: flags, cache and threads, in this one place.

`@kernel` marks what is called from Python; `@inlined` marks a piece of a kernel. With `NUMBA_DISABLE_JIT=1` both
leave plain Python, which is slow and lets coverage and a debugger see every line.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numba
from numba.core import config

# A multiply and an add may become one FMA, and that is all: vectors are written out by hand, so LLVM need not reorder
# sums to find them ("reassoc" turned log(sum) - (x - max) into log(sum) + max - x, which cancels for large logits), and
# with `fastmath=True` it would assume that NaN never occurs and drop the checks that stop a diverged training.
FASTMATH = {"contract"}


def _cache_directory() -> str | None:
    """A writable directory for compiled kernels, one for each state of the kernels' source; None if there is none.

    Numba's own cache is keyed by the file of the outermost function and misses edits to what that function calls.
    """
    sources = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    user_cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    directory = config.CACHE_DIR or os.path.join(user_cache, "fastnet", digest)
    try:
        os.makedirs(directory, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return directory
    except OSError:
        return None


_CACHE_DIRECTORY = _cache_directory()


@contextlib.contextmanager
def _own_cache_directory() -> Iterator[None]:
    """Point Numba's cache at ours while a function is decorated, and leave the process's setting as it was."""
    before = config.CACHE_DIR
    config.CACHE_DIR = _CACHE_DIRECTORY or before
    try:
        yield
    finally:
        config.CACHE_DIR = before


def inlined(function: Callable) -> Callable:
    """Compile a piece of a kernel, always inlined into its caller."""
    return numba.njit(function, fastmath=FASTMATH, error_model="numpy", forceinline=True)


def kernel(parallel: bool = False) -> Callable[[Callable], Callable]:
    """Compile a function that Python calls. It checks nothing: `checks` does that, before."""

    def decorate(function: Callable) -> Callable:
        with _own_cache_directory():
            return numba.njit(
                function,
                fastmath=FASTMATH,
                error_model="numpy",
                parallel=parallel,
                nogil=True,
                cache=_CACHE_DIRECTORY is not None,
            )

    return decorate


def set_threads(n_threads: int) -> None:
    """Let parallel kernels use `n_threads` threads; ValueError outside 1..the number Numba was started with."""
    most = config.NUMBA_NUM_THREADS
    if not 1 <= n_threads <= most:
        raise ValueError(
            f"threads must be between 1 and {most}, not {n_threads}"
            " (set NUMBA_NUM_THREADS before Python starts for more)"
        )
    numba.set_num_threads(n_threads)


def get_threads() -> int:
    """The number of threads that parallel kernels use now."""
    return numba.get_num_threads()


def threading_layer() -> str:
    """The threading layer Numba runs parallel kernels on: "omp", "tbb" or "workqueue"."""
    _start_threads()
    return numba.threading_layer()


@numba.njit(parallel=True)
def _start_threads() -> int:
    total = 0
    for index in numba.prange(2):
        total += index
    return total
