"""Where the kernels stand against the ceilings of this machine: docs/roofline.md and its picture (`make roofline`).

Measured by `fastnet.timing.roofline`; the page explains it.
"""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.publishing import label_logarithms, machine_text, of_this_cpu, publish, study_parser
from fastnet.kernels import jit
from fastnet.plurals import counted
from fastnet.system import cpu_name
from fastnet.timing import ceilings
from fastnet.timing.ceilings import Ceilings
from fastnet.timing.roofline import Standing, measure_kernels
from fastnet.timing.texts import load_average, time_text
from fastnet.workshop.plotting import COLOURS, GREY, MARKERS, bandwidth, draw_roofs

DOCUMENT, PICTURES = Path("docs/roofline.md"), Path("docs")
CURVE_SIZES = [2**power for power in range(13, 29)]  # bytes for each thread


def main(argv: list[str]) -> None:
    """Measure, print the tables; write them and the picture where asked."""
    args = study_parser(__doc__, DOCUMENT).parse_args(argv)
    load = load_average()  # before we add to it
    counts = sorted({1, jit.get_threads()})
    roofs = [ceilings.measure(n_threads) for n_threads in counts]
    standings = measure_kernels(roofs[0])
    picture = PICTURES / f"{of_this_cpu('roofline')}.png"
    tables = {
        "roofline": f"![Roofline and bandwidth of {cpu_name()}]({picture.name})",
        "ceilings": f"{ceilings_table(roofs)}\n\n{machine_text(load)}",
        "kernels": kernels_table(standings),
    }
    publish({of_this_cpu(name): table for name, table in tables.items()}, args.write)
    if args.write:
        curves = {
            (n_threads, kind): ceilings.bandwidths(n_threads, CURVE_SIZES, kind != "read")
            for n_threads in counts
            for kind in ("read", "read and written")
        }
        draw(roofs[0], standings, curves, picture)


# ---- Tables ---------------------------------------------------------------------------------------------------------


def ceilings_table(roofs: list[Ceilings]) -> str:
    """A row for each ceiling, a column for each number of threads."""
    heads = " | ".join(counted(roof.threads, "thread") for roof in roofs)
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


def draw(roof: Ceilings, standings: list[Standing], curves: dict[tuple[int, str], list[float]], target: Path) -> None:
    """The roofline of one thread with the kernels, and bandwidth over the size of what is moved."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5.6), width_ratios=(3, 2), layout="constrained")
    _draw_roofline(left, roof, standings)
    _draw_curves(right, curves)
    for axes in (left, right):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        label_logarithms(axes.yaxis)
    figure.canvas.draw()  # settles the scales, which the labels of the roofs follow
    _label_roofs(left, roof)
    figure.savefig(target, dpi=110)
    plt.close(figure)


def _draw_roofline(axes: Any, roof: Ceilings, standings: list[Standing]) -> None:
    x = np.geomspace(0.04, 60.0, 300)
    slowest = min(row.work.flop / row.seconds for row in standings)
    axes.set_ylim(bottom=slowest / 2e9, top=2.5 * roof.flop / 1e9)
    draw_roofs(axes, roof, x)
    for row, colour, marker in zip(standings, COLOURS, MARKERS, strict=True):
        speed = row.work.flop / row.seconds / 1e9
        label = f"{row.name.replace('`', '')}: {row.share:.0%} of {row.bound}"
        axes.plot(row.work.intensity, speed, marker, color=colour, markersize=9, label=label, zorder=3)
    axes.set_xlabel("arithmetic intensity, FLOP/byte")
    axes.set_ylabel("GFLOP/s")
    axes.set_title("kernels of the first layer, one thread")
    axes.legend(frameon=False, fontsize=9, loc="lower right")


def _label_roofs(axes: Any, roof: Ceilings) -> None:
    """Write each level along its roof, one after another, so that near roofs don't hide each other's."""
    (x0, y0), (x1, y1) = axes.transData.transform([(1.0, 1.0), (10.0, 10.0)])
    slope = np.degrees(np.arctan2(y1 - y0, x1 - x0))
    for number, level in enumerate(roof.read):
        rate, x = bandwidth(roof, level), 0.042 * 2.6**number
        text = f"{level} {rate / 1e9:,.0f} GB/s"
        style = {"rotation": slope, "rotation_mode": "anchor", "fontsize": 8, "color": GREY}
        axes.text(x, 1.08 * x * rate / 1e9, text, **style)


def _draw_curves(axes: Any, curves: dict[tuple[int, str], list[float]]) -> None:
    for (n_threads, kind), rates in curves.items():
        axes.loglog(
            np.array(CURVE_SIZES) / 2**20,
            np.array(rates) / 1e9,
            color=COLOURS[kind == "read and written"],
            linestyle="-" if n_threads == 1 else "--",
            marker=MARKERS[kind == "read and written"],
            markersize=4,
            label=f"{kind}, {counted(n_threads, 'thread')}",
        )
    for level, size in ceilings.cache_sizes().items():
        axes.axvline(size / 2**20, color=GREY, linewidth=1, linestyle=":")
        axes.annotate(level, (size / 2**20, 0.96), xycoords=("data", "axes fraction"), color=GREY)
    axes.set_xlabel("MiB for each thread")
    axes.set_ylabel("GB/s")
    axes.set_title("bandwidth, by the size of what is moved")
    axes.legend(frameon=False, fontsize=9, loc="lower left")
