"""Read IDX files, the format of MNIST: a magic number, the sizes as big-endian 32-bit numbers, then the bytes.

Layout: http://yann.lecun.com/exdb/mnist/ (two zero bytes, 0x08 for unsigned bytes, the number of axes).
"""

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from fastnet.errors import DataError


def read_idx(path: Path, n_axes: int, sha256: str | None = None) -> np.ndarray:
    """Return the uint8 array in an IDX file, plain or gzip-compressed (told by its first bytes).

    `sha256` is the expected sum of the file, as it is or decompressed. DataError, naming the file and the fault, for a
    file that is missing, truncated, too long, empty, of another kind or of another sum.
    """
    raw, content = _read(path)
    header_size = 4 + 4 * n_axes
    if len(content) < header_size:
        raise DataError(f"{path}: {len(content)} bytes are too few for an IDX file of {n_axes} axes")
    magic = content[:4]
    expected_magic = bytes([0, 0, 8, n_axes])
    if magic != expected_magic:
        raise DataError(
            f"{path}: starts with 0x{magic.hex()}, not with 0x{expected_magic.hex()},"
            f" the magic number of IDX bytes with {n_axes} axes"
        )
    shape = struct.unpack(f">{n_axes}I", content[4:header_size])
    n_expected, n_found = math.prod(shape), len(content) - header_size
    if n_expected != n_found:
        fault = "is truncated" if n_found < n_expected else "is too long"
        raise DataError(f"{path}: {fault}: its header promises {n_expected} bytes of data and it holds {n_found}")
    if n_expected == 0:
        raise DataError(f"{path}: holds no data (its header gives the sizes {shape})")
    if sha256 not in (None, _sha256(raw), _sha256(content)):
        raise DataError(f"{path}: its SHA-256 is not the published one, so its content was changed or damaged")
    return np.frombuffer(content, np.uint8, offset=header_size).reshape(shape)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(path: Path) -> tuple[bytes, bytes]:
    """The bytes of the file as they are, and decompressed."""
    try:
        raw = path.read_bytes()
        return raw, gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except EOFError as error:
        raise DataError(f"{path}: is truncated: the gzip stream ends too early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: is not a sound gzip file ({error})") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
