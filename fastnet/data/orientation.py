"""EMNIST stores its images column by column: told by what its digits look like or, without digits, by its name."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from fastnet.errors import DataError

_LOOKED_AT = 10_000  # images
_LEAST_LIKENESS = 0.75  # to the digits of MNIST, of what are digits at all: as correlation
_LEAST_DIFFERENCE = 0.1  # between upright and transposed
_SIDE = 28


def is_transposed(
    images: np.ndarray, labels: np.ndarray, classes: Sequence[str], name: str, digits: Callable[[], np.ndarray]
) -> bool:
    """Whether square images `(n, ...)` are stored transposed.

    Where there are all ten digits among the classes, their mean images are held against MNIST's, `digits()`
    `(10, 28, 28)`. If that is not clear, or there are none, the name decides: EMNIST's images are transposed.
    """
    known = is_transposed_by_name(name)
    numbers = [str(number) for number in range(10)]
    names = list(classes) or [str(number) for number in range(int(labels.max(initial=-1)) + 1)]
    if math.prod(images.shape[1:]) != _SIDE**2 or not set(numbers) <= set(names):
        return known
    some = slice(None, None, max(1, len(labels) // _LOOKED_AT))  # of all rows, which may be sorted by their classes
    images, labels = images[some].reshape(-1, _SIDE, _SIDE), labels[some]
    rows = [labels == names.index(number) for number in numbers]
    if not all(map(np.any, rows)):
        return known
    means = np.stack([images[each].mean(axis=0) for each in rows])
    upright, transposed = _likeness(means, digits()), _likeness(means.transpose(0, 2, 1), digits())
    is_clear = max(upright, transposed) >= _LEAST_LIKENESS and abs(upright - transposed) >= _LEAST_DIFFERENCE
    return transposed > upright if is_clear else known


def is_transposed_by_name(name: str) -> bool:
    """Whether images are stored transposed, as far as the name of their file tells, or its directory's."""
    path = Path(name)
    around = path.absolute().parent.name if path.exists() else ""
    return any("emnist" in each.lower() for each in (path.name, around))


def transposed(images: np.ndarray, name: str) -> np.ndarray:
    """Images `(n, height, width)` or square ones `(n, n_pixels)` with rows and columns exchanged.

    DataError, calling them `name`, for others.
    """
    side = math.isqrt(math.prod(images.shape[1:]))
    if images.ndim == 2 and side**2 == images.shape[1]:
        images = images.reshape(-1, side, side)
    if images.ndim != 3:
        raise DataError(f"{name}: only grey images in a square can be transposed, not those of shape {images.shape}")
    return images.transpose(0, 2, 1)


def _likeness(means: np.ndarray, digits: np.ndarray) -> float:
    """The mean correlation of the images of one stack with those of the other."""
    pairs = zip(means.reshape(10, -1), digits.reshape(10, -1), strict=True)
    return float(np.mean([np.corrcoef(ours, theirs)[0, 1] if ours.std() else 0.0 for ours, theirs in pairs]))
