"""Several processes that serve at one port: Tornado forks them, and they end with the one that forked them."""

import multiprocessing

from tornado.process import task_id

from fastnet.lifeline import end_with


class Forked:
    """Made before the fork; whoever was forked calls `begun` after it."""

    def __init__(self) -> None:
        self._childs_end, self._parents_end = multiprocessing.Pipe(duplex=False)

    def begun(self) -> None:
        """End this process when its parent has ended, if it has one that forked it."""
        if task_id() is not None:
            self._parents_end.close()
            end_with(self._childs_end)


def is_first() -> bool:
    """Whether this process is the first of those that serve, or the only one: what is said once, it says."""
    return not task_id()
