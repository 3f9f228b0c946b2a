"""This machine's figures, in a minute or two: a quick run of the contests with the rivals that are installed.

`fastnet benchmark` is its command. The figures are a dictionary that JSON can hold:

    {"seconds": 80.1, "environment": {...}, "versions": {...}, "load_average": 0.1, "not_installed": ["jax"],
     "contests": {"epoch": [{"name": "fastnet", "seconds": 0.14, "least": 0.139, "most": 0.15, "ratio": 1.0,
                             "settings": {"threads": 2}},
                            {"name": "pytorch", "error": "no answer"}, ...],
                  "training_step": ..., "linear_relu": ..., ...},
     "roofline": {"ceilings": {...}, "kernels": [{"name": "linear_relu, dense", "share": 0.92, ...}, ...]}}

The last is there if it is asked for. `ratio` is how many times faster fastnet is. A training step is an epoch divided
by the number of its steps.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from math import ceil
from typing import Any

from fastnet.plurals import counted

from .contests import QUICK, Benchmark, Contest, all_contests, is_missing
from .rivals.process import SHARED_SETTINGS
from .rivals.protocol import ADAM_STEP_SIZE, BATCH_SIZE, LINEAR_RELU_SIZES, LOGITS_SHAPE
from .texts import TITLES, busy_text, time_text

SECONDS = 75.0  # then it comes to its end, so that two minutes are enough on most machines
N_TRAIN = 60_000  # images of MNIST
KERNELS = ("linear_relu", "softmax_cross_entropy", "adam_step")
BESIDE_KERNELS = ("fastnet", "numpy")  # all rivals would take too long

Figures = dict[str, Any]
Row = dict[str, Any]


def measure(
    n_threads: int, samples: int | None, progress: Callable[[str], None], with_roofline: bool = False
) -> Figures:
    """Run the contests with up to `n_threads` threads, on the first `samples` training images (None: all)."""
    started = time.perf_counter()
    contests = quick_contests(n_threads)
    missing = {entrant.name for contest in contests for entrant in contest.entrants if is_missing(entrant)}
    benchmark = Benchmark(replace(QUICK, samples=samples, seconds=SECONDS), progress)
    for contest in contests:
        benchmark.run(replace(contest, entrants=tuple(e for e in contest.entrants if e.name not in missing)))
    figures = figures_of(benchmark.result, contests, samples or N_TRAIN)
    if with_roofline:
        from . import roofline  # loads Numba, which who only reads figures does not need

        progress("-- roofline")
        figures["roofline"] = roofline.figures()
    return {"seconds": time.perf_counter() - started, **figures, "not_installed": sorted(missing)}


def quick_contests(n_threads: int) -> list[Contest]:
    """The epoch with all rivals, then the kernels beside NumPy."""
    contests = {contest.name: contest for contest in all_contests(n_threads)}
    kernels = [
        replace(contests[name], entrants=tuple(e for e in contests[name].entrants if e.name in BESIDE_KERNELS))
        for name in KERNELS
    ]
    return [contests["epoch"], *kernels]


def figures_of(result: dict[str, Any], contests: list[Contest], n_samples: int) -> Figures:
    """The figures in a benchmark's result, each rival's in a row, also where it failed."""
    rows = {contest.name: _rows(result, contest) for contest in contests}
    n_steps = ceil(n_samples / BATCH_SIZE)
    rows["training_step"] = [_divided(row, n_steps) for row in rows.get("epoch", [])]
    return {
        **{name: result[name] for name in ("environment", "versions", "load_average")},
        "samples": n_samples,
        "contests": rows,
    }


def _rows(result: dict[str, Any], contest: Contest) -> list[Row]:
    """A row for each rival that took part or failed."""
    entrants = result["contests"].get(contest.name, {}).get("entrants", {})
    ours = entrants.get("fastnet", {}).get("seconds", {}).get("median")
    rows: list[Row] = []
    for name in [entrant.name for entrant in contest.entrants]:
        if name in entrants:
            entry = entrants[name]
            seconds = entry["seconds"]["median"]
            settings = {key: value for key, value in entry["settings"].items() if key not in SHARED_SETTINGS}
            rows.append(
                {
                    "name": name,
                    "seconds": seconds,
                    "least": entry["seconds"]["least"],
                    "most": entry["seconds"]["most"],
                    "ratio": seconds / ours if ours else None,
                    "settings": settings,
                }
            )
        elif name in result["skipped"]:
            rows.append({"name": name, "error": result["skipped"][name][contest.name]})
    return rows


def _divided(row: Row, n: int) -> Row:
    return {key: value / n if key in ("seconds", "least", "most") else value for key, value in row.items()}


# ---- For people -----------------------------------------------------------------------------------------------------

NAMES = TITLES | {"dense floor": "dense products alone, at the FMA peak"}


def text(figures: Figures) -> str:
    """The table: a block for each contest, a line for each rival."""
    lines = []
    for contest, title in titles(figures["samples"]).items():
        if rows := figures["contests"].get(contest):
            lines += [f"{title:52}  {'time':>8}  fastnet is faster by"]
            lines += [_line(row) for row in rows] + [""]
    if "roofline" in figures:
        lines += _roofline_lines(figures["roofline"])
    machine = figures["environment"]
    versions = ", ".join(f"{package} {version}" for package, version in sorted(figures["versions"].items()))
    lines += [f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['lanes']} float32 lanes; {versions}"]
    if figures["not_installed"]:
        lines += [f"not installed: {', '.join(NAMES[name] for name in figures['not_installed'])}"]
    if busy := busy_text(figures["load_average"]):
        lines += [busy]
    return "\n".join([*lines, f"measured in {figures['seconds']:.0f} s"])


def titles(n_samples: int) -> dict[str, str]:
    """What each contest is called."""
    sizes = "x".join(str(size) for size in LINEAR_RELU_SIZES)
    logits = "x".join(str(size) for size in LOGITS_SHAPE)
    return {
        "epoch": f"an epoch of {n_samples:,} images, 784-512-10",
        "training_step": f"a training step, batch {BATCH_SIZE}",
        "linear_relu": f"linear_relu, {sizes}",
        "softmax_cross_entropy": f"softmax_cross_entropy, {logits}",
        "adam_step": f"adam_step, {ADAM_STEP_SIZE:,} weights",
    }


def _roofline_lines(standings: dict[str, Any]) -> list[str]:
    lines = [f"{'kernels on one thread':52}  {'time':>8}  share of what their bound allows"]
    lines += [
        f"  {row['name']:50}  {time_text(row['seconds']):>8}  {row['share']:.0%} ({row['bound']})"
        for row in standings["kernels"]
    ]
    return [*lines, ""]


def _line(row: Row) -> str:
    name = str(NAMES.get(row["name"], row["name"]))
    if "error" in row:
        return f"  {name:50}  failed: {row['error']}"
    threads = row["settings"].get("threads")
    with_threads = f"{name} ({counted(threads, 'thread')})" if threads and "thread" not in name else name
    ratio = "" if row["name"] == "fastnet" or row["ratio"] is None else f"{row['ratio']:.1f}x"
    return f"  {with_threads:50}  {time_text(row['seconds']):>8}  {ratio}"
