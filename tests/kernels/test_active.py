"""Which hidden units are on, and the products that visit those alone: the bits are those of the dense tiles."""

import numpy as np
import pytest
from numba import config

from fastnet.kernels.active import (
    BLOCK_ROWS,
    MOST_SAMPLES,
    active_backward_task,
    active_linear_task,
    active_step_task,
    mostly_off,
    n_note_tasks,
    n_panel_tasks,
    n_step_tasks,
    new_activity,
    note_task,
)
from fastnet.kernels.arrays import aligned_copy, aligned_empty
from fastnet.kernels.jit import kernel
from fastnet.kernels.optimizers import Adam, Sgd, coefficients
from fastnet.kernels.products import (
    multiply_add_task,
    multiply_step_task,
    multiply_transposed_relu_task,
    n_product_tasks,
    n_transposed_tasks,
)
from fastnet.kernels.simd import BITS
from fastnet.kernels.sparse import PANEL_COLUMNS

ADAM = Adam(0.9, 0.999, 1e-8)
# Samples, units, and columns on the other side of the layer: around the sizes of words, panels and blocks.
SIZES = [(1, 1, 1), (5, 70, 20), (BITS, BITS, PANEL_COLUMNS), (BITS + 1, 2 * BITS + 3, PANEL_COLUMNS + 5)]
if not config.DISABLE_JIT:
    SIZES += [
        (128, 300, 200),
        (3, BLOCK_ROWS + 9, 3 * PANEL_COLUMNS - 1),
        (MOST_SAMPLES, 100, 100),
        (MOST_SAMPLES + 1, 100, 100),
    ]


# Kernels alone call the tasks.


@kernel()
def note_all(out, activity):
    for task in range(n_note_tasks(activity)):
        note_task(out, activity, task)


@kernel()
def forward(activity, x, w, b, out):
    for task in range(n_panel_tasks(out)):
        active_linear_task(activity, x, w, b, True, out, task)


@kernel()
def forward_by_tiles(x, w, b, out):
    for task in range(n_product_tasks(out)):
        multiply_add_task(x, w, b, True, out, task)


@kernel()
def backward(activity, dout, w, hidden, factor, dbelow):
    for task in range(n_panel_tasks(dbelow)):
        active_backward_task(activity, dout, w, hidden, factor, dbelow, task)


@kernel()
def backward_by_tiles(dout, w, hidden, factor, dbelow):
    for task in range(n_transposed_tasks(w)):
        multiply_transposed_relu_task(dout, w, hidden, factor, dbelow, task)


@kernel()
def step(activity, x, dout, w, m, v, c, only_measure):
    total = 0.0
    for task in range(n_step_tasks(w)):
        total += active_step_task(activity, x, dout, w, m, v, c, only_measure, task)
    return total


@kernel()
def step_by_tiles(x, dout, w, m, v, c):
    for task in range(n_product_tasks(w)):
        multiply_step_task(x.T, dout, w, m, v, c, False, task)


class Case:
    """A layer's numbers, of whose `n_units` on the one side as many are on as is told."""

    def __init__(self, sizes, share_on, seed=0):
        rng = np.random.default_rng(seed)
        n_samples, n_units, n_others = sizes
        is_on = rng.random((n_samples, n_units)) < share_on
        self.units = aligned_copy(np.abs(rng.standard_normal(is_on.shape)) * is_on)
        self.dunits = aligned_copy(rng.standard_normal(is_on.shape) * is_on)
        self.others = aligned_copy(np.maximum(rng.standard_normal((n_samples, n_others)), 0))
        self.dothers = aligned_copy(rng.standard_normal((n_samples, n_others)))
        self.w_up = aligned_copy(rng.standard_normal((n_units, n_others)))
        self.w_down = aligned_copy(rng.standard_normal((n_others, n_units)))
        self.b = aligned_copy(rng.standard_normal(n_others))
        self.activity = new_activity(n_units, n_samples)
        note_all(self.units, self.activity)


FEW, MANY = 0.1, 0.9  # so many that are on are visited alone, or by tiles
both = pytest.mark.parametrize("share_on", [FEW, MANY])


def bits_of(words, n):
    """The first n bits of each row of words."""
    return np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")[:, :n].astype(bool)


@pytest.mark.parametrize("n_units", [1, BITS - 1, BITS, BITS + 1, 3 * BITS + 5])
def test_what_is_noted_is_what_is_not_zero_whatever_was_noted_before(n_units):
    rng = np.random.default_rng(0)
    activity = new_activity(n_units, 2 * BITS + 3)
    for n_samples in (2 * BITS + 3, BITS, 1, BITS + 1):
        out = aligned_copy(np.maximum(rng.standard_normal((n_samples, n_units)), 0))
        out[-1, -1] = np.nan
        note_all(out, activity)
        n_words = -(-n_samples // BITS)
        by_unit = bits_of(activity.of_units[:, :n_words], n_words * BITS)
        np.testing.assert_array_equal(by_unit[:, :n_samples].T, out != 0)
        assert not by_unit[:, n_samples:].any()
        for run, words in enumerate(activity.of_samples):
            units = slice(run * BITS, (run + 1) * BITS)
            np.testing.assert_array_equal(bits_of(words[:n_samples, None], len(out[0, units])), (out != 0)[:, units])
        assert activity.counts.sum() == np.count_nonzero(out)


@both
@pytest.mark.parametrize("sizes", SIZES)
def test_forward_products_have_the_bits_of_tiles(sizes, share_on):
    case = Case(sizes, share_on)
    out, expected = aligned_empty(case.others.shape), aligned_empty(case.others.shape)
    forward(case.activity, case.units, case.w_up, case.b, out)
    forward_by_tiles(case.units, case.w_up, case.b, expected)
    np.testing.assert_array_equal(out, expected)


@both
@pytest.mark.parametrize("sizes", SIZES)
def test_gradients_of_the_layer_below_have_the_bits_of_tiles(sizes, share_on):
    case, factor = Case(sizes, share_on), np.float32(2)
    dbelow, expected = aligned_empty(case.others.shape), aligned_empty(case.others.shape)
    backward(case.activity, case.dunits, case.w_down, case.others, factor, dbelow)
    backward_by_tiles(case.dunits, case.w_down, case.others, factor, expected)
    np.testing.assert_array_equal(dbelow, expected)


@pytest.mark.parametrize("settings", [ADAM, Sgd(0.9, True)], ids=["adam", "sgd"])
@both
@pytest.mark.parametrize("sizes", SIZES)
def test_steps_have_the_bits_of_tiles(sizes, share_on, settings):
    case = Case(sizes, share_on)
    c = coefficients(settings, 3, 0.01, 0.1, 0.01, 1.0)
    results = []
    for by_tiles in (False, True):
        w, m = aligned_copy(case.w_up), aligned_copy(0.1 * case.w_up)
        v = aligned_copy(case.w_up**2) if settings is ADAM else None
        if by_tiles:
            step_by_tiles(case.units, case.dothers, w, m, v, c)
        else:
            step(case.activity, case.units, case.dothers, w, m, v, c, False)
        results.append([w, m] if v is None else [w, m, v])
    for array, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(array, expected)
        assert array.any()


@both
@pytest.mark.parametrize("sizes", SIZES)
def test_a_gradient_that_is_only_measured_leaves_the_weights_alone(sizes, share_on):
    case = Case(sizes, share_on)
    w, m, v = case.w_up.copy(), np.zeros_like(case.w_up), np.zeros_like(case.w_up)
    total = step(case.activity, case.units, case.dothers, w, m, v, coefficients(ADAM, 1, 0.01, 0.0, 0.0, 1.0), True)
    gradient = case.units.astype(np.float64).T @ case.dothers
    assert total == pytest.approx((gradient**2).sum(), rel=1e-5)
    np.testing.assert_array_equal(w, case.w_up)
    assert not m.any()
    assert not v.any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_not_skipped(value):
    case = Case((5, 70, 20), FEW)
    case.units[2, 3] = value
    note_all(case.units, case.activity)
    out = aligned_empty(case.others.shape)
    with np.errstate(invalid="ignore"):  # without the JIT, NumPy warns
        forward(case.activity, case.units, case.w_up, case.b, out)
    assert not np.isfinite(out[2]).all()
    assert np.isfinite(np.delete(out, 2, axis=0)).all()


@kernel()
def is_visited_alone(activity, n_samples):
    return mostly_off(activity, n_samples)


@both
def test_few_units_are_visited_alone_and_many_by_tiles(share_on):
    case = Case((BITS, 200, 100), share_on)
    assert is_visited_alone(case.activity, BITS) == (share_on == FEW)
