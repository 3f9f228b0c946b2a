"""Distorted copies of pictures: rotated, scaled, sheared, shifted and bent, in one interpolation from uint8 to uint8.

Before that, strokes may become thicker or thinner: a share of the way from a picture to its dilation or erosion, which
is an edge that moves by that share of a pixel.

A pixel of the copy looks up a place in the original: an affine map of its own place, plus a displacement that varies
smoothly (Simard, Steinkraus & Platt 2003: random numbers smoothed by a Gaussian). Smoothed numbers need not be drawn
for each pixel: where the Gaussian is wide, numbers on a lattice as coarse as it is wide give the same fields, and the
smoothing becomes two small matrix products, `row_basis @ noise @ column_basis.T`.

From the noise to the grey level all is in whole numbers (where they are float32, they stay below 2**24, so that no sum
is rounded; places are in 1/65536 of a pixel): both twins, every CPU and any number of threads make the same pictures.
A copy depends on the key, the epoch and the row of its original, and on nothing else: Philox, the generator, takes
these three for its key and counter.
"""

import math

import numpy as np

from .board import claim, claim_next, new_board, wait_for, work_together
from .checks import check_arrays, check_axes, check_labels
from .displacements import MOST_SIDE, ONE
from .jit import inlined, kernel
from .philox import philox
from .simd import LANES, broadcast, first_lanes, load, splat, store

N_RANGES = 7  # of the draws: rotation, log scale, log aspect, shear, shift down, shift right, thickness
AFFINE_BLOCKS = 2  # of four random words each, before those of the noise
TASK_IMAGES = 32

# Constants of 32 bits keep what they meet at 32 bits: with plain integers, Numba would go on in 64.
PLACE_BITS, BYTE_BITS, BYTE, WHOLE = np.uint32(16), np.uint32(8), np.uint32(255), np.uint32(256)
PAIR, LOWER_HALF, ROUNDING, HALF_BYTE = np.uint32(0x00FF00FF), np.uint32(0xFFFF), np.uint32(32768), np.uint32(128)


def distort_images(images, rows, key, epoch, least, most, row_basis, column_basis, amplitude, out):
    """out[i] = a distorted copy of images[rows[i]]; IndexError for a row that is not there.

    `images (n, height, width)` and `out (len(rows), height, width)` are uint8. `least` and `most`, float64 `(7,)`, are
    the ranges of rotation (radians, counter-clockwise), log of scale, log of aspect (height to width), shear (radians,
    as italics lean), shift down and right (pixels), and thickness (pixels from -1 to 1 by which either side of a stroke
    moves outwards); each is drawn uniformly. The displacement is
    `amplitude * row_basis @ noise @ column_basis.T` in 1/65536 pixel, with noise from -255 to 255; the bases, float32
    `(height, k)` and `(width, l)`, are made by `displacements.smooth_basis`. `key` is an integer below 2**64.
    """
    check_axes("distort_images", "images", images, 3)
    check_arrays("distort_images", rows=rows, least=least, most=most, out=out)
    check_axes("distort_images", "row_basis", row_basis, 2)
    check_axes("distort_images", "column_basis", column_basis, 2)
    shapes = (len(rows), *images.shape[1:])
    for name, array, shape in (("images", images, images.shape), ("out", out, shapes)):
        if array.dtype != np.uint8 or array.shape != shape or not array.flags.c_contiguous:
            raise ValueError(f"distort_images: {name} must be uint8 of shape {shape} in C order")
    if not out.flags.writeable:
        raise ValueError("distort_images: out must be writable")
    if not 1 <= min(shapes[1:]) <= max(shapes[1:]) <= MOST_SIDE:
        raise ValueError(f"distort_images: sides of images must be from 1 to {MOST_SIDE} pixels, not {shapes[1:]}")
    check_labels("distort_images", "rows", rows, len(rows))
    if not 0 <= rows.min() <= rows.max() < len(images):
        raise IndexError(f"distort_images: a row is outside 0..{len(images) - 1}")
    _check_numbers("least", least, np.float64, (N_RANGES,))
    _check_numbers("most", most, np.float64, (N_RANGES,))
    if max(abs(least[-1]), abs(most[-1])) > 1:
        raise ValueError("distort_images: thickness must be from -1 to 1 pixel")
    _check_numbers("row_basis", row_basis, np.float32, (shapes[1], row_basis.shape[-1]))
    _check_numbers("column_basis", column_basis, np.float32, (shapes[2], column_basis.shape[-1]))
    bases = row_basis, _transposed(column_basis)
    args = (np.uint64(key), np.uint64(epoch), least, most, *bases, np.float32(amplitude), out.reshape(len(out), -1))
    work_together(_distort_images, new_board(1), images, rows, *args)


def _check_numbers(name, array, dtype, shape):
    if array.dtype != dtype or array.shape != shape or not array.flags.c_contiguous:
        raise ValueError(f"distort_images: {name} must be {np.dtype(dtype)} of shape {shape} in C order")


def _transposed(column_basis):
    """The transposed basis with its rows filled up with zeros to whole vectors."""
    transposed = np.zeros((column_basis.shape[1], -(-len(column_basis) // LANES) * LANES), np.float32)
    transposed[:, : len(column_basis)] = column_basis.T
    return transposed


@kernel(allocates=True)
def _distort_images(worker, board, images, rows, key, epoch, least, most, row_basis, column_basis, amplitude, out):
    phase = np.int64(0)
    n_images, height, width = len(out), images.shape[1], images.shape[2]
    n_down, n_across = row_basis.shape[1], column_basis.shape[0]
    padded, inked = np.zeros((2, (height + 3) * (width + 2) + 1), np.uint8)
    quads = np.empty((height + 2) * (width + 2), np.uint32)
    noise = np.empty((n_down, 2 * n_across), np.float32)
    smoothed = np.empty(2 * n_across, np.float32)
    n_columns = column_basis.shape[1]  # width, filled up
    field = np.empty((2, height, n_columns), np.float32)
    places = np.empty((2, height * width + n_columns - width), np.int32)
    fours = np.empty(height * width, np.uint32)
    n_tasks = (n_images + TASK_IMAGES - 1) // TASK_IMAGES
    task = claim(board, phase, worker, n_tasks, False)
    while task >= 0:
        for i in range(task * TASK_IMAGES, min((task + 1) * TASK_IMAGES, n_images)):
            sample = np.uint64(rows[i])
            # None reads what was written just before: bytes that were stored one by one load slowly as vectors.
            affine, thickness = draw_affine(key, epoch, sample, least, most, height, width)
            fill_padded(images, rows[i], padded)
            draw_noise(key, epoch, sample, noise)
            smooth(noise, row_basis, column_basis, smoothed, field)
            thicken(padded, height, width, thickness, inked)
            find_places(affine, amplitude, field, width, places)
            fill_quads(inked, width, quads)
            look_up(quads, places, width, fours)
            blend(fours, places, out, i)
        task = claim_next(board, phase, worker, n_tasks, False)
    wait_for(board, phase, n_tasks)


# ---- Random numbers -------------------------------------------------------------------------------------------------


@inlined
def draw_affine(key, epoch, sample, least, most, height, width):
    """The map from a place in the copy to one in the original, both from the centre and in half pixels; thickness.

    The map is (yy, yx, y0, xy, xx, x0), integers with y = (yy * down + yx * right + y0) / 2 in 1/65536 pixel, counted
    from one pixel above and to the left of the picture. Thickness is in 1/256 pixel.
    """
    zero = np.uint64(0)
    a, b, c, d = philox(key, zero, sample, epoch, zero)
    e, f, g, _ = philox(key, np.uint64(1), sample, epoch, zero)
    angle, scale, aspect = between(a, least, most, 0), between(b, least, most, 1), between(c, least, most, 2)
    slant, down, right = math.tan(between(d, least, most, 3)), between(e, least, most, 4), between(f, least, most, 5)
    cos, sin = math.cos(angle), math.sin(angle)
    taller, wider = math.exp(-scale - aspect / 2), math.exp(-scale + aspect / 2)
    yy, yx = cos * taller, sin * taller
    xy, xx = (slant * cos - sin) * wider, (slant * sin + cos) * wider
    y0 = 2 * whole(-yy * down - yx * right) + (height + 1) * ONE
    x0 = 2 * whole(-xy * down - xx * right) + (width + 1) * ONE
    thickness = np.int64(math.floor(between(g, least, most, 6) * 256 + 0.5))
    return (whole(yy), whole(yx), y0, whole(xy), whole(xx), x0), thickness


@inlined
def between(word, least, most, k):
    """A number of range k."""
    return least[k] + (most[k] - least[k]) * ((np.float64(word) + 0.5) / 4294967296.0)


@inlined
def whole(number):
    """A number of pixels in 1/65536."""
    return np.int64(math.floor(number * ONE + 0.5))


@kernel()
def draw_noise(key, epoch, sample, noise):
    """Odd numbers from -255 to 255, a byte of a random word each."""
    flat = noise.reshape(-1)
    for start in range(0, len(flat), 16):
        block = np.uint64(AFFINE_BLOCKS + start // 16)
        words = philox(key, block, sample, epoch, np.uint64(0))
        for k in range(min(16, len(flat) - start)):
            byte = (words[k // 4] >> np.uint64(k % 4 * 8)) & np.uint64(255)
            flat[start + k] = 2 * np.int64(byte) - 255


# ---- Pictures -------------------------------------------------------------------------------------------------------
# Loops over a whole picture, each of one kind: so LLVM finds vectors for them. Where it can't see that an index is not
# negative, `uintp` says so: Numba would let it count from the end of the array.


@kernel()
def fill_padded(images, row, padded):
    """The picture, whose first pixel goes into the second row and column of `padded`; around it there are zeros."""
    height, width = images.shape[1:]
    for i in range(height):
        for j in range(width):
            padded[np.uintp((i + 1) * (width + 2) + 1 + j)] = images[row, i, j]


@kernel()
def thicken(padded, height, width, thickness, inked):
    """Go |thickness| / 256 of the way from a pixel to the most ink (or least, below 0) of it and its neighbours."""
    stride, one, share = np.uintp(width + 2), np.uintp(1), np.uint32(abs(thickness))
    for i in range(stride + one, np.uintp(height + 1) * stride - one):
        k = np.uintp(i)
        here, left, right = padded[k], padded[k - one], padded[k + one]
        above, below = padded[k - stride], padded[k + stride]
        most = max(max(max(here, left), max(right, above)), below)
        least = min(min(min(here, left), min(right, above)), below)
        goal = most if thickness > 0 else least
        inked[k] = (np.uint32(here) * (WHOLE - share) + np.uint32(goal) * share + HALF_BYTE) >> BYTE_BITS
    for i in range(1, height + 1):  # what grew beyond the picture
        inked[i * (width + 2)] = inked[i * (width + 2) + width + 1] = 0


@kernel()
def fill_quads(inked, width, quads):
    """For each place between pixels the four around it, a byte each."""
    stride = width + 2
    for k in range(len(quads)):
        below = np.uintp(k + stride)
        upper = np.uint32(inked[k]) | np.uint32(inked[k + 1]) << np.uint32(8)
        lower = np.uint32(inked[below]) | np.uint32(inked[below + np.uintp(1)]) << np.uint32(8)
        quads[k] = upper | lower << np.uint32(16)


@kernel()
def smooth(noise, row_basis, column_basis, smoothed, field):
    """The displacements down and to the right; `column_basis` is transposed here, its rows whole vectors."""
    (n_across, n_columns), n_both = column_basis.shape, noise.shape[1]
    for r in range(len(row_basis)):
        for b in range(0, n_both, LANES):
            mask = first_lanes(n_both - b)
            total = splat(0.0)
            for a in range(noise.shape[0]):
                total = total + broadcast(row_basis, (r, a)) * load(noise, (a, b), mask)
            store(smoothed, (b,), total, mask)
        for axis in range(2):
            for j in range(0, n_columns, LANES):
                total = splat(0.0)
                for b in range(n_across):
                    total = total + broadcast(smoothed, (axis * n_across + b,)) * load(column_basis, (b, j))
                store(field, (axis, r, j), total)


@kernel()
def find_places(affine, amplitude, field, width, places):
    """Where pixels look: down and to the right, as `draw_affine` counts, kept within the padding.

    A row is as long as in `field`; what it has more than the picture is overwritten by the next.
    """
    height, n_columns = field.shape[1:]
    yy, yx, y0, xy, xx, x0 = affine
    for r in range(height):
        down = 2 * r - (height - 1)
        y_start, x_start = y0 + yy * down, x0 + xy * down
        for j in range(n_columns):
            right = 2 * j - (width - 1)
            y = ((y_start + yx * right) >> 1) + np.int32(field[0, r, j] * amplitude)
            x = ((x_start + xx * right) >> 1) + np.int32(field[1, r, j] * amplitude)
            k = np.uintp(r * width + j)
            places[0, k] = min(max(y, 0), (height + 1) * ONE)
            places[1, k] = min(max(x, 0), (width + 1) * ONE)


@kernel()
def look_up(quads, places, width, fours):
    """The four pixels around each place: by itself, as loads from anywhere keep a loop from using vectors."""
    for k in range(len(fours)):
        y, x = np.uint32(places[0, k]), np.uint32(places[1, k])
        fours[k] = quads[np.uintp((y >> PLACE_BITS) * np.uint32(width + 2) + (x >> PLACE_BITS))]


@kernel()
def blend(fours, places, out, i):
    """Copy i: each pixel is interpolated between the four around its place in the original."""
    for k in range(len(fours)):
        y, x = np.uint32(places[0, k]), np.uint32(places[1, k])
        out[i, k] = between_four(fours[k], (y >> BYTE_BITS) & BYTE, (x >> BYTE_BITS) & BYTE)


@inlined
def between_four(quad, down, right):
    """The grey level at (down, right) / 256 pixel from the first of four; all are uint32."""
    # Left and right are each an upper and a lower pixel, 16 bits apart: one product serves both.
    left_pair, right_pair = quad & PAIR, (quad >> BYTE_BITS) & PAIR
    pair = left_pair * (WHOLE - right) + right_pair * right
    upper, lower = pair & LOWER_HALF, pair >> PLACE_BITS
    return (upper * (WHOLE - down) + lower * down + ROUNDING) >> PLACE_BITS
