"""Processes that end with the one that started them, however that ended: they watch a pipe that it alone holds open.

    python -m fastnet.lifeline MODULE ...     runs a module so, whose standard input is that pipe

What is watched needs no help of the one that ends, so that it holds for `kill -9` too.
"""

import multiprocessing
import os
import runpy
import select
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, wait


def end_with(pipe: Connection) -> None:
    """End this process when nobody holds the other end of a pipe any more, to which nothing is ever sent."""
    _when_over(lambda: wait([pipe]))


def end_with_parent() -> None:
    """End this process, which `multiprocessing` started, when the one that started it has ended."""
    parent = multiprocessing.parent_process()
    if parent:
        sentinel = parent.sentinel
        _when_over(lambda: wait([sentinel]))


def end_with_standard_input() -> None:
    """End this process when nobody can write to its standard input any more, where the system can tell."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(0, 0)  # nothing but the hangup is waited for, and nothing is read
        _when_over(poll.poll)


def _when_over(wait_for_it: Callable[[], object]) -> None:
    def end() -> None:
        wait_for_it()
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


if __name__ == "__main__":
    end_with_standard_input()
    module, *sys.argv[1:] = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
