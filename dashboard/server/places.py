"""Who may train: as many at once as the server was told, by default one."""

import threading

from fastnet.errors import OptionError

from .quotas import FOR_READERS


class Places:
    """A number of places for trainings, each held by one owner at a time. Any thread may ask.

    Where there are none, whoever asks for one gets an OptionError.
    """

    def __init__(self, n: int = 1):
        self._n = n
        self._owners: list[object] = []
        self._lock = threading.Lock()

    def take(self, owner: object) -> bool:
        """Whether the owner holds a place now; one who holds a place already gets no second one."""
        self._require_some()
        with self._lock:
            if owner not in self._owners:
                if len(self._owners) >= self._n:
                    return False
                self._owners.append(owner)
            return True

    def take_all(self, owner: object) -> bool:
        """Whether the owner holds all places now, of which nobody held one."""
        self._require_some()
        with self._lock:
            if self._owners:
                return False
            self._owners = [owner] * self._n
            return True

    def free(self, owner: object) -> None:
        """Give back what the owner holds, if anything."""
        with self._lock:
            self._owners = [other for other in self._owners if other is not owner]

    def _require_some(self) -> None:
        if not self._n:
            raise OptionError(f"{FOR_READERS}: nobody trains or measures on it")
