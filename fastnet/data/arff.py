"""Read ARFF, Weka's and OpenML's format: a header that names the columns, then CSV."""

import re
from pathlib import Path
from typing import BinaryIO

from fastnet.errors import DataError

from .csv_files import read_table
from .promised import opened, plausible_bytes
from .signatures import require_regular
from .tables import Table

_ATTRIBUTE = re.compile(r"""@attribute\s+(?:'([^']*)'|"([^"]*)"|(\S+))\s""", re.IGNORECASE)
_MOST_LINES = 2**20
_MOST_LINE = 2**16


def read_arff(path: Path) -> Table:
    """The table in an ARFF file, plain or gzip; DataError for what is none."""
    with opened(path) as stream:
        columns, n_lines = _header(stream, path)
        return read_table(stream, path, plausible_bytes(require_regular(path)), columns, n_lines + 1)


def _header(stream: BinaryIO, path: Path) -> tuple[tuple[str, ...], int]:
    """The names of the columns, and how many lines name them; the stream stands at the first row then."""
    columns: list[str] = []
    for number in range(1, _MOST_LINES + 1):
        line = stream.readline(_MOST_LINE).decode("utf-8", "replace").strip()
        if line.lower() == "@data" and columns:
            return tuple(columns), number
        if match := _ATTRIBUTE.match(line + " "):
            columns.append(next(filter(None, match.groups()), ""))
    raise DataError(f"{path}: is an ARFF file without columns or without @data")
