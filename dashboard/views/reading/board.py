"""The board that people draw on; it shows where the digits are, and the picture that is read instead of a drawing."""

from typing import Any

import panel as pn
import param
from panel.custom import JSComponent

from fastnet.errors import DataError
from fastnet.models.webpage import PAGE

from ...session.drawing import HEIGHT, WIDTH, read_strokes
from ...session.store import Answer, Store
from ..images import png_uri
from ..parts import STYLES, one_message, script


class Board(JSComponent):
    """Paper, pen, eraser, undo and clear. The drawing itself is kept in the browser, which has it read again."""

    picture = param.String(doc="The picture on the paper, as a data URI; empty while people draw.")
    boxes = param.List(doc="Left, top, right, bottom as shares of the paper, and the digit.")

    ready = param.Boolean(doc="Whether answers reach the browser yet: until the page has loaded, Panel sends none.")

    _esm = script("session_memory.js", PAGE / "pen.js", "board.js")

    def __init__(self, store: Store) -> None:
        super().__init__(stylesheets=[STYLES], sizing_mode="stretch_width", margin=(0, 10))
        self._store = store
        store.param.watch(self._show, ["answer", "is_drawing"])
        pn.state.onload(self._begin)

    def _begin(self) -> None:
        self.ready = True

    def _handle_msg(self, data: Any) -> None:
        with one_message(self):
            try:
                match data:
                    case {"strokes": list(strokes), "resting": bool(is_final)}:
                        self._store.draw(read_strokes(strokes), is_final)
            except DataError as error:
                self._store.refuse(str(error))

    def _show(self, *_: Any) -> None:
        answer, is_drawing = self._store.answer, self._store.is_drawing
        if answer is None:
            self.param.update(picture="", boxes=[])
        elif is_drawing:
            several = len(answer.reading.digits) > 1
            self.param.update(picture="", boxes=boxes(answer) if several else [])
        else:
            self.param.update(picture=png_uri(answer.picture), boxes=boxes(answer))


def boxes(answer: Answer) -> list[tuple[float, float, float, float, str]]:
    """Where the digits are on the paper, on which the picture lies centred and as large as it can be."""
    width, height = answer.reading.size
    scale = min(WIDTH / width, HEIGHT / height)
    left, top = (WIDTH - width * scale) / 2, (HEIGHT - height * scale) / 2
    return [
        (
            (left + x0 * scale) / WIDTH,
            (top + y0 * scale) / HEIGHT,
            (left + x1 * scale) / WIDTH,
            (top + y1 * scale) / HEIGHT,
            "?" if digit.digit is None else str(digit.digit),
        )
        for digit in answer.reading.digits
        for x0, y0, x1, y1 in [digit.box]
    ]
