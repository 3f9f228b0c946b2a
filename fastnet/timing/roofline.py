"""Where the kernels stand against the ceilings of this machine: docs/roofline.md and its picture (`make roofline`).

The kernels run on one thread, at the sizes of the seed network's first layer, on a batch of MNIST. The least time that
one could take is the longest of three: its operations at the FMA peak, its bytes at the bandwidth of the smallest cache
that holds its arrays, its square roots with divisions at the divider's rate. Its share is that by the measured time.
"""

import argparse
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fastnet import kernels
from fastnet.data.loading import load_dataset
from fastnet.kernels import aligned_copy, aligned_zeros, jit, lists, sparse
from fastnet.kernels.jit import kernel
from fastnet.kernels.lists import list_task, n_list_tasks
from fastnet.kernels.optimizers import adam_coefficients
from fastnet.kernels.products import multiply_adam_task, n_product_tasks
from fastnet.kernels.sparse import sparse_adam_task, sparse_linear_task

from . import ceilings, work
from .ceilings import MEMORY, Ceilings
from .rivals.protocol import seconds_a_call
from .tables import load_average, machine_text, time_text, write_between_marks
from .work import Work

DOCUMENT, PICTURE = Path("docs/roofline.md"), Path("docs/roofline.png")
N, N_IN, N_OUT, N_CLASSES = 64, 784, 512, 10  # N_IN is a whole number of feature groups
N_WEIGHTS = 407_050
CURVE_SIZES = [2**power for power in range(13, 29)]  # bytes for each thread


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
def dense_adam(x, dout, w, m, v, c):
    """The dense gradient of w, straight into Adam."""
    for task in range(n_product_tasks(w)):
        multiply_adam_task(x.T, dout, w, m, v, c, False, task)


@kernel()
def sparse_lists(images, rows, scale, layer):
    """The lists of a batch."""
    for task in range(n_list_tasks(layer.lists)):
        list_task(images, rows, rows[:0], scale, layer.lists, 0, task)


@kernel()
def sparse_forward(layer, b, out):
    """out = max(x @ w + b, 0) for a batch with its lists."""
    for panel in range(len(layer.w)):
        sparse_linear_task(layer, 0, b, True, out, panel)


@kernel()
def sparse_adam(layer, dout, c):
    """The gradient of w for a batch with its lists, straight into Adam."""
    for panel in range(len(layer.w)):
        sparse_adam_task(layer, 0, dout, c, False, panel)


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
    c = adam_coefficients(1, 1e-3, 0.9, 0.999, 1e-8, 0.0, 0.0)
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


# ---- Tables ---------------------------------------------------------------------------------------------------------


def ceilings_table(roofs: list[Ceilings]) -> str:
    """A row for each ceiling, a column for each number of threads."""
    heads = " | ".join(f"{roof.threads} thread{'s' * (roof.threads > 1)}" for roof in roofs)
    lines = [f"| | {heads} |", "|---|" + "--:|" * len(roofs)]

    def add(name: str, unit: str, rates: list[float]) -> None:
        lines.append(f"| {name} | " + " | ".join(f"{three_digits(rate / 1e9)} {unit}" for rate in rates) + " |")

    add("FMA peak", "GFLOP/s", [roof.flop for roof in roofs])
    for level in roofs[0].read:
        add(f"{level}, read", "GB/s", [roof.read[level] for roof in roofs])
        add(f"{level}, read and written", "GB/s", [roof.update[level] for roof in roofs])
    add("square roots with a division", "G/s", [roof.divisions for roof in roofs])
    return "\n".join(lines)


def kernels_table(standings: list[Standing]) -> str:
    """A row for each kernel: what it does, how fast, and how much of what its bound allows."""
    lines = [
        "| kernel | MFLOP | MB moved | FLOP/byte | arrays fit | time | GFLOP/s | bound by | share of the bound |",
        "|---|--:|--:|--:|---|--:|--:|---|--:|",
    ]
    for row in standings:
        counted = row.work
        lines.append(
            f"| {row.name} | {counted.flop / 1e6:.3g} | {counted.moved / 1e6:.3g} | {counted.intensity:.3g} |"
            f" {row.level} | {time_text(row.seconds)} | {counted.flop / row.seconds / 1e9:.3g} |"
            f" {row.bound} | {row.share:.0%} |"
        )
    return "\n".join(lines)


def three_digits(number: float) -> str:
    """A number with three digits or, where it has more before its point, all of those."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


# ---- Picture --------------------------------------------------------------------------------------------------------

# Told apart with any colour vision (Okabe & Ito), and by marker or dash as well.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"
GREY = "#555555"


def draw(roof: Ceilings, standings: list[Standing], curves: dict[tuple[int, str], list[float]], target: Path) -> None:
    """The roofline of one thread with the kernels, and bandwidth over the size of what is moved."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5.6), width_ratios=(3, 2), layout="constrained")
    _draw_roofline(left, roof, standings)
    _draw_curves(right, curves)
    for axes in (left, right):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.canvas.draw()  # settles the scales, which the labels of the roofs follow
    _label_roofs(left, roof)
    figure.savefig(target, dpi=110)
    plt.close(figure)


def _draw_roofline(axes, roof: Ceilings, standings: list[Standing]) -> None:
    x = np.geomspace(0.04, 60.0, 300)
    axes.set_ylim(bottom=0.5, top=2.5 * roof.flop / 1e9)
    for level in roof.read:
        axes.loglog(x, np.minimum(x * _roof(roof, level), roof.flop) / 1e9, color=GREY, linewidth=1)
    axes.annotate(f"FMA peak {roof.flop / 1e9:,.0f} GFLOP/s", (x[-1], roof.flop / 1e9 * 1.08), ha="right", color=GREY)
    for row, colour, marker in zip(standings, COLOURS, MARKERS, strict=True):
        speed = row.work.flop / row.seconds / 1e9
        label = f"{row.name.replace('`', '')}: {row.share:.0%} of {row.bound}"
        axes.plot(row.work.intensity, speed, marker, color=colour, markersize=9, label=label, zorder=3)
    axes.set_xlabel("arithmetic intensity, FLOP/byte")
    axes.set_ylabel("GFLOP/s")
    axes.set_title("kernels of the first layer, one thread")
    axes.legend(frameon=False, fontsize=9, loc="lower right")


def _roof(roof: Ceilings, level: str) -> float:
    """The higher of both bandwidths of a level."""
    return max(roof.read[level], roof.update[level])


def _label_roofs(axes, roof: Ceilings) -> None:
    """Write each level along its roof, side by side, so that near roofs don't hide each other's."""
    (x0, y0), (x1, y1) = axes.transData.transform([(1.0, 1.0), (10.0, 10.0)])
    slope = np.degrees(np.arctan2(y1 - y0, x1 - x0))
    for number, level in enumerate(roof.read):
        rate, x = _roof(roof, level), 0.042 * 1.5**number
        text = f"{level} {rate / 1e9:,.0f} GB/s"
        style = {"rotation": slope, "rotation_mode": "anchor", "fontsize": 8, "color": GREY}
        axes.text(x, 1.08 * x * rate / 1e9, text, **style)


def _draw_curves(axes, curves: dict[tuple[int, str], list[float]]) -> None:
    for (n_threads, kind), rates in curves.items():
        axes.loglog(
            np.array(CURVE_SIZES) / 2**20,
            np.array(rates) / 1e9,
            color=COLOURS[kind == "read and written"],
            linestyle="-" if n_threads == 1 else "--",
            marker=MARKERS[kind == "read and written"],
            markersize=4,
            label=f"{kind}, {n_threads} thread{'s' * (n_threads > 1)}",
        )
    for level, size in ceilings.cache_sizes().items():
        axes.axvline(size / 2**20, color=GREY, linewidth=1, linestyle=":")
        axes.annotate(level, (size / 2**20, 0.96), xycoords=("data", "axes fraction"), color=GREY)
    axes.set_xlabel("MiB for each thread")
    axes.set_ylabel("GB/s")
    axes.set_title("bandwidth, by the size of what is moved")
    axes.legend(frameon=False, fontsize=9, loc="lower left")


def main() -> None:
    """Measure, print the tables; write them and the picture where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"write {DOCUMENT} and {PICTURE}")
    args = parser.parse_args()
    load = load_average()  # before we add to it
    counts = sorted({1, jit.get_threads()})
    roofs = [ceilings.measure(n_threads) for n_threads in counts]
    standings = measure_kernels(roofs[0])
    tables = {"ceilings": f"{ceilings_table(roofs)}\n\n{machine_text(load)}", "kernels": kernels_table(standings)}
    print("\n\n".join(tables.values()))
    if args.write:
        curves = {
            (n_threads, kind): ceilings.bandwidths(n_threads, CURVE_SIZES, kind != "read")
            for n_threads in counts
            for kind in ("read", "read and written")
        }
        for name, table in tables.items():
            write_between_marks(DOCUMENT, name, table)
        draw(roofs[0], standings, curves, PICTURE)


if __name__ == "__main__":
    main()
