"""Adam: moments, bias correction and update in one pass over memory."""

import math
from typing import NamedTuple

import numba

from .checks import check_inputs, check_outputs
from .jit import inlined, kernel
from .simd import LANES, first_lanes, load, quick_divide, quick_sqrt, splat, store

TASK_SIZE = 256 * LANES  # numbers that one task updates


class AdamCoefficients(NamedTuple):
    """What one step of Adam multiplies with: param -= rate * m / (sqrt(v) + eps) + decay * param, where the moments are
    those of gain * grad + l2 * param."""

    beta1: float
    beta2: float
    rate: float
    eps: float
    decay: float
    l2: float
    gain: float


def adam_step(param, grad, m, v, step, learning_rate, beta1, beta2, eps, weight_decay=0.0, l2=0.0):
    """One step of Adam on the float32 array `param`, in place; `m` and `v` are its moments, `step` counts from 1.

    Kingma & Ba 2015, algorithm 1. `weight_decay` is decoupled (Loshchilov & Hutter 2019): param shrinks by
    learning_rate * weight_decay of itself. `l2 * param` is added to the gradient: that of a penalty in the loss.
    """
    shape = param.shape
    check_inputs("adam_step", ("grad", grad, shape))
    check_outputs("adam_step", ("param", param, shape), ("m", m, shape), ("v", v, shape))
    if step < 1:
        raise ValueError(f"adam_step: step counts from 1, not {step}")
    coefficients = adam_coefficients(step, learning_rate, beta1, beta2, eps, weight_decay, l2)
    _adam_step(param.reshape(-1), grad.reshape(-1), m.reshape(-1), v.reshape(-1), coefficients)


@inlined
def adam_coefficients(step, learning_rate, beta1, beta2, eps, weight_decay, l2):
    """The coefficients of step number `step`, in double precision: the corrections are near 1 / (1 - 1) at first.

    Dividing m and v by 1 - beta**step is left out of the loop by the last lines of Kingma & Ba's section 2, with eps
    changed so that the result is that of their algorithm 1.
    """
    root = math.sqrt(1.0 - beta2**step)
    rate = learning_rate * root / (1.0 - beta1**step)
    return AdamCoefficients(beta1, beta2, rate, eps * root, learning_rate * weight_decay, l2, 1.0)


@inlined
def clipped(c, norm, most):
    """The coefficients that make a gradient with a `norm` above `most` as long as `most` (Pascanu et al. 2013)."""
    gain = most / norm if norm > most else 1.0
    return AdamCoefficients(c.beta1, c.beta2, c.rate, c.eps, c.decay, c.l2, gain)


@inlined
def adam_update(param, grad, m, v, c):
    """New (param, m, v), for vectors and coefficients `c`."""
    grad = splat(c.gain) * grad + splat(c.l2) * param
    m = splat(c.beta1) * m + splat(1.0 - c.beta1) * grad
    v = splat(c.beta2) * v + splat(1.0 - c.beta2) * (grad * grad)
    # Not (1 - decay) * param: float32 rounds a small decay away beside the 1.
    return param - (quick_divide(splat(c.rate) * m, quick_sqrt(v) + splat(c.eps)) + splat(c.decay) * param), m, v


@inlined
def adam_range(param, grad, m, v, start, stop, c):
    """One step of Adam on the numbers start..stop of a flat array."""
    for i in range(start, stop, LANES):
        mask = first_lanes(stop - i)
        new = adam_update(load(param, (i,), mask), load(grad, (i,), mask), load(m, (i,), mask), load(v, (i,), mask), c)
        store(param, (i,), new[0], mask)
        store(m, (i,), new[1], mask)
        store(v, (i,), new[2], mask)


@kernel(parallel=True)
def _adam_step(param, grad, m, v, c):
    n = len(param)
    for task in numba.prange((n + TASK_SIZE - 1) // TASK_SIZE):
        adam_range(param, grad, m, v, task * TASK_SIZE, min((task + 1) * TASK_SIZE, n), c)
