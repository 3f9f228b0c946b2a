"""Adam: moments, bias correction and update in one pass over memory."""

import numba

from .checks import check_arrays
from .jit import inlined, kernel
from .simd import LANES, first_lanes, load, splat, sqrt, store

TASK_SIZE = 256 * LANES  # numbers that one task updates


def adam_step(param, grad, m, v, step, learning_rate, beta1, beta2, eps, weight_decay):
    """One step of Adam on the float32 array `param`, in place; `m` and `v` are its moments, `step` counts from 1.

    Kingma & Ba 2015, algorithm 1. `weight_decay` is decoupled (Loshchilov & Hutter 2019): param shrinks by
    learning_rate * weight_decay of itself.
    """
    shape = param.shape
    check_arrays("adam_step", ("param", param, shape), ("grad", grad, shape), ("m", m, shape), ("v", v, shape))
    if step < 1:
        raise ValueError(f"adam_step: step counts from 1, not {step}")
    arrays = (param.reshape(-1), grad.reshape(-1), m.reshape(-1), v.reshape(-1))
    # The corrections are near 1 - 1 at first: in double precision.
    m_correction = 1 / (1 - beta1**step)
    v_correction = 1 / (1 - beta2**step)
    _adam_step(*arrays, m_correction, v_correction, learning_rate, beta1, beta2, eps, weight_decay)


@inlined
def adam_update(param, grad, m, v, m_correction, v_correction, learning_rate, beta1, beta2, eps, weight_decay):
    """New (param, m, v), for vectors."""
    m = splat(beta1) * m + splat(1 - beta1) * grad
    v = splat(beta2) * v + splat(1 - beta2) * (grad * grad)
    direction = splat(m_correction) * m / (sqrt(splat(v_correction) * v) + splat(eps))
    return param - splat(learning_rate) * (direction + splat(weight_decay) * param), m, v


@kernel(parallel=True)
def _adam_step(param, grad, m, v, m_correction, v_correction, learning_rate, beta1, beta2, eps, weight_decay):
    n = len(param)
    for task in numba.prange((n + TASK_SIZE - 1) // TASK_SIZE):
        for i in range(task * TASK_SIZE, min((task + 1) * TASK_SIZE, n), LANES):
            mask = first_lanes(n - i)
            new_param, new_m, new_v = adam_update(
                load(param, (i,), mask),
                load(grad, (i,), mask),
                load(m, (i,), mask),
                load(v, (i,), mask),
                m_correction,
                v_correction,
                learning_rate,
                beta1,
                beta2,
                eps,
                weight_decay,
            )
            store(param, (i,), new_param, mask)
            store(m, (i,), new_m, mask)
            store(v, (i,), new_v, mask)
