"""Files of pictures: what Pillow opens by itself, HEIC and PDF, which need an extra, and what is wrong with others."""

import io
import math
import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from typing import Any

from PIL import Image

from fastnet.data.signatures import Kind, kind_of_bytes
from fastnet.errors import DataError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
EXTENSIONS = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff")
EXTRA_EXTENSIONS = (".pdf", ".heic", ".heif", ".hif")  # of what is read where an extra is installed
UNREAD_EXTENSIONS = (  # of what are pictures too: a directory of them must not be passed over
    *(".avif", ".jxl", ".jp2", ".j2k", ".jpx", ".svg", ".psd", ".ico", ".tga"),
    *(".pbm", ".pgm", ".ppm", ".pnm", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2"),
)

_HEAD = 4096  # bytes that tell the kind
_ENDS = {b"\x89PNG": b"IEND\xaeB`\x82", b"\xff\xd8": b"\xff\xd9", b"GIF8": b";"}
_PDF_SCALE = 200 / 72  # pixels a point: 200 to the inch
_PDFIUM = threading.Lock()  # which knows no threads


@contextmanager
def opened(content: bytes, page: int, name: str, most_pixels: int) -> Iterator[Image.Image]:
    """Yield a page of the file, from 1, without decoding it; of PDF, drawn with at most so many pixels.

    DataError where an extra is missing; what a damaged file raises comes through.
    """
    kind = kind_of_bytes(content[:_HEAD])
    if kind is Kind.PDF:
        yield _drawn(content, page, name, most_pixels)
        return
    if kind is Kind.HEIC:
        _register_heic(name)
    with Image.open(io.BytesIO(content), formats=("HEIF",) if kind is Kind.HEIC else FORMATS) as image:
        if page > 1:
            image.seek(page - 1)
        yield image


def count_pages(content: bytes, name: str) -> int | None:
    """How many pages the file has; None if it is one picture, as an animation is, too."""
    if kind_of_bytes(content[:_HEAD]) is Kind.PDF:
        pdfium = _pdfium(name)
        with _PDFIUM, closing(pdfium.PdfDocument(content)) as document:
            return len(document)
    if content[:4] not in (b"II*\0", b"MM\0*"):
        return None
    with Image.open(io.BytesIO(content), formats=("TIFF",)) as image:
        n: int = getattr(image, "n_frames", 1)
    return n if n > 1 else None


def fault_of(content: bytes, name: str) -> str:
    """What is wrong with a file that no reader takes, in words that follow its name."""
    kind, readable = kind_of_bytes(content[:_HEAD]), f"({', '.join(FORMATS)} are read)"
    _, extension = os.path.splitext(name.lower())
    if kind is Kind.EMPTY:
        return "is empty (0 bytes)"
    if kind is Kind.PDF:
        return "is a damaged PDF document, or one that asks for a password"
    if kind is Kind.PICTURE or kind is Kind.HEIC or content[:2] == b"BM":
        return "is a picture that is cut short" if _is_cut_short(content) else "is a picture that is damaged"
    if kind is Kind.AVIF or (kind in (Kind.UNKNOWN, Kind.TEXT) and extension in UNREAD_EXTENSIONS):
        named = kind.value if kind is Kind.AVIF else f"a picture by its name ({extension[1:].upper()})"
        return f"is {named}, which is not read; make {' or '.join(FORMATS[:2])} of it"
    if kind is Kind.UNKNOWN:
        named = f" by its content, though its name ends in {extension}" if extension else ""
        return f"is no picture{named} {readable}"
    return f"is {kind.value}, not a picture {readable}"


def _is_cut_short(content: bytes) -> bool:
    """Whether the end is missing that pictures of its kind have."""
    if content[:4] == b"RIFF":
        return int.from_bytes(content[4:8], "little") + 8 > len(content)
    if content[:2] == b"BM":
        return int.from_bytes(content[2:6], "little") > len(content)
    end = next((end for start, end in _ENDS.items() if content.startswith(start)), b"")
    return not content.rstrip(b"\0\r\n").endswith(end)


# ---- Extras ---------------------------------------------------------------------------------------------------------


def _drawn(content: bytes, page: int, name: str, most_pixels: int) -> Image.Image:
    """A page of a PDF document as it would be printed, with what was filled in."""
    pdfium = _pdfium(name)
    with _PDFIUM, closing(pdfium.PdfDocument(content)) as document:
        document.init_forms()
        with closing(document[page - 1]) as sheet:
            width, height = sheet.get_size()
            scale = min(_PDF_SCALE, math.sqrt(most_pixels / max(1, width * height)) * 0.999)
            with closing(sheet.render(scale=scale)) as bitmap:
                drawn: Image.Image = bitmap.to_pil().convert("RGB")
                return drawn.copy()  # the bitmap's memory goes


def _pdfium(name: str) -> Any:
    if find_spec("pypdfium2") is None:
        raise DataError(f"{name}: is a PDF document, which one more package reads; {_install('pypdfium2', 'pdf')}")
    import pypdfium2

    return pypdfium2


def _register_heic(name: str) -> None:
    if find_spec("pillow_heif") is None:
        raise DataError(f"{name}: is a HEIC picture, which one more package reads; {_install('pillow-heif', 'heic')}")
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False)


def _install(package: str, extra: str) -> str:
    # Without a command: a server passes it on to strangers, whom it does not tell where its Python lies.
    return f"install {package} (fastnet's extra {extra!r}), or save it as JPEG or PNG"
