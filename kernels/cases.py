"""One table of (kernel, sizes, tolerance) for the tests and the benchmarks; installed, so that a user can run both.

Each case makes the arguments of a kernel at given sizes, with out-parameters poisoned by NaN, and says how far each
result may be from the exact one. A sum of K products a_k * b_k in float32 is rounded K times, each time by up to eps/2
of the sum so far. Roundings are independent, so what they add up to grows with sqrt(K) (Higham 2002, section 2.8); the
sum so far is about |a| |b| / sqrt(K) where terms cancel, with |.| the 2-norm, and up to the result where they don't.
Hence the bound `SAFETY * eps * (|a| |b| + sqrt(K) * |result|)`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from . import reference
from .arrays import aligned_copy, aligned_empty
from .displacements import smooth_basis, unit_amplitude
from .kinds import ACTIVATIONS
from .products import PANEL_DEPTH, STRIP_DEPTH, TASK_ROWS, TILE_COLUMNS, TILE_ROWS

EPS = float(np.finfo(np.float32).eps)
SAFETY = 4.0

Arguments = dict[str, Any]
Bounds = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A kernel at some sizes; `bounds` takes the exact arguments after the call and names the results to compare."""

    kernel: str
    sizes: tuple[int, ...]
    make: Callable[..., Arguments]
    bounds: Callable[[Arguments], Bounds]
    benchmarked: bool = False
    variant: str = ""  # what else `make` is told, if anything

    def __str__(self) -> str:
        return "-".join(filter(None, (self.kernel, "x".join(str(size) for size in self.sizes), self.variant)))

    def arguments(self, seed: int = 0) -> Arguments:
        """Arguments in the order of the signature; the same for the same seed."""
        return self.make(np.random.default_rng(seed), *self.sizes, *filter(None, (self.variant,)))

    def call(self, module: ModuleType, arguments: Arguments) -> Arguments:
        """Call the module's kernel; return its arguments after the call, and under "return" what it returned."""
        returned = getattr(module, self.kernel)(**arguments)
        return {**arguments, "return": returned}

    def verify(self, module: ModuleType, seed: int = 0) -> None:
        """Hold the module's kernel against the reference in double precision; AssertionError outside of its bounds.

        A result that is NaN is never within its bounds.
        """
        exact = self.call(reference, as_float64(self.arguments(seed)))
        actual = self.call(module, self.arguments(seed))
        for name, bound in self.bounds(exact).items():
            error = np.abs(np.asarray(actual[name], np.float64) - exact[name])
            if not np.all(error <= bound):
                raise AssertionError(f"{self}: {name} is off by {np.max(error)}, with a bound of {np.max(bound)}")


def as_float64(arguments: Arguments) -> Arguments:
    """A copy of the arguments in double precision, for the reference."""
    return {
        name: value.astype(np.float64 if value.dtype == np.float32 else value.dtype)
        if isinstance(value, np.ndarray)
        else value
        for name, value in arguments.items()
    }


# ---- Arguments ------------------------------------------------------------------------------------------------------


def _normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return aligned_copy(rng.standard_normal(shape))


def _poisoned(*shape: int) -> np.ndarray:
    array = aligned_empty(shape)
    array.fill(np.nan)
    return array


def _weights(rng: np.random.Generator, n_samples: int) -> np.ndarray | None:
    """Weights of samples, one of them 0; none for even numbers of samples."""
    if n_samples % 2 == 0:
        return None
    weights = aligned_copy(4 * rng.random(n_samples))
    weights[1:2] = 0
    return weights


def make_linear(rng: np.random.Generator, n_samples: int, n_in: int, n_out: int) -> Arguments:
    """Arguments of `linear` and `linear_relu`."""
    return {
        "x": _normal(rng, n_samples, n_in),
        "w": _normal(rng, n_in, n_out),
        "b": _normal(rng, n_out),
        "out": _poisoned(n_samples, n_out),
    }


def make_linear_backward(rng: np.random.Generator, n_samples: int, n_in: int, n_out: int) -> Arguments:
    """Arguments of `linear_backward`."""
    return {
        "x": _normal(rng, n_samples, n_in),
        "w": _normal(rng, n_in, n_out),
        "dout": _normal(rng, n_samples, n_out),
        "dw": _poisoned(n_in, n_out),
        "db": _poisoned(n_out),
        "dx": _poisoned(n_samples, n_in),
    }


def make_linear_relu_backward(rng: np.random.Generator, n_samples: int, n_in: int, n_out: int) -> Arguments:
    """Arguments of `linear_relu_backward`; about half of the units are off."""
    arguments = make_linear_backward(rng, n_samples, n_in, n_out)
    out = aligned_copy(np.maximum(rng.standard_normal((n_samples, n_out)), 0))
    order = ("x", "w", "out", "dout", "dz", "dw", "db", "dx")
    return {name: {"out": out, "dz": _poisoned(n_samples, n_out), **arguments}[name] for name in order}


def make_softmax_cross_entropy(rng: np.random.Generator, n_samples: int, n_classes: int) -> Arguments:
    """Arguments of `softmax_cross_entropy`."""
    return {
        "logits": aligned_copy(4 * rng.standard_normal((n_samples, n_classes))),
        "labels": rng.integers(0, n_classes, n_samples),
        "dlogits": _poisoned(n_samples, n_classes),
        "smoothing": 0.1 if n_samples % 2 else 0.0,
        "weights": _weights(rng, n_samples),
    }


def make_soft_cross_entropy(rng: np.random.Generator, n_samples: int, n_classes: int) -> Arguments:
    """Arguments of `soft_cross_entropy`: targets that are sure of a class, and others."""
    odds = rng.random((n_samples, n_classes)) ** 8
    return {
        "logits": aligned_copy(4 * rng.standard_normal((n_samples, n_classes))),
        "targets": aligned_copy(odds / odds.sum(axis=1, keepdims=True)),
        "dlogits": _poisoned(n_samples, n_classes),
        "weights": _weights(rng, n_samples),
    }


def make_activate(rng: np.random.Generator, n_samples: int, n_units: int, activation: str) -> Arguments:
    """Arguments of `activate`: from where it is steep to where it is flat."""
    return {"z": aligned_copy(4 * rng.standard_normal((n_samples, n_units))), "activation": activation}


def make_activate_backward(rng: np.random.Generator, n_samples: int, n_units: int, activation: str) -> Arguments:
    """Arguments of `activate_backward`."""
    out = make_activate(rng, n_samples, n_units, activation)["z"]
    reference.activate(out, activation)
    return {
        "out": out,
        "dout": _normal(rng, n_samples, n_units),
        "activation": activation,
        "dz": _poisoned(n_samples, n_units),
    }


def make_squared_error(rng: np.random.Generator, n_samples: int, n_outputs: int) -> Arguments:
    """Arguments of `squared_error`."""
    return {
        "outputs": _normal(rng, n_samples, n_outputs),
        "targets": _normal(rng, n_samples, n_outputs),
        "doutputs": _poisoned(n_samples, n_outputs),
        "weights": _weights(rng, n_samples),
    }


def make_logistic_cross_entropy(rng: np.random.Generator, n_samples: int, n_outputs: int) -> Arguments:
    """Arguments of `logistic_cross_entropy`."""
    return {
        "logits": aligned_copy(4 * rng.standard_normal((n_samples, n_outputs))),
        "targets": aligned_copy(rng.integers(0, 2, (n_samples, n_outputs))),
        "dlogits": _poisoned(n_samples, n_outputs),
        "weights": _weights(rng, n_samples),
    }


def make_poisson_loss(rng: np.random.Generator, n_samples: int, n_outputs: int) -> Arguments:
    """Arguments of `poisson_loss`: counts, some of which are 0."""
    return {
        "logs": _normal(rng, n_samples, n_outputs),
        "targets": aligned_copy(rng.poisson(2, (n_samples, n_outputs))),
        "dlogs": _poisoned(n_samples, n_outputs),
        "weights": _weights(rng, n_samples),
    }


def make_count_correct(rng: np.random.Generator, n_samples: int, n_classes: int) -> Arguments:
    """Arguments of `count_correct`."""
    return {
        "logits": _normal(rng, n_samples, n_classes),
        "labels": rng.integers(0, n_classes, n_samples),
        "weights": _weights(rng, n_samples),
    }


def make_adam_step(rng: np.random.Generator, n: int) -> Arguments:
    """Arguments of `adam_step`, some way into a training."""
    return {
        "param": _normal(rng, n),
        "grad": _normal(rng, n),
        "m": _normal(rng, n),
        "v": aligned_copy(rng.standard_normal(n) ** 2),
        "step": 3,
        "learning_rate": 1e-3,
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-8,
        "weight_decay": 0.01,
    }


def make_sgd_step(rng: np.random.Generator, n: int, variant: str = "") -> Arguments:
    """Arguments of `sgd_step`, some way into a training."""
    return {
        "param": _normal(rng, n),
        "grad": _normal(rng, n),
        "velocity": _normal(rng, n),
        "learning_rate": 1e-2,
        "momentum": 0.9,
        "nesterov": variant == "nesterov",
        "weight_decay": 0.01,
        "l2": 0.1,
    }


def make_gather_batch(rng: np.random.Generator, n_images: int, n_rows: int, n_features: int) -> Arguments:
    """Arguments of `gather_batch`, with four fifths of the pixels 0 as in MNIST."""
    pixels = rng.integers(1, 256, (n_images, n_features)) * (rng.random((n_images, n_features)) < 0.2)
    return {
        "images": pixels.astype(np.uint8),
        "labels": rng.integers(0, 10, n_images),
        "rows": rng.integers(0, n_images, n_rows),
        "scale": 1 / 255,
        "x": _poisoned(n_rows, n_features),
        "y": np.full(n_rows, -1),
    }


def make_distort_images(rng: np.random.Generator, n_images: int, n_rows: int, height: int, width: int) -> Arguments:
    """Arguments of `distort_images`, with every kind of distortion."""
    row_basis, column_basis = smooth_basis(height, 4.0), smooth_basis(width, 4.0)
    most = np.array([0.5, 0.2, 0.2, 0.3, 2.5, 1.5, 1.0])
    return {
        "images": rng.integers(0, 256, (n_images, height, width)).astype(np.uint8),
        "rows": rng.integers(0, n_images, n_rows),
        "key": int(rng.integers(2**63)) * 2 + 1,
        "epoch": 3,
        "least": -most,
        "most": most,
        "row_basis": row_basis,
        "column_basis": column_basis,
        "amplitude": 1.5 * unit_amplitude(row_basis, column_basis),
        "out": np.full((n_rows, height, width), 77, np.uint8),
    }


def make_drop_units(rng: np.random.Generator, n_samples: int, n_units: int) -> Arguments:
    """Arguments of `drop_units`."""
    return {"x": _normal(rng, n_samples, n_units), "rate": 0.3, "key": 2**64 - 7, "step": 2**32 + 5, "layer": 2}


# ---- Bounds ---------------------------------------------------------------------------------------------------------


def _product_bound(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(a, axis=1, keepdims=True) * np.linalg.norm(b, axis=0, keepdims=True)
    return SAFETY * EPS * (norms + np.sqrt(a.shape[1]) * abs(a @ b))


def bounds_linear(exact: Arguments) -> Bounds:
    """Bounds on `out`; a ReLU makes no error larger."""
    return {"out": _product_bound(exact["x"], exact["w"]) + SAFETY * EPS * abs(exact["b"])}


def bounds_linear_backward(exact: Arguments) -> Bounds:
    """Bounds on the three gradients (and `dz`, which is exact)."""
    dz = exact["dz"] if "dz" in exact else exact["dout"]
    bounds = {
        "dw": _product_bound(exact["x"].T, dz),
        "db": _product_bound(np.ones((1, len(dz))), dz)[0],
        "dx": _product_bound(dz, exact["w"].T),
    }
    return {**bounds, "dz": np.zeros(dz.shape)} if "dz" in exact else bounds


def bounds_softmax_cross_entropy(exact: Arguments) -> Bounds:
    """Bounds on the gradient and the mean loss: exp(x) is off by |x| eps and a few eps of itself."""
    logits, weights = exact["logits"], exact["weights"]
    spread = 1 + np.ptp(logits, axis=1, keepdims=True)
    shares = np.full(len(logits), 1 / len(logits)) if weights is None else weights / weights.sum()
    return {
        "dlogits": SAFETY * EPS * (spread + logits.shape[1]) * shares[:, None] * np.ones_like(logits),
        "return": SAFETY * EPS * float(((spread[:, 0] + logits.shape[1]) * shares).sum()),
    }


def bounds_activate(exact: Arguments) -> Bounds:
    """Some eps: of the number itself, where that tells; the functions' own bounds are tested with them."""
    return {"z": SAFETY * EPS * abs(exact["z"])}


def bounds_activate_backward(exact: Arguments) -> Bounds:
    """The derivative is 1 - out**2, or the like, and off by some eps of 1."""
    return {"dz": SAFETY * EPS * abs(exact["dout"])}


def _bounds_of_loss(exact: Arguments, answers: np.ndarray, gradient: str) -> Bounds:
    """Bounds on gradient and loss, whose parts are as large as the squares of answers and targets."""
    n_samples, n_outputs = answers.shape
    targets, weights = exact["targets"], exact["weights"]
    shares = np.full(n_samples, 1 / n_samples) if weights is None else weights / weights.sum()
    magnitude = 1 + abs(answers) + abs(targets)
    return {
        gradient: SAFETY * EPS * magnitude * shares[:, None],
        "return": SAFETY * EPS * float((magnitude**2).sum(axis=1) @ shares) * np.sqrt(n_outputs),
    }


def bounds_squared_error(exact: Arguments) -> Bounds:
    """Bounds on the gradient and the loss."""
    return _bounds_of_loss(exact, exact["outputs"], "doutputs")


def bounds_logistic_cross_entropy(exact: Arguments) -> Bounds:
    """Bounds on the gradient and the loss, which is as large as the logits."""
    return _bounds_of_loss(exact, exact["logits"], "dlogits")


def bounds_poisson_loss(exact: Arguments) -> Bounds:
    """Bounds on the gradient and the loss: exp(x) is off by |x| eps, too."""
    return _bounds_of_loss(exact, np.exp(exact["logs"]) * (1 + abs(exact["logs"])), "dlogs")


def bounds_count_correct(exact: Arguments) -> Bounds:
    """A count is exact; weights are added in double precision, in whatever order."""
    return {"return": 0.0 if exact["weights"] is None else 1e-12 * exact["weights"].sum()}


def bounds_adam_step(exact: Arguments) -> Bounds:
    """Bounds on the parameter (rounded to eps of itself; the update to some eps of itself) and on the moments."""
    magnitude = 1 + abs(exact["grad"])
    update = exact["learning_rate"] * (1 + abs(exact["m"]) / np.sqrt(exact["v"]))
    return {
        "param": SAFETY * EPS * (abs(exact["param"]) + 100 * update),
        "m": SAFETY * EPS * (abs(exact["m"]) + magnitude),
        "v": SAFETY * EPS * (abs(exact["v"]) + magnitude**2),
    }


def bounds_sgd_step(exact: Arguments) -> Bounds:
    """Bounds on the parameter, rounded to eps of itself and of the step, and on the velocity."""
    magnitude = abs(exact["velocity"]) + 2 * exact["learning_rate"] * (abs(exact["grad"]) + abs(exact["param"]))
    return {
        "param": SAFETY * EPS * (abs(exact["param"]) + magnitude),
        "velocity": SAFETY * EPS * magnitude,
    }


def bounds_gather_batch(exact: Arguments) -> Bounds:
    """One product is off by half an eps of itself, and so is the scale; labels are exact."""
    return {"x": 2 * EPS * abs(exact["x"]), "y": np.zeros(len(exact["y"]))}


def bounds_distort_images(exact: Arguments) -> Bounds:
    """Whole numbers are exact."""
    return {"out": np.zeros(exact["out"].shape)}


def bounds_drop_units(exact: Arguments) -> Bounds:
    """A product, with a factor that is rounded itself."""
    return {"x": EPS * abs(exact["x"])}


# ---- The table ------------------------------------------------------------------------------------------------------

# The default network at its batch size, its ragged last batch (55,000 samples), and a deeper network's second layer.
LAYER_SIZES_OF_NETWORKS = [(64, 784, 512), (64, 512, 10), (24, 784, 512), (64, 512, 1000)]
# One, primes, and both sides of each size at which the kernels change their ways.
ODD_LAYER_SIZES = [
    (1, 1, 1),
    (1, 784, 10),
    (2, 3, 1),
    (7, 13, 11),
    (13, 1, 17),
    (61, 127, 67),
    (TILE_ROWS - 1, 5, TILE_COLUMNS - 1),
    (TILE_ROWS, 5, TILE_COLUMNS),
    (TILE_ROWS + 1, 5, TILE_COLUMNS + 1),
    (TASK_ROWS, TILE_COLUMNS, PANEL_DEPTH),
    (TASK_ROWS + 1, TILE_COLUMNS + 1, PANEL_DEPTH + 1),
    (TASK_ROWS - 1, TILE_COLUMNS - 1, PANEL_DEPTH - 1),
    (2 * TASK_ROWS + 1, STRIP_DEPTH + 1, 2 * TILE_COLUMNS + 1),
]
BENCHMARKED_ODD_SIZES = [(61, 127, 67)]


def _cases() -> Iterator[Case]:
    sizes: tuple[int, ...]
    for sizes in LAYER_SIZES_OF_NETWORKS + ODD_LAYER_SIZES:
        benchmarked = sizes in LAYER_SIZES_OF_NETWORKS + BENCHMARKED_ODD_SIZES
        yield Case("linear", sizes, make_linear, bounds_linear, benchmarked)
        yield Case("linear_relu", sizes, make_linear, bounds_linear, benchmarked)
        yield Case("linear_backward", sizes, make_linear_backward, bounds_linear_backward, benchmarked)
        yield Case("linear_relu_backward", sizes, make_linear_relu_backward, bounds_linear_backward, benchmarked)
    for sizes in [(64, 10), (24, 10), (1, 1), (1, 10), (3, 2), (17, 47), (5, 1000)]:
        benchmarked = sizes in [(64, 10), (17, 47)]
        make, bounds = make_softmax_cross_entropy, bounds_softmax_cross_entropy
        yield Case("softmax_cross_entropy", sizes, make, bounds, benchmarked)
        yield Case("soft_cross_entropy", sizes, make_soft_cross_entropy, bounds, benchmarked)
        yield Case("count_correct", sizes, make_count_correct, bounds_count_correct, benchmarked)
    for sizes in [(64, 512), (1, 1), (7, 33), (24, 10), (61, 127)]:
        for activation in ACTIVATIONS:
            benchmarked = sizes == (64, 512) and activation in ("tanh", "logistic")
            yield Case("activate", sizes, make_activate, bounds_activate, benchmarked, activation)
            backward = make_activate_backward, bounds_activate_backward
            yield Case("activate_backward", sizes, *backward, benchmarked, activation)
    for sizes in [(64, 10), (200, 1), (1, 1), (3, 2), (17, 47), (5, 1000)]:
        benchmarked = sizes == (64, 10)
        yield Case("squared_error", sizes, make_squared_error, bounds_squared_error, benchmarked)
        logistic = make_logistic_cross_entropy, bounds_logistic_cross_entropy
        yield Case("logistic_cross_entropy", sizes, *logistic, benchmarked)
        yield Case("poisson_loss", sizes, make_poisson_loss, bounds_poisson_loss, benchmarked)
    for n in (784 * 512, 407_050, 1, 3, 17, 4096, 4097, 10_007):
        yield Case("adam_step", (n,), make_adam_step, bounds_adam_step, n in (407_050, 10_007))
        yield Case("sgd_step", (n,), make_sgd_step, bounds_sgd_step, n == 407_050, "nesterov")
    for n in (1, 10_007):
        yield Case("sgd_step", (n,), make_sgd_step, bounds_sgd_step)
    for sizes in [(1000, 64, 784), (5, 1, 1), (10, 7, 13)]:
        yield Case("gather_batch", sizes, make_gather_batch, bounds_gather_batch, sizes == (1000, 64, 784))
    for sizes in [(64, 512), (1, 1), (7, 33), (24, 10), (61, 127)]:
        yield Case("drop_units", sizes, make_drop_units, bounds_drop_units, sizes == (64, 512))
    for sizes in [(1000, 64, 28, 28), (5, 33, 7, 20), (3, 4, 17, 16), (1, 2, 1, 1)]:
        yield Case("distort_images", sizes, make_distort_images, bounds_distort_images, sizes == (1000, 64, 28, 28))


CASES = list(_cases())
