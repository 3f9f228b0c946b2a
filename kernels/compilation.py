"""What can be known of the kernels' compilation without Numba: for what, for how many threads, and when it happens.

It takes some ten seconds, once, and somebody waits. `jit` tells of each function that this process compiles, and
`sharing` of each that it waits for while another process does; nothing is told of what comes from the cache.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

IMAGES = ("uint8", "float32", "sparse")  # for each of which kernels are compiled anew; sparse: rows without zeros
MOST_THREADS = 256


def can_be_helped() -> bool:
    """Whether another process can compile beside this one: with two processors or more, and Python as a program.

    On Windows, processes cannot tell each other what they are at.
    """
    program = Path(sys.executable or "").name
    is_python = program.startswith("python") and not getattr(sys, "frozen", False)
    return sys.platform != "win32" and is_python and _n_processors() > 1


def _n_processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


N_FUNCTIONS = 90 if can_be_helped() else 150  # about so many are told of, for the first training on a machine

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
