"""The animation: a digit is drawn, and a small network reads it. `make animation` makes the file."""

from functools import cache
from typing import Any

import param
from panel.custom import JSComponent

from .lottie import read_animation
from .parts import ASSETS, STYLES, script


class Animation(JSComponent):
    """It moves while `playing`, and stands still at its end for people who prefer reduced motion."""

    playing = param.Boolean(default=True, doc="Whether it moves.")
    label = param.String(default="A digit is drawn, and a network reads it", doc="What screen readers say of it.")
    source = param.Dict(doc="The Lottie file.")

    _esm = script("lottie.js", "animation.js")

    def __init__(self, **params: Any) -> None:
        super().__init__(source=reading_animation(), stylesheets=[STYLES], **params)


@cache
def reading_animation() -> dict[str, Any]:
    """The Lottie file, read once for all sessions."""
    return read_animation(ASSETS / "reading.lottie.json")
