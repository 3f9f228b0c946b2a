"""Threads that work from a board: who is called, and who is not."""

import time

import pytest
from numba import config

from fastnet.kernels.board import new_board, work_together
from fastnet.kernels.jit import use_threads

pytestmark = pytest.mark.skipif(config.DISABLE_JIT, reason="plain Python works alone")


class Kernel:
    """Stands for a kernel, which has machine code or none yet, and takes long enough for others to come."""

    def __init__(self, overloads):
        self.overloads, self.called = overloads, []

    def __call__(self, worker, board):
        self.called.append(worker)
        time.sleep(0.2)


def test_a_kernel_that_is_compiled_yet_is_called_by_this_thread_alone():
    """Or an interrupt, which ends compiling here, would have to wait for another thread that goes on with it."""
    called = {}
    for overloads in ({}, {"types": "code"}):
        kernel = Kernel(overloads)
        with use_threads(3):
            work_together(kernel, new_board(1))
        called[len(overloads)] = kernel.called
    assert called[0] == [0]
    assert 0 in called[1]
    assert set(called[1]) <= {0, 1, 2}
