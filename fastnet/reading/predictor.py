"""Inference: load a trained model and ask it about arrays or pictures. Importing this needs NumPy alone."""

from typing import TYPE_CHECKING

from fastnet.models.model import Model

if TYPE_CHECKING:
    from .pictures import Limits, Source
    from .recognition import Reading


class Predictor(Model):
    """A trained model that also reads pictures."""

    def read(self, source: "Source", *, name: str | None = None, limits: "Limits | None" = None) -> "Reading":
        """Find the digits in a picture and read them; needs Pillow. DataError for what cannot be read.

        `source` is a path, bytes, a binary file, a Pillow image or pixels `(H, W)` or `(H, W, 3 or 4)`; `name` is what
        messages call it (a path, if not given).
        """
        from .recognition import read

        return read(self, source, name, limits)
