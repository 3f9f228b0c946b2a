"""A network at work: its units light up as they answer. The browser itself computes it, from weights sent once."""

from functools import partial
from typing import Any

import param
from panel.custom import JSComponent

from fastnet import weights
from fastnet.errors import FORESEEN
from fastnet.models.webpage import PAGE

from ...server.browser_models import ShownModel, shown_model
from ...session.store import Store
from ..parts import aside, script
from .styles import STYLES

_NETWORK = (PAGE / "network.js", PAGE / "picture.js", "signs.js", "network_view.js")
_BOARD = (PAGE / "parts.js", PAGE / "pen.js", PAGE / "board.js", PAGE / "examples.js")


class BrowserNetwork(JSComponent):
    """The chosen model, or the small one where browsers don't compute it; `load` sends it, and each later choice."""

    shown = param.Dict(default={}, doc="The fields of a `ShownModel`, all at once; empty until they were sent.")
    problem = param.String(doc="Why another model is shown than the chosen one.")

    def __init__(self, store: Store) -> None:
        super().__init__(stylesheets=[STYLES], sizing_mode="stretch_width", margin=(0, 10))
        self._store = store
        self._is_loaded = False

    def load(self) -> None:
        """Send the model, and whichever is chosen later."""
        if not self._is_loaded:
            self._is_loaded = True
            self._store.param.watch(self._send, ["predictor"])
            self._send()

    def _send(self, *_: object) -> None:
        model = self._store.model
        aside(partial(_model_or_small, self._store, model), partial(self._show, model))

    def _show(self, model: str, found: tuple[ShownModel, str]) -> None:
        if model == self._store.model:  # no other was chosen meanwhile
            shown, problem = found
            self.param.update(problem=problem, shown=vars(shown))


class NetworkAtWork(BrowserNetwork):
    """A board, and the network that reads it."""

    _esm = script(*_NETWORK, *_BOARD, "network_at_work.js")

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.load()


class NetworkOfAnswer(BrowserNetwork):
    """Below the answer: the network that gave it, repainted with each; folded, and not sent, until somebody asks."""

    _esm = script(*_NETWORK, "network_of_answer.js")

    def _handle_msg(self, data: Any) -> None:
        if data == "open":
            self.load()


def _model_or_small(store: Store, name: str) -> tuple[ShownModel, str]:
    """The model of that name, which lies there; or the small one that comes along, and why it stands here."""
    try:
        return shown_model(store.folder()), ""
    except FORESEEN as error:
        small = weights.DIRECTORY / weights.SMALL
        return shown_model(small), f"{name} is not shown: {store.told(error)}; this is {weights.SMALL}."
