"""Each fast kernel against its NumPy twin in double precision, over the whole table of cases."""

import inspect
import math
from types import SimpleNamespace

import numpy as np
import pytest
from numba import config

from fastnet import kernels
from fastnet.kernels import cases, reference
from fastnet.kernels.cases import CASES
from fastnet.kernels.kinds import ACTIVATIONS

KERNEL_NAMES = sorted({case.kernel for case in CASES})

# Plain Python takes minutes for the sizes of a network, and sees no other lines there.
if config.DISABLE_JIT:
    CASES = [case for case in CASES if math.prod(case.sizes) <= (600_000 if len(case.sizes) > 1 else 10_000)]


def test_the_table_covers_every_kernel():
    exported = {name for name in kernels.__all__ if not name.startswith("aligned_")}
    assert set(KERNEL_NAMES) == exported


@pytest.mark.parametrize("name", KERNEL_NAMES)
def test_twins_have_the_same_signature(name):
    assert inspect.signature(getattr(kernels, name)) == inspect.signature(getattr(reference, name))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_kernel_is_within_its_bound_of_the_exact_result(case):
    case.verify(kernels)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_reference_in_float32_is_within_the_same_bound(case):
    case.verify(reference)


@pytest.mark.parametrize("value", [np.nan, 1e-2])
@pytest.mark.parametrize("name", KERNEL_NAMES)
def test_the_table_finds_a_wrong_result(name, value):
    """A kernel that is off by a hundredth, or leaves NaN, does not pass."""
    case = next(case for case in CASES if case.kernel == name and min(case.sizes) > 2)

    def wrong(**arguments):
        returned = getattr(reference, name)(**arguments)
        results = case.bounds(case.call(reference, cases.as_float64(case.arguments()))).keys() - {"return"}
        for result in results:
            arguments[result].flat[0] += 1 if arguments[result].dtype.kind in "iu" else value
        return returned + 1 if not results else returned

    with pytest.raises(AssertionError, match="is off by"):
        case.verify(SimpleNamespace(**{name: wrong}))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_inputs_are_left_as_they_were(case):
    before = case.arguments()
    after = case.call(kernels, case.arguments())
    results = case.bounds(case.call(reference, cases.as_float64(case.arguments())))
    for name in before.keys() - results.keys():
        np.testing.assert_array_equal(after[name], before[name])


@pytest.mark.parametrize("name", KERNEL_NAMES)
def test_same_bits_at_every_call(name):
    case = max((case for case in CASES if case.kernel == name), key=lambda case: math.prod(case.sizes))
    first, second = (case.call(kernels, case.arguments()) for _ in range(2))
    for key in first:
        np.testing.assert_array_equal(first[key], second[key])


# ---- What is refused ------------------------------------------------------------------------------------------------

ARRAYS = [
    (case, name)
    for case in {case.kernel: case for case in CASES if min(case.sizes) > 1}.values()
    for name, value in case.arguments().items()
    if isinstance(value, np.ndarray)
]
FLOAT_ARRAYS = [(case, name) for case, name in ARRAYS if case.arguments()[name].dtype == np.float32]


def damaged(array: np.ndarray, fault: str) -> np.ndarray:
    if fault == "not contiguous":
        return np.repeat(array, 2, axis=-1)[..., ::2]
    if fault == "float64":
        return array.astype(np.float64)
    return np.concatenate([array, array[:1]])  # one row too many


@pytest.mark.parametrize("fault", ["not contiguous", "float64", "too long"])
@pytest.mark.parametrize(("case", "name"), FLOAT_ARRAYS, ids=lambda value: str(value))
def test_array_that_does_not_fit_is_refused_with_its_kernel_named(case, name, fault):
    if case.kernel in ("drop_units", "activate") and fault == "too long":
        pytest.skip("takes any number of samples")
    arguments = case.arguments()
    arguments[name] = damaged(arguments[name], fault)
    with pytest.raises(ValueError, match=rf"{case.kernel.replace('_relu_', '_(relu_)?')}.*must be"):
        getattr(kernels, case.kernel)(**arguments)


@pytest.mark.parametrize("value", [[[1.0, 2.0]], None, 1.0, np.float32(1)], ids=["list", "None", "float", "float32"])
@pytest.mark.parametrize("module", [kernels, reference])
@pytest.mark.parametrize(("case", "name"), ARRAYS, ids=lambda value: str(value))
def test_what_is_no_array_is_refused_by_its_name(module, case, name, value):
    if value is None and name in ("dx", "weights"):
        pytest.skip("may be left out")
    kernel = case.kernel.replace("_relu_", "_(relu_)?")
    with pytest.raises(ValueError, match=f"^{kernel}: {name} must be a NumPy array, not {type(value).__name__}$"):
        getattr(module, case.kernel)(**{**case.arguments(), name: value})


@pytest.mark.parametrize("case", {case.kernel: case for case in CASES}.values(), ids=str)
def test_result_that_cannot_be_written_is_refused(case):
    """Also where it would end the process: the memory may be a file that is mapped for reading."""
    results = case.bounds(case.call(reference, cases.as_float64(case.arguments())))
    for name in results.keys() - {"return"}:
        arguments = case.arguments()
        arguments[name].flags.writeable = False
        with pytest.raises(ValueError, match=f"{name} must be writable|{name} must be float32"):
            getattr(kernels, case.kernel)(**arguments)


def test_a_product_into_what_is_still_read_for_it_is_refused():
    square, row = np.ones((16, 16), np.float32), np.ones(16, np.float32)
    for kernel in (kernels.linear, kernels.linear_relu):
        for name, arguments in (("x", (square, square.copy(), row)), ("w", (square.copy(), square, row))):
            with pytest.raises(ValueError, match=f"{kernel.__name__}: out must not share memory with {name}"):
                kernel(*arguments, square)
    apart = square.copy()
    with pytest.raises(ValueError, match="linear_backward: dw must not share memory with x"):
        kernels.linear_backward(square, apart, apart, square, row, None)
    with pytest.raises(ValueError, match="linear_backward: dx must not share memory with w"):
        kernels.linear_backward(square.copy(), square, apart, square.copy(), row, square)
    for name, results in (("dw", (square, row, apart.copy())), ("db", (apart.copy(), square[0], apart.copy()))):
        with pytest.raises(ValueError, match=f"linear_backward: {name} must not share memory with w"):
            kernels.linear_backward(square.copy(), square, apart, *results)
    with pytest.raises(ValueError, match="linear_relu_backward: dz must not share memory with w"):
        kernels.linear_relu_backward(apart, square, apart, apart, square, square.copy(), row, None)
    assert (square == 1).all()


@pytest.mark.parametrize("smoothing", [-0.1, 1.5, float("nan")])
def test_smoothing_that_is_no_share_is_refused(smoothing):
    logits = np.zeros((3, 10), np.float32)
    with pytest.raises(ValueError, match="smoothing must be a share from 0 to 1"):
        kernels.softmax_cross_entropy(logits, np.array([0, 1, 2]), np.empty_like(logits), smoothing)


@pytest.mark.parametrize("label", [-1, 10])
@pytest.mark.parametrize("module", [kernels, reference])
def test_label_outside_the_classes_is_refused(module, label):
    logits = np.zeros((3, 10), np.float32)
    with pytest.raises(ValueError, match="label is outside"):
        module.softmax_cross_entropy(logits, np.array([0, label, 1]), np.empty_like(logits))


@pytest.mark.parametrize("row", [-1, 5])
@pytest.mark.parametrize("module", [kernels, reference])
def test_row_outside_the_data_set_is_refused(module, row):
    arguments = cases.make_gather_batch(np.random.default_rng(0), 5, 2, 3)
    arguments["rows"] = np.array([0, row])
    with pytest.raises(IndexError, match="row is outside"):
        module.gather_batch(**arguments)


@pytest.mark.parametrize("module", [kernels, reference])
def test_adam_counts_steps_from_one(module):
    arguments = cases.make_adam_step(np.random.default_rng(0), 3)
    with pytest.raises(ValueError, match="step counts from 1"):
        module.adam_step(**{**arguments, "step": 0})


# ---- NaN and infinity -----------------------------------------------------------------------------------------------

ignore_invalid = pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")  # inf - inf, in NumPy


@ignore_invalid
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["x", "w", "b"])
@pytest.mark.parametrize("kernel", ["linear", "linear_relu"])
def test_forward_keeps_nan_and_infinity(kernel, name, value):
    arguments = cases.make_linear(np.random.default_rng(0), 9, 20, 40)
    for array in (arguments["x"], arguments["w"]):
        np.abs(array, out=array)  # so that no infinity is turned negative, then cut by the ReLU
    arguments[name].flat[1] = value
    getattr(kernels, kernel)(**arguments)
    expected = cases.as_float64(arguments)
    getattr(reference, kernel)(**expected)
    np.testing.assert_array_equal(np.isfinite(arguments["out"]), np.isfinite(expected["out"]))
    assert not np.isfinite(arguments["out"]).all()


@pytest.mark.parametrize("name", ["x", "w", "dout"])
@pytest.mark.parametrize("kernel", ["linear_backward", "linear_relu_backward"])
def test_backward_keeps_nan(kernel, name):
    arguments = getattr(cases, f"make_{kernel}")(np.random.default_rng(0), 9, 20, 40)
    arguments[name][1, 1] = np.nan
    getattr(kernels, kernel)(**arguments)
    expected = cases.as_float64(arguments)
    getattr(reference, kernel)(**expected)
    for gradient in ("dw", "db", "dx"):
        np.testing.assert_array_equal(np.isnan(arguments[gradient]), np.isnan(expected[gradient]))
    assert np.isnan(arguments["dx" if name == "w" else "dw"]).any()


@ignore_invalid
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_loss_of_logits_that_are_not_finite_is_not_finite(value):
    logits = np.zeros((4, 3), np.float32)
    logits[2, 1] = value
    loss = kernels.softmax_cross_entropy(logits, np.zeros(4, np.int64), np.empty_like(logits))
    assert not np.isfinite(loss)


@ignore_invalid
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["soft_cross_entropy", "squared_error", "logistic_cross_entropy", "poisson_loss"])
def test_loss_of_outputs_that_are_not_finite_is_not_finite(name, value):
    outputs = np.zeros((4, 3), np.float32)
    outputs[2, 1] = value
    assert not np.isfinite(getattr(kernels, name)(outputs, np.zeros((4, 3), np.float32), np.empty_like(outputs)))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_keep_nan(activation):
    z = np.zeros((3, 40), np.float32)
    z[1, 7] = np.nan
    kernels.activate(z, activation)
    assert np.argwhere(np.isnan(z)).tolist() == [[1, 7]]


@pytest.mark.parametrize("name", ["param", "grad", "velocity"])
def test_sgd_keeps_nan(name):
    arguments = cases.make_sgd_step(np.random.default_rng(0), 40)
    arguments[name][7] = np.nan
    kernels.sgd_step(**arguments)
    assert np.isnan(arguments["param"]).nonzero()[0].tolist() == [7]


@pytest.mark.parametrize("name", ["param", "grad", "m", "v"])
def test_adam_keeps_nan(name):
    arguments = cases.make_adam_step(np.random.default_rng(0), 40)
    arguments[name][7] = np.nan
    kernels.adam_step(**arguments)
    assert np.isnan(arguments["param"]).nonzero()[0].tolist() == [7]


# ---- Extremes -------------------------------------------------------------------------------------------------------


def test_softmax_of_huge_logits_and_rows_of_very_different_scale():
    logits = np.array([[1e4, -1e4, 0], [-1e4, -1e4, -1e4], [1e-4, 2e-4, 0], [1e4, 1e4, -1e4]], np.float32)
    labels = np.array([0, 2, 1, 1])
    dlogits = np.full_like(logits, np.nan)
    loss = kernels.softmax_cross_entropy(logits, labels, dlogits)
    exact = np.empty((4, 3))
    exact_loss = reference.softmax_cross_entropy(logits.astype(np.float64), labels, exact)
    assert loss == pytest.approx(exact_loss, rel=1e-6)
    np.testing.assert_allclose(dlogits, exact, atol=1e-7)
    np.testing.assert_allclose(dlogits[1], [1 / 12, 1 / 12, 1 / 12 - 1 / 4], rtol=1e-6)


def test_loss_of_a_hopeless_answer_is_exact_and_not_infinite():
    logits = np.array([[1e4, -1e4]], np.float32)
    assert kernels.softmax_cross_entropy(logits, np.array([1]), np.empty_like(logits)) == 2e4


def test_loss_of_soft_targets_is_exact_for_huge_logits():
    logits, targets = np.array([[1e4, -1e4]], np.float32), np.array([[0.75, 0.25]], np.float32)
    dlogits = np.empty_like(logits)
    assert kernels.soft_cross_entropy(logits, targets, dlogits) == 5e3
    np.testing.assert_array_equal(dlogits, [[0.25, -0.25]])


def test_logistic_loss_of_a_hopeless_answer_is_exact_and_not_infinite():
    logits, targets = np.array([[1e4], [-1e4]], np.float32), np.array([[0], [1]], np.float32)
    assert kernels.logistic_cross_entropy(logits, targets, np.empty_like(logits)) == 1e4


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activation_gradient_may_be_taken_in_place(activation):
    arguments = cases.make_activate_backward(np.random.default_rng(0), 9, 40, activation)
    expected = cases.make_activate_backward(np.random.default_rng(0), 9, 40, activation)
    kernels.activate_backward(**{**arguments, "dz": arguments["dout"]})
    kernels.activate_backward(**expected)
    np.testing.assert_array_equal(arguments["dout"], expected["dz"])


def test_gradient_may_be_masked_in_place():
    arguments = cases.make_linear_relu_backward(np.random.default_rng(0), 9, 20, 40)
    expected = cases.make_linear_relu_backward(np.random.default_rng(0), 9, 20, 40)
    kernels.linear_relu_backward(**{**arguments, "dz": arguments["dout"]})
    kernels.linear_relu_backward(**expected)
    np.testing.assert_array_equal(arguments["dout"], expected["dz"])
    np.testing.assert_array_equal(arguments["dw"], expected["dw"])


@pytest.mark.parametrize("module", [kernels, reference])
def test_gradient_of_the_input_may_be_left_out(module):
    arguments = cases.make_linear_backward(np.random.default_rng(0), 9, 20, 40)
    module.linear_backward(**{**arguments, "dx": None})
    assert np.isfinite(arguments["dw"]).all()
    assert np.isnan(arguments["dx"]).all()


def test_nothing_is_written_outside_the_out_parameter():
    arguments = cases.make_linear(np.random.default_rng(0), 9, 20, 41)
    memory = np.full(9 * 41 + 200, 7, np.float32)
    arguments["out"] = memory[100:-100].reshape(9, 41)
    kernels.linear_relu(**arguments)
    assert (memory[:100] == 7).all()
    assert (memory[-100:] == 7).all()


def test_gather_takes_targets_too():
    arguments = cases.make_gather_batch(np.random.default_rng(0), 5, 4, 3)
    targets = np.random.default_rng(1).standard_normal((5, 2)).astype(np.float32)
    arguments.update(labels=targets, y=np.full((4, 2), np.nan, np.float32))
    kernels.gather_batch(**arguments)
    np.testing.assert_array_equal(arguments["y"], targets[arguments["rows"]])
    with pytest.raises(ValueError, match="y must be float32"):
        kernels.gather_batch(**{**arguments, "y": np.zeros(4, np.int64)})


def test_gather_takes_floating_point_images_too():
    arguments = cases.make_gather_batch(np.random.default_rng(0), 5, 4, 3)
    arguments["images"] = arguments["images"].astype(np.float32)
    expected = cases.as_float64(arguments)
    kernels.gather_batch(**arguments)
    reference.gather_batch(**expected)
    np.testing.assert_allclose(arguments["x"], expected["x"], rtol=1e-6)
