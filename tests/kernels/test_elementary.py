"""`exp`, `tanh` and the logistic function of vectors against double precision, over the whole range of float32."""

import numpy as np
import pytest
from numba import config, njit

from fastnet.kernels import elementary
from fastnet.kernels.elementary import ULP, exp, logistic, tanh
from fastnet.kernels.simd import LANES, load, power_of_two, store

EVERY = 100_003 if config.DISABLE_JIT else 1009  # a prime: of the 2**32 patterns of bits, one in so many is tried
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-45, -1e-45, 1.1754942e-38, 1.1754944e-38, 3.4028235e38, -3.4028235e38]


@njit
def exp_of(x, out):
    for i in range(0, len(x), LANES):
        store(out, (i,), exp(load(x, (i,))))


@njit
def tanh_of(x, out):
    for i in range(0, len(x), LANES):
        store(out, (i,), tanh(load(x, (i,))))


@njit
def logistic_of(x, out):
    for i in range(0, len(x), LANES):
        store(out, (i,), logistic(load(x, (i,))))


@njit
def powers_of(x, out):
    for i in range(0, len(x), LANES):
        store(out, (i,), power_of_two(load(x, (i,))))


def exact_logistic(x):
    """As near as double precision has it, on both sides."""
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1) / (1 + small)


FUNCTIONS = {"exp": (exp_of, np.exp), "tanh": (tanh_of, np.tanh), "logistic": (logistic_of, exact_logistic)}


def applied(function, x):
    """The function of each of the numbers, as many as there are."""
    padded = np.zeros(-(-len(x) // LANES) * LANES, np.float32)
    padded[: len(x)] = x
    out = np.full_like(padded, np.nan)
    with np.errstate(over="ignore", invalid="ignore"):  # NumPy warns, where this runs as plain Python
        function(padded, out)
    return out[: len(x)]


def sampled():
    """Numbers of every sign and exponent, and the special ones."""
    patterns = np.arange(0, 2**32, EVERY, dtype=np.uint64).astype(np.uint32)
    numbers = patterns.view(np.float32)
    near = np.linspace(-110, 110, 2**12 if config.DISABLE_JIT else 2**19, dtype=np.float32)
    return np.concatenate([numbers[~np.isnan(numbers)], near, np.array(SPECIAL, np.float32)])


def errors_in_ulp(actual, exact):
    """How far each result is from the exact one, in units of the last place of a float32 there."""
    with np.errstate(over="ignore"):
        rounded = exact.astype(np.float32)
    assert (np.isinf(actual) == np.isinf(rounded)).all()
    is_finite = np.isfinite(rounded)
    units = np.spacing(np.abs(rounded[is_finite])).astype(np.float64)
    return np.abs(actual[is_finite].astype(np.float64) - exact[is_finite]) / units


@pytest.mark.parametrize("name", FUNCTIONS)
def test_errors_are_within_the_stated_bound_everywhere(name):
    function, exact = FUNCTIONS[name]
    numbers = sampled()
    numbers = numbers[~np.isnan(numbers)]
    with np.errstate(over="ignore"):
        expected = exact(numbers.astype(np.float64))
    assert errors_in_ulp(applied(function, numbers), expected).max() <= ULP[name]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nan_stays_nan(name):
    patterns = np.array([0x7FC00000, 0xFFC00000, 0x7F800001, 0xFFFFFFFF], np.uint32)
    assert np.isnan(applied(FUNCTIONS[name][0], patterns.view(np.float32))).all()


@pytest.mark.parametrize(
    ("name", "below", "above"), [("exp", 0.0, np.inf), ("tanh", -1.0, 1.0), ("logistic", 0.0, 1.0)]
)
def test_limits_are_exact_and_never_passed(name, below, above):
    function, _ = FUNCTIONS[name]
    infinities = np.array([-np.inf, np.inf], np.float32)
    np.testing.assert_array_equal(applied(function, infinities), np.array([below, above], np.float32))
    numbers = sampled()
    results = applied(function, numbers[~np.isnan(numbers)])
    assert below <= results.min() <= results.max() <= above


def test_results_below_the_smallest_normal_number_are_denormal():
    x = np.array([-88.0, -95.0, -103.0, -104.0], np.float32)
    for name in ("exp", "logistic"):
        results = applied(FUNCTIONS[name][0], x)
        assert (results[:3] > 0).all()
        assert (results[:3] < np.finfo(np.float32).tiny).all()
        assert results[3] == 0


def test_tanh_of_small_numbers_keeps_all_their_digits():
    x = np.float32(10.0) ** np.arange(-44, -4, dtype=np.float32)
    np.testing.assert_allclose(applied(tanh_of, x), x, rtol=2e-7, atol=0)


def test_powers_of_two_are_exact():
    exponents = np.arange(-126, 128, dtype=np.float32)
    np.testing.assert_array_equal(applied(powers_of, exponents), np.ldexp(1.0, exponents.astype(int)))


def test_reduction_is_exact_where_it_has_to_be():
    """Whole numbers up to those of the largest exponents, times the high part of log(2), are float32."""
    whole = np.arange(-151, 152)
    products = whole * elementary.LOG_2_HIGH
    np.testing.assert_array_equal(products.astype(np.float32), products)
