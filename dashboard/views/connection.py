"""The line between the page and the server: what the page says of it, and how long the session lives without one."""

import secrets
from typing import Any

import param
from panel.custom import JSComponent

from ..server.lifetime import Lifetime
from ..session.store import Store
from .parts import STYLES, script

# Without a browser, after which a training gives way to another visitor's: a page may go without a word.
SECONDS_FOR_OTHERS = 30.0


class Connection(JSComponent):
    """A banner, as long as there is something to say."""

    session = param.String(doc="Tells sessions apart; not the name by which Bokeh lets one be taken up.")
    held = param.String(doc="What is lost with the session, in words; empty if nothing is.")

    _esm = script("session_memory.js", "line.js", "connection.js")

    def __init__(self, store: Store) -> None:
        super().__init__(
            session=secrets.token_hex(8),
            stylesheets=[STYLES],
            css_classes=["above-all"],
            width=0,
            height=0,
            margin=0,
        )
        self._store = store
        self._lifetime = Lifetime(self._give_way)
        store.param.watch(self._hold, ["pictures", "has_training"])

    def _handle_msg(self, data: Any) -> None:
        match data:
            case "here":
                self._lifetime.lengthen()
                self._send_msg("heard")
            case "leaving":
                self._lifetime.shorten()
                self._store.close()

    def _give_way(self, seconds_without_browser: float) -> None:
        if seconds_without_browser > SECONDS_FOR_OTHERS:
            self._store.trainer.give_way()

    def _hold(self, *_: Any) -> None:
        training = ["your training"] * self._store.has_training
        pictures = ["your pictures"] * bool(self._store.pictures)
        self.held = " and ".join(training + pictures)
