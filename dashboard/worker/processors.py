"""How much of the machine a process that trains takes."""

import os

from threadpoolctl import threadpool_limits

from fastnet.kernels import compilation, numba_is_installed

SPARE_PROCESSORS = 1  # that are left to the page


def leave_a_processor() -> None:
    """Have this process compute on all processors but those."""
    n_threads = max(1, (os.cpu_count() or 1) - SPARE_PROCESSORS)
    if numba_is_installed():
        from fastnet.kernels.jit import set_threads

        set_threads(min(n_threads, compilation.MOST_THREADS))
    threadpool_limits(n_threads, user_api="blas")
