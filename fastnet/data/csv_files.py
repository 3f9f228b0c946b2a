"""Read CSV with NumPy alone, in blocks of lines, so that small whole numbers take a byte each.

The separator (comma, semicolon, tab), a header and a column of words are found out; gzip is read as it is.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from fastnet.errors import DataError, told

from .promised import opened, plausible_bytes
from .signatures import Kind, kind_of, require_regular
from .tables import LABEL_NAMES, Table

_BLOCK = 2**22  # bytes
_MOST_LINE = 2**24
_DELIMITERS = (",", ";", "\t")
_LEAST_WORDS = 0.05  # share of a column's cells; fewer among numbers are slips, not names of classes


class _WordError(DataError):
    """A word in a column that began with a number."""

    def __init__(self, place: int, sentence: str):
        super().__init__(sentence)
        self.place = place


@dataclass(frozen=True)
class _Layout:
    """How the lines of a file are made."""

    delimiter: str
    columns: tuple[str, ...] | None
    numeric: tuple[int, ...]
    words: tuple[int, ...]

    @property
    def n_columns(self) -> int:
        return len(self.numeric) + len(self.words)


def read_csv(path: Path) -> Table:
    """The table in a CSV file; DataError, naming the line, for what is none."""
    with opened(path) as stream:
        most = plausible_bytes(require_regular(path)) if kind_of(path) is Kind.GZIP else None
        return read_table(stream, path, most_bytes=most)


def read_table(
    stream: BinaryIO,
    path: Path,
    most_bytes: int | None = None,
    columns: tuple[str, ...] | None = None,
    line: int = 1,
) -> Table:
    """The table in the lines of a stream, the first of which is number `line`.

    `columns` are the names of the columns where they stand elsewhere. A column may have numbers and words, as labels of
    digits and letters: then all of it is words.
    """
    start = stream.tell()
    try:
        return _read(stream, path, most_bytes, columns, line)
    except _WordError as found:
        stream.seek(start)
        try:
            table = _read(stream, path, most_bytes, columns, line, found.place)
        except _WordError:  # in another column, too
            raise found from None
        if _share_of_words(table.words[found.place]) < _LEAST_WORDS:
            raise
        return table


def _share_of_words(column: np.ndarray) -> float:
    cells, counts = np.unique(column, return_counts=True)
    is_word = [not _is_number(cell) for cell in cells.tolist()]
    return float(counts[is_word].sum() / counts.sum())


def _read(
    stream: BinaryIO,
    path: Path,
    most_bytes: int | None,
    columns: tuple[str, ...] | None,
    line: int,
    words_at: int | None = None,
) -> Table:
    """The table, with words in the column `words_at` and in those that begin with one."""
    blocks = _blocks(stream, path, most_bytes)
    first = b"".join(islice(blocks, 2))  # two lines at least, if there are two
    layout = _layout(first, path, columns, line, words_at)
    if layout.columns and not columns:
        first = first[first.index(b"\n") + 1 :]
        line += 1
    numbers, words = [], []
    for block in (first, *blocks) if first else blocks:
        chunk, texts = _parse(block, layout, path, line)
        numbers.append(chunk)
        words.append(texts)
        line += block.count(b"\n")
    if not sum(map(len, numbers)):
        raise DataError(f"{path}: holds no rows of numbers")
    joined = {place: np.concatenate([texts[place] for texts in words]) for place in layout.words}
    return Table(str(path), layout.columns, np.concatenate(numbers), layout.numeric, joined)


def _blocks(stream: BinaryIO, path: Path, most_bytes: int | None) -> Iterator[bytes]:
    """Whole lines, each ended by one line feed, without the byte order mark and empty lines at the end."""
    rest, n_read = b"", 0
    for chunk in iter(lambda: stream.read(_BLOCK), b""):
        if not n_read:
            chunk = chunk.removeprefix(b"\xef\xbb\xbf")
        n_read += len(chunk)
        if most_bytes is not None and n_read > most_bytes:
            raise DataError(f"{path}: holds more than {most_bytes:,} bytes, more than a gzip file of its size should")
        lines, newline, tail = (rest + chunk).rpartition(b"\n")
        rest = tail
        if len(rest) > _MOST_LINE:
            raise DataError(f"{path}: has a line of more than {_MOST_LINE:,} bytes, so it is no table")
        if newline:
            yield with_line_feeds(lines + newline)
    if rest.strip():
        yield with_line_feeds(rest + b"\n")


# ---- How lines are made ----------------------------------------------------------------------------------------------


def _layout(block: bytes, path: Path, columns: tuple[str, ...] | None, line: int, words_at: int | None) -> _Layout:
    first_lines = _decoded(b"\n".join(block.split(b"\n", 2)[:2]), path).split("\n")
    if not first_lines[0].strip():
        raise DataError(f"{path}: begins with an empty line, so it is no table")
    delimiter = delimiter_of(first_lines[0])
    rows = [[cell.strip() for cell in row] for row in cells_of(filter(None, first_lines), delimiter, path)]
    has_header = columns is None and len(rows) > 1 and _is_header(*rows)
    names = tuple(rows[0]) if has_header else columns
    cells = rows[1] if has_header else rows[0]
    if names and len(cells) != len(names):
        raise DataError(f"{path}: line {line + has_header} has {len(cells)} cells for {len(names)} columns")
    if len(cells) < 2:
        raise DataError(f"{path}: is text, but no table (a row of numbers and its label in each line)")
    numeric = tuple(place for place, cell in enumerate(cells) if _is_number(cell) and place != words_at)
    if not numeric:
        raise DataError(
            f"{path}: is text, but no table of numbers (line {line + has_header} holds {told(cells[0], 40)!r})"
        )
    return _Layout(delimiter, names, numeric, tuple(set(range(len(cells))) - set(numeric)))


def delimiter_of(line: str) -> str:
    """What separates the cells of a file that begins with this line."""
    return max(_DELIMITERS, key=line.count)


def _is_header(first: list[str], second: list[str]) -> bool:
    """Whether the first of two rows names the columns: by words over numbers, or by counting them.

    A single letter over a number may be a label, of letters and digits; not so a longer word where the rest counts, nor
    the name of a label's column.
    """
    over = [above for above, below in zip(first, second, strict=False) if _is_number(below) and not _is_number(above)]
    if len(over) > 1 or any(len(cell) > 1 and cell.lower() in LABEL_NAMES for cell in first):
        return True
    counted = [cell for cell in first if _is_number(cell)]
    counts = counted in ([str(number + start) for number in range(len(counted))] for start in (0, 1))
    if len(counted) <= 2:  # which rows of data may be as well
        return not counted or (counts and any(len(cell) > 1 for cell in over))
    return counts


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell in ("", "?")  # a missing number, which is told where it stands
    return True


# ---- Blocks of lines -------------------------------------------------------------------------------------------------


def _parse(block: bytes, layout: _Layout, path: Path, line: int) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Numbers and words of the lines, the first of which is number `line`."""
    all_lines = _decoded(block, path).split("\n")
    lines = [text for text in all_lines if text.strip()]
    if not lines:
        return np.empty((0, len(layout.numeric)), np.uint8), {place: np.empty(0, "U1") for place in layout.words}
    n_delimiters = layout.n_columns - 1  # NumPy passes over the cells of longer lines
    if any(text.count(layout.delimiter) != n_delimiters for text in lines) and (  # or some are within quotes
        fault := _first_fault(all_lines, layout, line, path)
    ):
        raise fault
    try:
        numbers = _load(lines, layout, layout.numeric, np.float32)
        words = {place: _load(lines, layout, (place,), np.str_)[:, 0] for place in layout.words}
    except ValueError as error:
        raise _first_fault(all_lines, layout, line, path) or DataError(f"{path}: {error}") from error
    if not np.isfinite(numbers).all() or len(numbers) != len(lines):
        raise _first_fault(all_lines, layout, line, path) or DataError(f"{path}: has cells of several lines")
    return _compact(numbers), {place: np.char.strip(texts) for place, texts in words.items()}


def _load(lines: list[str], layout: _Layout, places: tuple[int, ...], dtype: type) -> np.ndarray:
    return np.loadtxt(
        lines, dtype, comments=None, delimiter=layout.delimiter, usecols=places, ndmin=2, quotechar='"', encoding=None
    )


def _compact(numbers: np.ndarray) -> np.ndarray:
    """The same as uint8, where that holds them."""
    small = numbers.astype(np.uint8) if numbers.size and numbers.min() >= 0 and numbers.max() <= 255 else numbers
    return small if (small == numbers).all() else numbers


def _first_fault(lines: list[str], layout: _Layout, line: int, path: Path) -> DataError | None:
    """An error about the first cell that is no number, or the first line of another length; empty lines count."""
    for number, text in enumerate(lines, start=line):
        if not text.strip():
            continue
        cells = next(cells_of([text], layout.delimiter, path))
        if len(cells) != layout.n_columns:
            return DataError(f"{path}: line {number} has {len(cells)} cells where the first has {layout.n_columns}")
        for place in layout.numeric:
            try:
                is_sound = bool(np.isfinite(np.float32(cells[place])))
            except ValueError:
                is_sound = False
            if not is_sound:
                name = f" (column {told(layout.columns[place], 40)!r})" if layout.columns else ""
                sentence = (
                    f"{path}: line {number}, cell {place + 1} is {told(cells[place], 40)!r} and not a number{name}"
                )
                return DataError(sentence) if _is_number(cells[place]) else _WordError(place, sentence)
    return None


def cells_of(lines: Iterable[str], delimiter: str, path: Path) -> Iterator[list[str]]:
    """The cells of each line; DataError for what is no CSV."""
    try:
        yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error as error:
        raise DataError(f"{path}: is no sound CSV ({error})") from error


def with_line_feeds(block: bytes) -> bytes:
    """Lines that end as Windows and old Macs have it, ended by a line feed."""
    return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _decoded(block: bytes, path: Path) -> str:
    try:
        return block.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is no text in UTF-8 ({error.reason})") from error
