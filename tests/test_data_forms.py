"""Data as people have it: each form is read as the same samples, and what was found out is said."""

import gzip
import io
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from fastnet.data import orientation
from fastnet.data.images import holds_images, load_images
from fastnet.data.loading import load_dataset
from fastnet.errors import DataError, OptionError
from fastnet.packages import pip_install

from .conftest import PATIENCE

RNG = np.random.default_rng(5)
N, SIDE = 42, 4
IMAGES = RNG.integers(0, 256, (N, SIDE, SIDE), dtype=np.uint8)
IMAGES[:, 0, 0] = IMAGES[:, -1, -1] = 0  # as at the border of handwriting
LABELS = np.arange(N) % 3
FLAT = IMAGES.reshape(N, -1)
NAMES = np.array(["cat", "dog", "emu"])
PIXELS = [f"pixel{number}" for number in range(SIDE**2)]


def csv_bytes(rows, header=None, delimiter=",", newline="\n"):
    lines = [delimiter.join(map(str, row)) for row in ([header] if header else []) + [list(row) for row in rows]]
    return (newline.join(lines) + newline).encode()


def labelled_rows(labels=LABELS, images=FLAT, last=False):
    pairs = zip(labels.tolist(), images.tolist(), strict=True)
    return [[*pixels, label] if last else [label, *pixels] for label, pixels in pairs]


KAGGLE = csv_bytes(labelled_rows(), ["label", *PIXELS])


def write(path, content):
    path.write_bytes(content)
    return path


def sentence_of(source, **choices):
    with pytest.raises(DataError) as caught:
        load_dataset(source, **choices)
    message = str(caught.value)
    assert "\n" not in message
    return message


def assert_holds_all(dataset, labels=LABELS):
    """All samples are there, each with its own label, some of each class in the test set."""
    parts = dataset.train, dataset.test
    found = {
        (image.tobytes(), int(label)) for part in parts for image, label in zip(part.images, part.labels, strict=True)
    }
    assert found == {(image.tobytes(), int(label)) for image, label in zip(FLAT, labels, strict=True)}
    assert [len(part) for part in parts] == [36, 6]
    assert np.bincount(dataset.test.labels).tolist() == [2, 2, 2]
    assert dataset.train.scale == 1 / 255
    assert any("no test set: 6 of 42 samples are held out" in note for note in dataset.notes)


# ---- CSV ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "choices"),
    [
        pytest.param(KAGGLE, {}, id="Kaggle"),
        pytest.param(KAGGLE.replace(b"\n", b"\r\n"), {}, id="Windows lines"),
        pytest.param(b"\xef\xbb\xbf" + KAGGLE, {}, id="byte order mark"),
        pytest.param(KAGGLE.rstrip(b"\n"), {}, id="last line without an end"),
        pytest.param(KAGGLE.replace(b"\n", b"\r"), {}, id="lines of old Macs"),
        pytest.param(KAGGLE + b"\n\n", {}, id="empty lines at the end"),
        pytest.param(gzip.compress(KAGGLE), {}, id="gzip"),
        pytest.param(KAGGLE.replace(b",", b";"), {}, id="semicolons"),
        pytest.param(KAGGLE.replace(b",", b"\t"), {}, id="tabs"),
        pytest.param(KAGGLE.replace(b",", b", "), {}, id="blanks"),
        pytest.param(csv_bytes(labelled_rows(last=True), [*PIXELS, "Class"]), {}, id="class as the last column"),
        pytest.param(csv_bytes(labelled_rows()), {}, id="no header"),
        pytest.param(csv_bytes(labelled_rows(last=True)), {}, id="no header, label last"),
        pytest.param(csv_bytes(labelled_rows(), ["digit?", *PIXELS]), {"label": "digit?"}, id="told by name"),
        pytest.param(csv_bytes(labelled_rows(last=True)), {"label": "-1"}, id="told by number"),
        pytest.param(csv_bytes(labelled_rows(images=FLAT.astype(float))), {}, id="floats that are whole"),
        pytest.param(csv_bytes(labelled_rows(), ["label", *range(SIDE**2)]), {}, id="pixels named by numbers"),
        pytest.param(
            csv_bytes([[number, *row] for number, row in enumerate(labelled_rows())], ["", "label", *PIXELS]),
            {},
            id="rows numbered by pandas",
        ),
        pytest.param(
            csv_bytes([[f'"{label}"', *pixels] for label, *pixels in labelled_rows()], ["label", *PIXELS]),
            {},
            id="quoted",
        ),
    ],
)
@pytest.mark.parametrize("name", ["train.csv", "data.txt"])
def test_csv_is_read_however_it_is_written(tmp_path, name, content, choices):
    assert_holds_all(load_dataset(write(tmp_path / name, content), **choices))


@pytest.mark.parametrize("header", [["class", *PIXELS], ["kind", *PIXELS], None], ids=["class", "other", "none"])
def test_words_are_classes_in_their_order_and_keep_their_names(tmp_path, header):
    content = csv_bytes(labelled_rows(NAMES[LABELS]), header)
    dataset = load_dataset(write(tmp_path / "data.csv", content))
    assert dataset.classes == ("cat", "dog", "emu")
    assert_holds_all(dataset)


def test_arff_is_csv_below_a_header(tmp_path):
    attributes = [f"@ATTRIBUTE '{name}' real" for name in PIXELS]
    header = ["% of OpenML", "@RELATION mnist", "", *attributes, "@ATTRIBUTE class {0,1,2}", "", "@DATA", ""]
    rows = csv_bytes(labelled_rows(last=True))
    for content in ("\n".join(header).encode() + rows, gzip.compress("\r\n".join(header).encode() + rows)):
        assert_holds_all(load_dataset(write(tmp_path / "mnist.arff", content)))
    assert "is an ARFF file without columns" in sentence_of(write(tmp_path / "x.arff", b"@relation x\n@data\n1,2\n"))


def test_csv_in_many_blocks_is_read_as_in_one(tmp_path, monkeypatch):
    monkeypatch.setattr("fastnet.data.csv_files._BLOCK", 50)
    assert_holds_all(load_dataset(write(tmp_path / "train.csv", KAGGLE)))


def test_held_out_samples_are_the_same_each_time(tmp_path):
    path = write(tmp_path / "train.csv", KAGGLE)
    np.testing.assert_array_equal(load_dataset(path).test.images, load_dataset(path).test.images)


def test_directory_of_kaggle_is_its_training_set_alone(tmp_path):
    write(tmp_path / "train.csv", KAGGLE)
    write(tmp_path / "test.csv", csv_bytes(FLAT.tolist(), PIXELS))
    write(tmp_path / "sample_submission.csv", b"ImageId,Label\n1,0\n2,0\n")
    dataset = load_dataset(tmp_path)
    assert_holds_all(dataset)
    assert "test.csv has no labels, so it is left out" in dataset.notes


@pytest.mark.parametrize("header", [["label", *PIXELS], None], ids=["header", "no header"])
def test_directory_of_two_tables_with_labels_is_both(tmp_path, header):
    write(tmp_path / "fashion-mnist_train.csv", csv_bytes(labelled_rows(), header))
    write(tmp_path / "fashion-mnist_test.csv", csv_bytes(labelled_rows()[:9], header))
    dataset = load_dataset(tmp_path)
    assert [len(dataset.train), len(dataset.test)] == [N, 9]
    np.testing.assert_array_equal(dataset.test.images, FLAT[:9])
    assert dataset.notes == ()


@pytest.mark.parametrize("label", ["letter", "0"])
def test_label_of_two_tables_is_named_or_numbered(tmp_path, label):
    for name, rows in (("train.csv", labelled_rows()), ("test.csv", labelled_rows()[:9])):
        write(tmp_path / name, csv_bytes(rows, ["letter", *PIXELS]))
    dataset = load_dataset(tmp_path, label=label)
    assert [len(dataset.train), len(dataset.test)] == [N, 9]


@pytest.mark.parametrize(
    ("header", "test_header", "label"),
    [
        pytest.param(["letter", *PIXELS], ["id", *PIXELS], "0", id="names"),
        pytest.param(["letter", *PIXELS], ["photo", *PIXELS], "0", id="another name"),
        pytest.param(None, None, "0", id="no names"),
        pytest.param([*PIXELS, "letter"], [*PIXELS, "id"], "-1", id="last"),
        pytest.param(None, None, "-1", id="last, no names"),
    ],
)
def test_numbers_of_rows_are_no_labels_of_a_test_table(tmp_path, header, test_header, label):
    """A number that says where the labels of the training table are says nothing of what else stands there."""
    last = label == "-1"
    numbered = labelled_rows(np.arange(9), FLAT[:9], last)
    write(tmp_path / "train.csv", csv_bytes(labelled_rows(last=last), header))
    write(tmp_path / "test.csv", csv_bytes(numbered, test_header))
    dataset = load_dataset(tmp_path, label=label)
    assert_holds_all(dataset)
    assert "test.csv has no labels, so it is left out" in dataset.notes


def test_a_numbered_column_is_found_by_its_name_in_a_test_table_with_others(tmp_path):
    rows = [[number, *row] for number, row in enumerate(labelled_rows())]
    write(tmp_path / "train.csv", csv_bytes(rows, ["id", "letter", *PIXELS]))
    write(tmp_path / "test.csv", csv_bytes(labelled_rows()[:9], ["letter", *PIXELS]))
    dataset = load_dataset(tmp_path, label="1")
    np.testing.assert_array_equal(dataset.test.labels, LABELS[:9])
    np.testing.assert_array_equal(dataset.test.images, FLAT[:9])


@pytest.mark.parametrize(
    ("content", "choices", "fault"),
    [
        pytest.param(
            KAGGLE.replace(b"label", b"what"), {}, "which of its 17 columns holds the labels cannot be told", id="none"
        ),
        pytest.param(KAGGLE, {"label": "what"}, "has no column 'what' (its columns are 'label',", id="unknown"),
        pytest.param(KAGGLE + b"1,2,3\n", {}, "line 44 has 3 cells where the first has 17", id="short line"),
        pytest.param(KAGGLE + b"1" + b",x" * 16 + b"\n", {}, "line 44, cell 2 is 'x' and not a number", id="a word"),
        pytest.param(KAGGLE + b"1" + b"," * 16 + b"\n", {}, "line 44, cell 2 is '' and not a number", id="missing"),
        pytest.param(KAGGLE + b"1" + b",nan" * 16 + b"\n", {}, "line 44, cell 2 is 'nan' and not a", id="NaN"),
        pytest.param(KAGGLE + b"-1" + b",0" * 16 + b"\n", {}, "column 'label': labels must be from 0", id="negative"),
        pytest.param(KAGGLE + b"1.5" + b",0" * 16 + b"\n", {}, "column 'label': labels must be integers", id="half"),
        pytest.param(b"label," + b"9" * 200_000 + b",x\n1,2,3\n", {}, "is no sound CSV", id="an endless cell"),
        pytest.param(b"label,a,b\n0,1,2\n1,2,3\n", {}, "has one sample of each class", id="one of each class"),
        pytest.param(b"label,pixel0\n", {}, "is text, but no table of numbers", id="a header alone"),
        pytest.param(b"once upon a time\nthere was\n", {}, "is text, but no table", id="prose"),
        pytest.param(b"a,b,c\nd,e,f\n", {}, "is text, but no table of numbers", id="words alone"),
        pytest.param("label,π\n1,2\n".encode("latin-1", "replace") + b"\xff", {}, "is no text in UTF-8", id="latin"),
        pytest.param("label,p\n1,2\n".encode("utf-16"), {}, "is text in UTF-16", id="UTF-16"),
    ],
)
def test_csv_that_is_no_data_is_told_so(tmp_path, content, choices, fault):
    path = write(tmp_path / "train.csv", content)
    assert sentence_of(path, **choices).startswith(f"{path}: {fault}")


MIXED = np.array(["4", "A", "7"])


@pytest.mark.parametrize(
    ("header", "choices"),
    [
        pytest.param(["label", *PIXELS], {}, id="named"),
        pytest.param(["sign", *PIXELS], {"label": "sign"}, id="told"),
        pytest.param(["sign", *PIXELS], {}, id="found"),
        pytest.param(["label", *range(SIDE**2)], {}, id="pixels named by numbers"),
        pytest.param(None, {}, id="no header"),
    ],
)
@pytest.mark.parametrize("first", [0, 1, 2])
def test_labels_of_digits_and_letters_are_words(tmp_path, header, choices, first):
    """Whichever comes first: a letter over a number is no header, and a number over a letter no column of numbers."""
    content = csv_bytes(labelled_rows(MIXED[LABELS])[first:] + labelled_rows(MIXED[LABELS])[:first], header)
    dataset = load_dataset(write(tmp_path / "data.csv", content), **choices)
    assert dataset.classes == ("4", "7", "A")
    assert_holds_all(dataset, np.array([0, 2, 1])[LABELS])


def test_labels_that_become_words_late_are_words_from_the_start(tmp_path, monkeypatch):
    monkeypatch.setattr("fastnet.data.csv_files._BLOCK", 50)
    order = np.argsort(MIXED[LABELS], kind="stable")
    rows = [labelled_rows(MIXED[LABELS])[place] for place in order]
    for content in (csv_bytes(rows, ["label", *PIXELS]), gzip.compress(csv_bytes(rows, ["label", *PIXELS]))):
        assert load_dataset(write(tmp_path / "data.csv", content)).classes == ("4", "7", "A")


def test_slip_among_labels_that_are_numbers_is_no_class(tmp_path):
    path = write(tmp_path / "train.csv", KAGGLE + b"l" + b",0" * 16 + b"\n")
    assert sentence_of(path) == f"{path}: line 44, cell 1 is 'l' and not a number (column 'label')"


def test_empty_lines_count_where_a_fault_is_told(tmp_path):
    header, *rows = KAGGLE.splitlines()
    content = b"\n".join([header, rows[0], b"", b"  ", b"1,x" + b",0" * 15, *rows]) + b"\n"
    path = write(tmp_path / "train.csv", content)
    assert sentence_of(path) == f"{path}: line 5, cell 2 is 'x' and not a number (column 'pixel0')"


def test_lines_of_an_arff_count_from_the_start_of_the_file(tmp_path):
    header = "@relation x\n@attribute a real\n@attribute class real\n@data\n"
    path = write(tmp_path / "x.arff", header.encode() + b"1,2\n" * 30 + b"x,2\n")
    assert sentence_of(path) == f"{path}: line 35, cell 1 is 'x' and not a number (column 'a')"


# ---- Labels ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [LABELS.astype(float), LABELS[:, np.newaxis]], ids=["whole floats", "a column"])
def test_labels_that_are_whole_numbers_are_taken_in_each_form(tmp_path, labels):
    np.savez(tmp_path / "data.npz", X=IMAGES, y=labels)
    assert_holds_all(load_dataset(tmp_path / "data.npz"))


def test_labels_between_whole_numbers_are_refused(tmp_path):
    np.savez(tmp_path / "data.npz", X=IMAGES, y=LABELS + 0.5)
    assert "labels must be integers, not float64" in sentence_of(tmp_path / "data.npz")


# ---- Data frames and Parquet ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["category", "str", "object", "int64"])
def test_frame_of_openml_has_labels_that_are_words(kind):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(FLAT.astype(np.int64), columns=[f"pixel{number}" for number in range(1, SIDE**2 + 1)])
    frame["class"] = pandas.Series(LABELS.astype(str)).astype(kind)
    dataset = load_dataset(frame)
    assert dataset.classes == ()
    assert dataset.source == "a data frame"
    assert_holds_all(dataset)


def test_frame_with_names_of_classes():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(FLAT, columns=PIXELS).assign(kind=NAMES[LABELS])
    dataset = load_dataset(frame, label="kind")
    assert dataset.classes == tuple(NAMES)
    assert_holds_all(dataset)


@pytest.mark.parametrize("missing", ["class", "pixel3"])
def test_frame_with_missing_values_is_refused(missing):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(FLAT.astype(float), columns=PIXELS).assign(**{"class": NAMES[LABELS].astype(object)})
    frame.loc[3, missing] = None
    assert sentence_of(frame) == f"the data frame: column {missing!r} is not whole (row 3 is missing or infinite)"


def test_parquet_is_read_as_a_frame_is(tmp_path):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {name: FLAT[:, number].astype(np.int64) for number, name in enumerate(PIXELS)}
    words = pyarrow.array(NAMES[LABELS].tolist()).dictionary_encode()
    path = tmp_path / "mnist_784.pq"
    parquet.write_table(pyarrow.table({**columns, "class": words}), path)
    dataset = load_dataset(path)
    assert dataset.classes == tuple(NAMES)
    assert_holds_all(dataset)
    path.write_bytes(path.read_bytes()[:-20])
    assert sentence_of(path).startswith(f"{path}: is not a sound Parquet file")


def png_bytes(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["files", "bytes"])
def test_parquet_of_pictures_is_read_as_hugging_face_has_it(tmp_path, kind):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    files = list(map(png_bytes, IMAGES))
    cells = [{"bytes": content, "path": None} for content in files] if kind == "files" else files
    path = tmp_path / "train-00000-of-00001.parquet"
    parquet.write_table(pyarrow.table({"image": cells, "label": LABELS}), path)
    assert_holds_all(load_dataset(path))
    assert_holds_all(load_dataset(tmp_path))
    np.testing.assert_array_equal(load_images(path)[0], FLAT)


def test_column_of_no_pictures_is_told_in_a_short_sentence(tmp_path):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "data.parquet"
    parquet.write_table(pyarrow.table({"image": [b"RIFF" + bytes(5000)] * N, "label": LABELS}), path)
    message = sentence_of(path)
    assert message.startswith(f"{path}: column 'image' holds ")
    assert len(message) < len(str(path)) + 200


def test_parquet_without_pyarrow_names_the_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = write(tmp_path / "train.parquet", b"PAR1" + bytes(20))
    with pytest.raises(OptionError) as told:
        load_dataset(path)
    assert str(told.value) == f"{path}: reading Parquet needs more packages: {pip_install('pyarrow')}"


# ---- npz and npy ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [("X", "y"), ("images", "labels"), ("x_train", "y_train"), ("data", "target")])
def test_npz_of_images_and_labels_alone(tmp_path, names):
    np.savez(tmp_path / "data.npz", **dict(zip(names, (IMAGES, LABELS), strict=True)))
    assert_holds_all(load_dataset(tmp_path / "data.npz"))


def test_npz_is_told_by_its_content(tmp_path):
    np.savez(tmp_path / "data.npz", X=IMAGES, y=NAMES[LABELS])
    dataset = load_dataset((tmp_path / "data.npz").rename(tmp_path / "data.csv"))
    assert dataset.classes == tuple(NAMES)
    assert_holds_all(dataset)


def test_files_of_one_array_each(tmp_path):
    for part, rows in (("train", slice(None)), ("test", slice(9))):
        np.savez(tmp_path / f"kmnist-{part}-imgs.npz", IMAGES[rows])
        np.save(tmp_path / f"kmnist-{part}-labels.npy", LABELS[rows])
    dataset = load_dataset(tmp_path)
    np.testing.assert_array_equal(dataset.train.images, FLAT)
    np.testing.assert_array_equal(dataset.test.labels, LABELS[:9])


@pytest.mark.parametrize("name", ["emnist-letters-mapping.txt", "SHA256SUMS"])
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs")
def test_fifo_beside_data_is_told_and_not_waited_for(tmp_path, name):
    write_idx(tmp_path, IMAGES, LABELS + 1, "emnist-letters-")
    os.mkfifo(tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-m", "fastnet", "train", "--data", tmp_path, "--out", tmp_path / "run"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 2
    assert f"{tmp_path / name}: cannot be read (it is no regular file)" in done.stderr


@pytest.mark.parametrize("mode", ["bits of 16", "bytes"])
def test_pictures_of_16_bits_are_as_those_of_8(tmp_path, mode):
    for number, (image, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        folder = tmp_path / str(label)
        folder.mkdir(exist_ok=True)
        pixels = image.astype(np.uint16) * 257 if mode == "bits of 16" else image
        Image.fromarray(pixels).save(folder / f"{number:03}.png")
    dataset = load_dataset(tmp_path)
    found = np.sort(np.vstack([dataset.train.images, dataset.test.images]), axis=None)
    np.testing.assert_array_equal(found, np.sort(IMAGES, axis=None))


def test_names_that_end_as_parts_do_are_no_parts(tmp_path):
    np.save(tmp_path / "latest_labels.npy", LABELS)
    write(tmp_path / "train.csv", KAGGLE)
    write(tmp_path / "latest.csv", KAGGLE)
    assert_holds_all(load_dataset(tmp_path))


# ---- EMNIST ---------------------------------------------------------------------------------------------------------


def idx_bytes(array):
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def write_idx(directory, images, labels, prefix=""):
    for part in ("train", "test"):
        write(directory / f"{prefix}{part}-images-idx3-ubyte.gz", gzip.compress(idx_bytes(images)))
        write(directory / f"{prefix}{part}-labels-idx1-ubyte.gz", gzip.compress(idx_bytes(labels)))


@pytest.mark.parametrize("mapping", [True, False], ids=["mapping", "no mapping"])
def test_letters_are_numbered_from_one_and_keep_their_names(tmp_path, mapping):
    write_idx(tmp_path, IMAGES.transpose(0, 2, 1), LABELS + 1, "emnist-letters-")
    if mapping:
        write(tmp_path / "emnist-letters-mapping.txt", b"1 65 97\n2 66 98\n3 67 99\n")
    dataset = load_dataset(tmp_path)
    assert dataset.classes == (("A", "B", "C") if mapping else ("1", "2", "3"))
    np.testing.assert_array_equal(dataset.train.labels, LABELS)
    np.testing.assert_array_equal(dataset.train.images, FLAT)
    assert dataset.notes == ("images are stored column by column, as EMNIST's are: turned upright",)


def test_one_of_several_sets_is_named_by_what_its_files_begin_with(tmp_path):
    write_idx(tmp_path, IMAGES, LABELS, "emnist-digits-")
    write_idx(tmp_path, IMAGES, LABELS + 1, "emnist-letters-")
    assert f"or choose by what their names begin with: {tmp_path / 'emnist-digits'}" in sentence_of(tmp_path)
    for source in ("emnist-letters", "emnist-letters-train-images-idx3-ubyte.gz"):
        assert load_dataset(tmp_path / source).classes == ("1", "2", "3")
    assert load_dataset(tmp_path / "emnist-digits").classes == ()


@pytest.fixture(scope="module")
def digits():
    test = load_dataset().test
    return test.images[:2000].reshape(-1, 28, 28), test.labels[:2000]


@pytest.mark.parametrize("is_stored_transposed", [True, False])
@pytest.mark.parametrize("prefix", ["", "emnist-mnist-"])
def test_orientation_of_digits_is_told_by_what_they_look_like(tmp_path, digits, prefix, is_stored_transposed):
    images, labels = digits
    write_idx(tmp_path, images.transpose(0, 2, 1) if is_stored_transposed else images, labels, prefix)
    dataset = load_dataset(tmp_path)
    np.testing.assert_array_equal(dataset.train.images, images.reshape(len(images), -1))
    assert bool(dataset.notes) == is_stored_transposed


@pytest.mark.parametrize("is_stored_transposed", [True, False])
def test_orientation_of_rows_that_are_sorted_by_class_is_told_by_all_of_them(
    tmp_path, monkeypatch, digits, is_stored_transposed
):
    monkeypatch.setattr(orientation, "_LOOKED_AT", 200)
    order = np.argsort(digits[1], kind="stable")
    images, labels = digits[0][order], digits[1][order]
    prefix = "" if is_stored_transposed else "emnist-"  # and what the name says is wrong
    write_idx(tmp_path, images.transpose(0, 2, 1) if is_stored_transposed else images, labels, prefix)
    np.testing.assert_array_equal(load_dataset(tmp_path).train.images, images.reshape(len(images), -1))


def test_only_a_file_and_its_directory_tell_by_their_names_that_they_are_of_emnist(tmp_path):
    place = tmp_path / "emnist-project" / "mine"
    place.mkdir(parents=True)
    write(place / "letters.csv", csv_bytes(labelled_rows(NAMES[LABELS])))
    dataset = load_dataset(place / "letters.csv")
    assert {row.tobytes() for row in dataset.train.images} <= {row.tobytes() for row in FLAT}


def test_orientation_of_things_that_are_no_digits_is_as_it_is(tmp_path):
    images = RNG.integers(0, 256, (200, 28, 28), dtype=np.uint8)
    write_idx(tmp_path, images, np.arange(200) % 10)
    np.testing.assert_array_equal(load_dataset(tmp_path).train.images, images.reshape(200, -1))


@pytest.mark.parametrize("told", [True, False])
def test_orientation_that_is_told_counts(tmp_path, told):
    write_idx(tmp_path, IMAGES, LABELS, "emnist-")
    stored = IMAGES.transpose(0, 2, 1) if told else IMAGES
    dataset = load_dataset(tmp_path, transposed=told)
    np.testing.assert_array_equal(dataset.train.images, stored.reshape(N, -1))
    assert dataset.notes == ()


# ---- Folders of pictures --------------------------------------------------------------------------------------------


def write_pictures(directory, rows=range(N), names=("0", "1", "2"), mode="L"):
    for row in rows:
        folder = directory / names[LABELS[row]]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(IMAGES[row]).convert(mode).save(folder / f"{row:03}.png")


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_folders_of_classes(tmp_path, mode):
    write_pictures(tmp_path, mode=mode)
    write(tmp_path / "0/.DS_Store", b"hidden")
    assert_holds_all(load_dataset(tmp_path))


@pytest.mark.parametrize("parts", [("train", "test"), ("training", "testing")])
def test_folders_of_training_and_test(tmp_path, parts):
    write_pictures(tmp_path / parts[0], names=tuple(NAMES))
    write_pictures(tmp_path / parts[1], range(9), names=tuple(NAMES))
    dataset = load_dataset(tmp_path)
    assert [len(dataset.train), len(dataset.test)] == [N, 9]
    assert dataset.classes == tuple(NAMES)
    assert sorted(map(bytes, dataset.train.images)) == sorted(map(bytes, FLAT))


@pytest.mark.parametrize("parts", [("train", "test"), ("", "")])
def test_lists_beside_folders_are_no_tables_and_are_noted(tmp_path, parts):
    for part in set(parts):
        write_pictures(tmp_path / part)
    write(tmp_path / "train.txt", b"0/000.png\n1/001.png\n")
    write(tmp_path / "test.csv", b"file,label\n0/000.png,0\n")
    dataset = load_dataset(tmp_path)
    assert len(dataset.train) in (36, N)
    assert f"beside the folders of {tmp_path.name}, this is left out: test.csv, train.txt" in dataset.notes


def test_tables_beside_a_folder_of_pictures_are_the_data(tmp_path):
    write_pictures(tmp_path, rows=range(0, N, 3))
    write(tmp_path / "train.csv", KAGGLE)
    assert_holds_all(load_dataset(tmp_path))


def test_folder_among_pictures_is_refused(tmp_path):
    write_pictures(tmp_path)
    write_pictures(tmp_path / "1/more", rows=range(3))
    fault = "is a folder among pictures; folders of classes have none below them"
    assert sentence_of(tmp_path) == f"{tmp_path / '1/more'}: {fault}"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs")
def test_fifo_among_pictures_is_refused(tmp_path):
    write_pictures(tmp_path)
    os.mkfifo(tmp_path / "1/x.png")
    assert sentence_of(tmp_path) == f"{tmp_path / '1/x.png'}: cannot be read (it is no regular file)"


def test_pictures_beside_folders_of_classes_are_noted(tmp_path):
    write_pictures(tmp_path / "train")
    write_pictures(tmp_path / "test")
    Image.fromarray(IMAGES[0]).save(tmp_path / "train/stray.png")
    assert "beside the folders of train, this is left out: stray.png" in load_dataset(tmp_path).notes


def test_pictures_of_several_sizes_are_refused(tmp_path):
    write_pictures(tmp_path)
    Image.new("L", (5, 3)).save(tmp_path / "2/odd.png")
    fault = "pictures to train on must be of one size, and there are 4x4 and 5x3 pixels"
    assert sentence_of(tmp_path) == f"{tmp_path / '2/odd.png'}: {fault}"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"<html>", "is a web page (HTML), as a download that failed leaves it, among pictures"),
        (b"\x89PNG\r\n\x1a\n", "is no sound picture"),
    ],
)
def test_file_among_pictures_that_is_none_is_named(tmp_path, content, fault):
    write_pictures(tmp_path)
    path = write(tmp_path / "1/x.png", content)
    assert sentence_of(tmp_path) == f"{path}: {fault}"


def test_directory_of_nothing_is_told(tmp_path):
    assert sentence_of(tmp_path).startswith(f"{tmp_path}: holds no data set (give ")


# ---- The scale of pixels --------------------------------------------------------------------------------------------

UNIT = FLAT / 255


@pytest.mark.parametrize(
    ("pixels", "seen", "scale"),
    [
        pytest.param(FLAT, UNIT, 1 / 255, id="uint8"),
        pytest.param(FLAT.astype(np.int64), UNIT, 1 / 255, id="int64"),
        pytest.param(FLAT.astype(float), UNIT, 1 / 255, id="whole floats"),
        pytest.param(FLAT * 0.9, UNIT * 0.9, 1 / 255, id="fractions to 255"),
        pytest.param(UNIT, UNIT, 1 / 255, id="0 to 1"),
        pytest.param(FLAT.astype(np.uint16) * 257, UNIT, 1 / 255, id="16 bits"),
        pytest.param(FLAT.astype(np.uint16) * 16, FLAT.astype(float) * 16 / 4095, 1 / 255, id="12 bits"),
        pytest.param(FLAT // 16, (FLAT // 16) / 16, 1 / 16, id="scikit-learn's digits"),
        pytest.param((FLAT // 16).astype(float), (FLAT // 16) / 16, 1 / 16, id="the same as floats"),
        pytest.param(FLAT > 99, (FLAT > 99).astype(float), 1 / 255, id="black and white"),
        pytest.param(UNIT * 4 - 2, UNIT * 4 - 2, 1, id="standardised"),
    ],
)
def test_scale_is_found_out_and_the_model_knows_it(tmp_path, pixels, seen, scale):
    np.savez(tmp_path / "data.npz", x_train=pixels, y_train=LABELS, x_test=pixels, y_test=LABELS)
    dataset = load_dataset(tmp_path / "data.npz")
    for part in (dataset.train, dataset.test):
        np.testing.assert_allclose(part.images * np.float32(part.scale), seen, atol=1e-6)
    assert dataset.pixel_scale == pytest.approx(scale)


def test_whole_numbers_of_either_sign_are_one_kind_and_fractions_another(tmp_path):
    parts = {"x_train": FLAT.astype(np.uint16), "y_train": LABELS, "x_test": FLAT.astype(np.int64), "y_test": LABELS}
    np.savez(tmp_path / "data.npz", **parts)
    dataset = load_dataset(tmp_path / "data.npz")
    assert (dataset.train.images.dtype, dataset.test.images.dtype) == (np.uint8, np.uint8)
    np.savez(tmp_path / "data.npz", **parts | {"x_test": UNIT})
    assert "must be of one kind of numbers, not uint16 and float64" in sentence_of(tmp_path / "data.npz")


def test_pixels_beyond_every_scale_are_refused(tmp_path):
    np.savez(tmp_path / "data.npz", X=FLAT.astype(float) * 1000.5, y=LABELS)
    assert "pixels go up to" in sentence_of(tmp_path / "data.npz")


def test_scale_that_is_not_plain_is_said(tmp_path):
    np.savez(tmp_path / "data.npz", X=FLAT.astype(float), y=LABELS)
    assert "pixels go from 0 to 255: divided by 255" in load_dataset(tmp_path / "data.npz").notes


# ---- Images to predict on -------------------------------------------------------------------------------------------


def written_forms(directory):
    yield write(directory / "a.csv", KAGGLE)
    yield write(directory / "b.csv", csv_bytes(FLAT.tolist(), PIXELS))
    yield write(directory / "c.csv", csv_bytes(FLAT.tolist()))
    yield write(directory / "d.csv", csv_bytes(labelled_rows()))
    yield write(directory / "e.gz", gzip.compress(idx_bytes(IMAGES)))
    np.savez(directory / "f.npz", x_train=IMAGES[:1], y_train=LABELS[:1], x_test=IMAGES, y_test=LABELS)
    np.savez(directory / "g.npz", IMAGES)
    np.save(directory / "h.npy", IMAGES.astype(np.int64))
    yield from (directory / name for name in ("f.npz", "g.npz", "h.npy"))


def test_images_are_loaded_from_any_form(tmp_path):
    for path in written_forms(tmp_path):
        images, scale = load_images(path)
        np.testing.assert_array_equal(images, FLAT, err_msg=path.name)
        assert (images.dtype, scale) == (np.uint8, 1 / 255)
        assert holds_images(path)


def test_images_of_emnist_come_out_upright(tmp_path):
    path = write(tmp_path / "emnist-letters-test-images-idx3-ubyte", idx_bytes(IMAGES.transpose(0, 2, 1)))
    np.testing.assert_array_equal(load_images(path)[0], FLAT)
    np.testing.assert_array_equal(load_images(path, is_transposed=False)[0], IMAGES.transpose(0, 2, 1).reshape(N, -1))


def test_images_of_any_form_come_out_upright_if_one_says_so(tmp_path):
    for path in written_forms(tmp_path):
        images, _ = load_images(path, is_transposed=True)
        np.testing.assert_array_equal(images, IMAGES.transpose(0, 2, 1).reshape(N, -1), err_msg=path.name)


def test_picture_holds_no_images_and_is_told(tmp_path):
    path = tmp_path / "seven.csv"
    Image.fromarray(IMAGES[0]).save(path, format="PNG")
    assert not holds_images(path)
    with pytest.raises(DataError, match="is a picture; images are read from IDX, CSV"):
        load_images(path)
