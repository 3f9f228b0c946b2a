"""Compile ahead what trainings call, for machines that are to train at once: images of containers, schools, benchmarks.

Numba compiles a kernel anew for each number of layers and each type of image: uint8, float32, or rows without their
zeros. What has been compiled before is loaded from the cache.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from fastnet.data.distortions import Augmentation
from fastnet.data.samples import Samples
from fastnet.kernels import compilation, jit
from fastnet.kernels.sparse_rows import SparseRows

from .engine import compile_kernels
from .recipe import Recipe

_SIDE = 4  # pixels: sizes make no difference to what is compiled


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
    plain = Recipe(hidden=(_SIDE,) * n_hidden)
    bytes_, floats = (np.ones((1, _SIDE * _SIDE), kind) for kind in (np.uint8, np.float32))
    if kind == "sparse":
        for pixels in (bytes_, floats):
            yield _samples(SparseRows.from_dense(pixels)), plain
    else:
        samples = _samples(bytes_ if kind == "uint8" else floats)
        yield samples, plain
        if kind == "uint8":
            yield samples, dataclasses.replace(plain, augmentation=Augmentation())


def _samples(images: np.ndarray | SparseRows) -> Samples:
    return Samples(images, np.zeros(1, np.int64), 1.0)
