"""Read IDX files, the format of MNIST: a magic number, the sizes as big-endian 32-bit numbers, then the bytes.

Layout: http://yann.lecun.com/exdb/mnist/ (two zero bytes, 0x08 for unsigned bytes, the number of axes).
"""

import hashlib
import math
import struct
from pathlib import Path

import numpy as np

from fastnet.errors import DataError

from .promised import opened, plausible_bytes, read_promised
from .signatures import Kind, kind_of, require_regular


def read_idx(path: Path, n_axes: int, sha256: str | None = None) -> np.ndarray:
    """Return the uint8 array in an IDX file, plain or gzip-compressed (told by its first bytes).

    `sha256` is the expected sum of the file, as it is or decompressed. DataError, naming the file and the fault, for a
    file that is missing, truncated, too long, empty, of another kind or of another sum. No more is decompressed than
    the header promises, and no promise is believed that such a file cannot hold.
    """
    n_stored = require_regular(path)
    with opened(path) as stream:
        header = stream.read(4 + 4 * n_axes)
        shape = _shape(path, header, n_axes)
        n_expected = math.prod(shape)
        if kind_of(path) is not Kind.GZIP:
            _check_length(path, n_expected, n_stored - len(header))
        elif n_expected > plausible_bytes(n_stored):
            raise DataError(
                f"{path}: its header promises {n_expected:,} bytes of data, more than a gzip file of {n_stored:,} bytes"
                " is taken to hold"
            )
        content, n_found, has_more = read_promised(stream, n_expected)
        _check_length(path, n_expected, "more" if has_more else n_found)
    if n_expected == 0:
        raise DataError(f"{path}: holds no data (its header gives the sizes {shape})")
    if sha256 and sha256 not in (_sha256_of_file(path), _sha256(header, content)):
        raise DataError(f"{path}: its SHA-256 is not the published one, so its content was changed or damaged")
    return content.reshape(shape)


def _shape(path: Path, header: bytes, n_axes: int) -> tuple[int, ...]:
    expected_magic = bytes([0, 0, 8, n_axes])
    if header and header[:4] != expected_magic:
        kind = kind_of(path, inside=True)
        if kind not in (Kind.IDX, Kind.UNKNOWN):
            raise DataError(f"{path}: is {kind}, and no IDX file")
        raise DataError(
            f"{path}: starts with 0x{header[:4].hex()}, not with 0x{expected_magic.hex()},"
            f" the magic number of IDX bytes with {n_axes} axes"
        )
    if len(header) < 4 + 4 * n_axes:
        raise DataError(f"{path}: {len(header)} bytes are too few for an IDX file of {n_axes} axes")
    return struct.unpack(f">{n_axes}I", header[4:])


def _check_length(path: Path, n_expected: int, n_found: int | str) -> None:
    if n_expected != n_found:
        fault = "is truncated" if isinstance(n_found, int) and n_found < n_expected else "is too long"
        raise DataError(f"{path}: {fault}: its header promises {n_expected} bytes of data and it holds {n_found}")


def _sha256(header: bytes, content: np.ndarray) -> str:
    digest = hashlib.sha256(header)
    digest.update(content.data)
    return digest.hexdigest()


def _sha256_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
