"""Dropout: in each step some units are 0, and the others larger, so that what is expected of a sum stays the same.

Srivastava et al. 2014, "inverted": what is kept is divided by the share that is kept, so nothing is left to do where a
network answers. Whether a unit is dropped says Philox, for the key and (unit, sample of the mini-batch, step, layer):
nobody stores a mask. One draw serves one unit in DRAW_SAMPLES samples, with 16 bits each, so rates are rounded to
1/65536. Units of a row lie side by side in memory, and so their draws are computed side by side in vectors.

A dropped unit is exactly 0; on the way back the step of the ReLU, `out > 0`, stops its gradient, and only the factor of
those that are kept is left to do.
"""

from typing import NamedTuple

import numpy as np

from .checks import check_axes, check_outputs
from .jit import inlined, inner_kernel, kernel
from .lists import GROUP, RUN, groups_of_task
from .philox import WORD, philox
from .rates import Rate, rate_of

DRAW_SAMPLES = np.uintp(8)  # of a mini-batch, served by one draw of four words
HALF_BITS, LOWER_HALF = np.uint32(16), np.uint32(0xFFFF)


class Dropout(NamedTuple):
    """The key of the draws, uint64, and how many features and how many hidden units are dropped."""

    key: np.uint64
    features: Rate
    units: Rate


def drop_units(x, rate, key, step, layer):
    """x = x / (1 - rate) or, with probability `rate`, 0, for each number of the float32 `x (n_samples, n_units)`.

    `rate`, from 0 to below 1, is rounded to 1/65536. What is dropped depends on `key`, an integer below 2**64, on
    `step` and `layer`, integers of which the lower 32 bits count, and on the place in x.
    """
    check_axes("drop_units", "x", x, 2)
    check_outputs("drop_units", ("x", x, x.shape))
    n_samples, n_units = x.shape
    drop_block(x, 0, n_samples, 0, n_units, rate_of(rate), np.uint64(key), step, layer)


NO_DROPOUT = Dropout(np.uint64(0), rate_of(0), rate_of(0))

# Indices below have no sign: Numba looks whether others are negative, and then LLVM finds no vectors.


@inner_kernel()
def draw(words, key, first, block, step, layer):
    """words[b, :, t], uint32: the draw of unit first + t for DRAW_SAMPLES samples, those of block number block + b."""
    n_blocks, _, n_units = words.shape
    for b in range(np.uintp(n_blocks)):
        samples = np.uint64(block) + np.uint64(b)
        for t in range(np.uintp(n_units)):
            words[b, 0, t], words[b, 1, t], words[b, 2, t], words[b, 3, t] = philox(
                key, np.uint64(first) + np.uint64(t), samples, np.uint64(step) & WORD, np.uint64(layer) & WORD
            )


@inlined
def place_in_draw(i):
    """The word of a draw, and how far in it to shift, for sample i."""
    return i % DRAW_SAMPLES // np.uintp(2), HALF_BITS * np.uint32(i % np.uintp(2))


@inlined
def factor_of(word, shift, rate):
    """What a unit is multiplied with: 0 where it is dropped."""
    return rate.factor if (word >> shift) & LOWER_HALF >= rate.threshold else np.float32(0)


@kernel(allocates=True)
def drop_block(x, start, stop, first, last, rate, key, step, layer):
    """`drop_units` for the rows start..stop and columns first..last of x; start is a multiple of DRAW_SAMPLES."""
    first, n_units = np.uintp(first), np.uintp(last - first)
    words = np.empty((1, 4, n_units), np.uint32)
    for i in range(np.uintp(start), np.uintp(stop)):
        if i % DRAW_SAMPLES == 0:
            draw(words, key, first, i // DRAW_SAMPLES, step, layer)
        k, shift = place_in_draw(i)
        for t in range(n_units):
            x[i, first + t] *= factor_of(words[0, k, t], shift, rate)


@inner_kernel(allocates=True)
def drop_listed_task(lists, slot, n_samples, rate, key, step, layer, task):
    """The same for what `list_task` has listed, of the same task; dropped features stay in the lists, as 0."""
    n_groups = lists.counts.shape[1]
    size, group, run = groups_of_task(n_groups), np.uintp(GROUP), np.uintp(RUN)
    n_blocks = (np.uintp(n_samples) + DRAW_SAMPLES - np.uintp(1)) // DRAW_SAMPLES
    words = np.empty((n_blocks, 4, run * group), np.uint32)
    for g in range(np.uintp(task * size), np.uintp(min((task + 1) * size, n_groups))):
        if g % run == 0:
            draw(words, key, g * group, np.uintp(0), step, layer)
        start = np.uintp(lists.starts[slot, g])
        for t in range(start, start + np.uintp(lists.counts[slot, g])):
            i = np.uintp(lists.members[slot, t])
            k, shift = place_in_draw(i)
            for q in range(group):
                word = words[i // DRAW_SAMPLES, k, g % run * group + q]
                lists.values[slot, t, q] *= factor_of(word, shift, rate)
