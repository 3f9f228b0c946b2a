"""An amount that is used up, and comes back at a steady rate."""

import time
from collections.abc import Callable


class Allowance:
    """At first `most`, which is as much as there ever is; `rate` a second comes back."""

    def __init__(self, most: float, rate: float, clock: Callable[[], float] = time.monotonic):
        self._most = most
        self._rate = rate
        self._clock = clock
        self._left = most
        self._counted = clock()

    def take(self, amount: float = 1.0) -> bool:
        """Take that amount, if there is as much."""
        self._refill()
        if self._left < amount:
            return False
        self._left -= amount
        return True

    def use(self, amount: float) -> None:
        """Take it in any case; what is missing has to come back first."""
        self._refill()
        self._left -= amount

    def seconds_short(self) -> float:
        """How long until nothing is missing any more; 0 if nothing is."""
        self._refill()
        return max(0.0, -self._left / self._rate)

    def _refill(self) -> None:
        now = self._clock()
        self._left = min(self._most, self._left + self._rate * (now - self._counted))
        self._counted = now
