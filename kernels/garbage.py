"""Python's collection of garbage, which compiling is better without.

A compiler makes objects by the million, most of which stay as long as it works. To look through all of them again and
again took a tenth of the time of the first training on a machine.
"""

import gc


class Uncollected:
    """Until its `end`, Python does not look for garbage; what has no references any more is freed as ever."""

    def __init__(self) -> None:
        self._was_enabled = gc.isenabled()
        gc.disable()

    def end(self) -> None:
        """Go on as before."""
        if self._was_enabled:
            gc.enable()
