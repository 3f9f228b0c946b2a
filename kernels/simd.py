"""Vectors for Numba kernels, in a handful of operations that read like the maths.

A *vector* is `LANES` float32 numbers in one CPU register. Each function below has a plain NumPy body, which is its
specification and what runs with `NUMBA_DISABLE_JIT=1`; its `@overload` is the machine code. The vectors are LLVM's
portable ones: the same kernels become AVX-512, AVX2, SSE or NEON.
"""

import operator

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import register_model
from numba.extending import models

from .choices import CHOICES
from .jit import emitted

LANES = CHOICES.lanes

_FLOAT = ir.FloatType()
VECTOR = ir.VectorType(_FLOAT, LANES)
_MASK = ir.VectorType(ir.IntType(1), LANES)
_CONTRACT = ("contract",)  # lets a multiply and an add become one FMA where the CPU has it


class VectorType(types.Type):
    """`LANES` float32 in a register."""

    def __init__(self):
        super().__init__(name=f"float32x{LANES}")


class MaskType(types.Type):
    """One bit a lane: which lanes a masked load or store touches."""

    def __init__(self):
        super().__init__(name=f"mask{LANES}")


class TileType(types.Type):
    """A `rows` x `vectors` grid of vectors; the shape is part of the type, so that LLVM unrolls the loops over it."""

    def __init__(self, rows, vectors):
        self.rows, self.vectors = rows, vectors
        super().__init__(name=f"tile{rows}x{vectors}")


vector_type = VectorType()
mask_type = MaskType()


@register_model(VectorType)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, VECTOR)


@register_model(MaskType)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, _MASK)


@register_model(TileType)
class _TileModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, VECTOR.as_pointer())


def _nothing(context, builder, signature, args):
    """The code of what has no value."""
    return context.get_dummy_value()


# ---- Vectors from numbers -------------------------------------------------------------------------------------------


def splat(number):
    """The vector that holds `number` in every lane."""
    return np.full(LANES, number, np.float32)


def _emit_splat(builder, scalar):
    undefined = ir.Constant(VECTOR, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, undefined, zeros)


@emitted(splat)
def _splat(number):
    def codegen(context, builder, signature, args):
        return _emit_splat(builder, args[0])

    return vector_type(types.float32), codegen


def first_lanes(count, vector=0):
    """The mask of the lanes of vector number `vector` that belong to the first `count` numbers of a row.

    A `count` of None stands for a row without an end: the answer is None, no mask.
    """
    return None if count is None else np.arange(LANES) < count - vector * LANES


@emitted(first_lanes)
def _first_lanes(count, *vector):
    def codegen(context, builder, signature, args):
        count, *vectors = args
        for vector in vectors:
            count = builder.sub(count, builder.mul(vector, ir.Constant(vector.type, LANES)))
        wide = ir.VectorType(count.type, LANES)
        undefined = ir.Constant(wide, ir.Undefined)
        counts = builder.insert_element(undefined, count, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        counts = builder.shuffle_vector(counts, undefined, zeros)
        return builder.icmp_signed("<", ir.Constant(wide, list(range(LANES))), counts)

    if isinstance(count, types.NoneType):
        return types.none(count, *vector), _nothing
    return mask_type(types.intp, *[types.intp] * len(vector)), codegen


# ---- Memory ---------------------------------------------------------------------------------------------------------
# An index is a tuple; indices are neither wrapped nor checked, so that one of a single number counts through all rows.
# The last axis of an array that is loaded from or stored to as vectors is contiguous; `broadcast` takes any strides, so
# that it also reads a transposed view.


def load(array, index, mask=None):
    """The vector that starts at array[index]; lanes outside `mask` are 0 and their memory is not touched.

    `array` may be a tile, seen as a matrix of numbers; or None, which holds nothing: then so does the vector.
    """
    if array is None:
        return None
    row, start = _row(array, index)
    if mask is None:
        return row[start : start + LANES].copy()
    vector = np.zeros(LANES, np.float32)
    vector[mask] = row[start : start + mask.sum()]
    return vector


def store(array, index, vector, mask=None):
    """Write `vector` to where `index` points; with a mask, only its lanes. None is not written anywhere."""
    if array is None:
        return
    row, start = _row(array, index)
    if mask is None:
        row[start : start + LANES] = vector
    else:
        row[start : start + mask.sum()] = vector[mask]


def _row(array, index):
    """The contiguous row in which array[index] lies, and the position in it."""
    *outer, start = index
    return array[tuple(outer)].reshape(-1), start


def broadcast(array, index):
    """The vector that holds array[index] in every lane."""
    return splat(array[index])


def _address(context, builder, array_type, array, indices):
    """The address of array[indices], without Numba's wrap-around of negative indices."""
    if isinstance(array_type, TileType):
        start = array
        strides = constants(array_type.vectors * LANES * 4, 4)
    else:
        struct = context.make_array(array_type)(context, builder, array)
        start = struct.data
        strides = cgutils.unpack_tuple(builder, struct.strides)
        if array_type.layout == "C":  # a constant last stride lets LLVM see consecutive addresses
            strides[-1] = constants(array_type.dtype.bitwidth // 8)[0]
    offset = constants(0)[0]
    for position, stride in zip(indices, strides[-len(indices) :], strict=True):
        offset = builder.add(offset, builder.mul(position, stride))
    return cgutils.pointer_add(builder, start, offset)


def constants(*numbers):
    """Numbers as 64-bit integers of LLVM."""
    return [ir.Constant(ir.IntType(64), number) for number in numbers]


def _vector_pointer(context, builder, signature, args):
    indices = cgutils.unpack_tuple(builder, args[1])
    address = _address(context, builder, signature.args[0], args[0], indices)
    return builder.bitcast(address, VECTOR.as_pointer())


def _call_llvm(builder, name, result, args):
    """Call an intrinsic of LLVM by its full name."""
    signature = ir.FunctionType(result, [arg.type for arg in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, signature, name), args)


_FLOAT_ALIGNMENT = 4  # bytes: what any float32 array promises


@emitted(load)
def _load(array, index, *mask):
    def codegen(context, builder, signature, args):
        pointer = _vector_pointer(context, builder, signature, args)
        if isinstance(signature.args[-1], MaskType):
            alignment = ir.Constant(ir.IntType(32), _FLOAT_ALIGNMENT)
            zero = ir.Constant(VECTOR, [0.0] * LANES)
            name = f"llvm.masked.load.v{LANES}f32.p0"
            return _call_llvm(builder, name, VECTOR, [pointer, alignment, args[-1], zero])
        return builder.load(pointer, align=_FLOAT_ALIGNMENT)

    if isinstance(array, types.NoneType):
        return types.none(array, index, *mask), _nothing
    return vector_type(array, index, *mask), codegen


@emitted(store)
def _store(array, index, vector, *mask):
    def codegen(context, builder, signature, args):
        pointer = _vector_pointer(context, builder, signature, args)
        if isinstance(signature.args[-1], MaskType):
            alignment = ir.Constant(ir.IntType(32), _FLOAT_ALIGNMENT)
            name = f"llvm.masked.store.v{LANES}f32.p0"
            _call_llvm(builder, name, ir.VoidType(), [args[2], pointer, alignment, args[-1]])
        else:
            builder.store(args[2], pointer, align=_FLOAT_ALIGNMENT)
        return context.get_dummy_value()

    if isinstance(array, types.NoneType):
        return types.void(array, index, vector, *mask), _nothing
    return types.void(array, index, vector_type, *mask), codegen


def prefetch(array, index):
    """Ask for the cache line of array[index], to be there when it is read; None has none."""


@emitted(prefetch)
def _prefetch(array, index):
    def codegen(context, builder, signature, args):
        indices = cgutils.unpack_tuple(builder, args[1])
        address = _address(context, builder, signature.args[0], args[0], indices)
        address = builder.bitcast(address, ir.IntType(8).as_pointer())
        to_read, keep, data = (ir.Constant(ir.IntType(32), number) for number in (0, 3, 1))
        _call_llvm(builder, "llvm.prefetch.p0", ir.VoidType(), [address, to_read, keep, data])
        return context.get_dummy_value()

    return types.void(array, index), _nothing if isinstance(array, types.NoneType) else codegen


@emitted(broadcast)
def _broadcast(array, index):
    def codegen(context, builder, signature, args):
        indices = cgutils.unpack_tuple(builder, args[1])
        address = _address(context, builder, signature.args[0], args[0], indices)
        return _emit_splat(builder, builder.load(address))

    return vector_type(array, index), codegen


# ---- Bits -----------------------------------------------------------------------------------------------------------

BITS = 64  # numbers that `nonzero_bits` looks at


def nonzero_bits(array, index):
    """Which of the BITS numbers from array[index] on are not 0 (NaN is not): an integer with a bit for each.

    Where compiled, the highest bit is the integer's sign.
    """
    row, start = _row(array, index)
    return _with_bits(np.flatnonzero(row[start : start + BITS]))


def words_with(array, index, bits):
    """Which of the BITS uint64 from array[index] on have any of `bits`: an integer with a bit for each."""
    row, start = _row(array, index)
    return _with_bits(np.flatnonzero(row[start : start + BITS] & np.uint64(bits)))


def _with_bits(positions):
    return sum(1 << int(position) for position in positions)


def lowest_bit(bits):
    """The position of the lowest bit that is 1, from 0; `bits` is not 0."""
    return (bits & -bits).bit_length() - 1


def count_bits(bits):
    """How many bits are 1."""
    return bits.bit_count()


def bits_at(array, index):
    """The integer whose bits are the uint64 array[index]; where compiled, the highest is its sign."""
    return int(array[index])


@emitted(nonzero_bits)
def _nonzero_bits(array, index):
    def codegen(context, builder, signature, args):
        number = context.get_data_type(signature.args[0].dtype)
        numbers = ir.VectorType(number, BITS)
        indices = cgutils.unpack_tuple(builder, args[1])
        address = _address(context, builder, signature.args[0], args[0], indices)
        loaded = builder.load(
            builder.bitcast(address, numbers.as_pointer()), align=signature.args[0].dtype.bitwidth // 8
        )
        compare = builder.fcmp_unordered if isinstance(number, ir.FloatType) else builder.icmp_unsigned
        are_set = compare("!=", loaded, ir.Constant(numbers, None))
        return builder.bitcast(are_set, ir.IntType(BITS))

    return types.int64(array, index), codegen


@emitted(words_with)
def _words_with(array, index, bits):
    def codegen(context, builder, signature, args):
        words = ir.VectorType(ir.IntType(64), BITS)
        indices = cgutils.unpack_tuple(builder, args[1])
        address = _address(context, builder, signature.args[0], args[0], indices)
        loaded = builder.load(builder.bitcast(address, words.as_pointer()), align=8)
        undefined = ir.Constant(words, ir.Undefined)
        first = builder.insert_element(undefined, args[2], ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), BITS), [0] * BITS)
        common = builder.and_(loaded, builder.shuffle_vector(first, undefined, zeros))
        return builder.bitcast(builder.icmp_unsigned("!=", common, ir.Constant(words, None)), ir.IntType(BITS))

    return types.int64(array, index, types.int64), codegen


@emitted(lowest_bit)
def _lowest_bit(bits):
    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), codegen


@emitted(count_bits)
def _count_bits(bits):
    def codegen(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.int64(types.int64), codegen


@emitted(bits_at)
def _bits_at(array, index):
    def codegen(context, builder, signature, args):
        indices = cgutils.unpack_tuple(builder, args[1])
        address = _address(context, builder, signature.args[0], args[0], indices)
        return builder.load(builder.bitcast(address, ir.IntType(BITS).as_pointer()))

    return types.int64(array, index), codegen


# ---- Arithmetic -----------------------------------------------------------------------------------------------------


def _register_operator(python_operator, instruction):
    @emitted(python_operator)
    def _operation(left, right):
        def codegen(context, builder, signature, args):
            return getattr(builder, instruction)(*args, flags=_CONTRACT)

        is_known = isinstance(left, VectorType) and isinstance(right, VectorType)
        return (vector_type(left, right), codegen) if is_known else None


for _operator, _instruction in [
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
]:
    _register_operator(_operator, _instruction)


def sqrt(vector):
    """The square root of each lane."""
    return np.sqrt(vector)


def quick_divide(numerator, denominator):
    """The quotient of each lane, for denominators from 1e-37 on: as near as can be, or within 2 eps, as
    `CHOICES.quotients` says; denominators above 2**126 may count as that."""
    return numerator / denominator


def relu(vector):
    """max(x, 0) of each lane; NaN stays NaN."""
    return np.maximum(vector, np.float32(0))


def step(vector):
    """1 where a lane is above 0, else 0: the derivative of `relu`."""
    return (vector > 0).astype(np.float32)


def minimum(vector, limit):
    """The limit where a lane is above it, else the lane; NaN stays NaN."""
    return np.where(vector > limit, limit, vector)


def maximum(vector, limit):
    """The limit where a lane is below it, else the lane; NaN stays NaN."""
    return np.where(vector < limit, limit, vector)


def power_of_two(vector):
    """2**x of each lane, for whole numbers from -126 to 127; of another, any number."""
    return np.ldexp(np.float32(1), np.nan_to_num(vector).astype(np.int32))


def sum_lanes(vector):
    """The sum of the lanes: of neighbours first, then of their sums, and so on."""
    while len(vector) > 1:
        vector = vector[::2] + vector[1::2]
    return vector[0]


@emitted(sum_lanes)
def _sum_lanes(vector):
    def codegen(context, builder, signature, args):
        lanes = [builder.extract_element(args[0], ir.Constant(ir.IntType(32), lane)) for lane in range(LANES)]
        while len(lanes) > 1:
            lanes = [builder.fadd(*pair) for pair in zip(lanes[::2], lanes[1::2], strict=True)]
        return lanes[0]

    return types.float32(vector), codegen


@emitted(sqrt)
def _sqrt(vector):
    def codegen(context, builder, signature, args):
        return _call_llvm(builder, f"llvm.sqrt.v{LANES}f32", VECTOR, args)

    return vector_type(vector_type), codegen


def _fma(builder, *args):
    """The first times the second plus the third, rounded once."""
    return _call_llvm(builder, f"llvm.fma.v{LANES}f32", VECTOR, args)


def _estimate_reciprocal(builder, vector):
    """1 / x of each lane, off by up to 2**-14 of itself."""
    nothing, all_lanes = ir.Constant(VECTOR, None), ir.Constant(ir.IntType(16), -1)
    return _call_llvm(builder, "llvm.x86.avx512.rcp14.ps.512", VECTOR, [vector, nothing, all_lanes])


def _constant(number):
    return ir.Constant(VECTOR, [number] * LANES)


_IS_REFINED = CHOICES.quotients == "refined"


@emitted(quick_divide)
def _quick_divide(numerator, denominator):
    def codegen(context, builder, signature, args):
        if not _IS_REFINED:
            return builder.fdiv(*args, flags=_CONTRACT)
        # With y = 1/x nearly: y + y (1 - x y). Of an infinite x, that would be no number.
        numerator, x = args
        x = _limited(builder, ">", x, _constant(2.0**126))
        y = _estimate_reciprocal(builder, x)
        error = _fma(builder, builder.fneg(x), y, _constant(1.0))
        return builder.fmul(numerator, _fma(builder, y, error, y))

    return vector_type(vector_type, vector_type), codegen


@emitted(relu)
def _relu(vector):
    def codegen(context, builder, signature, args):
        zero = ir.Constant(VECTOR, [0.0] * LANES)
        return builder.select(builder.fcmp_ordered("<", args[0], zero), zero, args[0])

    return vector_type(vector_type), codegen


@emitted(step)
def _step(vector):
    def codegen(context, builder, signature, args):
        zero, one = (ir.Constant(VECTOR, [number] * LANES) for number in (0.0, 1.0))
        return builder.select(builder.fcmp_ordered(">", args[0], zero), one, zero)

    return vector_type(vector_type), codegen


def _limited(builder, comparison, vector, limit):
    """The limit where the comparison of a lane with it holds, else the lane."""
    return builder.select(builder.fcmp_ordered(comparison, vector, limit), limit, vector)


def _register_limit(function, comparison):
    @emitted(function)
    def _limit(vector, limit):
        def codegen(context, builder, signature, args):
            return _limited(builder, comparison, *args)

        return vector_type(vector_type, vector_type), codegen


_register_limit(minimum, ">")
_register_limit(maximum, "<")


@emitted(power_of_two)
def _power_of_two(vector):
    def codegen(context, builder, signature, args):
        # The last bits of x + 1.5 * 2**23 are those of the whole number x; eight of them, shifted, are an exponent.
        integers = ir.VectorType(ir.IntType(32), LANES)
        bits = builder.bitcast(builder.fadd(args[0], _constant(1.5 * 2.0**23)), integers)
        exponent = builder.shl(bits, ir.Constant(integers, [23] * LANES))
        return builder.bitcast(builder.add(exponent, builder.bitcast(_constant(1.0), integers)), VECTOR)

    return vector_type(vector_type), codegen
