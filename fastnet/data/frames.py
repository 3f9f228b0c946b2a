"""Data frames of pandas, Polars or pyarrow, in memory or as Parquet files, as tables."""

from pathlib import Path
from typing import Any

import numpy as np

from fastnet.errors import DataError
from fastnet.packages import require_packages

from .signatures import require_regular
from .tables import Table


def is_frame(source: object) -> bool:
    """Whether an object is a data frame, of whatever package."""
    return hasattr(source, "columns") and hasattr(source, "__getitem__") and hasattr(source, "shape")


def read_parquet(path: Path) -> Table:
    """The table in a Parquet file; OptionError if pyarrow is missing, DataError if the file is damaged."""
    require_regular(path)
    require_packages(f"{path}: reading Parquet", "pyarrow")
    import pyarrow
    from pyarrow import parquet

    try:
        columns = parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: is not a sound Parquet file ({str(error).splitlines()[0]})") from error
    return _table(str(path), {name: columns.column(name).to_numpy() for name in columns.column_names})


def table_of_frame(frame: Any, name: str = "the data frame") -> Table:
    """The table in a data frame of pandas or Polars; DataError for columns that are neither numbers nor words."""
    return _table(name, {str(column): np.asarray(frame[column]) for column in frame.columns})


def _table(name: str, columns: dict[str, np.ndarray]) -> Table:
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
