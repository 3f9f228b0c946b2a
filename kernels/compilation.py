"""What can be known of the kernels' compilation without Numba: for what, for how many threads, and when it happens.

It takes some ten seconds, once, and somebody waits. `jit` tells of each function that this process compiles: nothing is
told of what comes from the cache, nor of what a helper compiles meanwhile (see `sharing`).
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

IMAGES = ("uint8", "float32", "sparse")  # for each of which kernels are compiled anew; sparse: rows without zeros
MOST_THREADS = 256
N_FUNCTIONS = 150 if os.cpu_count() == 1 else 85  # about so many are compiled here for the first training on a machine

Listener = Callable[[bool], None]

_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """In this block, call `listener` with True where a function begins to be compiled, and with False where it ends.

    Functions that a function calls are compiled within it. Calls come from the Python thread that compiles.
    """
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def tell(begins: bool) -> None:
    """Tell all who listen."""
    for listener in tuple(_listeners):
        listener(begins)
