"""The textbook of `augment`: the same pictures by NumPy, all of them at once; see `distort_images` there."""

import numpy as np

from .checks import takes_arrays

ONE = 65536  # units of a place to a pixel
WORD = np.uint64(0xFFFFFFFF)


@takes_arrays("images", "rows", "least", "most", "row_basis", "column_basis", "out")
def distort_images(images, rows, key, epoch, least, most, row_basis, column_basis, amplitude, out):
    """out[i] = a distorted copy of images[rows[i]]; IndexError for a row that is not there."""
    if not 0 <= rows.min() <= rows.max() < len(images):
        raise IndexError(f"distort_images: a row is outside 0..{len(images) - 1}")
    n_down, n_across = row_basis.shape[1], column_basis.shape[1]
    words = random_words(key, epoch, rows, 8 + -(-2 * n_down * n_across // 4))
    noise = noise_of(words[:, 8:], n_down, 2 * n_across).reshape(len(rows), n_down, 2, n_across)
    fields = np.einsum("ra,iakb,jb->kirj", row_basis, noise, column_basis, optimize=True)
    moves = (fields.astype(np.float32) * np.float32(amplitude)).astype(np.int64)
    draws = least + (most - least) * ((words[:, :7] + 0.5) / 2.0**32)
    y, x = places_of(draws[:, :6], out.shape[1:]) + moves
    out[:] = interpolate(thickened(images[rows], draws[:, 6]), y, x)


def random_words(key, epoch, samples, n_words, use=0):
    """Philox4x32-10 (Salmon et al. 2011) of counters (block, sample, epoch, use): uint64 `(len(samples), n_words)`."""
    blocks = np.arange(-(-n_words // 4), dtype=np.uint64)
    c0, c1 = np.broadcast_arrays(blocks, np.asarray(samples, np.uint64)[:, None])
    c2, c3 = np.full_like(c0, epoch), np.full_like(c0, use)
    k0, k1 = np.uint64(key) & WORD, np.uint64(key) >> np.uint64(32)
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1 = (b >> np.uint64(32)) ^ c1 ^ k0, b & WORD
        c2, c3 = (a >> np.uint64(32)) ^ c3 ^ k1, a & WORD
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & WORD, (k1 + np.uint64(0xBB67AE85)) & WORD
    return np.stack([c0, c1, c2, c3], axis=-1).reshape(len(c0), -1)[:, :n_words]


def noise_of(words, n_rows, n_columns):
    """The bytes of the words, the lowest first, as odd numbers from -255 to 255."""
    octets = words[:, :, None] >> np.array([0, 8, 16, 24], np.uint64) & np.uint64(255)
    return 2.0 * octets.reshape(len(words), -1)[:, : n_rows * n_columns].reshape(-1, n_rows, n_columns) - 255


def thickened(images, thickness):
    """Images whose strokes' sides move outwards by so many pixels: towards the dilation (or erosion) by a cross."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    cross = [images, padded[:, :-2, 1:-1], padded[:, 2:, 1:-1], padded[:, 1:-1, :-2], padded[:, 1:-1, 2:]]
    share = np.floor(thickness * 256 + 0.5).astype(np.int64)[:, None, None]
    goal = np.where(share > 0, np.max(cross, axis=0), np.min(cross, axis=0)).astype(np.int64)
    return (images * (256 - abs(share)) + goal * abs(share) + 128) >> 8


def places_of(draws, sides):
    """Where each pixel of a copy looks in the original, without displacements: int64 `(2, n, height, width)`."""
    angle, scale, aspect, shear, down, right = draws.T
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]).transpose(2, 0, 1)
    slant = np.array([[np.ones_like(shear), 0 * shear], [np.tan(shear), np.ones_like(shear)]]).transpose(2, 0, 1)
    size = np.exp(np.stack([-scale - aspect / 2, -scale + aspect / 2], axis=1))[:, :, None]
    inverse = size * (slant @ turn)
    start = np.floor(-(inverse @ np.stack([down, right], axis=1)[:, :, None]) * ONE + 0.5).astype(np.int64)
    inverse = np.floor(inverse * ONE + 0.5).astype(np.int64)
    from_centre = [2 * np.arange(side) - (side - 1) for side in sides]  # in half pixels
    grid = np.stack(np.meshgrid(*from_centre, indexing="ij")).reshape(2, -1)
    centre = np.array([side - 1 for side in sides])[:, None] * ONE
    places = (inverse @ grid + 2 * start + centre) >> 1
    return places.reshape(-1, 2, *sides).transpose(1, 0, 2, 3)


def interpolate(images, y, x):
    """The grey levels of images at places, bilinear in steps of 1/256 pixel, and 0 beyond the edge."""
    n, height, width = images.shape
    padded = np.zeros((n, height + 3, width + 3), np.int64)
    padded[:, 1 : height + 1, 1 : width + 1] = images
    y, x = np.clip(y + ONE, 0, (height + 1) * ONE), np.clip(x + ONE, 0, (width + 1) * ONE)
    i, j, down, right = y >> 16, x >> 16, y >> 8 & 255, x >> 8 & 255
    k = np.arange(n)[:, None, None]
    upper = padded[k, i, j] * (256 - right) + padded[k, i, j + 1] * right
    lower = padded[k, i + 1, j] * (256 - right) + padded[k, i + 1, j + 1] * right
    return (upper * (256 - down) + lower * down + 32768) >> 16
