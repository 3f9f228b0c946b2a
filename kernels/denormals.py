"""Numbers below 1e-38, with which many CPUs are slow: taken for 0 while kernels run, thread by thread.

Adam's moments of weights whose gradient has stopped decay into such denormal numbers. On x86 a thread has a control
register with bits that make them 0; elsewhere nothing is done.
"""

import numpy as np
from llvmlite import ir
from llvmlite.binding import get_process_triple
from numba.core import cgutils, types

from .jit import emitted

_IS_X86 = get_process_triple().startswith(("x86_64", "i386", "i686"))
_FLUSH_TO_ZERO = 0x8040  # results (bit 15) and operands (bit 6)


def flush_denormals():
    """From now on, this thread takes denormal numbers for 0; return what `restore_denormals` needs."""
    return np.int32(0)


def restore_denormals(saved):
    """Undo `flush_denormals`."""


def _control_register(builder, operation):
    """Memory for the register, and what reads (stmxcsr) or writes (ldmxcsr) the register there."""
    slot = cgutils.alloca_once(builder, ir.IntType(32))
    pointer = builder.bitcast(slot, ir.IntType(8).as_pointer())
    signature = ir.FunctionType(ir.VoidType(), [pointer.type])
    function = cgutils.get_or_insert_function(builder.module, signature, f"llvm.x86.sse.{operation}")
    return slot, lambda: builder.call(function, [pointer])


@emitted(flush_denormals)
def _flush_denormals():
    def codegen(context, builder, signature, args):
        if not _IS_X86:
            return ir.Constant(ir.IntType(32), 0)
        slot, read = _control_register(builder, "stmxcsr")
        read()
        saved = builder.load(slot)
        flushing, write = _control_register(builder, "ldmxcsr")
        builder.store(builder.or_(saved, ir.Constant(saved.type, _FLUSH_TO_ZERO)), flushing)
        write()
        return saved

    return types.int32(), codegen


@emitted(restore_denormals)
def _restore_denormals(saved):
    def codegen(context, builder, signature, args):
        if _IS_X86:
            slot, write = _control_register(builder, "ldmxcsr")
            builder.store(args[0], slot)
            write()
        return context.get_dummy_value()

    return types.void(types.int32), codegen
