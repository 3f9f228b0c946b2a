"""Who may train: as many at once as the server was told, by default one."""

import threading
import time

from fastnet.errors import OptionError

from .quotas import FOR_READERS

SECONDS_OF_COURTESY = 60.0  # for which a place is kept for who has asked for one in vain


class Places:
    """A number of places for trainings, each held by one owner at a time. Any thread may ask.

    Where there are none, whoever asks for one gets an OptionError.
    """

    def __init__(self, n: int = 1):
        self._n = n
        self._owners: list[object] = []
        self._asked: dict[object, float] = {}  # when each visitor did so in vain last; who waits longest stands first
        self._lock = threading.Lock()

    def take(self, owner: object, visitor: object = None) -> bool:
        """Whether the owner holds a place now; one who holds a place already gets no second one.

        Who has asked in vain a short while ago goes first, and of several who waits longest.
        """
        self._require_some()
        with self._lock:
            if owner not in self._owners:
                if len(self._owners) + self._n_before(visitor) >= self._n:
                    self._asked[visitor] = time.monotonic()
                    return False
                self._owners.append(owner)
                self._asked.pop(visitor, None)
            return True

    def take_all(self, owner: object, visitor: object = None) -> bool:
        """Whether the owner holds all places now, of which nobody held one; they are taken as one is."""
        self._require_some()
        with self._lock:
            if self._owners or self._n_before(visitor):
                self._asked[visitor] = time.monotonic()
                return False
            self._owners = [owner] * self._n
            self._asked.pop(visitor, None)
            return True

    def _n_before(self, visitor: object) -> int:
        """How many others wait longer; none where visitors are not known, since nobody is told apart there."""
        waiting = self._waiting()
        if visitor is None:
            return 0
        return waiting.index(visitor) if visitor in waiting else len(waiting)

    def _waiting(self) -> list[object]:
        """Who has asked in vain a short while ago; who waits longest stands first."""
        since = time.monotonic() - SECONDS_OF_COURTESY
        self._asked = {visitor: asked for visitor, asked in self._asked.items() if asked > since}
        return list(self._asked)

    @property
    def are_wanted(self) -> bool:
        """Whether somebody waits for one."""
        with self._lock:
            return bool(self._waiting())

    def free(self, owner: object) -> None:
        """Give back what the owner holds, if anything."""
        with self._lock:
            self._owners = [other for other in self._owners if other is not owner]

    def _require_some(self) -> None:
        if not self._n:
            raise OptionError(f"{FOR_READERS}: nobody trains or measures on it")
