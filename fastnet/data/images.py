"""Images to ask a model about, from IDX, CSV, `.npz`, `.npy` or Parquet."""

from pathlib import Path

import numpy as np

from fastnet.errors import DataError

from .archives import images_of_archive, read_single
from .csv_files import read_csv
from .frames import read_parquet
from .idx import read_idx
from .orientation import is_transposed_by_name, transposed
from .scales import scale_pixels
from .signatures import Kind, kind_of, what_it_is
from .tables import split_table


def holds_images(path: Path) -> bool:
    """Whether a file is of a kind that `load_images` reads, by its first bytes; a picture is not."""
    return path.is_file() and kind_of(path, inside=True) in (Kind.IDX, Kind.TEXT, Kind.ZIP, Kind.NPY, Kind.PARQUET)


def load_images(path: Path, is_transposed: bool | None = None) -> tuple[np.ndarray, float]:
    """The images in a file, uint8 or float32 `(n, n_pixels)`, and the scale that makes their pixels 0 to 1.

    The file is IDX (plain or gzip), CSV, `.npz`, `.npy` or Parquet, told by its content; labels in it are left out.
    `is_transposed` says whether images are stored column by column, and are to be turned upright; None, that those
    are which are EMNIST's by their name. A `Predictor` takes them as they are, and scales uint8 as in its training.
    DataError for any other, and for what is damaged.
    """
    images = _images(path)
    if images.ndim < 2 or not images.size:
        raise DataError(f"{path}: holds no images (its shape is {images.shape})")
    if is_transposed_by_name(str(path)) if is_transposed is None else is_transposed:
        images = transposed(images, str(path))
    (flat,), scale, _ = scale_pixels([images], str(path))
    return flat, scale


def _images(path: Path) -> np.ndarray:
    kind = kind_of(path, inside=True)
    if kind is Kind.IDX:
        return read_idx(path, 3)
    if kind is Kind.TEXT:
        return split_table(read_csv(path), is_labelled=None).images
    if kind is Kind.PARQUET:
        return split_table(read_parquet(path), is_labelled=None).images
    if kind is Kind.NPY:
        return read_single(path)
    if kind is Kind.ZIP:
        return images_of_archive(path)
    raise DataError(f"{path}: is {what_it_is(path)}; images are read from IDX, CSV, .npz, .npy and Parquet files")
