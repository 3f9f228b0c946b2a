"""Read what a file promises and one byte more: what is longer is refused, and no memory is taken on a header's word.

A few bytes of gzip or zip can stand for a thousand times as many. So a file's header says how much is to come, that
must be no more than such a file plausibly holds, and it is read into place as it comes.
"""

import gzip
import io
import math
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from fastnet.bounded import read_bounded
from fastnet.errors import DataError, damage_told_as, unreadable_told_as

from .signatures import Kind, kind_of

_AT_A_TIME = 2**20
_MOST_HEADER = 2**14  # bytes of an .npy file before its numbers
_MOST_SMALL_TEXT = 2**20  # bytes
_MOST_GROWTH = 100  # handwriting shrinks to a fifth, nearly empty images to a fiftieth
_ALWAYS_PLAUSIBLE = 2**28  # bytes


def plausible_bytes(n_stored: int) -> int:
    """The most bytes that a compressed file of `n_stored` bytes is taken to hold."""
    return max(_ALWAYS_PLAUSIBLE, _MOST_GROWTH * n_stored)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a regular file, decompressed where it is gzip; DataError, naming the fault, as they are read."""
    try:
        if kind_of(path) is Kind.GZIP:
            with gzip.open(path) as unpacked:
                yield unpacked  # type: ignore[misc]
        else:
            with path.open("rb") as file:
                yield file
    except EOFError as error:
        raise DataError(f"{path}: is truncated: the gzip stream ends too early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: is not a sound gzip file ({error})") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


def read_small_text(path: Path) -> str:
    """The text of a small file that lies beside data; DataError for what is none, such as a pipe or a large file."""
    with unreadable_told_as(DataError, path):
        return read_bounded(path, _MOST_SMALL_TEXT).decode("utf-8", "replace")


def read_promised(stream: BinaryIO, n_bytes: int, begun: bytes = b"") -> tuple[np.ndarray, int, bool]:
    """`n_bytes` as uint8, how many of them there were, and whether more follow; `begun` are those read before."""
    content, n_read = np.empty(n_bytes, np.uint8), min(len(begun), n_bytes)
    content[:n_read] = np.frombuffer(begun[:n_read], np.uint8)
    while n_read < n_bytes:
        chunk = stream.read(min(_AT_A_TIME, n_bytes - n_read))
        if not chunk:
            break
        content[n_read : n_read + len(chunk)] = np.frombuffer(chunk, np.uint8)
        n_read += len(chunk)
    return content, n_read, len(begun) > n_bytes or bool(stream.read(1))


def read_npy(stream: BinaryIO, name: str, most_bytes: int) -> np.ndarray:
    """The array of an .npy stream of at most `most_bytes`; DataError, calling it `name`, for what is none.

    Objects, which would be pickled, and records are refused.
    """
    head = io.BytesIO(stream.read(_MOST_HEADER))
    with damage_told_as(DataError, f"{name}: is not a sound array of plain numbers (.npy)"):
        version = np.lib.format.read_magic(head)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, is_fortran, dtype = read_header(head)
        n_bytes = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or dtype.kind not in "biufcSU" or not dtype.itemsize or min(shape, default=0) < 0:
        raise DataError(f"{name}: holds {dtype}, not plain numbers (pickled objects are refused)")
    if n_bytes > most_bytes:
        raise DataError(f"{name}: its header promises {n_bytes:,} bytes, and {most_bytes:,} are the most for its file")
    content, n_read, has_more = read_promised(stream, n_bytes, head.read())
    if n_read < n_bytes or has_more:
        fault = "is truncated" if n_read < n_bytes else "is too long"
        found = f"{n_read}" if n_read < n_bytes else "more"
        raise DataError(f"{name}: {fault}: its header promises {n_bytes} bytes of data and it holds {found}")
    array = content.view(dtype) if n_bytes else np.empty(0, dtype)
    return array.reshape(shape[::-1]).T if is_fortran else array.reshape(shape)


def read_npz(
    file: Path | BinaryIO, name: str, wanted: Collection[str] | None, most_bytes: int
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Arrays of an .npz by their names, those that are `wanted` (None: all), and the names of all that it holds.

    Together they may have `most_bytes`. DataError, calling the file `name`, for what is no archive of such arrays.
    """
    unsound = f"{name}: is not a sound .npz file of plain numbers (pickled objects are refused)"
    arrays: dict[str, np.ndarray] = {}
    with damage_told_as(DataError, unsound), zipfile.ZipFile(file) as archive:
        entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        for key, entry in entries.items():
            if wanted is not None and key not in wanted:
                continue
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & 1:
                raise DataError(f"{name}: {entry.filename} is packed in a way that NumPy does not write")
            with archive.open(entry) as stream:
                arrays[key] = read_npy(stream, f"{name}: {key}", most_bytes)  # type: ignore[arg-type]
            most_bytes -= arrays[key].nbytes
    return arrays, list(entries)
