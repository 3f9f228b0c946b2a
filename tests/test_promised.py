"""Bombs: a small file that stands for a large one takes no more memory than its header promises and may promise."""

import gzip
import io
import struct
import tracemalloc
import zipfile
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from fastnet.data.csv_files import read_csv
from fastnet.data.idx import read_idx
from fastnet.data.images import load_images
from fastnet.data.loading import load_dataset
from fastnet.data.promised import plausible_bytes, read_npz
from fastnet.errors import DataError

MIB = 2**20
N_BYTES = 200 * MIB  # that a bomb stands for
MOST = 40 * MIB  # that reading it may take


@contextmanager
def little_memory():
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()


def header(shape):
    return bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)


def npy_header(shape):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"shape": shape, "fortran_order": False, "descr": "|u1"})
    return buffer.getvalue()


def write_bomb(path, begin):
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(begin)
        for _ in range(N_BYTES // MIB):
            file.write(bytes(MIB))


def write_npz_bomb(path, begin):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("X.npy", "w", force_zip64=True) as file:
            file.write(begin)
            for _ in range(N_BYTES // MIB):
                file.write(bytes(MIB))
        with archive.open("y.npy", "w") as file:
            np.save(file, np.zeros(100, np.uint8))


def test_no_more_of_a_gzip_is_unpacked_than_its_idx_header_promises(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    write_bomb(path, header((100, 28, 28)))
    assert path.stat().st_size < 2 * MIB
    with little_memory(), pytest.raises(DataError, match="is too long: its header promises 78400 bytes of data"):
        read_idx(path, 3)


def test_no_more_of_an_npz_is_unpacked_than_its_arrays_promise(tmp_path):
    path = tmp_path / "bomb.npz"
    write_npz_bomb(path, npy_header((100, 28, 28)))
    assert path.stat().st_size < 2 * MIB
    for read in (load_dataset, load_images):
        with little_memory(), pytest.raises(DataError, match="X: is too long: its header promises 78400 bytes"):
            read(path)


def test_promise_that_a_gzip_cannot_keep_takes_no_memory(tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(header((2**20, 28, 28)) + bytes(1000)))
    with little_memory(), pytest.raises(DataError, match="its header promises 822,083,584 bytes of data, more than"):
        read_idx(path, 3)


@pytest.mark.parametrize("n", [2**20, 2**40])
def test_promise_that_an_npz_cannot_keep_takes_no_memory(tmp_path, n):
    path = tmp_path / "data.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", npy_header((n, 784)) + bytes(1000))
        archive.writestr("y.npy", npy_header((n,)))
    with little_memory(), pytest.raises(DataError, match=r"its header promises [0-9,]+ bytes, and 268,435,456 are the"):
        load_dataset(path)


def test_promise_that_an_npy_cannot_keep_takes_no_memory(tmp_path):
    path = tmp_path / "images.npy"
    path.write_bytes(npy_header((2**30, 784)) + bytes(1000))
    with little_memory(), pytest.raises(DataError, match="its header promises"):
        load_images(path)


def test_arrays_of_an_npz_share_what_they_may_take(tmp_path):
    path = tmp_path / "data.npz"
    np.savez(path, a=np.zeros(600, np.uint8), b=np.zeros(600, np.uint8))
    assert list(read_npz(path, "it", None, 1200)[0]) == ["a", "b"]
    with pytest.raises(DataError, match="it: b: its header promises 600 bytes, and 599 are the most"):
        read_npz(path, "it", None, 1199)


def test_csv_in_a_gzip_ends_where_no_such_file_would_go_on(tmp_path, monkeypatch):
    path = tmp_path / "train.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(20):
            file.write(b"0,0,0,0\n" * (MIB // 8))
    monkeypatch.setattr("fastnet.data.csv_files.plausible_bytes", lambda n_stored: 10 * MIB)
    with pytest.raises(DataError, match="holds more than 10,485,760 bytes"):
        read_csv(path)


def test_promise_that_a_parquet_cannot_keep_takes_no_memory(tmp_path):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "train.parquet"
    zeros = pyarrow.array(np.zeros(2**22))
    parquet.write_table(pyarrow.table({f"p{number}": zeros for number in range(10)}), path, compression="zstd")
    assert path.stat().st_size < MIB
    with (
        little_memory(),
        pytest.raises(DataError, match="its metadata promises 335,544,320 bytes, and 268,435,456 are"),
    ):
        load_dataset(path)


def test_small_pixels_of_a_parquet_count_as_they_are(tmp_path):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "train.parquet"
    columns = {f"p{number}": np.arange(10**6).astype(np.uint8) for number in range(40)}
    parquet.write_table(pyarrow.table(columns), path)
    assert load_images(path)[0].shape == (10**6, 40)


def test_pictures_in_a_parquet_share_what_they_may_take(tmp_path, monkeypatch):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    buffer, path = io.BytesIO(), tmp_path / "train.parquet"
    Image.new("L", (1000, 1000)).save(buffer, "PNG")
    parquet.write_table(pyarrow.table({"image": [buffer.getvalue()] * 300, "label": [0, 1, 2] * 100}), path)
    with little_memory(), pytest.raises(DataError, match="300 such pictures have 300,000,000 pixels, and 268,435,456"):
        load_dataset(path)


def test_array_of_texts_without_characters_is_refused(tmp_path):
    path = tmp_path / "images.npy"
    np.save(path, np.zeros(5, "U0"))
    content = path.read_bytes()
    for kind in (b"<U1", b"|S1"):
        path.write_bytes(content.replace(b"<U1", kind[:2] + b"0")[:128])
        with pytest.raises(DataError, match=r"holds .*, not plain numbers"):
            load_images(path)


def test_handwriting_is_plausible(tmp_path):
    assert plausible_bytes(9_912_422) > 60_000 * 784  # MNIST
    assert plausible_bytes(10) > 60_000 * 784


def test_line_without_end_is_no_table(tmp_path):
    path = tmp_path / "train.csv"
    path.write_bytes(b"1," * (20 * MIB))
    with pytest.raises(DataError, match="has a line of more than"):
        read_csv(path)
