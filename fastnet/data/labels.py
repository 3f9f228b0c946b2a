"""Labels as people have them, numbers or words, become numbers of classes from 0; the classes keep their names."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fastnet.errors import DataError, told

from .parts import Found, Part
from .promised import read_small_text
from .samples import are_whole, as_labels


class Numbered(NamedTuple):
    """Labels as int64 from 0, and the names of the classes; without names they are called by their numbers."""

    train: np.ndarray
    test: np.ndarray | None
    classes: tuple[str, ...]


def number_labels(found: Found) -> Numbered:
    """Number the classes by the training labels.

    Words that are whole numbers are these; others are numbered in their order. Numbers that go from 1, each of them
    there, as EMNIST's letters do, become those from 0. DataError for what is no label, or one of the test set alone.
    """
    train, test = _plain(found.train), None if found.test is None else _plain(found.test)
    if train.dtype.kind in "US":
        return _number_words(found, train, test)
    train = as_labels(train, len(found.train.images), found.train.labels_name, found.train.images_name)
    if found.test is not None and test is not None:
        if test.dtype.kind in "US":
            raise DataError(f"{found.test.labels_name}: holds words, where the training labels are numbers")
        test = as_labels(test, len(found.test.images), found.test.labels_name, found.test.images_name)
    first = int(np.array_equal(np.unique(train), np.arange(1, train.max() + 1)) and (test is None or test.min() > 0))
    numbers = range(first, int(train.max()) + 1)
    names = found.names or {}
    classes = tuple(names.get(number, str(number)) for number in numbers) if first or names else ()
    return Numbered(train - first, None if test is None else test - first, classes)


def read_mapping(path: Path) -> dict[int, str]:
    """EMNIST's file of what labels stand for: in each line a label and the codes of one character or several."""
    names = {}
    for line in read_small_text(path).splitlines():
        if re.fullmatch(r"\d{1,5}( +\d{1,7})+", line.strip()):
            label, code, *_ = map(int, line.split())
            names[label] = chr(code) if code < 0x110000 else str(label)
    return names


def _plain(part: Part) -> np.ndarray:
    """Labels as numbers, or as an array of words."""
    labels = part.labels
    assert labels is not None
    if labels.shape == (len(part.images), 1):
        labels = labels[:, 0]
    if labels.shape != (len(part.images),):
        raise DataError(
            f"{part.labels_name}: has shape {labels.shape} for the {len(part.images)} images of {part.images_name}"
        )
    if labels.dtype.kind == "f" and are_whole(labels):
        return labels.astype(np.int64)
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8", "replace")
    if labels.dtype.kind == "U" and all(re.fullmatch(r"\d{1,5}", word) for word in np.unique(labels).tolist()):
        return labels.astype(np.int64)
    return labels


def _number_words(found: Found, train: np.ndarray, test: np.ndarray | None) -> Numbered:
    classes, numbers = np.unique(train, return_inverse=True)
    if "" in classes:
        raise DataError(f"{found.train.labels_name}: has empty labels")
    if test is None or found.test is None:
        return Numbered(numbers.astype(np.int64), None, tuple(classes.tolist()))
    unknown = np.setdiff1d(test.astype(np.str_), classes)
    if len(unknown):
        word = str(unknown[0])
        raise DataError(
            f"{found.test.labels_name}: has labels that the training set has not, such as {told(word, 40)!r}"
        )
    places = np.searchsorted(classes, test.astype(np.str_)).astype(np.int64)
    return Numbered(numbers.astype(np.int64), places, tuple(classes.tolist()))
