"""What can be known of the kernels' compilation without Numba: for what, for how many threads, and when it happens.

It takes half a minute, once, and somebody waits. `jit` tells of each function; what comes from the cache is not
compiled, and nothing is told of it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

IMAGES = ("uint8", "float32", "sparse")  # for each of which kernels are compiled anew; sparse: rows without zeros
MOST_THREADS = 256
N_FUNCTIONS = 160  # about so many are compiled for the first training on a machine

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
