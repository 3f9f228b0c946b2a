"""Data sets: the bundled MNIST, directories of IDX files and .npz files; what does not fit together is refused."""

import dataclasses
import gzip
import hashlib
import io
import os
import struct
import zipfile

import numpy as np
import pytest

from fastnet.data import loading as datasets
from fastnet.data.loading import load_dataset
from fastnet.data.samples import PIXEL_SCALE, Samples, split_validation
from fastnet.errors import DataError

LABEL_COUNTS = {  # of MNIST, from 0 to 9
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}
NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
RNG = np.random.default_rng(7)
ARRAYS = {
    "x_train": RNG.integers(0, 256, (6, 3, 4), dtype=np.uint8),
    "y_train": np.array([0, 1, 2, 0, 1, 2], np.uint8),
    "x_test": RNG.integers(0, 256, (2, 3, 4), dtype=np.uint8),
    "y_test": np.array([2, 0], np.uint8),
}


def idx_bytes(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_idx_directory(directory, arrays=ARRAYS, names=NAMES, compress=False):
    directory.mkdir(exist_ok=True)
    for key, array in arrays.items():
        content = idx_bytes(array)
        name = names[key] + ".gz" * compress
        (directory / name).write_bytes(gzip.compress(content) if compress else content)
    return directory


def write_npz(path, **changes):
    arrays = {name: array for name, array in {**ARRAYS, **changes}.items() if array is not None}
    np.savez_compressed(path, **arrays)
    return path


def sentence_of(source):
    with pytest.raises(DataError) as caught:
        load_dataset(source)
    message = str(caught.value)
    assert "\n" not in message
    return message


def assert_holds_the_arrays(dataset, arrays=ARRAYS):
    for part in ("train", "test"):
        samples = getattr(dataset, part)
        np.testing.assert_array_equal(samples.images, arrays[f"x_{part}"].reshape(len(samples), -1))
        np.testing.assert_array_equal(samples.labels, arrays[f"y_{part}"])
        assert samples.images.flags.c_contiguous
        assert samples.labels.dtype == np.int64


# ---- The bundled MNIST ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mnist():
    return load_dataset()


@pytest.mark.parametrize(("part", "n"), [("train", 60_000), ("test", 10_000)])
def test_bundled_mnist_has_the_published_sizes_and_label_counts(mnist, part, n):
    samples = getattr(mnist, part)
    assert samples.images.shape == (n, 784)
    assert samples.images.dtype == np.uint8
    assert len(samples) == n
    assert np.bincount(samples.labels).tolist() == LABEL_COUNTS[part]
    assert (samples.images.min(), samples.images.max()) == (0, 255)


def test_bundled_mnist_has_the_published_mean(mnist):
    assert round(mnist.train.images.mean() * mnist.train.scale, 4) == 0.1307


def test_bundled_mnist_begins_with_a_five_and_a_seven(mnist):
    assert mnist.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.test.labels[:5].tolist() == [7, 2, 1, 0, 4]


def test_bundled_mnist_calls_itself_mnist(mnist):
    assert mnist.source == "mnist"
    assert mnist.n_classes == 10
    assert mnist.train.n_features == 784


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    """A small directory that stands in for the bundled one."""
    directory = write_idx_directory(tmp_path / "bundled", compress=True)
    sums = [f"{hashlib.sha256(idx_bytes(ARRAYS[key])).hexdigest()}  {name}\n" for key, name in NAMES.items()]
    (directory / "SHA256SUMS").write_text("".join(sums))
    monkeypatch.setattr(datasets, "_BUNDLED_DIRECTORY", directory)
    return directory


def test_bundled_data_are_held_against_their_sums(bundled):
    assert_holds_the_arrays(load_dataset("mnist"))
    path = bundled / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(idx_bytes(ARRAYS["y_test"][::-1])))
    assert sentence_of("mnist").startswith(f"{path}: its SHA-256 is not the published one")


def test_bundled_data_without_their_sums_are_refused(bundled):
    (bundled / "SHA256SUMS").unlink()
    assert "SHA256SUMS: is missing" in sentence_of("mnist")


# ---- Directories of IDX files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gz"])
def test_directory_of_four_idx_files(tmp_path, compress):
    dataset = load_dataset(write_idx_directory(tmp_path / "data", compress=compress))
    assert_holds_the_arrays(dataset)
    assert dataset.n_classes == 3
    assert dataset.train.scale == PIXEL_SCALE
    assert dataset.source == str(tmp_path / "data")


def test_directory_is_given_as_a_string_too(tmp_path):
    assert_holds_the_arrays(load_dataset(str(write_idx_directory(tmp_path / "data"))))


def test_names_with_a_dot_in_place_of_the_dash(tmp_path):
    names = {key: name.replace("-idx", ".idx") for key, name in NAMES.items()}
    assert_holds_the_arrays(load_dataset(write_idx_directory(tmp_path, names=names)))


def test_emnist_pictures_come_out_upright(tmp_path):
    names = {key: "emnist-digits-" + name.replace("t10k", "test") for key, name in NAMES.items()}
    stored = {key: array.transpose(0, 2, 1) if array.ndim == 3 else array for key, array in ARRAYS.items()}
    assert_holds_the_arrays(load_dataset(write_idx_directory(tmp_path, stored, names, compress=True)))


def test_of_a_plain_and_a_compressed_copy_the_plain_one_is_read(tmp_path):
    write_idx_directory(tmp_path)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"\x1f\x8bbroken")
    assert_holds_the_arrays(load_dataset(tmp_path))


def test_folder_with_the_name_of_a_file_does_not_count(tmp_path):
    names = {key: name.replace("-idx", ".idx") for key, name in NAMES.items()}
    write_idx_directory(tmp_path, names=names)
    for name in NAMES.values():
        (tmp_path / name).mkdir()  # the most downloaded copy of MNIST on Kaggle looks like this
    assert_holds_the_arrays(load_dataset(tmp_path))


@pytest.mark.parametrize(
    ("key", "words"),
    [("x_train", "train images"), ("y_train", "train labels"), ("x_test", "test images"), ("y_test", "test labels")],
)
def test_missing_file_is_named_with_an_example(tmp_path, key, words):
    write_idx_directory(tmp_path)
    (tmp_path / NAMES[key]).unlink()
    assert sentence_of(tmp_path) == f"{tmp_path}: holds no {words} (a file like {NAMES[key]}.gz)"


def test_two_candidates_for_one_file_are_named(tmp_path):
    write_idx_directory(tmp_path)
    (tmp_path / "emnist-letters-train-images-idx3-ubyte.gz").write_bytes(b"")
    assert sentence_of(tmp_path) == (
        f"{tmp_path}: holds several files of train images:"
        " emnist-letters-train-images-idx3-ubyte, train-images-idx3-ubyte; keep one,"
        f" or choose by what their names begin with: {tmp_path / 'emnist-letters'}"
    )


def test_damaged_file_is_named(tmp_path):
    write_idx_directory(tmp_path)
    path = tmp_path / NAMES["x_test"]
    path.write_bytes(path.read_bytes()[:-1])
    assert sentence_of(tmp_path).startswith(f"{path}: is truncated")


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("separator", ["  ", " *"], ids=["text", "binary"])
def test_sums_beside_the_files_are_checked(tmp_path, compress, separator):
    write_idx_directory(tmp_path, compress=compress)
    files = sorted(tmp_path.iterdir())
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}{separator}{path.name}\n" for path in files]
    (tmp_path / "SHA256SUMS").write_text("".join(sums))
    assert_holds_the_arrays(load_dataset(tmp_path))
    changed = {**ARRAYS, "y_train": ARRAYS["y_train"][::-1]}
    write_idx_directory(tmp_path, changed, compress=compress)
    path = tmp_path / (NAMES["y_train"] + ".gz" * compress)
    assert sentence_of(tmp_path).startswith(f"{path}: its SHA-256 is not the published one")


def test_more_labels_than_images_are_refused(tmp_path):
    write_idx_directory(tmp_path, {**ARRAYS, "y_train": np.zeros(7, np.uint8)})
    images, labels = tmp_path / NAMES["x_train"], tmp_path / NAMES["y_train"]
    assert sentence_of(tmp_path) == f"{labels}: has shape (7,) for the 6 images of {images}"


def test_test_pictures_of_another_size_are_refused(tmp_path):
    write_idx_directory(tmp_path, {**ARRAYS, "x_test": np.zeros((2, 3, 5), np.uint8)})
    assert sentence_of(tmp_path) == f"{tmp_path}: training images have 12 uint8 pixels and test images 15 uint8"


def test_test_labels_that_training_never_saw_are_refused(tmp_path):
    write_idx_directory(tmp_path, {**ARRAYS, "y_test": np.array([0, 9], np.uint8)})
    assert sentence_of(tmp_path) == f"{tmp_path}: the test labels go to 9, the training labels to 2"


# ---- .npz files -----------------------------------------------------------------------------------------------------


def test_npz_of_uint8_pixels_is_scaled_and_kept_compact(tmp_path):
    dataset = load_dataset(write_npz(tmp_path / "data.npz"))
    assert_holds_the_arrays(dataset)
    assert dataset.train.images.dtype == np.uint8
    assert dataset.train.scale == dataset.test.scale == 1 / 255


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_npz_of_floats_is_taken_as_it_is(tmp_path, dtype):
    floats = {name: (ARRAYS[name] / 256).astype(dtype) for name in ("x_train", "x_test")}
    dataset = load_dataset(write_npz(tmp_path / "data.npz", **floats))
    assert_holds_the_arrays(dataset, {**ARRAYS, **floats})
    assert dataset.train.images.dtype == np.float32
    assert dataset.train.scale == dataset.test.scale == 1


@pytest.mark.parametrize("shape", [(6, 12), (6, 2, 3, 2)])
def test_npz_takes_flat_pictures_and_pictures_with_channels(tmp_path, shape):
    dataset = load_dataset(write_npz(tmp_path / "data.npz", x_train=ARRAYS["x_train"].reshape(shape)))
    assert_holds_the_arrays(dataset)


def test_npz_in_fortran_order_is_read_in_c_order(tmp_path):
    flat = ARRAYS["x_train"].reshape(6, 12)
    assert_holds_the_arrays(load_dataset(write_npz(tmp_path / "data.npz", x_train=np.asfortranarray(flat))))


def test_npz_may_hold_more_than_is_needed(tmp_path):
    assert_holds_the_arrays(load_dataset(write_npz(tmp_path / "data.npz", x_validation=np.zeros(3))))


def test_missing_keys_of_an_npz_are_named(tmp_path):
    path = write_npz(tmp_path / "data.npz", y_train=None, x_test=None)
    assert sentence_of(path) == f"{path}: lacks y_train, x_test (needed: x_train, y_train, x_test, y_test, or X and y)"


NAN = np.zeros((6, 12))
NAN[3, 4] = np.nan


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        pytest.param({"x_train": NAN}, "x_train: holds NaN or infinite pixels", id="NaN"),
        pytest.param({"x_train": NAN - np.inf}, "x_train: holds NaN or infinite pixels", id="infinite"),
        pytest.param({"x_train": NAN.clip(0) + 1e300}, "x_train: holds NaN or infinite pixels", id="beyond float32"),
        pytest.param(
            {"x_train": np.zeros((6, 12), complex)},
            "x_train: pixels must be numbers, not complex128",
            id="complex pixels",
        ),
        pytest.param({"x_train": np.zeros(6)}, "x_train: holds no images (its shape is (6,))", id="one axis"),
        pytest.param({"x_train": np.float32(1)}, "x_train: holds no images (its shape is ())", id="a number"),
        pytest.param({"x_test": np.zeros((0, 12))}, "x_test: holds no images (its shape is (0, 12))", id="no images"),
        pytest.param({"x_test": np.zeros((2, 0))}, "x_test: holds no images (its shape is (2, 0))", id="no pixels"),
        pytest.param({"y_train": np.zeros(5, int)}, "y_train: has shape (5,) for the 6 images", id="too few labels"),
        pytest.param(
            {"y_train": np.eye(6, 3, dtype=int)}, "y_train: has shape (6, 3) for the 6 images", id="one-hot labels"
        ),
        pytest.param({"y_train": np.full(6, 0.5)}, "y_train: labels must be integers, not float64", id="float labels"),
        pytest.param({"y_train": np.zeros(6, bool)}, "y_train: labels must be integers, not bool", id="bool labels"),
        pytest.param(
            {"y_test": np.array(list("ab"))}, "y_test: holds words, where the training labels are numbers", id="words"
        ),
        pytest.param(
            {"y_train": np.array(list("abcabc")), "y_test": np.array(list("ad"))},
            "y_test: has labels that the training set has not, such as 'd'",
            id="an unknown word",
        ),
        pytest.param(
            {"y_test": np.array([-1, 2])}, "y_test: labels must be from 0 to 65535, and go from -1 to 2", id="negative"
        ),
        pytest.param(
            {"y_test": np.array([0, 2**63], np.uint64)},
            f"y_test: labels must be from 0 to 65535, and go from 0 to {2**63}",
            id="beyond int64",
        ),
        pytest.param(
            {"y_train": np.array([0, 1, 2, 3, 4, 10**9])},
            "y_train: labels must be from 0 to 65535, and go from 0 to 1000000000",
            id="a billion classes",
        ),
    ],
)
def test_array_that_is_no_data_is_named(tmp_path, changes, fault):
    path = write_npz(tmp_path / "data.npz", **changes)
    assert sentence_of(path).startswith(f"{path}: {fault}")


def test_test_pixels_of_another_type_are_refused(tmp_path):
    path = write_npz(tmp_path / "data.npz", x_test=np.zeros((2, 12)))
    assert (
        sentence_of(path)
        == f"{path}: x_train: training and test images must be of one kind of numbers, not uint8 and float64"
    )


class Bomb:
    """Unpickling it makes a directory."""

    def __init__(self, directory):
        self.directory = directory

    def __reduce__(self):
        return (os.mkdir, (str(self.directory),))


def test_pickled_objects_in_an_npz_are_refused_and_never_loaded(tmp_path):
    path = write_npz(tmp_path / "data.npz", y_train=np.array([Bomb(tmp_path / "made")] * 6, object))
    assert sentence_of(path) == f"{path}: y_train: holds object, not plain numbers (pickled objects are refused)"
    assert not (tmp_path / "made").exists()


def _npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _npz(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{**ARRAYS, **arrays})
    return buffer.getvalue()


def _npz_with_a_broken_array():
    content = bytearray(_npz())
    content[60:90] = bytes(30)
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(_npz()[:-30], id="truncated"),
        pytest.param(_npz()[: len(_npz()) // 2], id="halved"),
        pytest.param(_npz_with_a_broken_array(), id="broken in the middle"),
    ],
)
def test_file_that_is_no_sound_npz_is_refused(tmp_path, content):
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    assert sentence_of(path) == f"{path}: is not a sound .npz file of plain numbers (pickled objects are refused)"


def test_zip_entry_that_is_no_array_is_named(tmp_path):
    path = write_npz(tmp_path / "data.npz", y_test=None)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("y_test.npy", "0 1")
    assert sentence_of(path) == f"{path}: y_test: is not a sound array of plain numbers (.npy)"


# ---- Other sources --------------------------------------------------------------------------------------------------


def test_source_that_does_not_exist_is_named(tmp_path):
    path = tmp_path / "nowhere"
    assert sentence_of(path) == f"{path}: no such data set (give {datasets.ACCEPTED})"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"<!DOCTYPE html><title>Sign in</title>", "a web page", id="web page"),
        pytest.param(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", "a Git LFS pointer", id="LFS"),
        pytest.param(b'{"error": "not found"}', "JSON", id="JSON"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "a picture", id="picture"),
        pytest.param(b"\x80\x04\x95", "a Python pickle", id="pickle"),
        pytest.param(_npy(ARRAYS["x_train"]), "a single NumPy array (.npy)", id="npy"),
        pytest.param(bytes(range(256)), "of no kind that is known", id="bytes"),
    ],
)
@pytest.mark.parametrize("name", ["data.npz", "data.csv", "train-images-idx3-ubyte.gz"])
def test_file_that_is_not_what_its_name_says_is_told_what_it_is(tmp_path, name, content, what):
    path = tmp_path / name
    path.write_bytes(content)
    message = sentence_of(path)
    assert message.startswith(f"{path}: is {what}")
    assert message.endswith(f", and no data set (give {datasets.ACCEPTED})")


# ---- What is done with them -----------------------------------------------------------------------------------------


def _numbered_samples(n):
    return Samples(np.arange(n, dtype=np.float32).reshape(n, 1), np.arange(n), 0.5)


@pytest.mark.parametrize("n_validation", [0, 1, 40, 99])
def test_validation_split_shares_out_every_sample_once(n_validation):
    rest, validation = split_validation(_numbered_samples(100), n_validation, np.random.default_rng(1))
    assert len(validation) == n_validation
    assert sorted([*rest.labels, *validation.labels]) == list(range(100))
    for samples in (rest, validation):
        np.testing.assert_array_equal(samples.images[:, 0], samples.labels)  # pictures keep their labels
        assert samples.scale == 0.5


def test_validation_split_is_random_and_follows_its_generator():
    chosen = [
        split_validation(_numbered_samples(100), 30, np.random.default_rng(seed))[1].labels.tolist()
        for seed in (1, 1, 2)
    ]
    assert chosen[0] == chosen[1]
    assert chosen[0] != chosen[2]
    assert chosen[0] != list(range(30))


def test_what_is_kept_is_not_set_aside_and_changes_nothing_for_the_others():
    rest, validation = split_validation(_numbered_samples(105), 30, np.random.default_rng(1), n_kept=5)
    without, same = split_validation(_numbered_samples(100), 30, np.random.default_rng(1))
    assert validation.labels.tolist() == same.labels.tolist()
    assert rest.labels.tolist() == [*without.labels, *range(100, 105)]


def test_fingerprint_of_a_data_set_tells_images_and_labels(tmp_path):
    dataset = load_dataset(write_npz(tmp_path / "data.npz"))
    again = load_dataset(write_npz(tmp_path / "same.npz"))
    assert dataset.sha256 == again.sha256
    other_images = dataclasses.replace(dataset.train, images=255 - dataset.train.images)
    other_labels = dataclasses.replace(dataset.train, labels=dataset.train.labels[::-1].copy())
    for train in (other_images, other_labels):
        assert dataclasses.replace(dataset, train=train).sha256 != dataset.sha256
