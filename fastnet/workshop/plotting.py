"""The picture of a comparison: the kernel's roofline, and each function's time beside it."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from fastnet.packages import require_packages
from fastnet.plurals import counted
from fastnet.timing.ceilings import Ceilings
from fastnet.timing.texts import time_text

from .benchmarking import KERNEL, Comparison

# Told apart with any colour vision (Okabe & Ito), and by marker as well.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"
GREY = "#555555"
ON_A_LINE = {"va": "center", "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 1}}
SMALLEST, LARGEST = 1 / 16, 64.0  # FLOP a byte, where there is nothing further out


def plot(comparison: Comparison, path: str | Path) -> None:
    """Draw a comparison into a file of the type that its ending says; OptionError without Matplotlib."""
    _drawn(comparison).savefig(path, dpi=110)


def picture(comparison: Comparison) -> bytes:
    """The same, as the bytes of a PNG."""
    file = BytesIO()
    _drawn(comparison).savefig(file, format="png", dpi=80)
    return file.getvalue()


def _drawn(comparison: Comparison) -> Any:
    """Matplotlib's figure of a comparison."""
    require_packages("the roofline's plot", "matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    _draw_roofline(left, comparison)
    _draw_times(right, comparison)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    threads = counted(comparison.roof.threads, "thread")
    figure.suptitle(f"{comparison.kernel}, {comparison.machine['cpu']}, {threads}")
    return figure


def bandwidth(roof: Ceilings, level: str) -> float:
    """The higher of a level's two bandwidths, bytes a second."""
    return max(roof.read[level], roof.update[level])


def draw_roofs(axes: Any, roof: Ceilings, x: np.ndarray) -> None:
    """A line for each level of memory over the intensities `x` (float64, FLOP a byte), up to the multiply-adds'."""
    for level in roof.read:
        axes.loglog(x, np.minimum(x * bandwidth(roof, level), roof.flop) / 1e9, color=GREY, linewidth=1)
    axes.annotate(
        f"FMA peak {roof.flop / 1e9:,.0f} GFLOP/s",
        (x[-1], roof.flop / 1e9),
        xytext=(0, 4),
        textcoords="offset points",
        ha="right",
        color=GREY,
    )


def _draw_roofline(axes: Any, comparison: Comparison) -> None:
    roof = comparison.roof
    # What only moves numbers has no place here.
    counted = [timing for timing in comparison.timings if timing.standing.work.flop]
    points = [(t.standing.work.intensity, t.standing.work.flop, t) for t in counted]
    x = np.geomspace(min([SMALLEST, *(p[0] / 2 for p in points)]), max([LARGEST, *(p[0] * 2 for p in points)]), 200)
    draw_roofs(axes, roof, x)
    for number, level in enumerate(roof.read):
        rate = bandwidth(roof, level)
        place = x[0] * 1.55 ** (len(roof.read) - number)  # one after another: near roofs don't hide each other's
        text = f"{level} {rate / 1e9:,.0f} GB/s"
        axes.text(place, min(place * rate, roof.flop) / 1e9, text, fontsize=8, color=GREY, ha="center", **ON_A_LINE)
    for number, (intensity, flop, timing) in enumerate(points):
        colour, standing = COLOURS[number % len(COLOURS)], timing.standing
        label = f"{timing.case}: {standing.share:.0%} of {standing.bound}"
        marker = MARKERS[number % len(MARKERS)]
        axes.plot(intensity, flop / timing.seconds[KERNEL] / 1e9, marker, color=colour, markersize=9, label=label)
        for name in timing.seconds.keys() - {KERNEL}:
            axes.plot(intensity, flop / timing.seconds[name] / 1e9, marker, color=colour, fillstyle="none")
    axes.set_xlabel("FLOP/byte")
    axes.set_ylabel("GFLOP/s")
    axes.set_title("below this machine's roofs (hollow: textbook and rivals)", fontsize=10)
    axes.grid(alpha=0.25)
    if points:
        axes.legend(frameon=False, fontsize=9, loc="lower right")


def _draw_times(axes: Any, comparison: Comparison) -> None:
    """A point for each function at each case, the first case on top: on such an axis bars would begin anywhere."""
    names = list(comparison.timings[0].seconds)
    points = [(timing, name) for timing in comparison.timings for name in names]
    places = [place + place // len(names) for place in range(len(points))]
    seconds = [timing.seconds[name] for timing, name in points]
    axes.hlines(places, min(seconds) / 3, max(seconds) * 8, color="#DDDDDD", linewidth=1, zorder=0)
    for place, (timing, name) in zip(places, points, strict=True):
        filled = "full" if name == KERNEL else "none"
        axes.plot(timing.seconds[name], place, "o", color=COLOURS[0], markersize=8, fillstyle=filled)
    axes.set_yticks(places, [comparison.title(name) for _, name in points])
    axes.set_ylim(places[-1] + 0.6, -1.2)
    axes.set_xscale("log")
    axes.set_xlim(min(seconds) / 3, max(seconds) * 8)
    axes.set_xlabel("seconds a call")
    for place, value in zip(places, seconds, strict=True):
        axes.annotate(time_text(value), (value, place), xytext=(8, 0), textcoords="offset points", **ON_A_LINE)
    for index, timing in enumerate(comparison.timings):
        above = (min(seconds) / 3, places[index * len(names)] - 0.5)
        axes.annotate(timing.case, above, va="bottom", fontsize=9, color=GREY)
