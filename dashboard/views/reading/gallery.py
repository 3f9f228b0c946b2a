"""Pictures instead of drawings: files that people choose, drop or paste, and the samples that come with the page."""

import io
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import param
from panel.custom import JSComponent
from PIL import Image

from fastnet.errors import DataError
from fastnet.web.reading import MOST_PICTURE_MEGABYTES

from ...server.samples import samples
from ...session.store import Answer, Picture, Store
from ..images import png_uri
from ..parts import STYLES, aside, one_message, script

MOST_ASKED = 3  # pictures that are read at once, or wait for it, of one visitor
_THUMBNAIL = 120


class Gallery(JSComponent):
    """Upload, samples, and a list of the files so far with what was read from each."""

    samples = param.List(doc="Title and small picture of each sample.")
    pictures = param.List(doc="Name, pages, text, problem and doubt of each file so far, newest first.")
    n_forgotten = param.Integer(default=0, doc="How many of the files are no longer in the list.")
    shown = param.Integer(default=-1, doc="Which of the pictures is on the board; -1 if none of them.")
    most_bytes = param.Integer(doc="No more than this and one byte of a file is sent.")

    _esm = script("photographs.js", "gallery.js")

    def __init__(self, store: Store) -> None:
        super().__init__(
            samples=small_samples(),
            most_bytes=MOST_PICTURE_MEGABYTES * 10**6,
            stylesheets=[STYLES],
            sizing_mode="stretch_width",
            margin=(0, 10),
        )
        self._store = store
        self._n_asked = 0
        store.param.watch(self._show, ["pictures", "shown", "n_forgotten"])

    def _handle_msg(self, data: Any) -> None:
        match data:
            case {"sample": int(number)}:
                with one_message(self):
                    self._store.show_sample(number)
            case {"picture": int(number), "page": int(page)}:
                self._read_again(number, page)
            case {"picture": int(number)}:
                self._read_again(number)
            case {"name": str(name), "content": bytes(content)} if self._store.may_bring():
                self._read_aside(name, content, partial(self._store.add_picture, name, content))
            case {"name": str(name), "content": bytes()}:
                with one_message(self):
                    self._store.refuse_picture(name)
            case _:
                self._send_msg("heard")

    def _read_again(self, number: int, page: int | None = None) -> None:
        """Read a picture of the list; of a document that page, or the one that was read last."""
        pictures = self._store.pictures
        picture = pictures[number] if 0 <= number < len(pictures) else None
        if picture is None or not 1 <= (page or picture.page) <= picture.n_pages:
            self._send_msg("heard")
            return
        page = page or picture.page
        show = partial(self._store.show_picture, number, page=page)
        self._read_aside(picture.name, picture.content, show, page)

    def _read_aside(
        self, name: str, content: bytes, show: Callable[[Answer | DataError | None], None], page: int = 1
    ) -> None:
        """Read a file while others are served: sixteen megapixels take their time."""
        predictor = self._store.predictor

        def finish(outcome: Answer | DataError) -> None:
            self._n_asked -= 1
            with one_message(self):
                show(outcome if predictor is self._store.predictor else None)  # another model was chosen meanwhile

        if predictor is None or self._n_asked >= MOST_ASKED:  # the page's own script waits for each
            self._send_msg("heard")
        else:
            self._n_asked += 1
            aside(self._store.reader_of(name, content, page), finish)

    def _show(self, *_: Any) -> None:
        store = self._store
        rows = [_row(picture) for picture in store.pictures]
        self.param.update(pictures=rows, shown=store.shown, n_forgotten=store.n_forgotten)


@cache
def small_samples() -> list[dict[str, str]]:
    """The samples as the page shows them, made once for all sessions."""
    return [{"title": sample.title, "src": _thumbnail(sample.content)} for sample in samples()]


def _row(picture: Picture) -> dict[str, Any]:
    return {
        "name": picture.name,
        "pages": f"page {picture.page} of {picture.n_pages}" if picture.n_pages > 1 else "",
        "text": picture.text.replace("\n", " / ") or "no digit",
        "problem": picture.problem,
        "is_unsure": picture.is_unsure,
    }


def _thumbnail(content: bytes) -> str:
    with Image.open(io.BytesIO(content)) as picture:
        return png_uri(np.asarray(picture.convert("RGBA" if picture.has_transparency_data else "RGB")), _THUMBNAIL)
