"""Pictures instead of drawings: files that people choose, drop or paste, and the samples that come with the page."""

import io
from functools import cache
from typing import Any

import numpy as np
import param
from panel.custom import JSComponent
from PIL import Image

from ..samples import samples
from ..store import MOST_MEGABYTES, Picture, Store
from .images import png_uri
from .parts import STYLES, one_message, script

_THUMBNAIL = 120


class Gallery(JSComponent):
    """Upload, samples, and a list of the files so far with what was read from each."""

    samples = param.List(doc="Title and small picture of each sample.")
    pictures = param.List(doc="Name, text and problem of each file so far, newest first.")
    shown = param.Integer(default=-1, doc="Which of the pictures is on the board; -1 if none of them.")
    most_bytes = param.Integer(doc="No more than this and one byte of a file is sent.")

    _esm = script("gallery.js")

    def __init__(self, store: Store) -> None:
        super().__init__(
            samples=small_samples(),
            most_bytes=MOST_MEGABYTES * 10**6,
            stylesheets=[STYLES],
            sizing_mode="stretch_width",
            margin=(0, 10),
        )
        self._store = store
        store.param.watch(self._show, ["pictures", "shown"])

    def _handle_msg(self, data: Any) -> None:
        with one_message(self):
            match data:
                case {"sample": int(number)}:
                    self._store.show_sample(number)
                case {"picture": int(number)}:
                    self._store.show_picture(number)
                case {"name": str(name), "content": bytes(content)}:
                    self._store.add_picture(name, content)

    def _show(self, *_: Any) -> None:
        self.param.update(pictures=[_row(picture) for picture in self._store.pictures], shown=self._store.shown)


@cache
def small_samples() -> list[dict[str, str]]:
    """The samples as the page shows them, made once for all sessions."""
    return [{"title": sample.title, "src": _thumbnail(sample.content)} for sample in samples()]


def _row(picture: Picture) -> dict[str, str]:
    return {"name": picture.name, "text": picture.text or "no digit", "problem": picture.problem}


def _thumbnail(content: bytes) -> str:
    with Image.open(io.BytesIO(content)) as picture:
        return png_uri(np.asarray(picture.convert("RGBA" if picture.has_transparency_data else "RGB")), _THUMBNAIL)
