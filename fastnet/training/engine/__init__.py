"""Two ways to take training steps: kernel by kernel, on either set of kernels, or fused.

`stepwise.StepwiseEngine` reads like the textbook. It runs on the NumPy reference, without Numba, on the fast kernels to
test the fused ones, or on kernels of one's own beside either. `fused.FusedEngine` does the same arithmetic in
`kernels.fused`, and is not imported before it is asked for.
"""

from collections.abc import Callable
from types import ModuleType

import numpy as np

from fastnet import kernels
from fastnet.data.augment import augment_samples
from fastnet.data.samples import Samples
from fastnet.kernels import reference
from fastnet.models.network import Network
from fastnet.system import require_numba

from ..recipe import Recipe
from .base import Engine
from .own import OwnKernels, with_own
from .stepwise import StepwiseEngine


def make_engine(network: Network, recipe: Recipe, samples: Samples, own: OwnKernels | None = None) -> Engine:
    """The engine that the recipe names, for training on such samples; OptionError where it needs Numba in vain.

    With kernels of one's own it takes steps kernel by kernel, those and the recipe's; errors are those of `with_own`.
    """
    if recipe.engine != "reference":
        require_numba('engine="reference"')
    if own:
        return StepwiseEngine(network, recipe, with_own(kernel_set_of(recipe), own))
    if recipe.engine == "reference":
        return StepwiseEngine(network, recipe, reference)
    from .fused import fused_engine

    return fused_engine(network, recipe, samples)


def compile_kernels(
    samples: Samples,
    layer_sizes: tuple[int, ...],
    recipe: Recipe,
    taught: Callable[[Samples], Samples] | None = None,
    own: OwnKernels | None = None,
) -> None:
    """Compile every kernel that training on such samples calls, or load it from the cache: one throw-away step.

    `taught` is what a training with a teacher makes of samples before its steps.
    """
    engine = make_engine(Network.zeros(layer_sizes, recipe.activation), recipe, samples, own)
    row = np.zeros(1, np.int64)
    if recipe.augmentation:
        distorted(samples, row, recipe, epoch=0)
    one = samples.take(row)
    engine.train_steps(taught(one) if taught else one, row, 1, np.array([recipe.learning_rate]))
    engine.evaluate(one)


def distorted(samples: Samples, rows: np.ndarray, recipe: Recipe, epoch: int, strength: float = 1.0) -> Samples:
    """Copies of the samples at `rows`, as a training by the recipe sees them in that epoch, from 0.

    The strength of the distortions is that share of the recipe's, see `strength_of_pass`.
    """
    assert recipe.augmentation
    augmentation = recipe.augmentation.weakened(strength)
    return augment_samples(samples, rows, augmentation, recipe.seed, epoch, kernel_set_of(recipe))


def kernel_set_of(recipe: Recipe) -> ModuleType:
    """The kernels that the recipe's engine calls, or that do what its fused ones do."""
    return reference if recipe.engine == "reference" else kernels
