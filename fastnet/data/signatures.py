"""What a file is, told by its first bytes: names lie, and downloads go wrong."""

import gzip
import re
import stat
import zlib
from enum import StrEnum
from pathlib import Path

from fastnet.errors import DataError, unreadable_told_as

_HEAD = 4096  # bytes that are looked at


class Kind(StrEnum):
    """The kinds that are told apart, in words that follow "is"."""

    EMPTY = "empty"
    IDX = "an IDX file"
    GZIP = "a gzip file"
    ZIP = "a zip archive"
    NPY = "a single NumPy array (.npy)"
    PARQUET = "a Parquet file"
    ARFF = "an ARFF file"
    HTML = "a web page (HTML), as a download that failed leaves it"
    LFS = "a Git LFS pointer instead of the file (`git lfs pull` fetches that)"
    JSON = "JSON"
    PICTURE = "a picture"
    PDF = "a PDF document"
    POSTSCRIPT = "a PostScript document"
    HEIC = "a HEIC picture"
    AVIF = "an AVIF picture"
    SVG = "an SVG drawing"
    PICKLE = "a Python pickle, which is never loaded"
    HDF5 = "an HDF5 file"
    SQLITE = "an SQLite database"
    ARCHIVE = "an archive of another kind (tar, 7z, xz, bzip2, Zstandard, RAR)"
    UTF16 = "text in UTF-16, where UTF-8 is needed"
    TEXT = "text"
    UNKNOWN = "of no kind that is known here"


_SIGNATURES = (
    (b"\x1f\x8b", Kind.GZIP),
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"\x93NUMPY", Kind.NPY),
    (b"PAR1", Kind.PARQUET),
    (b"\x89PNG", Kind.PICTURE),
    (b"\xff\xd8\xff", Kind.PICTURE),
    (b"GIF8", Kind.PICTURE),
    (b"II*\0", Kind.PICTURE),
    (b"MM\0*", Kind.PICTURE),
    (b"%PDF", Kind.PDF),
    (b"%!PS", Kind.POSTSCRIPT),
    (b"\x89HDF\r\n", Kind.HDF5),
    (b"SQLite format 3", Kind.SQLITE),
    (b"7z\xbc\xaf\x27\x1c", Kind.ARCHIVE),
    (b"\xfd7zXZ\0", Kind.ARCHIVE),
    (b"BZh", Kind.ARCHIVE),
    (b"\x28\xb5\x2f\xfd", Kind.ARCHIVE),
    (b"Rar!", Kind.ARCHIVE),
    (b"\xff\xfe", Kind.UTF16),
    (b"\xfe\xff", Kind.UTF16),
    (b"version https://git-lfs", Kind.LFS),
    *((bytes([0x80, version]), Kind.PICKLE) for version in range(2, 6)),
)
_BRANDS = {  # of what comes in the boxes of MPEG-4
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), Kind.HEIC),
    **dict.fromkeys((b"avif", b"avis"), Kind.AVIF),
}
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f"))  # which text does not hold


def what_it_is(path: Path) -> str:
    """A phrase that follows "is": "a web page (HTML)...", "a zip archive", "empty"; DataError if it cannot be read."""
    return kind_of(path).value


def kind_of(path: Path, inside: bool = False) -> Kind:
    """The kind of a file; `inside` looks into gzip. DataError if it cannot be read, or is no regular file."""
    head = read_head(path)
    return kind_of_bytes(_unpacked(head) if inside and head.startswith(b"\x1f\x8b") else head)


def kind_of_bytes(head: bytes) -> Kind:
    """The kind of a file that begins with these bytes."""
    if not head:
        return Kind.EMPTY
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:3] == b"\0\0\x08" and head[3:4] in b"\1\2\3\4":
        return Kind.IDX
    if head[257:262] == b"ustar":
        return Kind.ARCHIVE
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], Kind.UNKNOWN)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind.PICTURE
    return _kind_of_text(head)


def read_head(path: Path) -> bytes:
    """The first bytes of a regular file."""
    require_regular(path)
    with unreadable_told_as(DataError, path), path.open("rb") as file:
        return file.read(_HEAD)


def require_regular(path: Path) -> int:
    """The size of a file in bytes; DataError for what is no file on a disk: a pipe could block, a device never end."""
    try:
        with unreadable_told_as(DataError, path):
            found = path.stat()
    except ValueError as error:  # a null byte in the name
        raise DataError(f"{path!s}: cannot be read ({error})") from error
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise DataError(f"{path}: cannot be read (it is no regular file)")
    return found.st_size


def _kind_of_text(head: bytes) -> Kind:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<svg", b"<?xml", b"<!doctype svg")) and b"<svg" in start:
        return Kind.SVG
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        return Kind.HTML
    if re.match(rb"[{\[]\s*([\"{\[\]}\d-]|true|false|null)", start):
        return Kind.JSON
    if start.startswith((b"@relation", b"%")):
        return Kind.ARFF
    if set(head) & set(_CONTROL):
        return Kind.UNKNOWN
    return Kind.TEXT


def _unpacked(head: bytes) -> bytes:
    """What the first bytes of a gzip file hold; as they are where they hold nothing."""
    try:
        return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS).decompress(head, _HEAD)
    except (zlib.error, gzip.BadGzipFile):
        return head
