"""Folders of pictures by class: `train/7/*.png` and `test/7/*.png`, or `7/*.png` alone."""

from pathlib import Path

import numpy as np

from fastnet.errors import DataError
from fastnet.packages import require_packages

from .parts import Found, Part
from .signatures import Kind, kind_of, what_it_is

_TRAIN, _TEST = ("train", "training"), ("test", "testing", "t10k")
_MOST_PIXELS = 2**20  # of a picture, and there are many


def load_folders(directory: Path) -> Found | None:
    """The pictures in folders that are named as their classes; None where there are no such folders.

    All must be of one size; colours become grey. Hidden files are passed over. DataError for other files that are no
    pictures, OptionError if Pillow is missing.
    """
    folders = {path.name.lower(): path for path in _folders(directory)}
    train = next((folders[name] for name in _TRAIN if name in folders), None)
    test = next((folders[name] for name in _TEST if name in folders), None)
    if train is None and test is None:
        return Found(_load(directory), None) if any(map(_pictures, folders.values())) else None
    if train is None or not _folders(train):
        return None
    return Found(_load(train), _load(test) if test and _folders(test) else None)


def _load(directory: Path) -> Part:
    labelled = [(folder.name, path) for folder in _folders(directory) for path in _pictures(folder)]
    if not labelled:
        raise DataError(f"{directory}: its folders hold no pictures")
    images = np.empty((0, 0, 0), np.uint8)
    for number, (_, path) in enumerate(labelled):
        image = _read(path)
        if not number:
            images = np.empty((len(labelled), *image.shape), np.uint8)
        if image.shape != images.shape[1:]:
            sizes = " and ".join(f"{width}x{height}" for height, width in (images.shape[1:], image.shape))
            raise DataError(f"{path}: pictures to train on must be of one size, and there are {sizes} pixels")
        images[number] = image
    labels = np.array([label for label, _ in labelled])
    return Part(images, labels, str(directory), f"{directory}: its folders")


def _folders(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.is_dir() and not path.name.startswith("."))


def _pictures(folder: Path) -> list[Path]:
    """All files of a folder, in the order of their names."""
    hidden = (".", "Thumbs.db", "desktop.ini")
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(hidden))


def _read(path: Path) -> np.ndarray:
    """A picture's grey pixels `(height, width)`."""
    require_packages(f"{path}: reading pictures", "PIL")
    from PIL import Image

    if kind_of(path) not in (Kind.PICTURE, Kind.UNKNOWN):
        raise DataError(f"{path}: is {what_it_is(path)}, among pictures")
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise DataError(f"{path}: has more than {_MOST_PIXELS:,} pixels, too many to train on")
            if picture.has_transparency_data:
                raise DataError(f"{path}: is a picture with transparency, so that its grey is not told")
            return np.asarray(picture.convert("L"))
    except (DataError, MemoryError):
        raise
    except Exception as error:  # a damaged picture can raise nearly anything
        raise DataError(f"{path}: is no sound picture") from error
