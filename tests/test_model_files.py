"""Model directories: what is written is read back, and every kind of damage is refused by the name of the file."""

import dataclasses
import hashlib
import io
import json
import os
import pickle
import shutil
import struct

import numpy as np
import pytest

from fastnet import weights
from fastnet.errors import ModelError
from fastnet.files import whole_directory
from fastnet.models.documents import Manifest, Score
from fastnet.models.fields import to_json
from fastnet.models.files import find_model, read_model, write_model
from fastnet.models.sealed import sealed

RNG = np.random.default_rng(3)
PARAMETERS = {
    "W1": RNG.standard_normal((6, 5)).astype(np.float32),
    "b1": RNG.standard_normal(5).astype(np.float32),
    "W2": RNG.standard_normal((5, 3)).astype(np.float32),
    "b2": RNG.standard_normal(3).astype(np.float32),
}
FACTS = Manifest(layer_sizes=(6, 5, 3), pixel_scale=1 / 255)


@pytest.fixture
def model(tmp_path):
    directory = tmp_path / "model"
    directory.mkdir()
    write_model(directory, PARAMETERS, FACTS)
    return directory


def change_manifest(model, **changes):
    path = model / "manifest.json"
    path.write_text(json.dumps(sealed({**json.loads(path.read_text()), **changes})))


def replace_array(model, content, name="W1"):
    """Put other bytes in place of an array, with the SHA-256 in the manifest made to match."""
    (model / f"{name}.npy").write_bytes(content)
    arrays = json.loads((model / "manifest.json").read_text())["arrays"]
    arrays[name]["sha256"] = hashlib.sha256(content).hexdigest()
    change_manifest(model, arrays=arrays)


def npy(array, **kwargs):
    buffer = io.BytesIO()
    np.save(buffer, array, **kwargs)
    return buffer.getvalue()


def npy_with_header(header, data=bytes(6 * 5 * 4)):
    header = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def npy_that_claims(shape):
    return npy_with_header(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}")


def sentence_of(model, file_name):
    """The message of the ModelError, which must be one line that opens with the path of that file."""
    with pytest.raises(ModelError) as caught:
        read_model(model)
    message = str(caught.value)
    assert message.startswith(f"{model / file_name}: ")
    assert "\n" not in message
    return message.removeprefix(f"{model / file_name}: ")


# ---- What is sound --------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_back_bit_for_bit(model):
    files = read_model(model)
    assert list(files.parameters) == ["W1", "b1", "W2", "b2"]
    for name, array in PARAMETERS.items():
        assert files.parameters[name].dtype == np.float32
        assert files.parameters[name].tobytes() == array.tobytes()
    assert files.layer_sizes == (6, 5, 3)
    assert files.pixel_scale == 1 / 255
    assert files.directory == model


def test_a_model_stored_in_float16_is_read_as_float32(tmp_path):
    halves = {name: array.astype(np.float16) for name, array in PARAMETERS.items()}
    write_model(tmp_path, halves, FACTS)
    files = read_model(tmp_path)
    assert files.manifest.arrays["W1"].dtype == "float16"
    assert np.load(tmp_path / "W1.npy", allow_pickle=False).dtype == np.float16
    for name, array in halves.items():
        assert files.parameters[name].dtype == np.float32
        np.testing.assert_array_equal(files.parameters[name], array)


def test_a_model_stored_otherwise_than_described(model):
    arrays = json.loads((model / "manifest.json").read_text())["arrays"]
    arrays["W1"]["dtype"] = "float16"
    change_manifest(model, arrays=arrays)
    assert sentence_of(model, "W1.npy") == "must be float16 of shape (6, 5), and is float32 of shape (6, 5)"


def test_further_facts_stand_in_the_manifest(tmp_path):
    write_model(tmp_path, PARAMETERS, dataclasses.replace(FACTS, test=Score(accuracy=0.99)))
    assert to_json(read_model(tmp_path).manifest.test) == {"accuracy": 0.99}


def test_softmax_regression_is_a_model_of_one_layer(tmp_path):
    manifest = Manifest(layer_sizes=(5, 3), pixel_scale=1)
    write_model(tmp_path, {"W1": PARAMETERS["W2"], "b1": PARAMETERS["b2"]}, manifest)
    assert list(read_model(tmp_path).parameters) == ["W1", "b1"]


def test_manifest_describes_each_array(model):
    arrays = json.loads((model / "manifest.json").read_text())["arrays"]
    assert arrays["W1"] == {
        "shape": [6, 5],
        "dtype": "float32",
        "sha256": hashlib.sha256((model / "W1.npy").read_bytes()).hexdigest(),
    }
    np.testing.assert_array_equal(np.load(model / "W1.npy", allow_pickle=False), PARAMETERS["W1"])


def test_manifest_is_written_last(tmp_path):
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_model(tmp_path, {**PARAMETERS, "b2": np.array([None])}, FACTS)
    assert (tmp_path / "W1.npy").exists()
    assert not (tmp_path / "manifest.json").exists()


# ---- Names ----------------------------------------------------------------------------------------------------------


def test_shipped_model_is_found_by_its_name():
    assert find_model(weights.SMALL) == weights.DIRECTORY / weights.SMALL
    assert read_model(weights.SMALL).layer_sizes == (784, 512, 10)


@pytest.mark.parametrize("name", weights.names())
def test_every_shipped_model_is_sound(name):
    files = read_model(name)
    assert (files.directory / "history.json").is_file()
    assert files.manifest.n_parameters == sum(array.size for array in files.parameters.values())


def test_model_is_found_by_its_path_too(model):
    assert find_model(model) == find_model(str(model)) == model


def test_unknown_model_is_told_the_known_ones(tmp_path):
    with pytest.raises(ModelError, match=r"nowhere: no such model \(.*comes with fastnet: .*mnist-784-512-10"):
        read_model(tmp_path / "nowhere")


def test_file_in_place_of_a_directory_is_no_model(model):
    with pytest.raises(ModelError, match="no such model"):
        read_model(model / "W1.npy")


NO_MODEL = (
    "is missing, so this directory holds no model; give one that fastnet saved a run or a model in,"
    " or the name of a run in runs/ or of a model that comes with fastnet"
)


# ---- Damaged manifests ----------------------------------------------------------------------------------------------


def test_missing_manifest(model):
    (model / "manifest.json").unlink()
    assert sentence_of(model, "manifest.json") == NO_MODEL


def test_empty_directory_holds_no_model(tmp_path):
    assert sentence_of(tmp_path, "manifest.json") == NO_MODEL


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"format": "fastnet-model", ', id="truncated"),
        pytest.param(b"\xff\xfe\x00", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(b'{"pixel_scale": ' + b"9" * 10_000 + b"}", id="number without end"),
    ],
)
def test_manifest_that_is_not_json(model, content):
    (model / "manifest.json").write_bytes(content)
    assert sentence_of(model, "manifest.json").startswith("is not sound JSON (")


@pytest.mark.parametrize("content", ["[]", "null", '"fastnet-model"', "{}", '{"format": "keras"}'])
def test_json_that_is_no_manifest(model, content):
    (model / "manifest.json").write_text(content)
    assert sentence_of(model, "manifest.json") == "is not the manifest of a fastnet model"


@pytest.mark.parametrize("version", [0, 4, "2", 2.0, True, None])
def test_other_format_version(model, version):
    change_manifest(model, format_version=version)
    assert sentence_of(model, "manifest.json") == f"has format version {version}; this fastnet reads 1, 2, 3"


@pytest.mark.parametrize(
    "sizes",
    [None, "784", 6, {}, [], [6], [6, 0], [6, -5, 3], [6, 5.0, 3], [6, "5", 3], [6, True, 3], [[6, 5], 3], [6, None]],
    ids=repr,
)
def test_layer_sizes_that_are_none(model, sizes):
    change_manifest(model, layer_sizes=sizes)
    fault = f"layer_sizes must be a list of two or more whole numbers from 1, not {sizes}"
    assert sentence_of(model, "manifest.json") == fault


@pytest.mark.parametrize("sizes", [[10**9, 10**9], [6, 2**40, 3], [2**31, 1]], ids=repr)
def test_absurd_layer_sizes_are_refused_before_any_memory_is_asked_for(model, sizes):
    change_manifest(model, layer_sizes=sizes)
    fault = f"layer_sizes {sizes} ask for more than 2147483648 parameters"
    assert sentence_of(model, "manifest.json") == fault


@pytest.mark.parametrize("sizes", [[6, 5, 4], [5, 5, 3], [6, 7, 3], [6, 30_000, 3], [6, 3]], ids=repr)
def test_layer_sizes_that_are_not_those_of_the_arrays(model, sizes):
    change_manifest(model, layer_sizes=sizes)
    assert "must describe" in sentence_of(model, "manifest.json")


def test_layer_sizes_with_more_layers_than_arrays(model):
    change_manifest(model, layer_sizes=[6, 5, 3, 2])
    assert sentence_of(model, "manifest.json") == "does not describe W3"


@pytest.mark.parametrize(
    "scale",
    [None, "1", True, [1], 0, -1, float("nan"), float("inf"), 1e-60, 10**400],
    ids=lambda scale: repr(scale)[:9],
)
def test_pixel_scale_that_is_none(model, scale):
    change_manifest(model, pixel_scale=scale)
    fault = f"pixel_scale must be a number from 1e-09 to 1e+09, not {scale}"
    assert sentence_of(model, "manifest.json") == fault


@pytest.mark.parametrize("arrays", [None, [], "W1"])
def test_manifest_without_its_arrays(model, arrays):
    change_manifest(model, arrays=arrays)
    assert sentence_of(model, "manifest.json") == "lacks the description of its arrays"


@pytest.mark.parametrize("description", [None, [], "float32"])
def test_array_that_is_not_described(model, description):
    arrays = json.loads((model / "manifest.json").read_text())["arrays"]
    change_manifest(model, arrays={**arrays, "b2": description})
    assert sentence_of(model, "manifest.json") == "does not describe b2"


@pytest.mark.parametrize(
    "change", [{"shape": [5, 6]}, {"shape": None}, {"dtype": "float64"}, {"dtype": None}], ids=repr
)
def test_array_that_is_described_as_another(model, change):
    arrays = json.loads((model / "manifest.json").read_text())["arrays"]
    arrays["W1"].update(change)
    change_manifest(model, arrays=arrays)
    assert sentence_of(model, "manifest.json") == "must describe W1 as float32 of shape [6, 5]"


@pytest.mark.parametrize("sha256", [None, "", 0, "0" * 64])
def test_sum_that_is_none_refuses_the_array(model, sha256):
    arrays = json.loads((model / "manifest.json").read_text())["arrays"]
    arrays["W2"]["sha256"] = sha256
    change_manifest(model, arrays=arrays)
    assert sentence_of(model, "W2.npy").startswith("its SHA-256 is not the manifest's")


def test_a_model_of_the_first_format_which_had_no_sum_is_read(model):
    path = model / "manifest.json"
    content = json.loads(path.read_text())
    del content["sha256"]
    path.write_text(json.dumps(content))
    assert sentence_of(model, "manifest.json").startswith("its SHA-256 is not that of its content")
    path.write_text(json.dumps({**content, "format_version": 1}))
    assert read_model(model).layer_sizes == (6, 5, 3)


# ---- Damaged arrays -------------------------------------------------------------------------------------------------

NO_NPY = "is not a sound .npy file of plain numbers (pickled objects are refused)"


@pytest.mark.parametrize("name", PARAMETERS)
def test_missing_array(model, name):
    (model / f"{name}.npy").unlink()
    assert sentence_of(model, f"{name}.npy") == "cannot be read (No such file or directory)"


def test_directory_in_place_of_an_array(model):
    (model / "b1.npy").unlink()
    (model / "b1.npy").mkdir()
    assert sentence_of(model, "b1.npy") == "cannot be read (Is a directory)"


@pytest.mark.parametrize("name", PARAMETERS)
def test_array_with_one_changed_bit(model, name):
    path = model / f"{name}.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert sentence_of(model, f"{name}.npy") == "its SHA-256 is not the manifest's, so it was changed or damaged"


def test_array_of_another_model(model, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    write_model(other, {name: array + 1 for name, array in PARAMETERS.items()}, FACTS)
    shutil.copy(other / "W2.npy", model / "W2.npy")
    assert sentence_of(model, "W2.npy").startswith("its SHA-256 is not the manifest's")


def test_file_far_too_long_is_refused_by_its_size(model):
    with (model / "W1.npy").open("ab") as file:
        file.truncate(10**10)  # sparse: no byte is written, none must be read
    assert sentence_of(model, "W1.npy") == "cannot be read (it has more than 4,216 bytes)"


class Bomb:
    """Unpickling it makes a directory."""

    def __init__(self, directory):
        self.directory = directory

    def __reduce__(self):
        return (os.mkdir, (str(self.directory),))


@pytest.mark.parametrize("as_npy", [True, False], ids=[".npy of objects", "plain pickle"])
def test_pickled_objects_are_refused_and_never_loaded_whatever_the_manifest_says(model, as_npy):
    bombs = np.array([Bomb(model / "made")], object)
    replace_array(model, npy(bombs, allow_pickle=True) if as_npy else pickle.dumps(bombs[0]))
    found = "must be float32 of shape (6, 5), and is object of shape (1,)"
    assert sentence_of(model, "W1.npy") == (found if as_npy else NO_NPY)
    assert not (model / "made").exists()


def _npz():
    buffer = io.BytesIO()
    np.savez(buffer, W1=PARAMETERS["W1"])
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"hello", id="text"),
        pytest.param(npy(PARAMETERS["W1"])[:-1], id="truncated"),
        pytest.param(npy(PARAMETERS["W1"])[:50], id="cut in its header"),
        pytest.param(npy_that_claims("(6, 05)"), id="shape that is no Python"),
        pytest.param(npy_that_claims("(6, 5"), id="shape without its end"),
        pytest.param(npy_with_header("__import__('os')"), id="header that is code"),
        pytest.param(npy_with_header("(" * 500), id="header without end"),
    ],
)
def test_bytes_that_are_no_sound_npy_are_refused_whatever_the_manifest_says(model, content):
    replace_array(model, content)
    assert sentence_of(model, "W1.npy") == NO_NPY


NAN, INFINITE = PARAMETERS["W1"].copy(), PARAMETERS["W1"].copy()
NAN[5, 4], INFINITE[0, 0] = np.nan, -np.inf


@pytest.mark.parametrize(
    "shape", ["1000000000000, 1000", "99999999999999999999,", "4294967296, 4294967296", "-6, 5", "True, 5"], ids=repr
)
def test_shapes_that_no_memory_holds_are_told_and_not_asked_for(model, shape):
    replace_array(model, npy_that_claims(f"({shape})"))
    assert sentence_of(model, "W1.npy") == f"must be float32 of shape (6, 5), and is float32 of shape ({shape})"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(
            npy(PARAMETERS["W1"].T), "must be float32 of shape (6, 5), and is float32 of shape (5, 6)", id="T"
        ),
        pytest.param(
            npy(PARAMETERS["W1"].ravel()), "must be float32 of shape (6, 5), and is float32 of shape (30,)", id="flat"
        ),
        pytest.param(
            npy_that_claims("(0, 5)"), "must be float32 of shape (6, 5), and is float32 of shape (0, 5)", id="0"
        ),
        pytest.param(
            npy(PARAMETERS["W1"].astype(np.float64)),
            "must be float32 of shape (6, 5), and is float64 of shape (6, 5)",
            id="float64",
        ),
        pytest.param(
            npy(PARAMETERS["W1"].astype(np.int32)),
            "must be float32 of shape (6, 5), and is int32 of shape (6, 5)",
            id="int32",
        ),
        pytest.param(
            npy(PARAMETERS["W1"].astype(">f4")),
            "must be float32 of shape (6, 5), and is >f4 of shape (6, 5)",
            id="big-endian",
        ),
        pytest.param(_npz(), NO_NPY, id="an .npz by another name"),
        pytest.param(npy(NAN), "holds NaN or infinite numbers", id="NaN"),
        pytest.param(npy(INFINITE), "holds NaN or infinite numbers", id="infinite"),
    ],
)
def test_array_of_another_kind_is_refused_whatever_the_manifest_says(model, content, fault):
    replace_array(model, content)
    assert sentence_of(model, "W1.npy") == fault


def test_a_shipped_model_that_is_being_written_has_no_name_yet(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "DIRECTORY", tmp_path)
    with whole_directory(tmp_path / "one") as new:
        (new / "manifest.json").write_text("{}")
        assert weights.names() == []
    assert weights.names() == ["one"]
