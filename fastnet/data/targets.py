"""Tables of which one column is to be predicted from the others: a number, or a class."""

from collections.abc import Sequence

import numpy as np

from fastnet.errors import DataError, told

from .holding_out import held_out
from .labels import number_labels
from .parts import Found, Part
from .samples import Dataset, Samples, are_whole
from .table_scaling import TableScaling
from .tables import Table, place_of, row_numbers


def dataset_of_table(table: Table, source: str, target: str, loss: str | None = None) -> Dataset:
    """A data set of the columns of numbers of a table, to predict the column `target`; a seventh is held out as test.

    A target of words or whole numbers is a class, one of other numbers a number, unless `loss` says which:
    "squared_error" and "poisson" are of numbers, "cross_entropy" of classes. `target` is a name, or else a number as
    in `range(n_columns)`; negative ones count from the last. Columns are scaled to a mean of 0 and a
    standard deviation of 1, as is a target for the squared error. DataError for a table without names of its columns,
    with one name for several, without that column, or with other columns that hold words.
    """
    place = place_of(_named(table), target)
    target, names = _names(table, place)
    values = table.column(place)
    has_numbers = _has_numbers(values, loss, f"{table.name}: column {target!r}")
    labels, classes = (np.zeros(len(values), np.int64), ()) if has_numbers else _classes(table, place)
    is_held = held_out(labels)
    train, test = np.flatnonzero(~is_held), np.flatnonzero(is_held)
    if not len(test):
        raise DataError(f"{table.name}: has too few rows to hold some out as a test set")
    features = columns_of(table, names)
    is_scaled = has_numbers and loss != "poisson"
    scaling = _scaling(table.name, names, features[train], target, values[train] if is_scaled else None)

    def samples(chosen: np.ndarray) -> Samples:
        targets = scaling.scaled_target(values[chosen].astype(np.float64)) if has_numbers else labels[chosen]
        return Samples(np.ascontiguousarray(scaling.scaled(features[chosen])), np.ascontiguousarray(targets), 1.0)

    note = (
        f"{len(names)} columns predict {target!r}; {len(test):,} of {len(labels):,} rows are held out as the test set"
    )
    return Dataset(samples(train), samples(test), source, classes, (note,), table=scaling).checked()


def samples_of_table(table: Table, scaling: TableScaling, loss: str, classes: Sequence[str]) -> Samples:
    """All rows of a table that has the columns a model was trained on, and its target; DataError where one is not."""
    values = table.column(_place(table, scaling.target))
    images = np.ascontiguousarray(scaling.scaled(columns_of(table, scaling.features)))
    title = f"{table.name}: column {scaling.target!r}"
    if loss != "cross_entropy":
        _has_numbers(values, loss, title)
        return Samples(images, scaling.scaled_target(values.astype(np.float64)), 1.0)
    numbers = {name: number for number, name in enumerate(classes)}
    texts = [f"{value:g}" if isinstance(value, float) else str(value) for value in values.tolist()]
    unknown = next((text for text in texts if text not in numbers), None)
    if unknown is not None:
        raise DataError(f"{title}: holds {unknown!r}, which is no class of the model")
    return Samples(images, np.array([numbers[text] for text in texts], np.int64), 1.0)


def columns_of(table: Table, names: Sequence[str]) -> np.ndarray:
    """Some columns of numbers, float64 `(n, len(names))`; DataError for one that is not there, or holds words."""
    places = [_place(table, name) for name in names]
    for place in places:
        if place in table.words:
            raise DataError(f"{table.name}: {table.title(place)} holds words where numbers are needed")
    return np.column_stack([table.column(place).astype(np.float64) for place in places])


def _named(table: Table) -> Table:
    if not table.columns:
        raise DataError(f"{table.name}: its first line must name the columns, so that one can be the target")
    return table


def _place(table: Table, name: str) -> int:
    """The place of the column of a name that a model knows, which is never the number of one."""
    columns = _named(table).columns or ()
    if columns.count(name) != 1:
        fault = "several columns" if name in columns else "no column"
        raise DataError(f"{table.name}: has {fault} {name!r}, which the model knows")
    return columns.index(name)


def _names(table: Table, target: int) -> tuple[str, tuple[str, ...]]:
    """The name of the target, and those of the columns that predict it."""
    assert table.columns
    kept = [place for place in range(table.n_columns) if place not in (target, row_numbers(table, target))]
    if not kept:
        raise DataError(f"{table.name}: has no column beside the target")
    names = [table.columns[place] for place in (target, *kept)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(
            f"{table.name}: several columns are called {told(twice, 40)!r}, and each needs a name of its own"
        )
    return names[0], tuple(names[1:])


def _classes(table: Table, place: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """The numbers of the classes in a column, int64 `(n,)`, and their names."""
    values = table.column(place)
    found = Found(Part(table.numbers, values, table.name, f"{table.name}: {table.title(place)}"), None)
    try:
        labels, _, classes = number_labels(found)
    except DataError as error:
        if values.dtype.kind not in "biuf":
            raise
        raise DataError(f"{error}; or give --loss squared_error for a number") from error
    return labels, classes


def _has_numbers(values: np.ndarray, loss: str | None, title: str) -> bool:
    """Whether a target is a number, not a class."""
    has_words = values.dtype.kind not in "biuf"
    if loss in ("squared_error", "poisson"):
        if has_words:
            raise DataError(f"{title}: holds words, and the loss {loss} is of numbers")
        return True
    return loss is None and not has_words and not are_whole(values)


def _scaling(
    table: str, names: tuple[str, ...], features: np.ndarray, target: str, values: np.ndarray | None
) -> TableScaling:
    means, deviations = _means_and_deviations(features, table)
    if values is None:
        return TableScaling(names, means, deviations, target)
    (mean,), (deviation,) = _means_and_deviations(values.astype(np.float64).reshape(-1, 1), table)
    return TableScaling(names, means, deviations, target, mean, deviation)


def _means_and_deviations(columns: np.ndarray, table: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Of each column; of one that is always the same, that value and 1, which rounding must not hide."""
    with np.errstate(over="ignore", invalid="ignore"):
        means, deviations = columns.mean(axis=0), columns.std(axis=0)
    if not np.isfinite(deviations).all():
        raise DataError(f"{table}: holds numbers beyond the range of float32, in which is computed")
    lowest = columns.min(axis=0)
    is_constant = (lowest == columns.max(axis=0)) | (deviations == 0)
    means, deviations = np.where(is_constant, lowest, means), np.where(is_constant, 1.0, deviations)
    return tuple(means.tolist()), tuple(deviations.tolist())
