"""Data sets on disk: the bundled MNIST, a directory of four IDX files, or an `.npz`."""

import re
from pathlib import Path

import numpy as np

from fastnet.errors import DataError, did_you_mean

from .idx import read_idx
from .samples import PIXEL_SCALE, Dataset, Samples, as_float32, as_labels

BUNDLED = "mnist"

_BUNDLED_DIRECTORY = Path(__file__).parent / "mnist"


def load_dataset(source: str | Path = BUNDLED) -> Dataset:
    """Load "mnist" (bundled), a directory with four MNIST-style IDX files, or an `.npz` file.

    An `.npz` holds `x_train, y_train, x_test, y_test`. A `SHA256SUMS` file in the directory is held against the files
    it names. DataError where something is missing, damaged or does not fit together.
    """
    if str(source) == BUNDLED:
        return _load_directory(_BUNDLED_DIRECTORY, BUNDLED)
    path = Path(source)
    if path.is_dir():
        return _load_directory(path, str(path))
    if path.suffix == ".npz" and path.is_file():
        return _load_npz(path)
    if path.exists():
        raise DataError(f'{path}: neither a directory with IDX files nor an .npz file, nor the word "{BUNDLED}"')
    near = did_you_mean(path.name, [BUNDLED])
    raise DataError(f'{path}: no such data set (give a directory with IDX files, an .npz file or "{BUNDLED}"){near}')


# ---- A directory of IDX files ---------------------------------------------------------------------------------------

# "test" is EMNIST's word for "t10k"; some copies of MNIST say ".idx3" for "-idx3".
_IDX_NAMES = {
    ("train", "images"): re.compile(r".*train-images[-.]idx3-ubyte(\.gz)?"),
    ("train", "labels"): re.compile(r".*train-labels[-.]idx1-ubyte(\.gz)?"),
    ("test", "images"): re.compile(r".*(t10k|test)-images[-.]idx3-ubyte(\.gz)?"),
    ("test", "labels"): re.compile(r".*(t10k|test)-labels[-.]idx1-ubyte(\.gz)?"),
}


def _load_directory(directory: Path, source: str) -> Dataset:
    sums = _read_sums(directory)
    return Dataset(_load_idx_pair(directory, "train", sums), _load_idx_pair(directory, "test", sums), source).checked()


def _load_idx_pair(directory: Path, part: str, sums: dict[str, str]) -> Samples:
    images_path, labels_path = (_find_idx(directory, part, kind) for kind in ("images", "labels"))
    images = read_idx(images_path, 3, _expected_sum(images_path, sums))
    labels = read_idx(labels_path, 1, _expected_sum(labels_path, sums))
    if images_path.name.startswith("emnist-"):
        images = images.transpose(0, 2, 1)  # EMNIST stores its pictures column by column
    return _samples(images, labels, str(images_path), str(labels_path))


def _find_idx(directory: Path, part: str, kind: str) -> Path:
    """The one file of that part and kind; of a plain and a gzip-compressed copy, the plain one."""
    pattern = _IDX_NAMES[part, kind]
    found = {
        path.name.removesuffix(".gz"): path
        for path in sorted(directory.iterdir(), reverse=True)
        if pattern.fullmatch(path.name) and path.is_file()
    }
    if not found:
        example = "t10k" if part == "test" else part
        axes = 3 if kind == "images" else 1
        raise DataError(f"{directory}: holds no {part} {kind} (a file like {example}-{kind}-idx{axes}-ubyte.gz)")
    if len(found) > 1:
        raise DataError(f"{directory}: holds several files of {part} {kind}: {', '.join(sorted(found))}; keep one")
    return found.popitem()[1]


def _read_sums(directory: Path) -> dict[str, str]:
    """{file name: SHA-256} from a SHA256SUMS file; the bundled data must have one."""
    path = directory / "SHA256SUMS"
    if not path.is_file():
        if directory == _BUNDLED_DIRECTORY:
            raise DataError(f"{path}: is missing, so the bundled data cannot be verified; reinstall fastnet")
        return {}
    sums = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        digest, _, name = line.partition(" ")
        sums[name.strip().lstrip("*")] = digest.lower()
    return sums


def _expected_sum(path: Path, sums: dict[str, str]) -> str | None:
    """The sum under the name of the file, or of the file decompressed."""
    return sums.get(path.name, sums.get(path.name.removesuffix(".gz")))


# ---- An .npz file ---------------------------------------------------------------------------------------------------


def _load_npz(path: Path) -> Dataset:
    names = ("x_train", "y_train", "x_test", "y_test")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in names if name in archive.files}
    except Exception as error:  # a damaged archive can raise nearly anything
        raise DataError(f"{path}: is not a sound .npz file of plain numbers (pickled objects are refused)") from error
    missing = [name for name in names if not isinstance(arrays.get(name), np.ndarray)]
    if missing:
        raise DataError(f"{path}: lacks {', '.join(missing)} (needed: {', '.join(names)})")
    train, test = (
        _samples(arrays[f"x_{part}"], arrays[f"y_{part}"], f"{path}: x_{part}", f"{path}: y_{part}")
        for part in ("train", "test")
    )
    return Dataset(train, test, str(path)).checked()


# ---- Either ----------------------------------------------------------------------------------------------------------


def _samples(images: np.ndarray, labels: np.ndarray, images_name: str, labels_name: str) -> Samples:
    """Samples from images of any number of axes; DataError for what is no such thing."""
    if images.ndim < 2 or images.size == 0:
        raise DataError(f"{images_name}: holds no images (its shape is {images.shape})")
    labels = as_labels(labels, len(images), labels_name, images_name)
    if images.dtype != np.uint8:
        images = as_float32(images, images_name)
    features = np.ascontiguousarray(images.reshape(len(images), -1))
    return Samples(features, labels, PIXEL_SCALE if features.dtype == np.uint8 else 1.0)
