"""IDX files: what is sound is read, and every fault gets a sentence that names the file and the fault."""

import gzip
import hashlib
import struct

import numpy as np
import pytest

from fastnet.data.idx import read_idx
from fastnet.errors import DataError

ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def idx_bytes(array, magic=None, shape=None):
    magic = bytes([0, 0, 8, array.ndim]) if magic is None else magic
    shape = array.shape if shape is None else shape
    return magic + struct.pack(f">{len(shape)}I", *shape) + array.tobytes()


SOUND = idx_bytes(ARRAY)
ZIPPED = gzip.compress(SOUND)
ZIPPED_WITH_BROKEN_DATA = ZIPPED[:10] + b"\xff" * 10 + ZIPPED[20:]
ZIPPED_WITH_WRONG_CHECKSUM = ZIPPED[:-8] + bytes(byte ^ 0xFF for byte in ZIPPED[-8:-4]) + ZIPPED[-4:]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some-images"


def sentence_of(path, **kwargs):
    """The message of the DataError, which must be one line that opens with the path."""
    with pytest.raises(DataError) as caught:
        read_idx(path, 3, **kwargs)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize("content", [SOUND, ZIPPED], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", ["images-idx3-ubyte", "images-idx3-ubyte.gz"])
def test_compression_is_told_by_content_and_not_by_name(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    array = read_idx(path, 3)
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, ARRAY)


def test_sizes_are_big_endian(path):
    path.write_bytes(b"\0\0\x08\x01" + b"\0\0\x01\x02" + bytes(258))
    assert read_idx(path, 1).shape == (258,)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(b"", "0 bytes are too few for an IDX file of 3 axes", id="empty file"),
        pytest.param(SOUND[:15], "15 bytes are too few for an IDX file of 3 axes", id="cut in its header"),
        pytest.param(SOUND[:-1], "is truncated: its header promises 24 bytes of data and it holds 23", id="truncated"),
        pytest.param(
            SOUND[:16], "is truncated: its header promises 24 bytes of data and it holds 0", id="header without data"
        ),
        pytest.param(SOUND + b"x", "is too long: its header promises 24 bytes of data and it holds 25", id="too long"),
        pytest.param(
            gzip.compress(SOUND + b"x"),
            "is too long: its header promises 24 bytes of data and it holds more",
            id="too long and compressed",
        ),
        pytest.param(
            gzip.compress(SOUND[:-5]),
            "is truncated: its header promises 24 bytes of data and it holds 19",
            id="truncated before it was compressed",
        ),
        pytest.param(
            idx_bytes(ARRAY, shape=(2, 3, 5)),
            "is truncated: its header promises 30 bytes of data and it holds 24",
            id="header that promises too much",
        ),
        pytest.param(
            idx_bytes(ARRAY, shape=(2**32 - 1,) * 3),
            f"is truncated: its header promises {(2**32 - 1) ** 3} bytes of data and it holds 24",
            id="header that promises absurdly much",
        ),
        pytest.param(
            idx_bytes(ARRAY[:0], shape=(0, 3, 4)),
            "holds no data (its header gives the sizes (0, 3, 4))",
            id="no images",
        ),
        pytest.param(
            idx_bytes(ARRAY[:0], shape=(0, 2**32 - 1, 2**32 - 1)),
            "holds no data (its header gives the sizes (0, 4294967295, 4294967295))",
            id="no images of absurd size",
        ),
        pytest.param(
            idx_bytes(ARRAY, magic=b"\0\0\x08\x01"),
            "starts with 0x00000801, not with 0x00000803, the magic number of IDX bytes with 3 axes",
            id="labels in place of images",
        ),
        pytest.param(
            idx_bytes(ARRAY, magic=b"\0\0\x0d\x03"),
            "starts with 0x00000d03, not with 0x00000803, the magic number of IDX bytes with 3 axes",
            id="floats in place of bytes",
        ),
        pytest.param(
            b"<!doctype html><title>404</title>",
            "is a web page (HTML), as a download that failed leaves it, and no IDX file",
            id="web page",
        ),
        pytest.param(ZIPPED[:-1], "is truncated: the gzip stream ends too early", id="gzip without its end"),
        pytest.param(ZIPPED[:25], "is truncated: the gzip stream ends too early", id="gzip cut in its data"),
        pytest.param(ZIPPED[:2], "is truncated: the gzip stream ends too early", id="gzip cut in its header"),
        pytest.param(ZIPPED_WITH_BROKEN_DATA, "is not a sound gzip file", id="gzip with broken data"),
        pytest.param(
            ZIPPED_WITH_WRONG_CHECKSUM, "is not a sound gzip file (CRC check failed", id="gzip with wrong CRC"
        ),
        pytest.param(ZIPPED + b"garbage", "is not a sound gzip file", id="gzip with more behind it"),
    ],
)
def test_fault_is_named(path, content, fault):
    path.write_bytes(content)
    assert sentence_of(path).startswith(fault)


def test_missing_file_is_named(path):
    assert sentence_of(path) == "cannot be read (No such file or directory)"


def test_directory_in_place_of_a_file_is_named(path):
    path.mkdir()
    assert sentence_of(path) == "cannot be read (Is a directory)"


@pytest.mark.parametrize("content", [SOUND, ZIPPED], ids=["plain", "gzip"])
@pytest.mark.parametrize("summed", [SOUND, ZIPPED], ids=["sum of the plain file", "sum of the gzip file"])
def test_sum_is_that_of_the_file_as_it_is_or_decompressed(path, content, summed):
    path.write_bytes(content)
    sha256 = hashlib.sha256(summed).hexdigest()
    if content == SOUND and summed == ZIPPED:
        assert "SHA-256" in sentence_of(path, sha256=sha256)
    else:
        np.testing.assert_array_equal(read_idx(path, 3, sha256), ARRAY)


def test_one_changed_pixel_fails_the_sum(path):
    changed = bytearray(SOUND)
    changed[-1] ^= 1
    path.write_bytes(changed)
    message = sentence_of(path, sha256=hashlib.sha256(SOUND).hexdigest())
    assert message == "its SHA-256 is not the published one, so its content was changed or damaged"


def test_truncation_is_named_as_such_even_where_the_sum_tells_it_too(path):
    path.write_bytes(SOUND[:-1])
    assert sentence_of(path, sha256=hashlib.sha256(SOUND).hexdigest()).startswith("is truncated")
