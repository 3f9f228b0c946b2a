"""Arrays in, arrays out: hand-written Numba kernels; in `reference` the NumPy textbook that they are tested against.

All is loaded when it is first used, so that the textbook and what else is of NumPy alone (`arrays`, `sparse_rows`,
`displacements`, `rates`) can be imported, and works, where Numba is not installed.
"""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .activations import activate as activate
    from .activations import activate_backward as activate_backward
    from .arrays import aligned_copy as aligned_copy
    from .arrays import aligned_empty as aligned_empty
    from .arrays import aligned_zeros as aligned_zeros
    from .augment import distort_images as distort_images
    from .batches import gather_batch as gather_batch
    from .dropout import drop_units as drop_units
    from .layers import linear as linear
    from .layers import linear_backward as linear_backward
    from .layers import linear_relu as linear_relu
    from .layers import linear_relu_backward as linear_relu_backward
    from .losses import count_correct as count_correct
    from .losses import logistic_cross_entropy as logistic_cross_entropy
    from .losses import poisson_loss as poisson_loss
    from .losses import soft_cross_entropy as soft_cross_entropy
    from .losses import softmax_cross_entropy as softmax_cross_entropy
    from .losses import squared_error as squared_error
    from .optimizers import adam_step as adam_step
    from .optimizers import sgd_step as sgd_step

_HOMES = {
    "activate": "activations",
    "activate_backward": "activations",
    "adam_step": "optimizers",
    "aligned_copy": "arrays",
    "aligned_empty": "arrays",
    "aligned_zeros": "arrays",
    "count_correct": "losses",
    "distort_images": "augment",
    "drop_units": "dropout",
    "gather_batch": "batches",
    "linear": "layers",
    "linear_backward": "layers",
    "linear_relu": "layers",
    "linear_relu_backward": "layers",
    "logistic_cross_entropy": "losses",
    "poisson_loss": "losses",
    "sgd_step": "optimizers",
    "soft_cross_entropy": "losses",
    "softmax_cross_entropy": "losses",
    "squared_error": "losses",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = found  # a training asks for some of them in each step
    return found


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]


def numba_is_installed() -> bool:
    """Whether the kernels can be compiled; this does not load Numba."""
    return find_spec("numba") is not None


def fastest() -> ModuleType:
    """The fast kernels; where Numba is not installed, the textbook."""
    return import_module(__name__ if numba_is_installed() else f"{__name__}.reference")
