"""Read the fields of a form: the page is found in the scan, each box is cut out and read by itself.

form = read_form(Path("form.json"))
answer = read_fields_of(predictor, FormReader(form), "scan.png")
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from PIL import Image

from fastnet.errors import DataError
from fastnet.models.model import Model

from .form import Form, FormField
from .handwriting import Page, likeness_to_blank, page_of, writing_in
from .overruling import fitted
from .pictures import Limits, Source
from .pictures.reading import open_picture
from .recognition import Reading, read
from .registration import page_itself, place_by_blank, place_by_marks, straightened, usual_size

_SAME_FORM = 0.5  # of what is printed is found again, beyond chance, or it is another form
_MOST_PIXELS = 8_000_000  # of a straightened page

OnReading = Callable[[str, Reading], object]  # is told the name of a field and what was read there


@dataclass(frozen=True, eq=False)
class FieldReading:
    """What a field says: `text` is empty where nothing is written, or where nothing could be read, which is flagged."""

    field: FormField
    reading: Reading | None  # None for an empty field

    @property
    def text(self) -> str:
        """Its digits."""
        return "" if self.reading is None else self.reading.text.replace("\n", " ")

    @property
    def probability(self) -> float | None:
        """Of the least sure digit; None where none was read."""
        digits = self.reading.digits if self.reading else ()
        return min((digit.probability for digit in digits if digit.digit is not None), default=None)

    @property
    def flags(self) -> tuple[str, ...]:
        """What speaks against it; nothing speaks against an empty field."""
        if self.reading is None:
            return ()
        return self.reading.flags


class FormReader:
    """Finds the page of one form in its scans."""

    def __init__(self, form: Form, limits: Limits | None = None) -> None:
        self.form, self._limits = form, limits or Limits()

    @cached_property
    def _blank(self) -> Image.Image | None:
        path = self.form.blank_path
        return None if path is None else _grey(path, str(path), self._limits)

    def page(self, source: Source, name: str) -> Page:
        """The page of the form in a scan; DataError where it cannot be read or found."""
        scan, blank, marks = _grey(source, name, self._limits), self._blank, self.form.marks
        if marks:
            place = place_by_marks(scan, marks, name)
        elif blank:
            place = place_by_blank(scan, blank)
        else:
            return page_of(scan)
        size = _within(usual_size(place))
        page = page_of(straightened(scan, place, size), self._empty_page(size))
        if blank and likeness_to_blank(page) < _SAME_FORM:
            raise DataError(f"{name}: does not show the form of {self.form.blank_path}")
        return page

    def _empty_page(self, size: tuple[int, int]) -> Image.Image | None:
        """The page of the empty form, as large as another one."""
        blank, marks = self._blank, self.form.marks
        if blank is None:
            return None
        place = place_by_marks(blank, marks, str(self.form.blank_path)) if marks else page_itself(blank.size)
        return straightened(blank, place, size)


def read_form_fields(
    predictor: Model, reader: FormReader, path: str, source: Source | None = None, on_reading: OnReading | None = None
) -> dict[str, Any]:
    """What each field of the scan at `path` says, ready for JSON, or an `error`; `source` is read in its place."""
    try:
        page = reader.page(path if source is None else source, path)
        found = [FieldReading(field, _reading(predictor, page, field)) for field in reader.form.fields]
    except DataError as error:
        return {"path": path, "error": str(error)}
    for each in found if on_reading else ():
        if on_reading and each.reading:
            on_reading(each.field.name, each.reading)
    return {
        "path": path,
        "fields": {each.field.name: _figures(each) for each in found},
        "doubtful": [each.field.name for each in found if each.flags],
    }


def _reading(predictor: Model, page: Page, field: FormField) -> Reading | None:
    writing = writing_in(page, field.box)
    if writing is None:
        return None
    reading = read(predictor, writing, field.name)
    return fitted(reading, field.constraint, predictor.classes) if field.constraint else reading


def _figures(each: FieldReading) -> dict[str, Any]:
    digits = each.reading.digits if each.reading else ()
    return {
        "text": each.text,
        "empty": each.reading is None,
        "probability": each.probability,
        "flags": list(each.flags),
        "digits": [
            {"digit": one.digit, "label": one.label, "second_label": one.second_label, "probability": one.probability}
            for one in digits
        ],
    }


def _grey(source: Source, name: str, limits: Limits) -> Image.Image:
    return open_picture(source, name, limits).image.convert("L")


def _within(size: tuple[int, int]) -> tuple[int, int]:
    """The size, smaller if it is too large."""
    shrink = min(1.0, float(np.sqrt(_MOST_PIXELS / (size[0] * size[1]))))
    return max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink))
