"""What is doubtful as one page, `review_page/`: corrected with the keyboard, and saved as a data set to train on."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fastnet.models.one_file import in_one_file, json_in_html
from fastnet.models.probabilities import in_percent
from fastnet.plurals import counted

from .recognition import Box, DigitReading, Reading

_PAGE = Path(__file__).parent / "review_page"
_AROUND_X, _AROUND_Y = 2.5, 0.6  # of a digit's height: what is shown about it
_MOST_SIDE = 480  # pixels of what is shown


class Review:
    """Collects doubtful digits from readings; `classes` are what a model calls its classes."""

    def __init__(self, classes: tuple[str, ...]) -> None:
        self._classes, self._items, self._n_readings = classes, list[dict[str, Any]](), 0

    def add(self, path: str, field: str, reading: Reading) -> None:
        """Take up the digits of a picture, or of a field of a form, that are flagged.

        Where doubts are about the whole (low contrast), all of its digits are. An empty cell and a mark
        between digits, of which the network was not asked, are nothing to correct.
        """
        self._n_readings += 1
        flagged = [digit for digit in reading.digits if digit.flags] or (reading.digits if reading.flags else ())
        written = [digit for digit in flagged if digit.label]
        self._items += [self._item(path, field, reading, digit) for digit in written]

    @property
    def summary(self) -> str:
        """How much is doubtful, in words."""
        return f"{counted(len(self._items), 'doubtful digit')} in {counted(self._n_readings, 'reading')}"

    def page(self) -> str:
        """The page as HTML."""
        return in_one_file(
            _PAGE / "review.html",
            "Review: what is doubtful",
            _PAGE / "review.css",
            [_PAGE / "review.js"],
            content=json_in_html({"classes": self._classes, "items": self._items}),
        )

    def _item(self, path: str, field: str, reading: Reading, digit: DigitReading) -> dict[str, Any]:
        picture, box = _surroundings(reading, digit.box)
        return {
            "path": path,
            "field": field,
            "answer": None if digit.digit is None else digit.label,
            "likeliest": digit.label,
            "second": digit.second_label,
            "percent": in_percent(digit.probability, 1),
            "flags": list(digit.flags or reading.flags),
            "picture": _data_uri(picture),
            "size": [picture.shape[1], picture.shape[0]],
            "box": box,
            "pixels": base64.b64encode(digit.pixels.astype(np.uint8).tobytes()).decode(),
        }


def _surroundings(reading: Reading, box: Box) -> tuple[np.ndarray, Box]:
    """What is around a digit in its picture, and its box in that."""
    picture = reading.stages[0].pixels
    across, down = picture.shape[1] / reading.size[0], picture.shape[0] / reading.size[1]
    x0, y0, x1, y1 = (round(edge * scale) for edge, scale in zip(box, (across, down) * 2, strict=True))
    height = max(1, y1 - y0)
    left, top = max(0, x0 - round(_AROUND_X * height)), max(0, y0 - round(_AROUND_Y * height))
    shown = picture[top : y1 + round(_AROUND_Y * height), left : x1 + round(_AROUND_X * height)]
    return shown, (x0 - left, y0 - top, x1 - left, y1 - top)


def _data_uri(pixels: np.ndarray) -> str:
    image = Image.fromarray(pixels)
    image.thumbnail((_MOST_SIDE, _MOST_SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
