"""Two ways to take training steps: kernel by kernel, on either set of kernels, or fused.

`stepwise.StepwiseEngine` reads like the textbook. It runs on the NumPy reference, without Numba, and on the fast
kernels to test the fused ones. `fused.FusedEngine` does the same arithmetic in `kernels.fused`, and is not imported
before it is asked for.
"""

import numpy as np

from fastnet import kernels
from fastnet.data.augment import augment_samples
from fastnet.data.samples import Samples
from fastnet.kernels import reference
from fastnet.models.network import Network
from fastnet.system import require_numba

from ..recipe import Recipe
from .base import Engine
from .stepwise import StepwiseEngine


def make_engine(network: Network, recipe: Recipe, samples: Samples) -> Engine:
    """The engine that the recipe names, for training on such samples; OptionError where it needs Numba in vain."""
    if recipe.engine == "reference":
        return StepwiseEngine(network, recipe, reference)
    require_numba('engine="reference"')
    from .fused import fused_engine

    return fused_engine(network, recipe, samples)


def compile_kernels(samples: Samples, layer_sizes: tuple[int, ...], recipe: Recipe) -> None:
    """Compile every kernel that training on such samples calls, or load it from the cache: one throw-away step."""
    engine = make_engine(Network.zeros(layer_sizes, recipe.activation), recipe, samples)
    if recipe.augmentation:
        distorted(samples, np.zeros(1, np.int64), recipe, epoch=0)
    engine.train_steps(samples, np.zeros(1, np.int64), 1, np.array([recipe.learning_rate]))
    engine.evaluate(samples.take(np.zeros(1, np.int64)))


def distorted(samples: Samples, rows: np.ndarray, recipe: Recipe, epoch: int) -> Samples:
    """Copies of the samples at `rows`, as a training by the recipe sees them in that epoch, from 0."""
    assert recipe.augmentation
    kernel_set = reference if recipe.engine == "reference" else kernels
    return augment_samples(samples, rows, recipe.augmentation, recipe.seed, epoch, kernel_set)
