"""Adam, and gradient descent with momentum (SGD): moments and update in one pass over memory.

Which of them a kernel takes is chosen when it is compiled, by the type of settings and coefficients. SGD's velocity
stands where Adam's first moment, m, does; its second, v, is None.
"""

import math
from typing import NamedTuple

import numba

from .checks import check_arrays, check_inputs, check_outputs
from .jit import chosen, inlined, kernel
from .simd import LANES, first_lanes, load, quick_divide, splat, sqrt, store

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


class SgdCoefficients(NamedTuple):
    """What one step of SGD multiplies with: param += step - decay * param, where the velocity becomes
    momentum * velocity - rate * (gain * grad + l2 * param), which is the step, or, if `nesterov`, the same is done once
    more to make it."""

    momentum: float
    nesterov: bool
    rate: float
    decay: float
    l2: float
    gain: float


class Adam(NamedTuple):
    """Adam's settings that stay the same from step to step."""

    beta1: float
    beta2: float
    eps: float


class Sgd(NamedTuple):
    """Likewise of SGD."""

    momentum: float
    nesterov: bool


def adam_step(param, grad, m, v, step, learning_rate, beta1, beta2, eps, weight_decay=0.0, l2=0.0):
    """One step of Adam on the float32 array `param`, in place; `m` and `v` are its moments, `step` counts from 1.

    Kingma & Ba 2015, algorithm 1. `weight_decay` is decoupled (Loshchilov & Hutter 2019): param shrinks by
    learning_rate * weight_decay of itself. `l2 * param` is added to the gradient: that of a penalty in the loss.
    """
    check_arrays("adam_step", param=param)
    shape = param.shape
    check_inputs("adam_step", ("grad", grad, shape))
    check_outputs("adam_step", ("param", param, shape), ("m", m, shape), ("v", v, shape))
    if step < 1:
        raise ValueError(f"adam_step: step counts from 1, not {step}")
    c = adam_coefficients(Adam(beta1, beta2, eps), step, learning_rate, weight_decay, l2, 1.0)
    _take_step(param.reshape(-1), grad.reshape(-1), m.reshape(-1), v.reshape(-1), c)


def sgd_step(param, grad, velocity, learning_rate, momentum, nesterov, weight_decay=0.0, l2=0.0):
    """One step of gradient descent on the float32 array `param`, in place; `velocity`, 0 at first, is its momentum.

    velocity = momentum * velocity - learning_rate * grad, and param goes that way; if `nesterov`, it goes by
    momentum * velocity - learning_rate * grad of the new velocity (Sutskever et al. 2013, section 2, as scikit-learn
    has it). `weight_decay` and `l2` are those of `adam_step`.
    """
    check_arrays("sgd_step", param=param)
    check_inputs("sgd_step", ("grad", grad, param.shape))
    check_outputs("sgd_step", ("param", param, param.shape), ("velocity", velocity, param.shape))
    c = sgd_coefficients(Sgd(momentum, nesterov), 1, learning_rate, weight_decay, l2, 1.0)
    _take_step(param.reshape(-1), grad.reshape(-1), velocity.reshape(-1), None, c)


def coefficients(settings, step, learning_rate, weight_decay, l2, gain):
    """The coefficients of step number `step`, of Adam or of SGD; `gain` is what gradients are multiplied with."""
    choice = sgd_coefficients if isinstance(settings, Sgd) else adam_coefficients
    return choice(settings, step, learning_rate, weight_decay, l2, gain)


@chosen(coefficients)
def _coefficients(settings, *_others):
    return sgd_coefficients if settings.instance_class is Sgd else adam_coefficients


@inlined
def adam_coefficients(adam, step, learning_rate, weight_decay, l2, gain):
    """The coefficients of step number `step`, in double precision: the corrections are near 1 / (1 - 1) at first.

    Dividing m and v by 1 - beta**step is left out of the loop by the last lines of Kingma & Ba's section 2, with eps
    changed so that the result is that of their algorithm 1.
    """
    root = math.sqrt(1.0 - adam.beta2**step)
    rate = learning_rate * root / (1.0 - adam.beta1**step)
    return AdamCoefficients(adam.beta1, adam.beta2, rate, adam.eps * root, learning_rate * weight_decay, l2, gain)


@inlined
def sgd_coefficients(sgd, _step, learning_rate, weight_decay, l2, gain):
    """The coefficients, in each step the same but for what they are given."""
    return SgdCoefficients(sgd.momentum, sgd.nesterov, learning_rate, learning_rate * weight_decay, l2, gain)


@inlined
def clipping_gain(norm, most):
    """What makes a gradient with a `norm` above `most` as long as `most` (Pascanu et al. 2013)."""
    return most / norm if norm > most else 1.0


def updated(param, grad, m, v, c):
    """New (param, m, v), for vectors and coefficients `c`, of Adam or of SGD."""
    choice = sgd_update if isinstance(c, SgdCoefficients) else adam_update
    return choice(param, grad, m, v, c)


@chosen(updated)
def _updated(_param, _grad, _m, _v, c):
    return sgd_update if c.instance_class is SgdCoefficients else adam_update


@inlined
def adam_update(param, grad, m, v, c):
    """New (param, m, v), for vectors and coefficients `c`."""
    grad = splat(c.gain) * grad + splat(c.l2) * param
    m = splat(c.beta1) * m + splat(1.0 - c.beta1) * grad
    v = splat(c.beta2) * v + splat(1.0 - c.beta2) * (grad * grad)
    # Not (1 - decay) * param: float32 rounds a small decay away beside the 1.
    return param - (quick_divide(splat(c.rate) * m, sqrt(v) + splat(c.eps)) + splat(c.decay) * param), m, v


@inlined
def sgd_update(param, grad, velocity, _v, c):
    """New (param, velocity, None), for vectors and coefficients `c`."""
    grad = splat(c.gain) * grad + splat(c.l2) * param
    velocity = splat(c.momentum) * velocity - splat(c.rate) * grad
    step = splat(c.momentum) * velocity - splat(c.rate) * grad if c.nesterov else velocity
    return param + (step - splat(c.decay) * param), velocity, None


@inlined
def update_range(param, grad, m, v, start, stop, c):
    """One step on the numbers start..stop of arrays, counted through."""
    for i in range(start, stop, LANES):
        mask = first_lanes(stop - i)
        new = updated(load(param, (i,), mask), load(grad, (i,), mask), load(m, (i,), mask), load(v, (i,), mask), c)
        store(param, (i,), new[0], mask)
        store(m, (i,), new[1], mask)
        store(v, (i,), new[2], mask)


@kernel(parallel=True)
def _take_step(param, grad, m, v, c):
    n = len(param)
    for task in numba.prange((n + TASK_SIZE - 1) // TASK_SIZE):
        update_range(param, grad, m, v, task * TASK_SIZE, min((task + 1) * TASK_SIZE, n), c)
