"""Adam over many steps: errors must not pile up."""

import numpy as np
import pytest
from numba import config

from fastnet import kernels
from fastnet.kernels import aligned_copy, aligned_zeros, cases, reference

N = 100 if config.DISABLE_JIT else 1000


def trajectory(module, dtype, n_steps, **decays):
    """Parameters after `n_steps` with gradients of very different scale, some of which stop."""
    rng = np.random.default_rng(0)
    param = rng.standard_normal(N).astype(np.float32).astype(dtype)
    scale = 10.0 ** rng.uniform(-6, 2, N)
    m, v = np.zeros(N, dtype), np.zeros(N, dtype)
    if dtype == np.float32:
        param, m, v = aligned_copy(param), aligned_zeros((N,)), aligned_zeros((N,))
    for step in range(1, n_steps + 1):
        grad = (rng.standard_normal(N) * scale).astype(np.float32)
        grad[: N // 4] *= step < 5
        module.adam_step(param, grad.astype(dtype), m, v, step, 1e-3, 0.9, 0.999, 1e-8, **decays)
    return param


@pytest.mark.parametrize("decays", [{}, {"weight_decay": 0.1}, {"l2": 0.1}])
@pytest.mark.parametrize("n_steps", [1, 10, 1000])
def test_trajectory_stays_near_that_of_double_precision(n_steps, decays):
    # A step rounds the parameter once, by at most eps/2 of its magnitude (below 4 here, so 4 eps), and takes its
    # moments, each off by some eps, times the rate; independent roundings grow with the root of their number.
    bound = cases.SAFETY * cases.EPS * 4 * np.sqrt(n_steps)
    exact = trajectory(reference, np.float64, n_steps, **decays)
    fast = trajectory(kernels, np.float32, n_steps, **decays)
    assert np.abs(fast - exact).max() <= bound


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="thousands of steps take long in plain Python")
@pytest.mark.parametrize("module", [kernels, reference])
@pytest.mark.parametrize(("learning_rate", "weight_decay"), [(1e-3, 2e-5), (1e-4, 1e-4), (1e-5, 1e-3)])
def test_a_decay_far_below_rounding_still_adds_up(module, learning_rate, weight_decay):
    """A step's decay is less than half an eps of the weight; it counts together with the gradient's part."""
    n_steps, ends = 2000, []
    for decay in (0.0, weight_decay):
        rng = np.random.default_rng(0)
        param, m, v = aligned_copy(1 + rng.random(N)), aligned_zeros((N,)), aligned_zeros((N,))
        for step in range(1, n_steps + 1):
            grad = aligned_copy(rng.standard_normal(N))
            module.adam_step(param, grad, m, v, step, learning_rate, 0.9, 0.999, 1e-8, decay)
        ends.append(param.astype(np.float64))
    expected = learning_rate * weight_decay * n_steps * ends[0].mean()
    assert (ends[0] - ends[1]).mean() == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("module", [kernels, reference])
def test_an_l2_penalty_is_part_of_the_gradient(module):
    rng = np.random.default_rng(0)
    start, grad = aligned_copy(rng.standard_normal(N)), aligned_copy(rng.standard_normal(N))
    ends = []
    for own, l2 in ((grad, 0.5), (aligned_copy(grad + np.float32(0.5) * start), 0.0)):
        arrays = [aligned_copy(start), own, aligned_zeros((N,)), aligned_zeros((N,))]
        module.adam_step(*arrays, 1, 0.1, 0.9, 0.999, 1e-8, 0.0, l2)
        ends.append(arrays)
    for one, other in zip(ends[0][2:], ends[1][2:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("nesterov", [False, True])
def test_a_trajectory_with_momentum_stays_near_that_of_double_precision(nesterov):
    ends = []
    for module, dtype in ((reference, np.float64), (kernels, np.float32)):
        rng = np.random.default_rng(0)
        param, velocity = rng.standard_normal(N).astype(np.float32).astype(dtype), np.zeros(N, dtype)
        for _ in range(100):
            grad = rng.standard_normal(N).astype(np.float32).astype(dtype)
            module.sgd_step(param, grad, velocity, 0.01, 0.9, nesterov, 0.01, 0.1)
        ends.append(param)
    # As for Adam: some eps of parameters below 8 a step, growing with the root of their number.
    assert np.abs(ends[0] - ends[1]).max() <= cases.SAFETY * cases.EPS * 8 * np.sqrt(100)


def test_any_shape_is_updated():
    arrays = [aligned_copy(np.ones((3, 4, 5))) for _ in range(4)]
    kernels.adam_step(*arrays, 1, 0.1, 0.9, 0.999, 1e-8, 0.0)
    assert (arrays[0] < 1).all()
