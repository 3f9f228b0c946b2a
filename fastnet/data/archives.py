"""Read `.npz` archives of arrays, as Keras, NumPy's own users and K-MNIST have them, and single `.npy` arrays."""

from pathlib import Path

import numpy as np

from fastnet.errors import DataError

from .parts import Found, Part
from .promised import opened, plausible_bytes, read_npy, read_npz
from .signatures import Kind, kind_of, require_regular

_IMAGES = ("x", "images", "image", "data", "pixels", "features")
_LABELS = ("y", "labels", "label", "target", "targets", "class")
_TRAIN, _TEST = ("train", "training"), ("test", "t10k")


def load_archive(path: Path) -> Found:
    """The data in an `.npz`: `x_train, y_train, x_test, y_test`, or images and labels alone (`X, y`; `images, labels`).

    Names may be in capitals, and the other way round (`train_images`). DataError where arrays are missing.
    """
    names = _names(path)
    train = _pair(names, _TRAIN)
    test = _pair(names, _TEST)
    if train and test:
        arrays = _arrays(path, [*train, *test])
        return Found(_part(path, arrays, *train), _part(path, arrays, *test))
    pair = train or _pair(names, ())
    if pair and not any(_find(names, kinds, _TEST) for kinds in (_IMAGES, _LABELS)):
        return Found(_part(path, _arrays(path, list(pair)), *pair), None)
    needed = ("x_train", "y_train", "x_test", "y_test")
    missing = [name for name in needed if name not in names] or list(needed)
    raise DataError(f"{path}: lacks {', '.join(missing)} (needed: {', '.join(needed)}, or X and y)")


def images_of_archive(path: Path) -> np.ndarray:
    """The images in an `.npz` that has no labels, or whose labels do not matter: of its test set, if it has one."""
    names = _names(path)
    found = next((each for part in (_TEST, (), _TRAIN) if (each := _find(names, _IMAGES, part))), None)
    if found is None and len(names) == 1:
        found = names[0]
    if found is None:
        raise DataError(f"{path}: which of its arrays holds images cannot be told ({', '.join(names)}); call it X")
    return _arrays(path, [found])[found]


def read_single(path: Path) -> np.ndarray:
    """The only array of an `.npy` or `.npz` file."""
    n_bytes = require_regular(path)
    if kind_of(path) is Kind.NPY:
        with opened(path) as stream:
            return read_npy(stream, str(path), n_bytes)
    names = _names(path)
    if len(names) != 1:
        raise DataError(f"{path}: must hold one array, and holds {', '.join(names) or 'none'}")
    return _arrays(path, names)[names[0]]


def _names(path: Path) -> list[str]:
    return read_npz(path, str(path), [], 0)[1]


def _arrays(path: Path, names: list[str]) -> dict[str, np.ndarray]:
    return read_npz(path, str(path), names, plausible_bytes(require_regular(path)))[0]


def _pair(names: list[str], part: tuple[str, ...]) -> tuple[str, str] | None:
    images, labels = _find(names, _IMAGES, part), _find(names, _LABELS, part)
    return (images, labels) if images and labels else None


def _find(names: list[str], kinds: tuple[str, ...], part: tuple[str, ...]) -> str | None:
    """The name of the array of one of these kinds, of a part of the data: `x_train`, `train_x`, `X_train`; `X`."""
    wanted = [f"{kind}_{each}" for kind in kinds for each in part] + [
        f"{each}_{kind}" for kind in kinds for each in part
    ]
    for want in wanted or kinds:
        for name in names:
            if name.lower() == want:
                return name
    return None


def _part(path: Path, arrays: dict[str, np.ndarray], images: str, labels: str) -> Part:
    return Part(arrays[images], arrays[labels], f"{path}: {images}", f"{path}: {labels}")
