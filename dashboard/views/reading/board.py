"""The board that people draw on; it shows where the digits are, and the picture that is read instead of a drawing."""

from typing import Any

import panel as pn
import param
from panel.custom import JSComponent

from fastnet.errors import DataError
from fastnet.models.webpage import PAGE
from fastnet.reading.recognition import Box, DigitReading

from ...session.drawing import HEIGHT, WIDTH, read_strokes
from ...session.store import Answer, Store
from ..images import png_uri
from ..parts import STYLES, one_message, script

Mark = tuple[float, float, float, float, str]

_MOST_LEFT_OUT = 100  # boxes that are shown


class Board(JSComponent):
    """Paper, pen, eraser, undo and clear; on paper that nobody drew on, a digit writes itself.

    The drawing is kept in the browser, which has it read again.
    """

    picture = param.String(doc="The picture on the paper, as a data URI; empty while people draw.")
    boxes = param.List(doc="Left, top, right, bottom as shares of the paper, and the digit.")

    left_out = param.List(doc="The same of ink that is not read, and why.")
    page = param.Integer(default=1, doc="Of a document, which page the picture is, from 1.")
    n_pages = param.Integer(default=1, doc="How many pages it has.")
    ready = param.Boolean(doc="Whether answers reach the browser yet: until the page has loaded, Panel sends none.")

    _esm = script(
        *("session_memory.js", PAGE / "pen.js", PAGE / "picture.js", PAGE / "examples.js"),
        *("link.js", "ghost.js", "keyboard_pen.js", "board_tools.js", "tags.js", "pages.js", "board.js"),
    )

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
                    case {"example": list(strokes), "resting": bool(is_final)}:
                        self._store.show_example(read_strokes(strokes), is_final)
            except DataError as error:
                self._store.refuse(str(error))

    def _show(self, *_: Any) -> None:
        answer, is_drawing = self._store.answer, self._store.is_drawing
        page, n_pages = (answer.page, answer.n_pages) if answer else (1, 1)
        pages = {"page": page, "n_pages": n_pages}
        if answer is None:
            self.param.update(picture="", boxes=[], left_out=[], **pages)
        elif is_drawing:
            several = len(answer.reading.digits) > 1
            self.param.update(picture="", boxes=boxes(answer) if several else [], left_out=left_out(answer), **pages)
        else:
            picture = png_uri(answer.picture)
            self.param.update(picture=picture, boxes=boxes(answer), left_out=left_out(answer), **pages)


def boxes(answer: Answer) -> list[Mark]:
    """Where the digits are on the paper."""
    return [(*_on_paper(answer, digit.box), _sign(digit)) for digit in answer.reading.digits]


def left_out(answer: Answer) -> list[Mark]:
    """Where ink is that is not read, and why: each reason once, for others may lie beside it."""
    parts = answer.reading.left_out[:_MOST_LEFT_OUT]
    first = {part.reason: number for number, part in reversed(list(enumerate(parts)))}
    return [
        (*_on_paper(answer, part.box), part.reason if first[part.reason] == number else "")
        for number, part in enumerate(parts)
    ]


def _sign(digit: DigitReading) -> str:
    """What stands for a digit; an empty cell has none."""
    if digit.kind == "empty":
        return ""
    return "?" if digit.digit is None else str(digit.digit)


def _on_paper(answer: Answer, box: Box) -> tuple[float, float, float, float]:
    """A box in shares of the paper, on which the picture lies centred and as large as it can be."""
    width, height = answer.reading.size
    scale = min(WIDTH / width, HEIGHT / height)
    left, top = (WIDTH - width * scale) / 2, (HEIGHT - height * scale) / 2
    x0, y0, x1, y1 = box
    return (
        (left + x0 * scale) / WIDTH,
        (top + y0 * scale) / HEIGHT,
        (left + x1 * scale) / WIDTH,
        (top + y1 * scale) / HEIGHT,
    )
