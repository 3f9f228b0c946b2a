"""Kernels of one's own in the place of the library's, for steps that are taken kernel by kernel."""

from collections.abc import Callable, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

from fastnet.errors import OptionError, did_you_mean
from fastnet.kernels import reference
from fastnet.kernels.twins import arguments_of, told_arguments

OwnKernels = Mapping[str, Callable[..., Any]]  # by the name of the kernel that each takes the place of

# All that `StepwiseEngine` calls.
OF_A_STEP = (
    "activate",
    "activate_backward",
    "adam_step",
    "count_correct",
    "drop_units",
    "gather_batch",
    "linear",
    "linear_backward",
    "linear_relu",
    "logistic_cross_entropy",
    "poisson_loss",
    "sgd_step",
    "soft_cross_entropy",
    "softmax_cross_entropy",
    "squared_error",
)


def with_own(kernel_set: ModuleType, own: OwnKernels) -> SimpleNamespace:
    """The kernels of a step, some of them replaced; OptionError for one that no step calls, or with other arguments."""
    for name, function in own.items():
        if name not in OF_A_STEP:
            raise OptionError(
                f"no step calls a kernel {name}{did_you_mean(name, OF_A_STEP)}; what can be replaced is"
                f" {', '.join(OF_A_STEP)}"
            )
        if not callable(function):
            raise OptionError(f"in the place of {name} stands {function!r}, which is no function")
        given, wanted = arguments_of(function), arguments_of(getattr(reference, name))
        if given is not None and wanted is not None and given != wanted:
            raise OptionError(
                f"in the place of {name}{told_arguments(wanted)} stands one of {told_arguments(given)}: name its"
                " arguments so, in that order"
            )
    return SimpleNamespace(**{name: own.get(name, getattr(kernel_set, name)) for name in OF_A_STEP})
