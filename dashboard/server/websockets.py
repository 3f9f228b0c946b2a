"""What the server tells a page leaves at once, and all of it: no Nagle's algorithm, no message that is forgotten.

Bokeh sends one message as several small frames, and Nagle's algorithm holds all but the first back until the browser
has acknowledged it. That costs tens of milliseconds while one draws.

Panel keeps a message back while another is being written. If that one ends just before it looks again, it takes the
end for a sign that nothing is left to write, and the message waits for the next one: a page that shows "Training"
although the training is paused.
"""

from functools import cache

from bokeh.document import Document
from bokeh.server.views.ws import WSHandler
from panel.io import document as writing


@cache  # `panel serve` runs the app anew for each session
def send_promptly() -> None:
    """Let every websocket of this process send each frame when it is written."""
    accept = WSHandler.open

    def accept_promptly(handler: WSHandler) -> None:
        handler.set_nodelay(True)
        accept(handler)

    WSHandler.open = accept_promptly  # type: ignore[method-assign]


@cache
def send_all() -> None:
    """Have what was kept back be written, whatever has ended meanwhile."""
    write = writing._dispatch_msgs

    async def write_what_is_left(document: Document) -> None:
        if document in writing._WRITE_MSGS:
            writing._WRITE_BLOCK[document] = True
        await write(document)

    writing._dispatch_msgs = write_what_is_left
