"""Pictures of one size as grey images, from files or from cells of a table."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fastnet.errors import DataError, damage_told_as
from fastnet.packages import require_packages

from .scales import WHITES
from .signatures import Kind, kind_of, what_it_is

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_PIXELS = 2**20  # of a picture, and there are many


def grey_images(names: Sequence[str], contents: Sequence[bytes | None], most_bytes: int | None = None) -> np.ndarray:
    """The pixels of pictures, uint8 `(n, height, width)`, at most `most_bytes` of them; colours become grey.

    A content of None is read from the file that its name says. DataError, naming the picture, for what is no sound one,
    and where they are not of one size; OptionError if Pillow is missing.
    """
    images = np.empty((0, 0, 0), np.uint8)
    for number, (name, content) in enumerate(zip(names, contents, strict=True)):
        image = _grey(name, content)
        if not number:
            n_bytes = len(names) * image.size
            if most_bytes is not None and n_bytes > most_bytes:
                raise DataError(
                    f"{name}: {len(names):,} such pictures have {n_bytes:,} pixels, and {most_bytes:,} may be"
                )
            images = np.empty((len(names), *image.shape), np.uint8)
        if image.shape != images.shape[1:]:
            sizes = " and ".join(f"{width}x{height}" for height, width in (images.shape[1:], image.shape))
            raise DataError(f"{name}: pictures to train on must be of one size, and there are {sizes} pixels")
        images[number] = image
    return images


def _grey(name: str, content: bytes | None) -> np.ndarray:
    """A picture's grey pixels `(height, width)`."""
    require_packages(f"{name}: reading pictures", "PIL")
    import PIL.Image

    if content is None:
        _require_picture(Path(name))
    source = name if content is None else io.BytesIO(content)
    with damage_told_as(DataError, f"{name}: is no sound picture"), PIL.Image.open(source) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            raise DataError(f"{name}: has more than {_MOST_PIXELS:,} pixels, too many to train on")
        if picture.has_transparency_data:
            raise DataError(f"{name}: is a picture with transparency, so that its grey is not told")
        return _in_bytes(name, picture)


def _in_bytes(name: str, picture: "Image") -> np.ndarray:
    """Its greys from 0 to 255, where Pillow would make white of all that is above 255 in a picture of 16 bits."""
    if picture.mode == "F":
        raise DataError(f"{name}: holds floating-point pixels, whose white is not told")
    if not picture.mode.startswith("I"):
        return np.asarray(picture.convert("L"))
    pixels = np.asarray(picture)
    white = next((white for white in WHITES[1:] if pixels.max() <= white), None)
    if white is None or pixels.min() < 0:
        raise DataError(f"{name}: has pixels from {pixels.min()} to {pixels.max()}, and {WHITES[-1]} is white at most")
    return np.rint(pixels * (255 / white)).astype(np.uint8)


def _require_picture(path: Path) -> None:
    if path.is_dir():
        raise DataError(f"{path}: is a folder among pictures; folders of classes have none below them")
    if kind_of(path) not in (Kind.PICTURE, Kind.UNKNOWN):
        raise DataError(f"{path}: is {what_it_is(path)}, among pictures")
