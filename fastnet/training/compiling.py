"""Compile ahead what trainings call, for machines that are to train at once: images of containers, schools, benchmarks.

Numba compiles a kernel anew for each number of layers and each type of image: uint8, float32, or rows without their
zeros; and once more for hidden layers whose zeros are skipped. What has been compiled before is loaded from
the cache.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from fastnet.data.distortions import Augmentation
from fastnet.data.samples import Samples
from fastnet.kernels import active, compilation, jit
from fastnet.kernels.sparse_rows import SparseRows

from .engine import compile_kernels
from .recipe import Recipe

_SIDE = 4  # pixels, and units of small layers
_LARGE = math.isqrt(active.LEAST_WEIGHTS)  # units of layers that are large enough to be compiled for otherwise


def compile_ahead(
    depths: Iterable[int], images: Iterable[str], on_part: Callable[[str], None] = lambda part: None
) -> int:
    """Compile all that trainings of so many hidden layers call for such images; return how many functions.

    `images` are of `compilation.IMAGES`; those of bytes are distorted as well. `on_part` is told what comes next.
    """
    n_compiled = 0

    def count(begins: bool) -> None:
        nonlocal n_compiled
        n_compiled += begins

    with compilation.listening(count):
        jit.threading_layer()
        for n_hidden in depths:
            for kind in images:
                on_part(f"{n_hidden} hidden layers, {kind} images")
                for samples, recipe in _trainings(n_hidden, kind):
                    compile_kernels(samples, (samples.n_features, *recipe.hidden, 2), recipe)
    return n_compiled


def _trainings(n_hidden: int, kind: str) -> Iterator[tuple[Samples, Recipe]]:
    """Samples and recipes that between them call all of it."""
    plain = [Recipe(hidden=(n_units,) * n_hidden) for n_units in ((_SIDE, _LARGE) if n_hidden > 1 else (_SIDE,))]
    for image in _images(kind):
        samples = Samples(image, np.zeros(1, np.int64), 1.0)
        for recipe in plain:
            yield samples, recipe
        if kind == "uint8":
            yield samples, dataclasses.replace(plain[0], augmentation=Augmentation())


def _images(kind: str) -> Iterator[np.ndarray | SparseRows]:
    """One image of each type that there is of that kind."""
    for dtype in ("uint8", "float32") if kind == "sparse" else (kind,):
        pixels = np.ones((1, _SIDE * _SIDE), dtype)
        yield SparseRows.from_dense(pixels) if kind == "sparse" else pixels
