"""How long a session lives while no browser is connected: a phone that sleeps or a line that breaks must not end it.

Bokeh discards a session soon after its last connection. That stays so where no browser ever took the session up, or one
left for good; all others wait for a while. Works under any options of the server.
"""

from collections.abc import Callable
from typing import Any

from bokeh.server.session import ServerSession
from panel import state

MINUTES = 10  # without a browser, after which a session is over
_LOOK_EVERY = 10_000  # ms


class Lifetime:
    """The life of the session that is current where this is made; nothing happens where there is none.

    `without` is told for how many seconds there has been no browser, again and again.
    """

    def __init__(self, without: Callable[[float], None] = lambda seconds: None) -> None:
        self._without = without
        self._document = state.curdoc
        self._lengthened: ServerSession | None = None
        self._looking: Any = None

    def lengthen(self) -> None:
        """A browser is here, and may be back after minutes without it."""
        context: Any = self._document and self._document.session_context
        if self._document is None or self._lengthened or not (context and context.session):
            return
        self._lengthened = context.session
        context.session.block_expiration()
        self._looking = self._document.add_periodic_callback(self._look, _LOOK_EVERY)

    def shorten(self) -> None:
        """No browser will come back."""
        if self._document is None or self._lengthened is None:
            return
        self._lengthened.unblock_expiration()
        self._document.remove_periodic_callback(self._looking)
        self._lengthened = None

    def _look(self) -> None:
        session = self._lengthened
        if session is None or session.connection_count:
            return
        self._without(session.milliseconds_since_last_unsubscribe / 1000)
        if session.expiration_requested or session.milliseconds_since_last_unsubscribe > MINUTES * 60_000:
            self.shorten()
