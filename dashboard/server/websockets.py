"""Answers that leave at once: websockets without Nagle's algorithm.

Bokeh sends one message as several small frames, and Nagle's algorithm holds all but the first back until the browser
has acknowledged it. That costs tens of milliseconds while one draws.
"""

from functools import cache

from bokeh.server.views.ws import WSHandler


@cache  # `panel serve` runs the app anew for each session
def send_promptly() -> None:
    """Let every websocket of this process send each frame when it is written."""
    accept = WSHandler.open

    def accept_promptly(handler: WSHandler) -> None:
        handler.set_nodelay(True)
        accept(handler)

    WSHandler.open = accept_promptly  # type: ignore[method-assign]
