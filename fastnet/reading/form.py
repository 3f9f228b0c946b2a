"""What a printed form asks for, as a document: named boxes on its page, and what tells where the page lies in a scan.

    {
      "marks": [[0.06, 0.04], [0.94, 0.04], [0.06, 0.96], [0.94, 0.96]],
      "fields": [
        {"name": "student", "box": [0.30, 0.20, 0.80, 0.26], "digits": 6},
        {"name": "score", "box": [0.30, 0.32, 0.42, 0.38]}
      ]
    }

Places on the page go from 0 to 1, from left to right and from top to bottom, of the blank form or of the page as it was
designed.
"""

import dataclasses
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fastnet.data.promised import read_small_text
from fastnet.errors import DataError, OptionError, did_you_mean, told
from fastnet.models.fields import NO_JSON, FieldError, read_fields

from .constraints import Constraint

N_MARKS = 4
MOST_FIELDS = 1_000
_COLUMNS_OF_ALL = ("path", "page", "doubtful", "error")  # names that a table of answers has for itself


@dataclass(frozen=True, kw_only=True)
class FormField:
    """A box to be read, `(x0, y0, x1, y1)` on the page, and what its digits are known to be."""

    name: str
    box: tuple[float, ...]
    digits: int | None = None  # how many; this and what follows as `Constraint` has it, for a field that is filled in
    pattern: str | None = None
    range: str | None = None  # such as "0-100"
    check: str | None = None

    @cached_property
    def constraint(self) -> Constraint | None:
        """What is known of its digits."""
        digits = None if self.digits is None else str(self.digits)
        return Constraint.parse({"digits": digits, "pattern": self.pattern, "range": self.range, "check": self.check})


@dataclass(frozen=True, kw_only=True)
class Form:
    """Boxes of a printed form; `marks` are the centres of four printed marks, `blank` a picture of the empty form."""

    fields: tuple[FormField, ...]
    marks: tuple[tuple[float, ...], ...] | None = None
    blank: str | None = None  # beside the document, unless it says where
    directory: Path = dataclasses.field(default=Path(), metadata=NO_JSON)

    @cached_property
    def blank_path(self) -> Path | None:
        """Where the picture of the empty form is."""
        return None if self.blank is None else self.directory / self.blank


def read_form(path: Path) -> Form:
    """The form that a JSON file describes; DataError, naming file and field, for what is none."""
    if not path.is_file():
        found = "is no file" if path.exists() else "no such file"
        raise DataError(f"{path}: {found} (it should describe the form's fields, as docs/forms.md has it)")
    try:
        content = json.loads(read_small_text(path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON ({told(error)})") from error
    faults: list[str] = []
    try:
        _refuse_unknown(content)
        form = dataclasses.replace(read_fields(Form, content, faults), directory=path.parent)
        if faults:
            raise FieldError(faults[0])
        _check(form)
    except FieldError as error:
        raise DataError(f"{path}: {error}") from error
    return form


def _refuse_unknown(content: object) -> None:
    """FieldError for a name that means nothing: it is misspelt."""
    if not isinstance(content, dict):
        return
    _refuse_unknown_of(Form, content, "")
    fields = content.get("fields")
    for number, each in enumerate(fields if isinstance(fields, list) else ()):
        if isinstance(each, dict):
            _refuse_unknown_of(FormField, each, f"fields[{number}].")


def _refuse_unknown_of(kind: type, content: dict[str, object], where: str) -> None:
    known = [field.name for field in dataclasses.fields(kind) if not field.metadata]
    for name in content:
        if name not in known:
            near = did_you_mean(name, known) or f"; it may have {', '.join(known)}"
            raise FieldError(f"{where}{told(name, 40)} is unknown{near}")


def _check(form: Form) -> None:
    """FieldError for what has the right types, and makes no sense."""
    if not 1 <= len(form.fields) <= MOST_FIELDS:
        raise FieldError(f"fields must be from 1 to {MOST_FIELDS:,}, not {len(form.fields):,}")
    if form.marks is not None and (len(form.marks) != N_MARKS or not all(map(_is_point, form.marks))):
        raise FieldError(f"marks must be {N_MARKS} points [x, y] on the page, each from 0 to 1")
    names = set(_COLUMNS_OF_ALL)
    for number, field in enumerate(form.fields):
        where = f"fields[{number}]"
        if not field.name or field.name != told(field.name) or field.name in names:
            raise FieldError(f"{where}.name must be of its own, and not {told(field.name, 40)!r}")
        names |= {field.name, *columns_of(field.name)}
        if not _is_box(field.box):
            raise FieldError(f"{where}.box must be [x0, y0, x1, y1] on the page, each from 0 to 1 and x0 < x1, y0 < y1")
        try:
            _ = field.constraint
        except OptionError as error:
            raise FieldError(f"{where}: {error}") from error


def columns_of(name: str) -> tuple[str, str]:
    """The columns that a table has for a field beside its own."""
    return f"{name}_probability", f"{name}_flags"


def _is_point(point: tuple[float, ...]) -> bool:
    return len(point) == 2 and all(0 <= each <= 1 for each in point)


def _is_box(box: tuple[float, ...]) -> bool:
    return len(box) == 4 and all(0 <= each <= 1 for each in box) and box[0] < box[2] and box[1] < box[3]
