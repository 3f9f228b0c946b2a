"""Folders of pictures by class: `train/7/*.png` and `test/7/*.png`, or `7/*.png` alone."""

from collections.abc import Collection
from pathlib import Path

import numpy as np

from fastnet.errors import DataError

from .greys import grey_images
from .parts import Found, Part
from .signatures import Kind, kind_of

_TRAIN, _TEST = ("train", "training"), ("test", "testing", "t10k")
_HIDDEN = (".", "Thumbs.db", "desktop.ini")
_FEW = 3  # names in a note


def holds_classes(directory: Path) -> bool:
    """Whether there are pictures in two folders or more, or in those of the folder for training.

    So these are the data, whatever tables lie beside them, such as lists of the pictures.
    """
    train, _ = _parts(directory)
    return sum(map(_has_picture, _folders(train or directory))) > 1


def load_folders(directory: Path) -> Found | None:
    """The pictures in folders that are named as their classes; None where there are no such folders.

    All must be of one size; colours become grey. Hidden files are passed over, and what lies beside the folders is
    noted. DataError for other files that are no pictures, OptionError if Pillow is missing.
    """
    train, test = _parts(directory)
    if train is None and test is None:
        folders = _folders(directory)
        if all(path.is_dir() for folder in folders for path in _entries(folder)):
            return None
        return Found(_load(directory), None, _left_out(directory, folders))
    if train is None or not _folders(train):
        return None
    used = [train] if test is None or not _folders(test) else [train, test]
    notes = _left_out(directory, used)
    for part in used:
        notes += _left_out(part, _folders(part))
    return Found(_load(train), _load(used[1]) if len(used) > 1 else None, notes)


def _parts(directory: Path) -> tuple[Path | None, Path | None]:
    """The folders for training and for testing."""
    folders = {path.name.lower(): path for path in _folders(directory)}
    train, test = (next((folders[name] for name in names if name in folders), None) for names in (_TRAIN, _TEST))
    return train, test


def _load(directory: Path) -> Part:
    labelled = [(folder.name, str(path)) for folder in _folders(directory) for path in _entries(folder)]
    if not labelled:
        raise DataError(f"{directory}: its folders hold no pictures")
    images = grey_images([path for _, path in labelled], [None] * len(labelled))
    labels = np.array([label for label, _ in labelled])
    return Part(images, labels, str(directory), f"{directory}: its folders")


def _folders(directory: Path) -> list[Path]:
    return [path for path in _entries(directory) if path.is_dir()]


def _entries(folder: Path) -> list[Path]:
    """All that is in a folder and not hidden, in the order of the names."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith(_HIDDEN))


def _has_picture(folder: Path) -> bool:
    return any(path.is_file() and kind_of(path) is Kind.PICTURE for path in _entries(folder)[:1])


def _left_out(directory: Path, used: Collection[Path]) -> tuple[str, ...]:
    """A note on what lies in a directory and is not used."""
    names = [path.name for path in _entries(directory) if path not in used]
    if not names:
        return ()
    more = f" and {len(names) - _FEW:,} more" if len(names) > _FEW else ""
    return (f"beside the folders of {directory.name}, this is left out: {', '.join(names[:_FEW])}{more}",)
