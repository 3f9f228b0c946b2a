"""Inference: load a trained model and ask it about arrays or pictures. Importing this needs NumPy alone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastnet.models.model import Model

if TYPE_CHECKING:
    from .constraints import Constraint
    from .pictures import Limits, Source
    from .recognition import Reading


class Predictor(Model):
    """A trained model that also reads pictures."""

    def read(
        self,
        source: "Source",
        *,
        name: str | None = None,
        limits: "Limits | None" = None,
        constraint: "Constraint | None" = None,
    ) -> "Reading":
        """Find the digits in a picture and read them; needs Pillow. DataError for what cannot be read.

        `source` is a path, bytes, a binary file, a Pillow image or pixels `(H, W)` or `(H, W, 3 or 4)`; `name` is what
        messages call it (a path, if not given). With a `constraint`, each line is the likeliest that fits it. Of a
        document, PDF or TIFF, it is the first page.
        """
        from .overruling import fitted
        from .recognition import read

        reading = read(self, source, name, limits)
        return fitted(reading, constraint, self.classes) if constraint else reading

    def read_pages(
        self,
        source: "Source",
        *,
        name: str | None = None,
        limits: "Limits | None" = None,
        constraint: "Constraint | None" = None,
    ) -> "Iterator[Reading]":
        """Read each page of a document, PDF or TIFF, as `read` does; any other picture is one page."""
        from .pictures import Limits, name_of, pages_of

        name = name or name_of(source)
        for _, page in pages_of(source, name, limits or Limits()):
            yield self.read(page, name=name, limits=limits, constraint=constraint)
