"""What every reader of a format gives: images and labels as they were found, before they are checked and scaled."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True)
class Part:
    """Images `(n, ...)` of any plain number type, with their labels if they have any; names are for messages."""

    images: np.ndarray
    labels: np.ndarray | None  # integers, or names of classes
    images_name: str
    labels_name: str


class Found(NamedTuple):
    """A training set, a test set where there is one, and what is to be said of how they were found."""

    train: Part
    test: Part | None
    notes: tuple[str, ...] = ()
    names: dict[int, str] | None = None  # of classes, by the number that stands for them in the files
