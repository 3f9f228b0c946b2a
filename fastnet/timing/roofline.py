"""Where the kernels stand against the ceilings of this machine.

The kernels run on one thread, at the sizes of the default network's first layer, on a batch of MNIST. The least time
that one could take is the longest of three: its operations at the FMA peak, its bytes at the bandwidth of the smallest
cache that holds its arrays, its square roots with divisions at the divider's rate. Its share is that by the measured
time.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fastnet import kernels
from fastnet.data.loading import load_dataset
from fastnet.kernels import aligned_copy, aligned_zeros, jit, lists, sparse
from fastnet.kernels.jit import kernel
from fastnet.kernels.lists import list_task, n_list_tasks
from fastnet.kernels.optimizers import Adam, AdamCoefficients, adam_coefficients
from fastnet.kernels.products import multiply_step_task, n_product_tasks
from fastnet.kernels.sparse import SparseLayer, sparse_linear_task, sparse_step_task

from . import ceilings, work
from .ceilings import MEMORY, Ceilings
from .rivals.protocol import seconds_a_call
from .work import Work

N, N_IN, N_OUT, N_CLASSES = 64, 784, 512, 10  # N_IN is a whole number of feature groups
N_WEIGHTS = 407_050


@dataclass(frozen=True)
class Standing:
    """A kernel's measured seconds a call, and what bounds it."""

    name: str
    work: Work
    seconds: float
    level: str  # the smallest level that holds its arrays
    bounds: dict[str, float]  # seconds that each resource needs at least

    @property
    def bound(self) -> str:
        """The resource that needs longest."""
        return max(self.bounds, key=lambda name: self.bounds[name])

    @property
    def share(self) -> float:
        """Of the fastest that the bound allows."""
        return self.bounds[self.bound] / self.seconds


def standing(name: str, counted: Work, seconds: float, roof: Ceilings, caches: dict[str, int]) -> Standing:
    """Hold a kernel's time against the ceilings."""
    level = next((level for level, size in caches.items() if counted.working_set <= size), MEMORY)
    bounds = {
        "FMA": counted.flop / roof.flop,
        level: counted.read / roof.read[level] + counted.updated / roof.update[level],
        "divider": counted.divisions / roof.divisions,
    }
    return Standing(name, counted, seconds, level, bounds)


# ---- The kernels, on one thread -------------------------------------------------------------------------------------
# What a training step does with the first layer has no function that Python calls, so it gets one here.


@kernel()
def dense_adam(
    x: np.ndarray, dout: np.ndarray, w: np.ndarray, m: np.ndarray, v: np.ndarray, c: AdamCoefficients
) -> None:
    """The dense gradient of w, straight into Adam."""
    for task in range(n_product_tasks(w)):
        multiply_step_task(x.T, dout, w, m, v, c, False, task)


@kernel()
def sparse_lists(images: np.ndarray, rows: np.ndarray, scale: np.float32, layer: SparseLayer) -> None:
    """The lists of a batch."""
    for task in range(n_list_tasks(layer.lists)):
        list_task(images, rows, rows[:0], scale, layer.lists, 0, task)


@kernel()
def sparse_forward(layer: SparseLayer, b: np.ndarray, out: np.ndarray) -> None:
    """out = max(x @ w + b, 0) for a batch with its lists."""
    for panel in range(len(layer.w)):
        sparse_linear_task(layer, 0, b, True, out, panel)


@kernel()
def sparse_adam(layer: SparseLayer, dout: np.ndarray, c: AdamCoefficients) -> None:
    """The gradient of w for a batch with its lists, straight into Adam."""
    for panel in range(len(layer.w)):
        sparse_step_task(layer, 0, dout, c, False, panel)


def calls() -> dict[str, tuple[Work, Callable[[], object]]]:
    """Each kernel's work, and a call of it."""
    rng = np.random.default_rng(0)
    samples = load_dataset().train
    x, y = aligned_zeros((N, N_IN)), np.zeros(N, np.int64)
    batches = [rng.permutation(len(samples))[:N] for _ in range(1000)]  # more than the caches hold
    kernels.gather_batch(samples.images, samples.labels, batches[0], samples.scale, x, y)
    w, m, v = aligned_copy(rng.standard_normal((N_IN, N_OUT)) * 0.05), *(aligned_zeros((N_IN, N_OUT)) for _ in range(2))
    b, out = aligned_zeros((N_OUT,)), aligned_zeros((N, N_OUT))
    dout = aligned_copy(rng.standard_normal((N, N_OUT)))
    logits, dlogits = aligned_copy(rng.standard_normal((N, N_CLASSES))), aligned_zeros((N, N_CLASSES))
    param, grad = (aligned_copy(rng.standard_normal(N_WEIGHTS)) for _ in range(2))
    param_m, param_v = aligned_zeros((N_WEIGHTS,)), aligned_zeros((N_WEIGHTS,))
    c = adam_coefficients(Adam(0.9, 0.999, 1e-8), 1, 1e-3, 0.0, 0.0, 1.0)
    room = lists.new_lists(lists.count_groups(N_IN), lists.most_entries(samples.images, batches[0], N))
    first = sparse.sparse_layer(True, N_IN, N_OUT, N)
    first = first._replace(w=sparse.packed(w), w_m=sparse.packed(m), w_v=sparse.packed(v), lists=room)
    sparse_lists(samples.images, batches[0], np.float32(samples.scale), first)
    pairs = (lists.GROUP, int(first.lists.counts[0].sum()))
    layer = (N, N_IN, N_OUT)

    def gather() -> None:
        batches.append(batches.pop(0))
        kernels.gather_batch(samples.images, samples.labels, batches[0], samples.scale, x_other, y)

    x_other = aligned_zeros((N, N_IN))
    adam = (1, 1e-3, 0.9, 0.999, 1e-8, 0.0)
    return {
        "`linear_relu`, dense": (work.linear_relu(*layer), lambda: kernels.linear_relu(x, w, b, out)),
        "gradient with Adam, dense": (work.gradient_adam(*layer), lambda: dense_adam(x, dout, w, m, v, c)),
        "`linear_relu`, sparse": (work.sparse_linear_relu(*layer, *pairs), lambda: sparse_forward(first, b, out)),
        "gradient with Adam, sparse": (
            work.sparse_gradient_adam(*layer, *pairs),
            lambda: sparse_adam(first, dout, c),
        ),
        "`adam_step`": (
            work.adam_step(N_WEIGHTS),
            lambda: kernels.adam_step(param, grad, param_m, param_v, *adam),
        ),
        "`softmax_cross_entropy`": (
            work.softmax_cross_entropy(N, N_CLASSES),
            lambda: kernels.softmax_cross_entropy(logits, y, dlogits),
        ),
        "`gather_batch`": (work.gather_batch(N, N_IN, len(samples)), gather),
    }


def measure_kernels(roof: Ceilings, budget: float = 0.5) -> list[Standing]:
    """Time the kernels on one thread and hold them against its ceilings."""
    threads_before = jit.get_threads()
    jit.set_threads(1)
    try:
        caches = ceilings.cache_sizes()
        return [
            standing(name, counted, seconds_a_call(call, budget), roof, caches)
            for name, (counted, call) in calls().items()
        ]
    finally:
        jit.set_threads(threads_before)


def figures() -> dict[str, Any]:
    """One thread's ceilings, and where the kernels stand below them, as JSON holds them."""
    roof = ceilings.measure(1)
    rows = measure_kernels(roof)
    return {"ceilings": asdict(roof), "kernels": [_figures_of(row) for row in rows]}


def _figures_of(row: Standing) -> dict[str, Any]:
    return {
        "name": row.name.replace("`", ""),
        "seconds": row.seconds,
        "flop": row.work.flop,
        "intensity": row.work.intensity,
        "bound": row.bound,
        "share": row.share,
    }
