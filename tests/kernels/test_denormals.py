"""Denormal numbers are taken for 0 between `flush_denormals` and `restore_denormals`, in that thread alone."""

import platform
import threading

import numpy as np
import pytest
from numba import config, njit

from fastnet.kernels.denormals import flush_denormals, restore_denormals

pytestmark = pytest.mark.skipif(
    bool(config.DISABLE_JIT) or platform.machine() not in ("x86_64", "AMD64"), reason="a control register of x86"
)
TINY = np.float32(1e-38)


@njit
def halve(values):
    for i in range(len(values)):
        values[i] *= np.float32(0.25)


@njit
def halve_flushing(values):
    saved = flush_denormals()
    halve(values)
    restore_denormals(saved)


def test_denormals_are_flushed_and_the_thread_is_left_as_it_was():
    values = np.full(3, TINY)
    halve_flushing(values)
    assert (values == 0).all()
    values = np.full(3, TINY)
    halve(values)
    assert (values > 0).all()


def test_other_threads_keep_their_denormals():
    values = np.full(3, TINY)
    thread = threading.Thread(target=halve_flushing, args=(np.full(3, TINY),))
    thread.start()
    thread.join()
    halve(values)
    assert (values > 0).all()


def test_not_a_number_and_infinity_are_kept():
    values = np.array([np.nan, np.inf, -np.inf], np.float32)
    halve_flushing(values)
    np.testing.assert_array_equal(values, [np.nan, np.inf, -np.inf])
