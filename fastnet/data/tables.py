"""Tables with an image a row: which column is the label, and which are pixels. CSV and data frames become such."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fastnet.errors import DataError, did_you_mean, told

from .parts import Part
from .samples import MOST_CLASSES, are_whole

LABEL_NAMES = ("label", "labels", "class", "target", "y", "digit", "character")
_NUMBER_NAMES = (
    "",
    "id",
    "imageid",
    "image_id",
    "index",
    "unnamed: 0",
    "__index_level_0__",
)  # columns that number the rows
_MOST_OFTEN = 0.9  # share of rows with one value: a pixel at the border is nearly always 0, a label is not


@dataclass(frozen=True)
class Table:
    """Columns of numbers in one array, and columns of words; `columns` are their names, if they have any."""

    name: str
    columns: tuple[str, ...] | None
    numbers: np.ndarray  # (n, columns of numbers)
    numeric: tuple[int, ...]  # which columns of the table these are
    words: dict[int, np.ndarray]  # the others, by their place in the table

    @property
    def n_columns(self) -> int:
        """All columns."""
        return len(self.numeric) + len(self.words)

    def column(self, place: int) -> np.ndarray:
        """The values at a place in the table."""
        return self.words[place] if place in self.words else self.numbers[:, self.numeric.index(place)]

    def title(self, place: int) -> str:
        """What messages call a column."""
        return f"column {self.columns[place]!r}" if self.columns else f"column {place}"


def split_table(table: Table, label: str | None = None, is_labelled: bool | None = True) -> Part:
    """Images and labels of a table.

    `label` is the name or number of the label's column. Otherwise it is found: by its name, by holding words, or, where
    columns have no names, as the first or the last that looks like no pixel. `is_labelled` says whether there is one;
    None, that there may be. DataError where that is not clear, or where what is left is no row of numbers.
    """
    place = None if is_labelled is False else _label_column(table, label, bool(is_labelled))
    ignored = row_numbers(table, place)
    others = [other for other in table.words if other not in (place, ignored)]
    if others:
        found = table.words[others[0]]
        raise DataError(
            f"{table.name}: {table.title(others[0])} holds {told(found[0], 40)!r} where a number is needed; pixels must"
            " be numbers, and one column may be the label"
        )
    kept = [index for index, other in enumerate(table.numeric) if other not in (place, ignored)]
    labels = None if place is None else table.column(place).copy()
    title = "" if place is None else f"{table.name}: {table.title(place)}"
    return Part(_columns(table.numbers, kept), labels, table.name, title)


def _label_column(table: Table, label: str | None, is_needed: bool) -> int | None:
    if label is not None:
        return place_of(table, label)
    names = [name.strip().lower() for name in table.columns or ()]
    for name in LABEL_NAMES:
        if names.count(name) == 1:
            return names.index(name)
    words = [place for place in table.words if not table.columns or names[place] not in _NUMBER_NAMES]
    if len(words) == 1:
        return words[0]
    if not is_needed and (table.columns or _is_square(table.n_columns)):
        return None
    candidates = (
        [] if table.columns else [place for place in (0, table.n_columns - 1) if _looks_like_labels(table, place)]
    )
    if len(candidates) == 1:
        return candidates[0]
    if not is_needed:
        return None
    raise DataError(
        f"{table.name}: which of its {table.n_columns} columns holds the labels cannot be told; name it with --label"
        f" (or label=), or call it {', '.join(map(repr, LABEL_NAMES[:5]))}"
    )


def place_of(table: Table, label: str) -> int:
    """The place of the column that the user named, or numbered; DataError for one that is not there."""
    if table.columns and label in table.columns:
        return table.columns.index(label)
    try:
        return range(table.n_columns)[int(label)]
    except (ValueError, IndexError):
        few = ", ".join(map(repr, (table.columns or ())[:5]))
        names = f"its columns are {few}..." if few else f"it has columns 0 to {table.n_columns - 1}, without names"
        hint = did_you_mean(label, table.columns or ())
        raise DataError(f"{table.name}: has no column {label!r} ({names}){hint}") from None


def _looks_like_labels(table: Table, place: int) -> bool:
    values = table.column(place)
    if not len(values) or not are_whole(values) or values.min() < 0 or values.max() >= MOST_CLASSES:
        return False
    return bool(np.bincount(values.astype(np.int64)).max() <= _MOST_OFTEN * len(values)) if len(values) > 1 else True


def row_numbers(table: Table, label: int | None) -> int | None:
    """The column that numbers the rows, if there is one."""
    names = [name.strip().lower() for name in table.columns or ()]
    return next((place for place, name in enumerate(names) if name in _NUMBER_NAMES and place != label), None)


def _columns(numbers: np.ndarray, kept: Sequence[int]) -> np.ndarray:
    """Some of the columns, in the smallest type that holds them, C order."""
    n = len(kept)
    first = kept[0] if n else 0
    chosen = numbers[:, first : first + n] if list(kept) == list(range(first, first + n)) else numbers[:, kept]
    if chosen.dtype.kind in "iu" and chosen.size and chosen.min() >= 0 and chosen.max() <= 255:
        return np.ascontiguousarray(chosen, np.uint8)
    return np.ascontiguousarray(chosen)


def _is_square(n: int) -> bool:
    return math.isqrt(n) ** 2 == n
