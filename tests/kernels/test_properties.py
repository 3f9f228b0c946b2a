"""Any sizes and any numbers: hypothesis looks for shapes at which a kernel leaves its bound."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numba import config

from fastnet import kernels
from fastnet.kernels import reference
from fastnet.kernels.cases import CASES

LARGEST = 20 if config.DISABLE_JIT else 150
sizes = st.integers(1, LARGEST)


def kernel_at(name, sizes):
    """The case of a kernel at any sizes."""
    case = next(case for case in CASES if case.kernel == name)
    return dataclasses.replace(case, sizes=sizes)


@settings(deadline=None, max_examples=50)
@given(sizes, sizes, sizes, st.integers(0, 2**32))
def test_layers_and_their_gradients_at_any_shape(n_samples, n_in, n_out, seed):
    for name in ("linear", "linear_relu", "linear_backward", "linear_relu_backward"):
        kernel_at(name, (n_samples, n_in, n_out)).verify(kernels, seed)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 10_000), st.integers(0, 2**32))
def test_adam_at_any_length(n, seed):
    kernel_at("adam_step", (n,)).verify(kernels, seed)


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
