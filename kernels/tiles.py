"""Tiles: small matrices of vectors that LLVM keeps in registers, or, where they are larger, on the stack.

`acc[r, v]` is vector v of row r. The shape belongs to the type, so that loops over it are unrolled.
"""

import operator

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.errors import TypingError
from numba.core.extending import lower_getattr
from numba.core.typing.templates import AttributeTemplate, infer_getattr

from .jit import emitted
from .simd import LANES, VECTOR, TileType, constants, vector_type

_SLOT = types.UniTuple(types.intp, 2)  # row and vector


def tile(rows, vectors):
    """A tile of zeros; `rows` and `vectors` are constants. For accumulators, which live in registers."""
    return np.zeros((rows, vectors, LANES), np.float32)


def scratch(rows, vectors):
    """A tile of unset numbers: more than the registers hold, so it lies on the stack, which stays in the L1 cache."""
    return np.full((rows, vectors, LANES), np.nan, np.float32)


def _register_allocation(function, zeroed):
    @emitted(function, of_constants=True)
    def _allocated(rows, vectors):
        if not all(isinstance(size, types.IntegerLiteral) for size in (rows, vectors)):
            raise TypingError(f"{function.__name__}: rows and vectors must be constants")
        tile_type = TileType(rows.literal_value, vectors.literal_value)
        n_vectors = tile_type.rows * tile_type.vectors

        def codegen(context, builder, signature, args):
            # LLVM's SROA pass turns this memory into registers once the loops over it are unrolled.
            memory = cgutils.alloca_once(builder, ir.ArrayType(VECTOR, n_vectors))
            tile_pointer = builder.bitcast(memory, VECTOR.as_pointer())
            for position in constants(*range(n_vectors)) if zeroed else []:
                zero = ir.Constant(VECTOR, [0.0] * LANES)
                builder.store(zero, builder.gep(tile_pointer, [position]))
            return tile_pointer

        return tile_type(rows, vectors), codegen


_register_allocation(tile, zeroed=True)
_register_allocation(scratch, zeroed=False)


def _slot(builder, tile_type, tile_pointer, row, vector):
    position = builder.add(builder.mul(row, ir.Constant(row.type, tile_type.vectors)), vector)
    return builder.gep(tile_pointer, [position])


@emitted(operator.getitem)
def _tile_get(tile, index):
    def codegen(context, builder, signature, args):
        return builder.load(_slot(builder, signature.args[0], args[0], *cgutils.unpack_tuple(builder, args[1])))

    return (vector_type(tile, _SLOT), codegen) if isinstance(tile, TileType) else None


@emitted(operator.setitem)
def _tile_set(tile, index, value):
    def codegen(context, builder, signature, args):
        builder.store(args[2], _slot(builder, signature.args[0], args[0], *cgutils.unpack_tuple(builder, args[1])))
        return context.get_dummy_value()

    return (types.void(tile, _SLOT, vector_type), codegen) if isinstance(tile, TileType) else None


@infer_getattr
class _Attributes(AttributeTemplate):
    """What a tile has: its `shape`, (rows, vectors, lanes)."""

    key = TileType

    def resolve_shape(self, tile):
        return types.UniTuple(types.intp, 3)


@lower_getattr(TileType, "shape")
def _shape(context, builder, tile, pointer):
    return cgutils.pack_array(builder, constants(tile.rows, tile.vectors, LANES))


def transpose(square):
    """Transpose a tile of LANES x 1 vectors, seen as a LANES x LANES matrix, in place."""
    square[:, 0] = square[:, 0].T.copy()


@emitted(transpose)
def _transpose(square):
    def codegen(context, builder, signature, args):
        rows = [builder.load(_slot(builder, signature.args[0], args[0], *constants(row, 0))) for row in range(LANES)]
        # Interleaving row r with row r + LANES/2, log2(LANES) times over, is a transposition.
        lanes = range(LANES)
        low = [lane // 2 + (lane % 2) * LANES for lane in lanes]
        high = [index + LANES // 2 for index in low]
        pattern = ir.VectorType(ir.IntType(32), LANES)
        for _ in range(LANES.bit_length() - 1):
            pairs = [(rows[row], rows[row + LANES // 2]) for row in range(LANES // 2)]
            rows = [builder.shuffle_vector(*pair, ir.Constant(pattern, half)) for pair in pairs for half in (low, high)]
        for row, value in enumerate(rows):
            slot = _slot(builder, signature.args[0], args[0], *constants(row, 0))
            builder.store(value, slot)
        return context.get_dummy_value()

    return types.void(square), codegen
