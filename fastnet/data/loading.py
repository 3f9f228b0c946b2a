"""Data sets as people have them, through one door: what a source is, its content says; each format has its own file.

A reader gives images and labels as it found them; here they get numbers of classes, a scale, an orientation and, where
there is none, a test set.
"""

import dataclasses
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fastnet.bounded import is_missing
from fastnet.errors import DataError, did_you_mean

from .archives import load_archive
from .arff import read_arff
from .array_files import load_set, set_of_file, sets_of_arrays
from .corrections import with_corrections
from .csv_files import read_csv
from .folders import holds_classes, load_folders
from .frames import is_frame, read_parquet, table_of_frame
from .holding_out import hold_out
from .idx import read_idx
from .labels import number_labels
from .orientation import is_transposed, transposed
from .parts import Found, Part
from .promised import read_small_text
from .samples import Dataset, Samples
from .scales import scale_pixels
from .signatures import Kind, kind_of, what_it_is
from .tables import Table, place_of, split_table
from .targets import dataset_of_table

BUNDLED = "mnist"
FRAME = "a data frame"  # the source of what came from memory
ACCEPTED = (
    f'"{BUNDLED}", four IDX files or a directory of them, an .npz, a CSV or Parquet file with a label column,'
    " a directory with train.csv, or folders of pictures by class"
)

_BUNDLED_DIRECTORY = Path(__file__).parent / "mnist"


def load_dataset(
    source: Any = BUNDLED,
    *,
    label: str | None = None,
    transposed: bool | None = None,
    corrections: str | Path | None = None,
    target: str | None = None,
    loss: str | None = None,
) -> Dataset:
    """Load "mnist" (bundled), a file or directory of data as people have them, or a data frame of pandas or Polars.

    IDX files under MNIST's names and the like (EMNIST's too; of several sets, `DIR/emnist-letters` names one), an
    `.npz` of `x_train, y_train, x_test, y_test` or `X, y`; CSV, ARFF and Parquet with an image a row, or a directory of
    such tables for training and test; pictures in folders by class. `label` names the column of the
    labels, where a table does not say it; `transposed` says whether images are stored column by column, as EMNIST's
    are, which is otherwise found out. Where there is no test set, a seventh of each class is held out for it. The
    data set's `notes` say what was found. `corrections`, a CSV file that a page of `fastnet predict --review` saves,
    are taken up into the training set. A `SHA256SUMS` file in a directory is held against the IDX files it names.
    With `target`, the source is a table, and that column is what the others are to predict: see `dataset_of_table`,
    which `loss` is for. DataError where something is missing, damaged or does not fit together.
    """
    if target is not None:
        return dataset_of_table(read_table_of(source), FRAME if is_frame(source) else str(source), target, loss)
    dataset = _uncorrected(source, label, transposed)
    return dataset if corrections is None else with_corrections(dataset, Path(corrections))


def _uncorrected(source: Any, label: str | None, transposed: bool | None) -> Dataset:
    if is_frame(source):
        return _dataset(Found(split_table(table_of_frame(source), label), None), FRAME, label, transposed)
    if str(source) == BUNDLED:
        return _load(_BUNDLED_DIRECTORY, BUNDLED, label, transposed)
    path = Path(source)
    return _load(path, str(path), label, transposed)


def _load(path: Path, source: str, label: str | None, turned: bool | None) -> Dataset:
    return _dataset(_found(path, label), source, label, turned)


def _found(path: Path, label: str | None) -> Found:
    """What a file or a directory holds."""
    if path.is_dir():
        return _of_directory(path, label)
    if not path.exists():
        if path.parent.is_dir() and path.name in sets_of_arrays(path.parent):
            return load_set(path.parent, path.name, _read_sums(path.parent))
        raise DataError(f"{path}: no such data set (give {ACCEPTED}){did_you_mean(path.name, [BUNDLED])}")
    kind = kind_of(path, inside=True)
    if kind is Kind.IDX and (name := set_of_file(path)) is not None:
        return load_set(path.parent, name, _read_sums(path.parent))
    if kind is Kind.ZIP:
        return load_archive(path)
    if kind in _TABLES:
        return Found(split_table(_TABLES[kind](path), label), None)
    raise DataError(f"{path}: is {what_it_is(path)}, and no data set (give {ACCEPTED})")


def read_table_of(source: Any) -> Table:
    """The table in a CSV, ARFF or Parquet file, or of a data frame; DataError for what is none."""
    if is_frame(source):
        return table_of_frame(source)
    path = Path(source)
    if path.is_dir() or not path.exists():
        raise DataError(f"{path}: {'is no table, but a directory' if path.is_dir() else 'no such file'}")
    kind = kind_of(path, inside=True)
    if kind not in _TABLES:
        raise DataError(f"{path}: is {what_it_is(path)}, and no table (CSV, ARFF or Parquet)")
    return _TABLES[kind](path)


_TABLES: dict[Kind, Callable[[Path], Table]] = {Kind.TEXT: read_csv, Kind.PARQUET: read_parquet, Kind.ARFF: read_arff}


# ---- Directories -----------------------------------------------------------------------------------------------------

_TABLE_NAME = re.compile(
    r".*?(?<![a-z])(?P<part>train|test|t10k)[^/]*\.(csv|tsv|txt|arff|parquet)(\.gz)?", re.IGNORECASE
)


def _of_directory(directory: Path, label: str | None) -> Found:
    sums = _read_sums(directory)
    if sets_of_arrays(directory):
        return load_set(directory, None, sums)
    tables = {} if holds_classes(directory) else _tables_of(directory)
    if "train" in tables:
        return _of_tables(tables["train"], tables.get("test"), label)
    found = load_folders(directory)
    if found is None:
        raise DataError(f"{directory}: holds no data set (give {ACCEPTED})")
    return found


def _tables_of(directory: Path) -> dict[str, Path]:
    """{"train": ..., "test": ...}, as far as they are there."""
    tables: dict[str, Path] = {}
    for path in sorted(directory.iterdir()):
        match = _TABLE_NAME.fullmatch(path.name)
        if match and path.is_file() and kind_of(path, inside=True) in _TABLES:
            part = "train" if match["part"].lower() == "train" else "test"
            if part in tables:
                raise DataError(f"{directory}: holds several tables to {part} on, {tables[part].name} and {path.name}")
            tables[part] = path
    return tables


def _of_tables(train_path: Path, test_path: Path | None, label: str | None) -> Found:
    table = _TABLES[kind_of(train_path, inside=True)](train_path)
    train = split_table(table, label)
    if test_path is None:
        return Found(train, None)
    test_table = _TABLES[kind_of(test_path, inside=True)](test_path)
    test = _split_like(table, train, test_table, label)
    if test.labels is None:
        return Found(train, None, (f"{test_path.name} has no labels, so it is left out",))
    return Found(train, test)


def _split_like(train_table: Table, train: Part, table: Table, label: str | None) -> Part:
    """Images and labels of a test table, which may lack the column of the labels, or have a number for each row there.

    `label` says which that is in the training table: the one of the same name or, where one of the two has no names,
    at the same place in as many columns.
    """
    may_be_labelled = table.n_columns > train.images.shape[1] if not table.columns else None
    if label is None:
        return split_table(table, None, may_be_labelled)
    place = place_of(train_table, label)
    if train_table.columns and table.columns:
        name = train_table.columns[place]
        return split_table(table, name if name in table.columns else None, None)
    if table.n_columns != train_table.n_columns:
        return split_table(table, None, may_be_labelled)
    test = split_table(table, table.columns[place] if table.columns else str(place))
    n_train, n_test = (len(np.unique(part.labels)) for part in (train, test) if part.labels is not None)
    are_row_numbers = n_test == len(table.numbers) > n_train
    return dataclasses.replace(test, labels=None) if are_row_numbers else test


def _read_sums(directory: Path) -> dict[str, str]:
    """{file name: SHA-256} from a SHA256SUMS file; the bundled data must have one."""
    path = directory / "SHA256SUMS"
    if is_missing(path):
        if directory == _BUNDLED_DIRECTORY:
            raise DataError(f"{path}: is missing, so the bundled data cannot be verified; reinstall fastnet")
        return {}
    sums = {}
    for line in read_small_text(path).splitlines():
        digest, _, name = line.partition(" ")
        sums[name.strip().lstrip("*")] = digest.lower()
    return sums


# ---- From what was found to a data set -------------------------------------------------------------------------------


def _dataset(found: Found, source: str, label: str | None, told: bool | None) -> Dataset:
    parts = [found.train] if found.test is None else [found.train, found.test]
    for part in parts:
        if part.images.ndim < 2 or part.images.size == 0:
            raise DataError(f"{part.images_name}: holds no images (its shape is {part.images.shape})")
    numbers = number_labels(found)
    arrays, notes = [part.images for part in parts], list(found.notes)
    turned = bool(told)
    if told is None and source != BUNDLED:
        turned = is_transposed(arrays[0], numbers.train, numbers.classes, found.train.images_name, _mean_digits)
        if turned:
            notes.append("images are stored column by column, as EMNIST's are: turned upright")
    if turned:
        arrays = [transposed(each, found.train.images_name) for each in arrays]
    images, scale, note = scale_pixels(arrays, found.train.images_name)
    notes += filter(None, [note])
    train = Samples(images[0], numbers.train, scale)
    if numbers.test is None:
        train, test = hold_out(train)
        if not len(test):
            raise DataError(f"{found.train.images_name}: has one sample of each class, so there is none for a test set")
        notes.append(f"there is no test set: {len(test):,} of {len(train) + len(test):,} samples are held out for it")
    else:
        test = Samples(images[1], numbers.test, scale)
    return Dataset(train, test, source, numbers.classes, tuple(notes), label, told).checked()


@cache
def _mean_digits() -> np.ndarray:
    """The mean images of MNIST's test digits, `(10, 28, 28)`."""
    images = read_idx(_BUNDLED_DIRECTORY / "t10k-images-idx3-ubyte.gz", 3)
    labels = read_idx(_BUNDLED_DIRECTORY / "t10k-labels-idx1-ubyte.gz", 1)
    return np.stack([images[labels == digit].mean(axis=0) for digit in range(10)])
