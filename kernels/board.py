"""A board of tasks from which threads help themselves.

Work is a sequence of phases, each with a number of tasks. A thread claims the next task of a phase, does it, and marks
it done; a phase is over when its tasks are done, no matter by whom. So no thread waits for another that has nothing in
hand: where the operating system takes a processor away, the other threads go on with the whole work. (A barrier or a
parallel loop waits for every thread to arrive: with a busy neighbour on the machine, that made a step 20 times slower
or more.) What a task computes does not depend on who does it, so neither do the results.

The board is an int64 array `(n_phases, 2, 8)`: tasks claimed and tasks done, each count in a cache line of its own.
"""

import functools
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import intrinsic, overload

from .jit import MOST_THREADS, get_threads, inlined

LINE = 8  # int64 in a cache line
SPINS = 2000  # looks at a count before the thread lets others have its processor: some microseconds


@functools.cache
def _helpers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=MOST_THREADS - 1, thread_name_prefix="fastnet")


def work_together(function: Callable[..., None], *args: Any) -> None:
    """Call a compiled function that takes its tasks from a board, on this thread and on helpers.

    In all there are as many threads as kernels may use. A helper that was never given a processor is not waited for.
    """
    futures = [_helpers().submit(function, *args) for _ in range(get_threads() - 1)]
    function(*args)
    for future in futures:
        if not future.cancel():
            future.result()


def new_board(n_phases: int) -> np.ndarray:
    """A board for `n_phases`; fill it with zeros before each use."""
    return np.zeros((n_phases, 2, LINE), np.int64)


@inlined
def claim(board, phase):
    """The number of a task of the phase that nobody else has; from its number of tasks on, nothing is left."""
    return add_atomically(board, phase, 0, 1)


@inlined
def complete(board, phase):
    """A claimed task is done."""
    add_atomically(board, phase, 1, 1)


@inlined
def wait_for(board, phase, n_tasks):
    """Wait until all tasks of the phase are done."""
    spins = 0
    while add_atomically(board, phase, 1, 0) < n_tasks:
        spins += 1
        if spins % SPINS == 0:
            yield_processor()


def add_atomically(board, phase, count, amount):
    """Add to a count of the board, in one step that no other thread can come between; return what it was."""
    board[phase, count, 0] += amount
    return board[phase, count, 0] - amount


def yield_processor():
    """Let other threads have this processor for a moment."""


@intrinsic
def _add_atomically(typingctx, board, phase, count, amount):
    def codegen(context, builder, signature, args):
        array = context.make_array(signature.args[0])(context, builder, args[0])
        zero = ir.Constant(args[1].type, 0)
        pointer = cgutils.get_item_pointer(context, builder, signature.args[0], array, [args[1], args[2], zero])
        return builder.atomic_rmw("add", pointer, args[3], "seq_cst")

    return types.int64(board, types.intp, types.intp, types.int64), codegen


@intrinsic
def _yield_processor(typingctx):
    def codegen(context, builder, signature, args):
        if sys.platform != "win32":  # POSIX
            function = ir.FunctionType(ir.IntType(32), [])
            builder.call(cgutils.get_or_insert_function(builder.module, function, "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), codegen


@overload(add_atomically)
def _overload_add_atomically(board, phase, count, amount):
    return lambda board, phase, count, amount: _add_atomically(board, phase, count, amount)


@overload(yield_processor)
def _overload_yield_processor():
    return lambda: _yield_processor()
