"""A set of files that hold one array each, with names that say which: MNIST's IDX files and all that are named alike.

`train-images-idx3-ubyte.gz`, `emnist-letters-test-labels-idx1-ubyte`, `kmnist-train-imgs.npz`, `train_labels.npy`. What
stands before "train" tells sets apart that lie in one directory, as EMNIST's six do.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fastnet.errors import DataError

from .archives import read_single
from .idx import read_idx
from .labels import read_mapping
from .parts import Found, Part
from .signatures import Kind, kind_of

# "latest" is no test; "test" is EMNIST's word for "t10k"; some copies of MNIST say ".idx3" for "-idx3".
_NAME = re.compile(
    r"(?P<set>.*?)[-_]?(?<![a-zA-Z])(?P<part>train|t10k|test)[-_](?P<kind>images|imgs|labels)"
    r"([-.]idx[13][-.]ubyte)?(\.gz|\.npz|\.npy)?"
)
_PART = {"train": "train", "t10k": "test", "test": "test"}


def sets_of_arrays(directory: Path) -> list[str]:
    """What comes before "train" or "test" in the names of such files; "" for nothing."""
    return sorted({match["set"] for match, _ in _files(directory)})


def set_of_file(path: Path) -> str | None:
    """The set that a file belongs to, by its name."""
    match = _NAME.fullmatch(path.name)
    return match["set"] if match else None


def load_set(directory: Path, name: str | None, sums: Mapping[str, str]) -> Found:
    """The set of that name, or the only one; DataError where a file is missing, or several would do.

    Files that `sums` names, as they are or decompressed, are held against their SHA-256.
    """
    train, test = (_load_pair(directory, name, part, sums) for part in ("train", "test"))
    mappings = [path for path in sorted(directory.glob("*mapping.txt")) if path.name.startswith(name or "")]
    return Found(train, test, names=read_mapping(mappings[0]) if len(mappings) == 1 else None)


def _load_pair(directory: Path, name: str | None, part: str, sums: Mapping[str, str]) -> Part:
    paths = [_find(directory, name, part, kind) for kind in ("images", "labels")]
    images, labels = (_read(path, n_axes, sums) for path, n_axes in zip(paths, (3, 1), strict=True))
    return Part(images, labels, *map(str, paths))


def _find(directory: Path, name: str | None, part: str, kind: str) -> Path:
    """The one file of that part and kind; of a plain and a gzip-compressed copy, the plain one."""
    found = {
        path.name.removesuffix(".gz"): path
        for match, path in _files(directory)
        if _PART[match["part"]] == part
        and (match["kind"] == "labels") == (kind == "labels")
        and name in (None, match["set"])
    }
    if not found:
        example = "t10k" if part == "test" else part
        axes = 3 if kind == "images" else 1
        raise DataError(f"{directory}: holds no {part} {kind} (a file like {example}-{kind}-idx{axes}-ubyte.gz)")
    if len(found) > 1:
        others = [directory / each for each in sets_of_arrays(directory) if each]
        choice = f", or choose by what their names begin with: {others[0]}" if others else ""
        raise DataError(
            f"{directory}: holds several files of {part} {kind}: {', '.join(sorted(found))}; keep one{choice}"
        )
    return found.popitem()[1]


def _files(directory: Path) -> list[tuple[re.Match[str], Path]]:
    """The files whose names are as such names are, plain ones after compressed ones."""
    paths = [path for path in sorted(directory.iterdir(), reverse=True) if path.is_file()]
    return [(match, path) for path in paths if (match := _NAME.fullmatch(path.name))]


def _read(path: Path, n_axes: int, sums: Mapping[str, str]) -> np.ndarray:
    if kind_of(path) in (Kind.NPY, Kind.ZIP):
        return read_single(path)
    return read_idx(path, n_axes, sums.get(path.name, sums.get(path.name.removesuffix(".gz"))))
