"""Python's collection of garbage, which compiling is better without.

A compiler makes objects by the million, most of which stay as long as it works: to look through all of them again and
again is in vain, and took a fifth of the time of a process that compiles alone (docs/speed.md).
"""

import gc


class Uncollected:
    """From its `begin` to its `end`, Python does not look for garbage; what has no references is freed as ever."""

    def __init__(self) -> None:
        self._was_enabled = False

    def begin(self) -> None:
        """Have it stop, until whoever holds this ends it."""
        self._was_enabled = gc.isenabled()
        gc.disable()

    def end(self) -> None:
        """Go on as before."""
        if self._was_enabled:
            gc.enable()
