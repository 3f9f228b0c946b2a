"""Data frames of pandas, Polars or pyarrow, in memory or as Parquet files, as tables."""

from pathlib import Path
from typing import Any

import numpy as np

from fastnet.errors import DataError, told
from fastnet.packages import require_packages

from .greys import grey_images
from .promised import plausible_bytes
from .signatures import Kind, kind_of_bytes, require_regular
from .tables import Table

_POINTER = 8  # bytes


def is_frame(source: object) -> bool:
    """Whether an object is a data frame, of whatever package."""
    return hasattr(source, "columns") and hasattr(source, "__getitem__") and hasattr(source, "shape")


def read_parquet(path: Path) -> Table:
    """The table in a Parquet file; OptionError if pyarrow is missing, DataError if the file is damaged."""
    n_stored = require_regular(path)
    require_packages(f"{path}: reading Parquet", "pyarrow")
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            n_promised, most = _promised_bytes(file), plausible_bytes(n_stored)
            if n_promised > most:
                raise DataError(
                    f"{path}: its metadata promises {n_promised:,} bytes, and {most:,} are the most for its file"
                )
            columns = file.read()
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: is not a sound Parquet file ({told(error)})") from error
    return _table(str(path), {name: columns.column(name).to_numpy() for name in columns.column_names}, most)


def _promised_bytes(file: Any) -> int:
    """What the columns of a Parquet file take in memory: numbers by their types, words and bytes as they are packed."""
    metadata = file.metadata
    packed = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    return int(max(packed, metadata.num_rows * sum(map(_width, file.schema_arrow.types))))


def _width(kind: Any) -> int:
    """Bytes of a value; of one without a fixed width those of a pointer to it."""
    try:
        return -(-int(kind.bit_width) // 8)
    except ValueError:
        return _POINTER


def table_of_frame(frame: Any, name: str = "the data frame") -> Table:
    """The table in a data frame of pandas or Polars; DataError for columns that are neither numbers nor words."""
    return _table(name, {str(column): np.asarray(frame[column]) for column in frame.columns})


def _table(name: str, columns: dict[str, np.ndarray], most_bytes: int | None = None) -> Table:
    columns = _with_pixels(name, columns, most_bytes)
    numeric = [place for place, values in enumerate(columns.values()) if values.dtype.kind in "biuf"]
    arrays = list(columns.values())
    if not numeric or not len(arrays[0]):
        raise DataError(f"{name}: holds no rows of numbers")
    for title, values in columns.items():
        missing = _missing(values)
        if missing.any():
            row = int(missing.argmax())
            raise DataError(f"{name}: column {title!r} is not whole (row {row} is missing or infinite)")
    words = {place: _words(values) for place, values in enumerate(arrays) if place not in set(numeric)}
    numbers = np.column_stack([arrays[place] for place in numeric])
    return Table(name, tuple(columns), numbers, tuple(numeric), words)


def _with_pixels(name: str, columns: dict[str, np.ndarray], most_bytes: int | None) -> dict[str, np.ndarray]:
    """The columns, with a column for each pixel in place of one of pictures, as Hugging Face's data sets have them."""
    found: dict[str, np.ndarray] = {}
    for title, values in columns.items():
        files = list(map(_file_of_picture, values.tolist())) if values.dtype.kind == "O" else []
        if files and all(file is not None for file in files):
            names = [f"{name}: column {title!r}, row {row}" for row in range(len(files))]
            flat = grey_images(names, files, most_bytes).reshape(len(files), -1)
            found |= {f"{title} {number}": flat[:, number] for number in range(flat.shape[1])}
        else:
            found[title] = values
    return found


def _file_of_picture(value: object) -> bytes | None:
    """The bytes of a picture in a cell, as they are or as `{"bytes": ...}`; None for what is none."""
    content = value.get("bytes") if isinstance(value, dict) else value
    return content if isinstance(content, bytes) and kind_of_bytes(content) is Kind.PICTURE else None


def _missing(values: np.ndarray) -> np.ndarray:
    """Which values of a column are none."""
    missing = np.zeros(len(values), bool)
    if values.dtype.kind == "f":
        np.logical_not(np.isfinite(values), out=missing)
    elif values.dtype.kind == "O":
        missing[:] = [value is None or str(value) in ("nan", "<NA>") for value in values.tolist()]
    return missing


def _words(values: np.ndarray) -> np.ndarray:
    return np.array([str(value) for value in values.tolist()])
