"""Any sizes and any numbers: hypothesis looks for shapes at which a kernel leaves its bound."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numba import config

from fastnet import kernels
from fastnet.kernels import cases, reference

LARGEST = 20 if config.DISABLE_JIT else 150
sizes = st.integers(1, LARGEST)


def assert_twins_agree(kernel, make, bounds, *shape, seed):
    exact = make(np.random.default_rng(seed), *shape)
    actual = make(np.random.default_rng(seed), *shape)
    exact = cases.as_float64(exact)
    exact["return"] = getattr(reference, kernel)(**exact)
    actual["return"] = getattr(kernels, kernel)(**actual)
    for name, bound in bounds(exact).items():
        assert np.all(np.abs(actual[name] - exact[name]) <= bound), name


@settings(deadline=None, max_examples=50)
@given(sizes, sizes, sizes, st.integers(0, 2**32))
def test_linear_at_any_shape(n_samples, n_in, n_out, seed):
    for kernel in ("linear", "linear_relu"):
        assert_twins_agree(kernel, cases.make_linear, cases.bounds_linear, n_samples, n_in, n_out, seed=seed)


@settings(deadline=None, max_examples=50)
@given(sizes, sizes, sizes, st.integers(0, 2**32))
def test_gradients_at_any_shape(n_samples, n_in, n_out, seed):
    for kernel in ("linear_backward", "linear_relu_backward"):
        make = getattr(cases, f"make_{kernel}")
        assert_twins_agree(kernel, make, cases.bounds_linear_backward, n_samples, n_in, n_out, seed=seed)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 10_000), st.integers(0, 2**32))
def test_adam_at_any_length(n, seed):
    assert_twins_agree("adam_step", cases.make_adam_step, cases.bounds_adam_step, n, seed=seed)


@settings(deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda n: st.tuples(
            arrays(np.float32, (n, 4), elements=st.floats(-1e4, 1e4, width=32)),
            arrays(np.int64, n, elements=st.integers(0, 3)),
        )
    )
)
def test_softmax_cross_entropy_of_any_logits(logits_and_labels):
    logits, labels = logits_and_labels
    dlogits, exact = np.full_like(logits, np.nan), np.empty(logits.shape)
    loss = kernels.softmax_cross_entropy(logits, labels, dlogits)
    exact_loss = reference.softmax_cross_entropy(logits.astype(np.float64), labels, exact)
    assert loss == pytest.approx(exact_loss, rel=1e-5, abs=1e-6)
    np.testing.assert_allclose(dlogits, exact, atol=2e-6)
    np.testing.assert_allclose(dlogits.sum(axis=1), 0, atol=1e-6)
