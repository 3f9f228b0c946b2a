"""What the page shares with the browser it is in: the address with its history, and light or dark colours."""

from functools import partial
from typing import Any

import param
from panel.custom import JSComponent

from ..session.address import Address
from .parts import script


class Browser(JSComponent):
    """Nothing to see."""

    search = param.String(doc="The query of the browser's address.")

    _esm = script("browser.js")

    def __init__(self, address: Address) -> None:
        super().__init__(search=address.search, width=0, height=0, margin=0)
        address.param.watch(partial(_copy, self), ["search"])
        self.param.watch(partial(_copy, address), ["search"])


def _copy(target: Any, event: Any) -> None:
    target.search = event.new
