"""Arrays in, arrays out: hand-written Numba kernels; in `reference` the NumPy textbook that they are tested against."""

from .arrays import aligned_copy, aligned_empty, aligned_zeros
from .augment import distort_images
from .batches import gather_batch
from .dropout import drop_units
from .layers import linear, linear_backward, linear_relu, linear_relu_backward
from .losses import count_correct, softmax_cross_entropy
from .optimizers import adam_step

__all__ = [
    "adam_step",
    "aligned_copy",
    "aligned_empty",
    "aligned_zeros",
    "count_correct",
    "distort_images",
    "drop_units",
    "gather_batch",
    "linear",
    "linear_backward",
    "linear_relu",
    "linear_relu_backward",
    "softmax_cross_entropy",
]
