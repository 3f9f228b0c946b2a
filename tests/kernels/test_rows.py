"""Rows without their zeros stand for the array that they came from."""

import numpy as np
import pytest

from fastnet import kernels
from fastnet.kernels import cases, reference
from fastnet.kernels.sparse_rows import SparseRows


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    images = rng.integers(1, 256, (12, 9)) * (rng.random((12, 9)) < 0.3)
    images[3] = 0
    return images.astype(np.uint8)


def test_there_and_back(images):
    rows = SparseRows.from_dense(images)
    assert (rows.shape, rows.dtype, len(rows.values)) == (images.shape, images.dtype, np.count_nonzero(images))
    np.testing.assert_array_equal(rows.dense(), images)


@pytest.mark.parametrize("chosen", [[], [3], [0, 0, 11], [11, 3, 5, 3], [-1, -12, 4], np.arange(12) % 3 == 0])
def test_chosen_rows(images, chosen):
    chosen = np.asarray(chosen, None if len(chosen) else np.int64)
    np.testing.assert_array_equal(SparseRows.from_dense(images).take(chosen).dense(), images[chosen])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("module", [kernels, reference])
def test_a_batch_is_gathered_from_sparse_rows_as_from_dense_ones(module, dtype):
    arguments = cases.make_gather_batch(np.random.default_rng(0), 40, 19, 43)
    dense = arguments["images"].astype(dtype)
    module.gather_batch(**{**arguments, "images": SparseRows.from_dense(dense)})
    np.testing.assert_allclose(arguments["x"], dense[arguments["rows"]] / 255, rtol=1e-6)
    np.testing.assert_array_equal(arguments["y"], arguments["labels"][arguments["rows"]])


@pytest.mark.parametrize("row", [-1, 12])
@pytest.mark.parametrize("module", [kernels, reference])
def test_row_that_is_not_there_is_refused(images, module, row):
    arguments = cases.make_gather_batch(np.random.default_rng(0), 12, 2, 9)
    arguments.update(images=SparseRows.from_dense(images), rows=np.array([0, row]))
    with pytest.raises(IndexError, match=r"row is outside 0\.\.11"):
        module.gather_batch(**arguments)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"starts": np.array([0, 2, 3], np.int32)}, "int64 starts, and as many int32 features as values"),
        ({"features": np.zeros(2, np.int32)}, "int64 starts, and as many int32 features as values"),
        ({"starts": np.array([0, 2, 4])}, "must ascend from 0 to the number of values"),
        ({"starts": np.array([0, 3, 2])}, "must ascend from 0 to the number of values"),
        ({"starts": np.array([-1, 2, 3])}, "must ascend from 0 to the number of values"),
        ({"features": np.array([0, 2**30, 1], np.int32)}, "features of sparse images must be from 0 to 3"),
        ({"features": np.array([0, -1, 1], np.int32)}, "features of sparse images must be from 0 to 3"),
    ],
)
def test_rows_that_lead_outside_their_arrays_are_refused(changes, sentence):
    rows = SparseRows(np.array([0, 2, 3]), np.array([1, 2, 0], np.int32), np.ones(3, np.uint8), 4)
    arguments = cases.make_gather_batch(np.random.default_rng(0), 2, 2, 4)
    arguments["rows"] = np.array([0, 1])
    kernels.gather_batch(**{**arguments, "images": rows})
    with pytest.raises(ValueError, match=sentence):
        kernels.gather_batch(**{**arguments, "images": rows._replace(**changes)})


def test_values_of_another_type_are_refused(images):
    arguments = cases.make_gather_batch(np.random.default_rng(0), 12, 2, 9)
    arguments["images"] = SparseRows.from_dense(images.astype(np.float64))
    with pytest.raises(ValueError, match="images must be uint8 or float32 in C order, not float64"):
        kernels.gather_batch(**arguments)
