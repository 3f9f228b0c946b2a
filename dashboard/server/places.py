"""Who may train: as many at once as the server was told, by default one."""

import threading
import time

from fastnet.errors import OptionError

from .quotas import FOR_READERS

SECONDS_OF_COURTESY = 60.0  # that who had a place last lets others be first who have asked for one


class Places:
    """A number of places for trainings, each held by one owner at a time. Any thread may ask.

    Where there are none, whoever asks for one gets an OptionError.
    """

    def __init__(self, n: int = 1):
        self._n = n
        self._owners: list[object] = []
        self._last: object = None  # the visitor who took a place last
        self._asked: dict[object, float] = {}  # when each visitor did so in vain
        self._lock = threading.Lock()

    def take(self, owner: object, visitor: object = None) -> bool:
        """Whether the owner holds a place now; one who holds a place already gets no second one.

        The visitor who had one last lets those take it first who have asked in vain a short while ago.
        """
        self._require_some()
        with self._lock:
            if owner not in self._owners:
                if len(self._owners) >= self._n or self._others_wait(visitor):
                    self._asked[visitor] = time.monotonic()
                    return False
                self._owners.append(owner)
                self._give_to(visitor)
            return True

    def take_all(self, owner: object, visitor: object = None) -> bool:
        """Whether the owner holds all places now, of which nobody held one; they are taken as one is."""
        self._require_some()
        with self._lock:
            if self._owners or self._others_wait(visitor):
                self._asked[visitor] = time.monotonic()
                return False
            self._owners = [owner] * self._n
            self._give_to(visitor)
            return True

    def _others_wait(self, visitor: object) -> bool:
        """Whether it is the turn of others; nobody is told apart where visitors are not known."""
        since = time.monotonic() - SECONDS_OF_COURTESY
        self._asked = {other: asked for other, asked in self._asked.items() if asked > since}
        return visitor is not None and visitor == self._last and any(other != visitor for other in self._asked)

    def _give_to(self, visitor: object) -> None:
        self._last = visitor
        self._asked.pop(visitor, None)

    def free(self, owner: object) -> None:
        """Give back what the owner holds, if anything."""
        with self._lock:
            self._owners = [other for other in self._owners if other is not owner]

    def _require_some(self) -> None:
        if not self._n:
            raise OptionError(f"{FOR_READERS}: nobody trains or measures on it")
