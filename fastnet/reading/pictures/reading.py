"""Open a picture safely: from a path, bytes, a file, a Pillow image or an array to upright grey or RGB pixels."""

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps

from fastnet.bounded import TooLargeError, read_bounded
from fastnet.data.scales import WHITES
from fastnet.errors import DataError, damage_told_as

from .files import count_pages, fault_of, opened


@dataclass(frozen=True)
class Page:
    """One page of a document, PDF or TIFF, counted from 1."""

    content: bytes
    number: int


Source = str | Path | bytes | BinaryIO | Page | Image.Image | np.ndarray

_ENOUGH_PIXELS = 4_000_000  # a JPEG that has several times more is decoded at a half, quarter or eighth of its size
_LUMINANCE = np.array([0.299, 0.587, 0.114])  # ITU-R 601
_SAMPLE_PIXELS = 250_000  # enough to tell colours by
_REDUCED_BY = 4  # in area: so many more pixels may a picture have that is reduced while it is decoded
_INK_ON_PAGE = 60  # difference of brightness above which what is opaque holds both page and ink


@dataclass(frozen=True)
class Limits:
    """The largest picture that is accepted."""

    megapixels: float = 16
    megabytes: float = 20
    advice: str = ""  # how messages about a larger one end
    pages: int | None = None  # of a document; None for any number


@dataclass(frozen=True)
class Picture:
    """An upright picture, without transparency, of mode L or RGB; one of its pixels is `scale` pixels of the file."""

    image: Image.Image
    scale: float


def pages_of(source: Source, name: str, limits: Limits) -> Iterator[tuple[int | None, Source]]:
    """Each page of a document with its number; a picture as it is, without one.

    A PDF document has pages, and so has a TIFF file of several pictures. DataError as `open_picture` has it.
    """
    if isinstance(source, (Page, Image.Image, np.ndarray)):
        yield None, source
        return
    content = _content(source, name, limits)
    with _soundly_opened(name, content, limits):
        n = count_pages(content, name)
    if n is None:
        yield None, content
    elif limits.pages is not None and n > limits.pages:
        raise DataError(f"{name}: has {n:,} pages, and {limits.pages} are read at most")
    else:
        yield from ((number, Page(content, number)) for number in range(1, n + 1))


def open_picture(source: Source, name: str, limits: Limits) -> Picture:
    """Return the upright picture; DataError, one sentence that opens with `name`, if there is none or it is too large.

    Size and format are tested before a pixel is decoded. Of an animation or a document, the first picture is taken.
    """
    if isinstance(source, np.ndarray):
        return _upright(_from_array(source, name), name, limits)
    if isinstance(source, Image.Image):
        try:
            return _upright(source, name, limits)
        except OSError as error:
            raise DataError(f"{name}: cannot be read ({error.strerror or error})") from error
    page = source if isinstance(source, Page) else Page(_content(source, name, limits), 1)
    with (
        _soundly_opened(name, page.content, limits),
        opened(page.content, page.number, name, int(limits.megapixels * 10**6)) as image,
    ):
        return _upright(image, name, limits)


@contextmanager
def _soundly_opened(name: str, content: bytes, limits: Limits) -> Iterator[None]:
    """One sentence for whatever goes wrong with the file."""
    with warnings.catch_warnings(), damage_told_as(DataError, f"{name}: {fault_of(content, name)}"):
        warnings.simplefilter("ignore")  # Pillow's remarks on odd files
        try:
            yield
        except Image.DecompressionBombError as error:
            raise _too_many_pixels(name, limits) from error


def _content(source: str | Path | bytes | BinaryIO, name: str, limits: Limits) -> bytes:
    """The bytes of a file, read no further than the limit."""
    most_bytes = int(limits.megabytes * 10**6)
    if isinstance(source, io.TextIOBase) or not (isinstance(source, (str, Path, bytes)) or hasattr(source, "read")):
        accepted = "a path, bytes, a binary file, a Pillow image or an array of pixels"
        raise DataError(f"{name}: must be {accepted}, not {type(source).__name__}")
    try:
        if isinstance(source, (str, Path)):
            return read_bounded(source, most_bytes)
        content = source if isinstance(source, bytes) else source.read(most_bytes + 1)
    except FileNotFoundError as error:
        raise DataError(f"{name}: no such file") from error
    except TooLargeError as error:
        raise _too_many_bytes(name, limits) from error
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({error.strerror or error})") from error
    if len(content) > most_bytes:
        raise _too_many_bytes(name, limits)
    return content


def _upright(image: Image.Image, name: str, limits: Limits) -> Picture:
    """The picture as it is meant to be seen, reduced if it is far larger than needed."""
    width, height = image.size
    if width * height > limits.megapixels * 10**6 * (_REDUCED_BY if _is_reduced_while_decoding(image) else 1):
        raise _too_many_pixels(name, limits, f" ({width} x {height} pixels)")
    if width == 0 or height == 0:
        raise DataError(f"{name}: has no pixels")
    shrink = min(1, math.sqrt(_ENOUGH_PIXELS / (width * height)))
    image.draft("", (math.ceil(width * shrink), math.ceil(height * shrink)))  # JPEG: decode fewer pixels
    turned = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
    plain = _opaque(_eight_bits(ImageOps.exif_transpose(image) if turned else image, name))
    return Picture(plain, math.sqrt(width * height / (plain.width * plain.height)))


def _is_reduced_while_decoding(image: Image.Image) -> bool:
    """Whether a quarter of the pixels take a quarter of the memory: of a JPEG whose scans need not be held.

    MPO is how phones put a second picture behind it.
    """
    return image.format in ("JPEG", "MPO") and not image.info.get("progressive")


def _eight_bits(image: Image.Image, name: str) -> Image.Image:
    """The same picture in mode L, RGB or RGBA."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_scaled(np.asarray(image), name))  # Pillow's own conversion saturates
    if image.has_transparency_data:
        return image.convert("RGBA")
    mode = "L" if image.mode in ("1", "L") else "RGB"
    image.load()
    return image if image.mode == mode else image.convert(mode)


def _from_array(array: np.ndarray, name: str) -> Image.Image:
    """A picture from pixels `(H, W)`, `(H, W, 3)` or `(H, W, 4)`."""
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise DataError(f"{name}: an array of pixels must be (H, W), (H, W, 3) or (H, W, 4), not {array.shape}")
    if array.dtype.kind not in "buif":
        raise DataError(f"{name}: pixels must be numbers, not {array.dtype}")
    if 0 in array.shape:
        raise DataError(f"{name}: has no pixels")
    return Image.fromarray(array if array.dtype == np.uint8 else _scaled(array, name))


def _scaled(pixels: np.ndarray, name: str) -> np.ndarray:
    """Pixels of another type as uint8: black is 0 (or the least, if negative), white the next of the usual scales."""
    if not np.isfinite(pixels).all():
        raise DataError(f"{name}: holds NaN or infinite pixels")
    least, most = min(0, float(pixels.min())), float(pixels.max())
    integer_scales = WHITES if pixels.dtype.kind in "bf" else WHITES[1:]
    white = next((scale for scale in integer_scales if most <= scale), most)
    return ((pixels - np.float32(least)) * np.float32(255 / max(white - least, 1e-30))).astype(np.uint8)


def _opaque(image: Image.Image) -> Image.Image:
    """Lay transparency over a ground on which the ink contrasts.

    What is opaque may be a page that has ink on it: its usual colour continues beyond it. Or it is one colour, the
    ink: then the ground is white under dark ink, black under light ink.
    """
    if image.mode != "RGBA":
        return image
    step = math.ceil(math.sqrt(image.width * image.height / _SAMPLE_PIXELS))
    pixels = np.asarray(image)[::step, ::step]
    opaque = pixels[pixels[..., 3] > 127][:, :3]
    ground = np.array([255, 255, 255])
    if len(opaque):
        usual = np.median(opaque, axis=0)
        is_page = np.mean(pixels[..., 3] > 127) > 0.5 and np.ptp(opaque @ _LUMINANCE) > _INK_ON_PAGE
        ground = usual if is_page else ground * (usual @ _LUMINANCE < 128)
    backdrop = Image.new("RGBA", image.size, tuple(int(value) for value in ground))
    return Image.alpha_composite(backdrop, image).convert("RGB")


def _too_many_pixels(name: str, limits: Limits, found: str = "") -> DataError:
    return DataError(f"{name}: has more than {limits.megapixels:g} megapixels{found}{limits.advice}")


def _too_many_bytes(name: str, limits: Limits) -> DataError:
    return DataError(f"{name}: is larger than {limits.megabytes:g} MB{limits.advice}")
