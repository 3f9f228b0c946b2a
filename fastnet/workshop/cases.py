"""What a kernel is tried on: arguments at many shapes, with ordinary numbers and with those that break kernels."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnet.errors import OptionError
from fastnet.kernels.arrays import aligned_copy, aligned_empty
from fastnet.timing.work import Work

Arguments = dict[str, Any]
Numbers = Callable[..., np.ndarray]  # numbers(*shape): a float32 array
Make = Callable[..., Arguments]  # make(numbers, *shape): a kernel's arguments by name

# Rows and columns around the widths of registers (4, 8 and 16 lanes) and of tiles; none of them empty.
ODD_SHAPES = ((1, 1), (1, 3), (2, 4), (3, 15), (5, 16), (7, 17), (4, 33), (9, 64), (6, 100), (33, 257))


@dataclass(frozen=True)
class Case:
    """Arguments for a kernel, and how near to the exact result it must come.

    A result may be off by `ulps` float32 roundings (2**-23) of itself, and `row_ulps` of the largest finite number of
    its row along the last axis: for sums that cancel. `work` is what one call does, for `benchmark_kernel`.
    """

    name: str
    arguments: Callable[[], Arguments]  # the same numbers, in arrays of their own, at each call
    outputs: tuple[str, ...] = ("out",)  # arguments that the kernel writes; "return" is what it returns
    ulps: float = 4.0
    row_ulps: float = 0.0
    work: Work | None = None
    may_refuse: bool = False  # a ValueError is as good as the right result


def unset(*shape: int) -> np.ndarray:
    """A float32 array of NaN on a 64-byte boundary: for what a kernel writes, so that what it leaves out is seen."""
    array = aligned_empty(shape)
    array.fill(np.nan)
    return array


def cases_of(
    make: Make,
    shapes: Iterable[tuple[int, ...]] = ODD_SHAPES,
    *,
    outputs: tuple[str, ...] = ("out",),
    ulps: float = 4.0,
    row_ulps: float = 0.0,
    work: Callable[..., Work] | None = None,
    timed: Iterable[tuple[int, ...]] = (),
) -> list[Case]:
    """Cases at all `shapes`, and at the last of them with each of the kinds of numbers that break kernels.

    `make(numbers, *shape)` returns a kernel's arguments by name, with arrays from `numbers(*shape)` for what it reads
    and from `unset(*shape)` for what it writes. At the last shape, `numbers` also gives zeros, denormals, large
    numbers, one NaN or infinity in each array, and arrays that are not contiguous, which a kernel may refuse by a
    ValueError.
    The shapes `timed` have `work(*shape)`, and are verified too. OptionError where there is no shape, or no work.
    """
    shapes, timed = list(shapes), list(timed)
    if not shapes:
        raise OptionError("cases need at least one shape")
    if timed and work is None:
        raise OptionError("timed shapes need work, which counts their operations and bytes")
    tolerances: dict[str, Any] = {"outputs": outputs, "ulps": ulps, "row_ulps": row_ulps}

    def case(shape: tuple[int, ...], kind: str, **more: Any) -> Case:
        def arguments() -> Arguments:
            return make(_numbers(KINDS[kind]), *shape)

        size = "x".join(str(length) for length in shape)
        return Case(f"{size}, {kind}" if kind != NORMAL else size, arguments, **tolerances, **more)

    def strided() -> Arguments:
        arguments = make(_numbers(KINDS[NORMAL]), *shapes[-1])
        return {name: _strided(value) for name, value in arguments.items()}

    strided_name = f"{case(shapes[-1], NORMAL).name}, not contiguous"
    return [
        *(case(shape, NORMAL) for shape in shapes),
        *(case(shapes[-1], kind) for kind in KINDS if kind != NORMAL),
        Case(strided_name, strided, **tolerances, may_refuse=True),
        *(case(shape, NORMAL, work=work(*shape)) for shape in timed if work is not None),
    ]


# ---- Kinds of numbers -----------------------------------------------------------------------------------------------

Fill = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
NORMAL = "normal"


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_normal(shape, np.float32)


def _with_one(number: float) -> Fill:
    def fill(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        array = _normal(rng, shape)
        array.flat[rng.integers(array.size)] = number
        return array

    return fill


KINDS: dict[str, Fill] = {
    NORMAL: _normal,
    "zeros": lambda rng, shape: np.zeros(shape, np.float32),
    "denormals": lambda rng, shape: _normal(rng, shape) * np.float32(1e-39),
    "large": lambda rng, shape: _normal(rng, shape) * np.float32(1e4),
    "one NaN": _with_one(np.nan),
    "one infinity": _with_one(np.inf),
}


def _numbers(fill: Fill) -> Numbers:
    rng = np.random.default_rng(0)
    return lambda *shape: aligned_copy(fill(rng, shape))


def _strided(value: Any) -> Any:
    """An array with a gap after each number of its last axis; all else as it is."""
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return value
    return np.repeat(value, 2, axis=-1)[..., ::2]
