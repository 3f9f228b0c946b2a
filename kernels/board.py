"""A board of tasks from which threads help themselves.

Work is a sequence of phases, each with a number of tasks. A thread claims the next task of a phase, does it, and marks
it done; a phase is over when its tasks are done, no matter by whom. So no thread waits for another that has nothing in
hand: where the operating system takes a processor away, the other threads go on with the whole work. (A barrier or a
parallel loop waits for every thread to arrive: with a busy neighbour on the machine, that made a step 20 times slower
or more.) What a task computes does not depend on who does it, so neither do the results.

A phase reads: claim a task; while there is one, do it and `claim_next`; then `wait_for` all of them.

The board is an int64 array `(n_phases, n_workers + 1, 8)`: tasks claimed of each worker's share, and tasks done, each
count in a cache line of its own.
"""

import functools
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types

from .arrays import aligned_zeros
from .compilation import MOST_THREADS
from .jit import emitted, get_threads, inlined

LINE = 8  # int64 in a cache line
SPINS = 2000  # looks at a count before the thread lets others have its processor: some microseconds


@functools.cache
def _helpers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=MOST_THREADS - 1, thread_name_prefix="fastnet")


def work_together(function: Any, board: np.ndarray, *args: Any) -> None:
    """Call `function(worker, board, *args)` on this thread, as worker 0, and on helpers.

    The function is a kernel that takes its tasks from the board. A helper that was never given a processor is not
    waited for: by then, nothing is left for it to do. Nobody helps with a kernel's first call, which compiles it: an
    interrupt ends that on this thread, and would have to wait for another that then began to compile.
    """
    n_workers = board.shape[1] - 1
    if n_workers > 1 and not function.overloads:
        n_workers = 1
    futures = [_helpers().submit(function, worker, board, *args) for worker in range(1, n_workers)]
    try:
        function(0, board, *args)
    finally:
        for future in futures:
            if not future.cancel():
                future.result()


def new_board(n_phases: int) -> np.ndarray:
    """A board for `n_phases` and as many workers as kernels may use threads; it serves once."""
    return aligned_zeros((n_phases, get_threads() + 1, LINE), np.int64)


@inlined
def claim(board, phase, worker, n_tasks, backwards):
    """A task of the phase that nobody else has, or -1 if none is left.

    Each worker has a share of the tasks, the same in each step, so that it finds their data in its cache; when its own
    are gone, it takes from the others'. A share that is taken `backwards` in every other step begins with what was used
    last, which a cache that is too small for all of it still holds.
    """
    n_workers = board.shape[1] - 1
    for k in range(n_workers):
        owner = (worker + k) % n_workers
        start, stop = owner * n_tasks // n_workers, (owner + 1) * n_tasks // n_workers
        if start + look(board, phase, owner) < stop:
            count = add_one(board, phase, owner)
            if start + count < stop:
                return stop - 1 - count if backwards else start + count
    return -1


@inlined
def complete(board, phase):
    """A claimed task is done."""
    add_one(board, phase, board.shape[1] - 1)


@inlined
def claim_next(board, phase, worker, n_tasks, backwards):
    """Mark a task done and claim another."""
    complete(board, phase)
    return claim(board, phase, worker, n_tasks, backwards)


@inlined
def wait_for(board, phase, n_tasks):
    """Wait until all tasks of the phase are done."""
    spins = 0
    while look(board, phase, board.shape[1] - 1) < n_tasks:
        spins += 1
        if spins % SPINS == 0:
            yield_processor()


# ---- Counts that threads share --------------------------------------------------------------------------------------


def add_one(board, phase, count):
    """Add 1 to a count of the board, with no other thread coming between; return what it was."""
    board[phase, count, 0] += 1
    return board[phase, count, 0] - 1


def look(board, phase, count):
    """A count as it is now; what its writer wrote before is then seen as well."""
    return board[phase, count, 0]


def yield_processor():
    """Let other threads have this processor for a moment."""


def _pointer(context, builder, signature, args):
    array = context.make_array(signature.args[0])(context, builder, args[0])
    indices = [args[1], args[2], ir.Constant(args[1].type, 0)]
    return cgutils.get_item_pointer(context, builder, signature.args[0], array, indices)


@emitted(add_one)
def _add_one(board, phase, count):
    def codegen(context, builder, signature, args):
        one = ir.Constant(ir.IntType(64), 1)
        return builder.atomic_rmw("add", _pointer(context, builder, signature, args), one, "seq_cst")

    return types.int64(board, types.intp, types.intp), codegen


@emitted(look)
def _look(board, phase, count):
    def codegen(context, builder, signature, args):
        return builder.load_atomic(_pointer(context, builder, signature, args), "acquire", 8)

    return types.int64(board, types.intp, types.intp), codegen


@emitted(yield_processor)
def _yield_processor():
    def codegen(context, builder, signature, args):
        if sys.platform != "win32":  # POSIX
            function = ir.FunctionType(ir.IntType(32), [])
            builder.call(cgutils.get_or_insert_function(builder.module, function, "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), codegen
