"""The figures as tables with bars: each rival's median, from its fastest to its slowest round."""

import importlib.util
import os
import time
from collections.abc import Sequence
from html import escape
from typing import Any

from fastnet.system import cpu_name
from fastnet.timing.machine import NAMES, titles
from fastnet.timing.texts import TITLES, busy_text, time_text

from ...server.benchmarks import Result

STEP_TITLES = ("training", "the first layer", "loss and gradient", "Adam", "the machine's ceilings and the kernels")

_PACKAGES = {"pytorch": "torch", "jax": "jax", "sklearn": "sklearn"}


def invitation() -> str:
    """What the playful mode says of the race, and against whom it is."""
    names = [TITLES["numpy"], *_others()[0]]
    alone = f"{names[0]} alone: no other program for this is installed here"
    rivals = alone if len(names) == 1 else f"{_listed(names)}, one after the other"
    return (
        "<p>How long does this computer need to look at every digit once, and to learn from it? fastnet races"
        f" {rivals}. It takes a minute or two.</p>"
    )


def introduction() -> str:
    """What is measured here, and beside what."""
    installed, missing = _others()
    names = _listed(["fastnet", TITLES["numpy"], *installed])
    absent = f" Not installed here, and so left out: {', '.join(missing)}." if missing else ""
    return (
        f"<p>Trains the same network with {names}, each in a process of its own, in turn;"
        f" then times kernels beside NumPy, and the ceilings of {escape(cpu_name())}, {os.cpu_count()} CPUs. It takes"
        f" a minute or two, and whatever else the machine does meanwhile blurs it.{absent}</p>"
    )


def _others() -> tuple[list[str], list[str]]:
    """What the programs of others are called: those that are installed here, and those that are not."""
    installed = [name for name, package in _PACKAGES.items() if importlib.util.find_spec(package)]
    return [TITLES[name] for name in installed], [TITLES[name] for name in _PACKAGES if name not in installed]


def _listed(names: Sequence[str]) -> str:
    """Two names or more as they stand in a sentence."""
    *others, last = names
    return f"{', '.join(others)} and {last}"


def result_html(result: Result) -> str:
    """All contests, and where and when they were measured."""
    figures = result.figures
    contests = [
        contest_html(title, figures["contests"][name])
        for name, title in titles(figures["samples"]).items()
        if name != "training_step" and figures["contests"].get(name)
    ]
    note = (
        "Bars and figures are medians; the thin line goes from the fastest to the slowest round. Shorter is"
        " faster, and the ratio says by how much fastnet is."
    )
    return (
        f'<div class="for-scientists"><p class="quiet">{note}</p><div class="contests">{"".join(contests)}</div></div>'
        f"{_plainly(figures)}{_circumstances(result)}"
    )


def _plainly(figures: dict[str, Any]) -> str:
    """The playful mode's one sentence and one chart."""
    rows = figures["contests"]["epoch"]
    ours = next((row for row in rows if row["name"] == "fastnet" and "seconds" in row), None)
    rivals = [row for row in rows if not row["name"].startswith(("fastnet", "dense floor")) and row.get("ratio")]
    if ours is None or not rivals:
        return ""
    rivals.sort(key=lambda row: row["seconds"])
    needed = ", ".join(f"{NAMES.get(row['name'], row['name'])} {row['ratio']:.1f} times as long" for row in rivals)
    sentence = f"fastnet learned from {figures['samples']:,} digits in {time_text(ours['seconds'])}; it took {needed}."
    chart = contest_html("Shorter is faster", [ours, *rivals])
    return (
        f'<div class="for-players"><p class="done">{escape(sentence)}</p><div class="contests one">{chart}</div></div>'
    )


def contest_html(title: str, rows: list[dict[str, Any]]) -> str:
    """One contest: a row for each rival, also for one that failed."""
    most = max((row["most"] for row in rows if "most" in row), default=1.0)
    body = "".join(_row(row, most) for row in rows)
    heads = '<th scope="col">who</th><th scope="col">time</th><th scope="col">ratio</th>'
    return f"<table><caption>{escape(title)}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _row(row: dict[str, Any], most: float) -> str:
    name = escape(str(NAMES.get(row["name"], row["name"])))
    if "error" in row:
        return f'<tr><th scope="row">{name}</th><td colspan="2" class="quiet">failed: {escape(row["error"])}</td></tr>'
    threads = row["settings"].get("threads")
    if threads and "thread" not in name:
        name += f' <small class="for-scientists">{threads} thread{"s" * (threads > 1)}</small>'
    kind = {"fastnet": "ours", "dense floor": "floor"}.get(row["name"], "")
    ratio = "" if kind or row["ratio"] is None else f"{row['ratio']:.1f}x"
    return (
        f'<tr class="{kind}"><th scope="row">{name}{bar(row, most)}</th>'
        f"<td>{time_text(row['seconds'])}<small>{_spread(row)}</small></td><td>{ratio}</td></tr>"
    )


def bar(row: dict[str, Any], most: float) -> str:
    """The median, and a line from the fastest to the slowest round."""
    least, median, longest = (100 * row[key] / most for key in ("least", "seconds", "most"))
    spread = f'<i style="left: {least:.2f}%; width: {longest - least:.2f}%"></i>' if longest > least else ""
    return f'<span class="time-bar"><b style="width: {median:.2f}%"></b>{spread}</span>'


def _spread(row: dict[str, Any]) -> str:
    if row["least"] == row["most"]:
        return "one round"
    return f"{time_text(row['least'])} to {time_text(row['most'])}"


def _circumstances(result: Result) -> str:
    figures, machine = result.figures, result.figures["environment"]
    versions = ", ".join(f"{package} {version}" for package, version in sorted(figures["versions"].items()))
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(result.finished))
    absent = [str(NAMES[name]) for name in figures["not_installed"]]
    sentences = [
        f"Measured {when} in {figures['seconds']:.0f} s on {machine['cpu']}, {machine['cpus']} CPUs,"
        f" {machine['lanes']} float32 lanes; {versions}.",
        f"Not installed: {', '.join(absent)}." if absent else "",
        busy_text(figures["load_average"]) or "",
    ]
    return f'<p class="quiet">{escape(" ".join(filter(None, sentences)))}</p>'
