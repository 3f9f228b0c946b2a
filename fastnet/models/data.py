"""The data set that a model is measured on: the one that it was trained on, unless another one is given."""

from pathlib import Path

from fastnet.data.loading import FRAME, load_dataset, read_table_of
from fastnet.data.samples import Dataset, Samples
from fastnet.data.targets import samples_of_table
from fastnet.errors import DataError, OptionError

from .files import ModelFiles


def data_of(files: ModelFiles, given: Dataset | None = None) -> Dataset:
    """The data set `given`, or else the one that the manifest names, loaded as it was for the training.

    OptionError where that is not there any more or holds other samples, and where the images or classes are not those
    of the model.
    """
    dataset = given or _trained_on(files)
    n_pixels, n_classes, classes = files.layer_sizes[0], files.layer_sizes[-1], files.manifest.classes or ()
    if dataset.train.n_features != n_pixels or dataset.n_classes > n_classes:
        remedy = "" if given else "; give other data with --data"
        raise OptionError(
            f"{files.directory}: takes images of {n_pixels} pixels in {n_classes} classes, and {dataset.source} has"
            f" {dataset.train.n_features} pixels and {dataset.n_classes} classes{remedy}"
        )
    if classes != dataset.classes:
        raise OptionError(
            f"{files.directory}: knows the classes {_few(classes)}, and {dataset.source} has {_few(dataset.classes)}"
        )
    return dataset


def training_data_of(files: ModelFiles, given: Dataset | None = None) -> Dataset:
    """As `data_of`, where nothing but the very samples of the training will do: OptionError for others."""
    dataset, facts = data_of(files, given), files.manifest.data
    if facts is None or dataset.sha256 != facts.sha256:
        raise OptionError(f"{files.directory}: was not trained on {dataset.source}, as far as its manifest tells")
    return dataset


def table_of(files: ModelFiles, path: Path) -> Samples:
    """All rows of a table, for a model that predicts one of its columns; DataError where it has not those columns."""
    assert files.manifest.table
    return samples_of_table(read_table_of(path), files.manifest.table, files.loss, files.manifest.class_names)


def _trained_on(files: ModelFiles) -> Dataset:
    facts = files.manifest.data
    if facts is None or facts.source is None:
        raise OptionError(f"{files.directory}: its manifest does not tell its data; give it with --data")
    if facts.source == FRAME:
        raise OptionError(f"{files.directory}: was trained on a data frame, which no file holds; give data with --data")
    try:
        dataset = load_dataset(
            facts.source,
            label=facts.label,
            transposed=facts.transposed,
            corrections=facts.corrections,
            target=facts.target,
            loss=files.loss if facts.target else None,
        )
    except DataError as error:
        raise OptionError(
            f"{files.directory}: the data that it was trained on cannot be loaded ({error}); give it with --data"
        ) from error
    if facts.sha256 not in (None, dataset.sha256):  # what was held out for the test may have been trained on
        raise OptionError(
            f"{files.directory}: {dataset.source} has other samples, or in another order, than when it was trained on;"
            " give the data with --data"
        )
    return dataset


def _few(classes: tuple[str, ...]) -> str:
    return ", ".join(classes[:5]) + (", ..." if len(classes) > 5 else "") if classes else "0, 1, ..."
