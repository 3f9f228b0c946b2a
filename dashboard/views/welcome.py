"""What newcomers see above the board: the animation, a few words, and the choice of a mode."""

import param
from panel.custom import JSComponent

from .animation import reading_animation
from .parts import STYLES, script


class Welcome(JSComponent):
    """Shown until it is dismissed; the browser remembers that."""

    source = param.Dict(doc="The Lottie file.")

    _esm = script("lottie.js", "memory.js", "welcome.js")

    def __init__(self) -> None:
        super().__init__(source=reading_animation(), stylesheets=[STYLES], sizing_mode="stretch_width", margin=0)
