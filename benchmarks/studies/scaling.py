"""How the cost of a training step grows: docs/scaling.md and its picture (`make scaling`).

One thing varies at a time about the default network (784-512-10, batch 64, MNIST, all threads): hidden units, batch,
density of the input, threads. Each point is timed on the sparse and on the dense path, in turn; medians count.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.publishing import label_logarithms, machine_text, of_this_cpu, publish, study_parser
from fastnet.data.loading import load_dataset
from fastnet.data.samples import PIXEL_SCALE, Samples
from fastnet.kernels import jit
from fastnet.kernels.lists import group_density
from fastnet.models.network import Network
from fastnet.plurals import counted
from fastnet.timing.ceilings import cache_sizes
from fastnet.timing.texts import load_average, time_text
from fastnet.training.engine.fused import MOST_SPARSE_DENSITY, FusedEngine
from fastnet.training.recipe import Recipe

DOCUMENT, PICTURES = Path("docs/scaling.md"), Path("docs")
N_IN, N_OUT = 784, 10
HIDDEN = (64, 128, 256, 512, 1024, 2048, 4096)
BATCHES = (8, 16, 32, 64, 128, 256, 512, 1024)
DENSITIES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
NETWORKS_OF_DENSITIES = ((512, 64), (2048, 64), (512, 512))  # (hidden units, batch) at which densities are gone through
N_SAMPLES = 4096
RUN = 7  # mean length of a run of neighbouring pixels that are not zero; MNIST's is 5.5
PATHS = ("sparse", "dense")
LOSS_ALLOWED = 0.10  # the engine's choice may be slower than the dense path by this share


@dataclass(frozen=True)
class Setting:
    """What is trained: hidden units, batch, share of pixels that are not zero (None: MNIST), threads."""

    hidden: int
    batch: int
    density: float | None
    threads: int

    @property
    def flop(self) -> int:
        """Operations of a step's dense products."""
        return 2 * self.batch * (2 * N_IN * self.hidden + 3 * self.hidden * N_OUT)

    @property
    def weights(self) -> int:
        """That Adam steps, biases included."""
        return (N_IN + 1) * self.hidden + (self.hidden + 1) * N_OUT


@dataclass(frozen=True)
class Point:
    """A setting, the share of feature groups that hold something, and seconds a step on each path."""

    setting: Setting
    group_density: float
    seconds: dict[str, float]

    @property
    def chosen(self) -> str:
        """The path that the engine takes."""
        return "sparse" if self.group_density <= MOST_SPARSE_DENSITY else "dense"

    @property
    def gain(self) -> float:
        """How many times faster the sparse path is."""
        return self.seconds["dense"] / self.seconds["sparse"]

    @property
    def loss(self) -> float:
        """By which share the engine's choice is slower than the dense path; below 0 where it is faster."""
        return self.seconds[self.chosen] / self.seconds["dense"] - 1


# ---- Measuring ------------------------------------------------------------------------------------------------------


@cache
def samples_of(density: float | None) -> Samples:
    """MNIST, or random pictures: along the pixels, runs of values alternate with runs of zeros."""
    if density is None:
        return load_dataset().train.take(np.arange(N_SAMPLES))
    rng = np.random.default_rng(0)
    images = rng.integers(1, 256, (N_SAMPLES, N_IN)).astype(np.uint8)
    return Samples(images * pixels_on(rng, density), rng.integers(0, N_OUT, N_SAMPLES), PIXEL_SCALE)


def pixels_on(rng: np.random.Generator, density: float) -> np.ndarray:
    """Which pixels are not zero, `(N_SAMPLES, N_IN)` uint8: a two-state Markov chain along all pixels."""
    if density == 1:
        return np.ones((N_SAMPLES, N_IN), np.uint8)
    length_on = max(RUN, density / (1 - density))  # a run of zeros has at least one
    length_off = length_on * (1 - density) / density
    n_runs = 2 * int(N_SAMPLES * N_IN / (length_on + length_off))
    lengths = np.stack([rng.geometric(min(1 / length, 1.0), n_runs) for length in (length_on, length_off)], axis=1)
    states = np.tile(np.array([1, 0], np.uint8), n_runs)
    return np.repeat(states, lengths.reshape(-1))[: N_SAMPLES * N_IN].reshape(N_SAMPLES, N_IN)


def measure(setting: Setting, rounds: int, seconds: float) -> Point:
    """Seconds a step on both paths: the median of rounds of about `seconds`, in turn."""
    samples = samples_of(setting.density)
    recipe = Recipe(hidden=(setting.hidden,), batch_size=setting.batch)
    jit.set_threads(setting.threads)
    engines = {path: _engine(setting, recipe, is_sparse=path == "sparse") for path in PATHS}
    rows = np.tile(np.random.default_rng(0).permutation(len(samples)), 8)
    steps = dict.fromkeys(PATHS, 1)
    for path, engine in engines.items():
        once = _seconds_a_step(engine, samples, rows, 1)  # compiles where it must, and wakes the threads
        once = min(once, _seconds_a_step(engine, samples, rows, 2))
        steps[path] = int(np.clip(seconds / once, 1, len(rows) // setting.batch))
    taken: dict[str, list[float]] = {path: [] for path in PATHS}
    for _ in range(rounds):
        for path, engine in engines.items():
            taken[path].append(_seconds_a_step(engine, samples, rows, steps[path]))
    medians = {path: statistics.median(times) for path, times in taken.items()}
    return Point(setting, group_density(samples.take(np.arange(1000)).images), medians)


def _engine(setting: Setting, recipe: Recipe, is_sparse: bool) -> FusedEngine:
    network = Network.he_initialised((N_IN, setting.hidden, N_OUT), np.random.default_rng(0))
    return FusedEngine(network, recipe, is_sparse)


def _seconds_a_step(engine: FusedEngine, samples: Samples, rows: np.ndarray, n_steps: int) -> float:
    started = time.perf_counter()
    engine.train_steps(samples, rows[: n_steps * engine.recipe.batch_size], 1, np.full(n_steps, 1e-4))
    return (time.perf_counter() - started) / n_steps


def settings_of(n_threads: int) -> dict[str, list[Setting]]:
    """What is measured, by the table that it goes to."""
    base = Setting(hidden=512, batch=64, density=None, threads=n_threads)
    counts = [count for count in (1, 2, 4, 8, 16) if count < n_threads] + [n_threads]
    return {
        "hidden": [replace(base, hidden=hidden, threads=threads) for hidden in HIDDEN for threads in (1, n_threads)],
        "batch": [replace(base, batch=batch, threads=threads) for batch in BATCHES for threads in (1, n_threads)],
        "density": [
            replace(base, hidden=hidden, batch=batch, density=density)
            for hidden, batch in NETWORKS_OF_DENSITIES
            for density in DENSITIES
        ],
        "threads": [replace(base, threads=threads) for threads in counts],
    }


# ---- Tables ---------------------------------------------------------------------------------------------------------


def steps_table(points: list[Point], axis: str, title: str) -> str:
    """A row for each value of `axis`: a step on both paths, samples a second and the gain from all threads."""
    n_threads = max(point.setting.threads for point in points)
    by_setting = {point.setting: point for point in points}
    lines = [
        f"| {title} | sparse | dense | sparse is faster by | samples/s, sparse | GFLOP/s, dense | {n_threads} threads"
        " faster than one: sparse, dense |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for point in [point for point in points if point.setting.threads == n_threads]:
        setting, one = point.setting, by_setting[replace(point.setting, threads=1)]
        gains = ", ".join(f"{one.seconds[path] / point.seconds[path]:.2f}x" for path in PATHS)
        lines.append(
            f"| {getattr(setting, axis):,} | {_both_times(point)} | {point.gain:.2f}x |"
            f" {setting.batch / point.seconds['sparse']:,.0f} | {setting.flop / point.seconds['dense'] / 1e9:.0f} |"
            f" {gains} |"
        )
    return "\n".join(lines)


def densities_table(points: list[Point]) -> str:
    """A row for each density: the gain of the sparse path at each network, and what the engine chooses."""
    networks = list(dict.fromkeys((point.setting.hidden, point.setting.batch) for point in points))
    heads = " | ".join(f"{hidden:,} units, batch {batch}" for hidden, batch in networks)
    lines = [
        f"| pixels on | groups on | {heads} | the engine takes |",
        "|--:|--:|" + "--:|" * len(networks) + "---|",
    ]
    for row in _by_density(points):
        gains = " | ".join(f"{point.gain:.2f}x" for point in row)
        first = row[0]
        lines.append(f"| {first.setting.density:.0%} | {first.group_density:.0%} | {gains} | {first.chosen} |")
    return "\n".join(lines)


def threads_table(points: list[Point]) -> str:
    """A row for each number of threads."""
    lines = ["| threads | sparse | dense | faster than one: sparse, dense |", "|--:|--:|--:|--:|"]
    one = points[0]
    for point in points:
        gains = ", ".join(f"{one.seconds[path] / point.seconds[path]:.2f}x" for path in PATHS)
        lines.append(f"| {point.setting.threads} | {_both_times(point)} | {gains} |")
    return "\n".join(lines)


def crossing(points: list[Point]) -> float | None:
    """The group density at which both paths are equally fast, between two points; None if they never are."""
    points = sorted(points, key=lambda point: point.group_density)
    for below, above in pairwise(points):
        if below.gain >= 1 > above.gain:
            share = (below.gain - 1) / (below.gain - above.gain)
            return below.group_density + share * (above.group_density - below.group_density)
    return None


def best_threshold(points: list[Point]) -> float:
    """The group density up to which the sparse path should be taken, so that the worst choice is the least bad."""

    def worst(threshold: float) -> float:
        chosen = ((p, "sparse" if p.group_density <= threshold else "dense") for p in points)
        return max(p.seconds[path] / min(p.seconds.values()) for p, path in chosen)

    return min([0.0, *(point.group_density for point in points)], key=worst)


def verdict(points: dict[str, list[Point]]) -> str:
    """The sentences about the threshold and the engine's choice."""
    lines = []
    for hidden, batch in NETWORKS_OF_DENSITIES:
        ours = [p for p in points["density"] if (p.setting.hidden, p.setting.batch) == (hidden, batch)]
        found = crossing(ours)
        where = f"at {found:.0%} of the groups" if found else "at no density measured"
        lines.append(f"- {hidden:,} units, batch {batch}: both paths are equally fast {where}.")
    everything = [point for group in points.values() for point in group]
    worst = max(everything, key=lambda point: point.loss)
    late = [point for point in everything if point.loss > LOSS_ALLOWED]
    lines += [
        "",
        f"The engine takes the sparse path up to {MOST_SPARSE_DENSITY:.0%} of the groups; on these figures, the worst"
        f" choice would be least bad with a threshold of {best_threshold(points['density']):.0%}. Of the"
        f" {len(everything)} settings on this page, its choice is more than {LOSS_ALLOWED:.0%} slower than the dense"
        f" path in {len(late)}; at worst by {max(worst.loss, 0):.0%} ({_words(worst)}).",
    ]
    return "\n".join(lines)


def _by_density(points: list[Point]) -> Iterable[list[Point]]:
    for density in dict.fromkeys(point.setting.density for point in points):
        yield [point for point in points if point.setting.density == density]


def _words(point: Point) -> str:
    setting = point.setting
    data = "MNIST" if setting.density is None else f"{setting.density:.0%} of the pixels on"
    return f"{setting.hidden:,} units, batch {setting.batch}, {data}, {setting.threads} threads"


def _both_times(point: Point) -> str:
    return " | ".join(time_text(point.seconds[path]) for path in PATHS)


def cache_sentence(caches: dict[str, int]) -> str:
    """At how many hidden units the weights and their moments, 12 bytes each, outgrow each cache but the first."""
    parts = [
        f"{level} ({size / 2**20:g} MiB) at {size // (12 * (N_IN + N_OUT)):,} hidden units"
        for level, size in list(caches.items())[1:]
    ]
    return f"Weights with their moments outgrow this machine's {' and '.join(parts)}."


# ---- Picture --------------------------------------------------------------------------------------------------------

# Told apart with any colour vision (Okabe & Ito), and by marker as well.
STYLES = {"sparse": ("#0072B2", "o"), "dense": ("#D55E00", "s")}


def draw(points: dict[str, list[Point]], target: Path) -> None:
    """Cost over hidden units, batch and density."""
    import matplotlib.pyplot as plt

    figure, (hidden, batch, density) = plt.subplots(1, 3, figsize=(14, 4.6), layout="constrained")
    per_weight = [(p, lambda p, path: p.seconds[path] / p.setting.weights * 1e9) for p in points["hidden"]]
    _draw_paths(hidden, per_weight, "hidden", "hidden units (batch 64)", "ns a step for each weight")
    per_sample = [(p, lambda p, path: p.seconds[path] / p.setting.batch * 1e6) for p in points["batch"]]
    _draw_paths(batch, per_sample, "batch", "batch (512 hidden units)", "us for each sample")
    _draw_gains(density, points["density"])
    for axes in (hidden, batch, density):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(*hidden.get_legend_handles_labels(), loc="outside lower left", ncols=4, frameon=False, fontsize=9)
    density.legend(frameon=False, fontsize=9)
    figure.savefig(target, dpi=110)
    plt.close(figure)


def _draw_paths(
    axes: Any, points: list[tuple[Point, Callable[[Point, str], float]]], axis: str, x_label: str, y_label: str
) -> None:
    for threads in sorted({point.setting.threads for point, _ in points}):
        for path, (colour, marker) in STYLES.items():
            ours = [(point, value) for point, value in points if point.setting.threads == threads]
            axes.loglog(
                [getattr(point.setting, axis) for point, _ in ours],
                [value(point, path) for point, value in ours],
                color=colour,
                marker=marker,
                linestyle="--" if threads > 1 else "-",
                label=f"{path}, {counted(threads, 'thread')}",
            )
    ticks = sorted({getattr(point.setting, axis) for point, _ in points})
    axes.set_xticks(ticks, [str(tick) for tick in ticks], minor=False)
    axes.set_xticks([], minor=True)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    label_logarithms(axes.yaxis)


def _draw_gains(axes: Any, points: list[Point]) -> None:
    colours, markers = ("#0072B2", "#009E73", "#CC79A7"), "o^D"
    for (hidden, batch), colour, marker in zip(NETWORKS_OF_DENSITIES, colours, markers, strict=True):
        ours = [p for p in points if (p.setting.hidden, p.setting.batch) == (hidden, batch)]
        axes.semilogy(
            [100 * point.group_density for point in ours],
            [point.gain for point in ours],
            color=colour,
            marker=marker,
            label=f"{hidden} units, batch {batch}",
        )
    axes.axhline(1, color="#555555", linewidth=1)
    axes.axvline(100 * MOST_SPARSE_DENSITY, color="#555555", linewidth=1, linestyle=":", label="the engine's threshold")
    axes.set_yticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
    axes.set_yticks([], minor=True)
    axes.set_xlabel("feature groups that hold something, %")
    axes.set_ylabel("sparse path is faster by")


def main(argv: list[str]) -> None:
    """Measure, print the tables; write them and the picture where asked."""
    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("--rounds", type=int, default=5, help="rounds a point (default: 5)")
    parser.add_argument("--seconds", type=float, default=0.15, help="of a path in a round (default: 0.15)")
    args = parser.parse_args(argv)
    load = load_average()  # before we add to it
    points: dict[str, list[Point]] = {}
    for name, settings in settings_of(jit.get_threads()).items():
        points[name] = []
        for setting in settings:
            points[name].append(measure(setting, args.rounds, args.seconds))
            times = ", ".join(f"{path} {time_text(points[name][-1].seconds[path])}" for path in PATHS)
            print(f"{_words(points[name][-1])}: {times}", file=sys.stderr)
    tables = {
        "hidden": f"{steps_table(points['hidden'], 'hidden', 'hidden units')}\n\n{cache_sentence(cache_sizes())}",
        "batch": steps_table(points["batch"], "batch", "batch"),
        "density": f"{densities_table(points['density'])}\n\n{verdict(points)}",
        "threads": threads_table(points["threads"]),
        "machine": machine_text(load),
    }
    publish({of_this_cpu(name): table for name, table in tables.items()}, args.write)
    if args.write:
        draw(points, PICTURES / f"{of_this_cpu('scaling')}.png")
