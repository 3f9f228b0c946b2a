"""L-BFGS: SciPy's minimiser around the loss of all samples and its gradient."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.optimize import minimize

from fastnet.data.samples import Samples
from fastnet.models.network import Network
from fastnet.training.engine.stepwise import StepwiseEngine


def minimise(engine: StepwiseEngine, samples: Samples, max_iter: int, max_fun: int, tol: float) -> Any:
    """Train the engine's network, in place, to the least loss that is found; return SciPy's `OptimizeResult`.

    It ends after `max_iter` iterations, after `max_fun` losses with their gradients, or once no component of the
    gradient is larger than `tol`.
    """
    network = engine.network

    def loss_and_gradient(point: np.ndarray) -> tuple[float, np.ndarray]:
        _set(network, point)
        loss, gradient = engine.loss_and_gradient(samples)
        return loss, _flat(gradient.parameters().values())

    result = minimize(
        loss_and_gradient,
        _flat(network.parameters().values()),
        method="L-BFGS-B",
        jac=True,
        options={"maxfun": max_fun, "maxiter": max_iter, "gtol": tol},
    )
    _set(network, result.x)
    return result


def _flat(arrays: Iterable[np.ndarray]) -> np.ndarray:
    """All numbers of some arrays in a row, float64 as the minimiser has them."""
    return np.concatenate([array.ravel() for array in arrays]).astype(np.float64)


def _set(network: Network, point: np.ndarray) -> None:
    start = 0
    for array in network.parameters().values():
        array[...] = point[start : start + array.size].reshape(array.shape)
        start += array.size
