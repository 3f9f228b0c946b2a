"""Corrections, digits that a model got wrong and a person judged: a training set takes them up beside its own."""

import dataclasses
from pathlib import Path

import numpy as np

from fastnet.errors import DataError, told

from .csv_files import read_csv
from .samples import Dataset, Samples
from .tables import split_table

WEIGHT = 10.0  # that a correction counts beside a sample of the data set: there are few of them


def with_corrections(dataset: Dataset, path: Path) -> Dataset:
    """The data set with the corrections of a CSV file, as a review page saves them, in its training set.

    Each weighs as much as `WEIGHT` samples. DataError where the file is none, or its pixels or labels are not those of
    the data set.
    """
    if not path.is_file():
        found = "is no file" if path.exists() else "no such file"
        raise DataError(f"{path}: {found} (a page of `fastnet predict --review` saves one)")
    part = split_table(read_csv(path))
    train, images = dataset.train, part.images
    if images.shape[1] != train.n_features or images.dtype != train.pixels.dtype:
        raise DataError(
            f"{path}: holds images of {images.shape[1]} {images.dtype} pixels, and those of {dataset.source} have"
            f" {train.n_features} {train.pixels.dtype}"
        )
    assert part.labels is not None
    labels = np.concatenate([train.labels, _numbers(part.labels, dataset, path)])
    weights = np.concatenate([train.weight_of_each(np.arange(len(train))), np.full(len(images), WEIGHT)])
    both = Samples(np.concatenate([train.pixels, images]), labels, train.scale, weights.astype(np.float32))
    note = f"{len(images):,} corrections of {path} weigh {WEIGHT:g} times as much as other samples"
    return dataclasses.replace(
        dataset,
        train=both,
        notes=(*dataset.notes, note),
        corrections=str(path.absolute()),
        n_corrections=len(images),
    ).checked()


def _numbers(labels: np.ndarray, dataset: Dataset, path: Path) -> np.ndarray:
    """The numbers of the classes that the labels name."""
    names = dataset.classes or tuple(map(str, range(dataset.n_classes)))
    places = {name: place for place, name in enumerate(names)}
    found = [places.get(str(label)) for label in labels.tolist()]
    if None in found:
        unknown = told(labels[found.index(None)], 40)
        raise DataError(f"{path}: has the label {unknown!r}, and {dataset.source} has {told(', '.join(names), 80)}")
    return np.array(found, np.int64)
