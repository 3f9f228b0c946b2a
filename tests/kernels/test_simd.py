"""The vector operations against their NumPy bodies, and what the kernels assume of the machine."""

import numpy as np
import pytest
from numba import config, njit
from numba.core.errors import TypingError

from fastnet.kernels import aligned_copy, aligned_empty, simd
from fastnet.kernels.simd import (
    BITS,
    LANES,
    broadcast,
    first_lanes,
    load,
    lowest_bit,
    nonzero_bits,
    relu,
    splat,
    sqrt,
    step,
    store,
    words_with,
)
from fastnet.kernels.tiles import tile, transpose

needs_jit = pytest.mark.skipif(config.DISABLE_JIT, reason="compares machine code with plain Python")


@njit
def arithmetic(a, b, out):
    x, y = load(a, (0,)), load(b, (0,))
    for row, value in enumerate((x + y, x - y, x * y, x / y, sqrt(y), relu(x), step(x), splat(3.0))):
        store(out, (row, 0), value)
    store(out, (8, 0), broadcast(a, (1,)))


@njit
def transposed(matrix, out):
    square = tile(LANES, 1)
    for row in range(LANES):
        square[row, 0] = load(matrix, (row, 0))
    transpose(square)
    for row in range(LANES):
        store(out, (row, 0), square[row, 0])


@njit
def masked_copy(source, target, count, vector):
    mask = first_lanes(count, vector)
    store(target, (0,), load(source, (0,), mask), mask)


@njit
def nonzero(array, row, start):
    return nonzero_bits(array, (row, start))


@njit
def words(array, start, bits):
    return words_with(array, (start,), bits)


@njit
def lowest(bits):
    return lowest_bit(bits)


@needs_jit
def test_machine_code_does_what_the_numpy_bodies_do():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(LANES).astype(np.float32), rng.random(LANES).astype(np.float32)
    compiled, plain = np.empty((9, LANES), np.float32), np.empty((9, LANES), np.float32)
    arithmetic(a, b, compiled)
    arithmetic.py_func(a, b, plain)
    np.testing.assert_allclose(compiled, plain, rtol=1e-6)


def test_transpose():
    matrix = np.arange(LANES * LANES, dtype=np.float32).reshape(LANES, LANES)
    out = np.empty_like(matrix)
    transposed(matrix, out)
    np.testing.assert_array_equal(out, matrix.T)


@pytest.mark.parametrize("vector", [0, 1])
@pytest.mark.parametrize("count", [-3, 0, 1, LANES - 1, LANES, LANES + 2, 2 * LANES])
def test_mask_touches_the_lanes_that_are_left(count, vector):
    source, target = np.arange(1, LANES + 1, dtype=np.float32), np.zeros(LANES, np.float32)
    masked_copy(source, target, count, vector)
    n_copied = min(max(count - vector * LANES, 0), LANES)
    np.testing.assert_array_equal(target, np.where(np.arange(LANES) < n_copied, source, 0))


def bits_of(flags):
    """The integer whose bits are the flags, first flag lowest."""
    return int(np.packbits(flags, bitorder="little").view(np.uint64)[0])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("density", [0.0, 0.2, 1.0])
def test_bits_of_the_numbers_that_are_not_zero(dtype, density):
    rng = np.random.default_rng(0)
    array = (rng.integers(1, 256, (3, BITS + 9)) * (rng.random((3, BITS + 9)) < density)).astype(dtype)
    for start in range(10):
        assert nonzero(array, 1, start) % 2**BITS == bits_of(array[1, start : start + BITS] != 0)


def test_nan_is_not_zero_and_minus_zero_is():
    array = np.zeros((1, BITS), np.float32)
    array[0, 5], array[0, BITS - 1], array[0, 7] = np.nan, 1e-45, -0.0
    assert nonzero(array, 0, 0) % 2**BITS == bits_of(np.isin(np.arange(BITS), [5, BITS - 1]))


@pytest.mark.parametrize("shift", [0, 1, 30, 59, 60])
def test_words_that_share_bits(shift):
    rng = np.random.default_rng(0)
    array = rng.integers(0, 2**64, BITS + 2, np.uint64) & rng.integers(0, 2**64, BITS + 2, np.uint64)
    bits = np.uint64(15 << shift)
    given = int(bits) if config.DISABLE_JIT else int(bits.astype(np.int64))
    assert words(array, 2, given) % 2**BITS == bits_of((array[2:] & bits) != 0)


@pytest.mark.parametrize("position", [0, 1, 31, 32, 62])
@pytest.mark.parametrize("above", [0, 1 << 62])
def test_lowest_bit(position, above):
    assert lowest((1 << position) | above) == position


def test_nan_passes_relu_and_counts_as_off():
    values = np.full(LANES, np.nan, np.float32)
    assert np.isnan(relu(values)).all()
    assert not step(values).any()


def test_lanes_are_those_of_a_vector_register():
    assert simd.LANES in (4, 8, 16)


@pytest.mark.parametrize("shape", [(1,), (3, 5), (64, 784)])
def test_arrays_start_on_a_cache_line(shape):
    for array in (aligned_empty(shape), aligned_copy(np.ones(shape))):
        assert array.ctypes.data % 64 == 0
        assert array.flags.c_contiguous
        assert array.shape == shape
        assert array.dtype == np.float32


@needs_jit
def test_tile_of_a_size_that_is_no_constant_is_refused_in_a_sentence():
    with pytest.raises(TypingError, match="tile: rows and vectors must be constants"):
        njit(lambda n: tile(n, 1).shape)(2)
