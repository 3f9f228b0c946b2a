"""Tables in Markdown from the JSON of `make bench` and `make bench-peers`, printed or written into a document.

python -m benchmarks tables peers build/peers.json --write docs/speed.md

A document has a table of rivals for each CPU, between marks of their own: `peers-zen5`, `peers-emeraldrapids`.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.publishing import of_cpu, publish, study_parser
from fastnet.timing.rivals.process import settings_text
from fastnet.timing.texts import TITLES, busy_text, time_text


def kernels_table(benchmarks: dict[str, Any]) -> str:
    """The median time of each kernel on both engines, and their ratio."""
    medians: dict[str, dict[str, float]] = defaultdict(dict)
    for benchmark in benchmarks["benchmarks"]:
        medians[benchmark["group"]][benchmark["extra_info"]["engine"]] = benchmark["stats"]["median"]
    lines = ["| kernel | sizes | Numba | NumPy | ratio |", "|---|---|--:|--:|--:|"]
    for group, by_engine in medians.items():
        kernel, *others = group.split("-")
        sizes = ", ".join(others)
        fast, slow = by_engine["numba"], by_engine["reference"]
        lines.append(f"| `{kernel}` | {sizes} | {fast * 1e6:.1f} us | {slow * 1e6:.1f} us | {slow / fast:.1f}x |")
    return "\n".join(lines)


# ---- fastnet and its rivals -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One measure: fastnet's figure, the other's, their ratio, and the bar that the ratio must reach."""

    measure: str
    ours: str
    theirs: str
    ratio: float
    bar: float | None
    most: bool = False  # the bar is the most that is allowed, not the least
    unit: str = "x"  # of the ratio: "x", "%", or "s" where fastnet's own seconds are held against the bar

    @property
    def met(self) -> bool:
        """Whether the ratio reaches the bar, where there is one; NaN does not."""
        if self.bar is None:
            return True
        return self.ratio <= self.bar if self.most else self.ratio >= self.bar

    def __str__(self) -> str:
        def show(number: float) -> str:
            return f"{number:.0%}" if self.unit == "%" else f"{number:.3g} {self.unit}"

        aim, met = "", ""
        if self.bar is not None:
            aim = f"{'≤' if self.most else '≥'} {show(self.bar)}"
            met = "yes" if self.met else "**no**"
        return f"| {self.measure} | {self.ours} | {self.theirs} | {show(self.ratio)} | {aim} | {met} |"


class ContestResult:
    """The entrants of one contest in the JSON of `bench-peers`."""

    def __init__(self, result: dict[str, Any], name: str):
        self.entrants: dict[str, Any] = result["contests"].get(name, {}).get("entrants", {})

    def has(self, *names: str) -> bool:
        """Whether all these took part."""
        return all(name in self.entrants for name in names)

    def seconds(self, name: str, epoch: int | None = None) -> float:
        """The median, over all rounds or those of one epoch."""
        entry = self.entrants[name]
        seconds: float = (entry["epochs"][str(epoch)] if epoch else entry["seconds"])["median"]
        return seconds

    @property
    def first_and_last(self) -> tuple[int, int]:
        """The first and the last epoch of a training."""
        return 1, max(int(epoch) for epoch in self.entrants["fastnet"]["epochs"])

    def floor(self, name: str = "dense floor") -> float:
        """The least seconds at the highest peak seen: disturbances only lower a measured peak."""
        least: float = self.entrants[name]["seconds"]["least"]
        return least


# In the order of the tables; with how much faster fastnet is to be, where that is an aim.
EPOCH_RIVALS = {
    "jax": 3.5,
    "pytorch": 6.5,
    "pytorch-bfloat16": None,
    "keras": None,
    "skorch": None,
    "numpy": 12.0,
    "sklearn": 18.0,
}
FLOOR_SHARES = {"amd": 0.68, "intel": 0.95}  # an epoch is to take at most so much of the dense floor, by make of CPU


def peers_table(result: dict[str, Any]) -> str:
    """Each measure, the bar and whether it is met, the machine, and the settings that were best for each rival."""
    lines = ["| measure | fastnet | the other | ratio | aim | met |", "|---|--:|--:|--:|--:|---|"]
    lines += [str(row) for row in peers_rows(result)]
    return "\n".join([*lines, "", *peers_notes(result)])


def epochs_table(result: dict[str, Any]) -> str:
    """The short one: seconds an epoch, over all rounds, and how much faster fastnet is."""
    contest = ContestResult(result, "epoch")
    names = [name for name in ("fastnet", *EPOCH_RIVALS) if contest.has(name)]
    lines = ["| | an epoch | fastnet is faster by |", "|---|--:|--:|"]
    for name in names:
        seconds = contest.seconds(name)
        ratio = "" if name == "fastnet" else f"{seconds / contest.seconds('fastnet'):.1f}x"
        lines.append(f"| {TITLES.get(name, name)} | {time_text(seconds)} | {ratio} |")
    if contest.has("dense floor"):
        lines.append(f"| dense products alone, at the CPU's peak | {time_text(contest.floor())} | |")
    return "\n".join([*lines, "", peers_notes(result)[0]])


def peers_rows(result: dict[str, Any]) -> Iterator[Row]:
    """The rows for which there are figures."""
    yield from _epoch_rows(ContestResult(result, "epoch"), _floor_share(result["environment"]["cpu"]))
    yield from _kernel_rows(result)
    if first := result.get("first_step"):
        cold, second = first["cold"], median(run["total"] for run in first["second"])
        measure = "first training step of a process: seconds from its start / of a fresh install (JIT cold)"
        yield Row(measure, time_text(second), time_text(cold["total"]), second, 2.0, most=True, unit="s")


def _floor_share(cpu: str) -> float:
    """The aim of a CPU's make; the floor itself for others."""
    return next((share for make, share in FLOOR_SHARES.items() if make in cpu.lower()), 1.0)


def _epoch_rows(contest: ContestResult, floor_share: float) -> Iterator[Row]:
    threads = contest.entrants.get("fastnet", {}).get("settings", {}).get("threads")
    if contest.has("fastnet", "dense floor"):
        for epoch in contest.first_and_last:
            ours, floor = contest.seconds("fastnet", epoch), contest.floor()
            yield Row(
                f"epoch {epoch} / dense floor", time_text(ours), time_text(floor), ours / floor, floor_share, most=True
            )
    for name, bar in EPOCH_RIVALS.items():
        for epoch in contest.first_and_last if contest.has("fastnet", name) else ():
            yield _faster(f"epoch {epoch}: faster than {TITLES[name]}", contest, name, bar, epoch=epoch)
    if contest.has("fastnet"):
        last_epoch = contest.first_and_last[1]
        first, last = contest.seconds("fastnet", 1), contest.seconds("fastnet", last_epoch)
        yield Row(f"epoch {last_epoch} / epoch 1", time_text(last), time_text(first), last / first, 1.05, most=True)
    if contest.has("fastnet", "fastnet, 1 thread"):
        yield _faster(f"{threads} threads: faster than one", contest, "fastnet, 1 thread", 1.75)
    if contest.has("fastnet", "pytorch"):
        ours = contest.entrants["fastnet"]["peak_memory"]
        other = contest.entrants["pytorch"]
        theirs = other["peak_memory"]
        yield Row("peak memory / PyTorch's", _memory(ours), _memory(theirs), ours / theirs, 0.6, most=True)
        leanest = min([theirs, *(trial["peak_memory"] for trial in other["trials"] if "peak_memory" in trial)])
        measure = "peak memory / that of PyTorch's leanest settings"
        yield Row(measure, _memory(ours), _memory(leanest), ours / leanest, 0.6, most=True)


def _kernel_rows(result: dict[str, Any]) -> Iterator[Row]:
    bars = [
        ("linear_relu", "`linear_relu` 64x784x512", "numpy", 2.0),
        ("linear_relu", "`linear_relu` 64x784x512", "pytorch", 1.25),
        ("adam_step", "`adam_step`, 407,050 weights", "pytorch", 1.2),
        ("adam_step", "`adam_step`, 407,050 weights", "numpy", 8.0),
        ("epoch_deep", "epoch of 784-512-1000-10", "pytorch", 2.0),
        ("epoch_large", "epoch of 784-1500-1000-500-10, batch 128", "pytorch", 2.5),
        ("epoch_higgs", "epoch of 28-300x5-2 on 100,000 HIGGS-shaped samples, batch 100", "pytorch", None),
        ("inference", "inference, 10,000 images", "pytorch", 2.0),
        ("inference", "inference, 10,000 images", "numpy", 3.0),
    ]
    for contest_name, measure, name, bar in bars:
        contest = ContestResult(result, contest_name)
        if contest.has("fastnet", name):
            yield _faster(f"{measure}: faster than {TITLES[name]}", contest, name, bar)
    contest = ContestResult(result, "linear_relu")
    if contest.has("fastnet, 1 thread", "dense floor, 1 thread"):
        ours, floor = contest.seconds("fastnet, 1 thread"), contest.floor("dense floor, 1 thread")
        measure = "`linear_relu`, share of one core's FMA peak"
        yield Row(measure, time_text(ours), time_text(floor), floor / ours, 0.8, unit="%")


def _faster(measure: str, contest: ContestResult, name: str, bar: float | None, epoch: int | None = None) -> Row:
    ours, theirs = contest.seconds("fastnet", epoch), contest.seconds(name, epoch)
    return Row(measure, time_text(ours), time_text(theirs), theirs / ours, bar)


def peers_notes(result: dict[str, Any]) -> list[str]:
    """What stands below the table: how it was measured, on what, and the chosen settings."""
    machine = result["environment"]
    versions = ", ".join(f"{package} {version}" for package, version in sorted(result["versions"].items()))
    how = (
        "a quick run, for which not all settings were tried: not to be quoted"
        if result["is_quick"]
        else f"medians of {result['rounds']} interleaved rounds"
    )
    notes = [
        f"Measured {result['started'][:10]} ({how}) on {machine['cpus']} CPUs, {machine['cpu']},"
        f" Python {machine['python']}, {versions}.",
    ]
    notes[0] = f"{notes[0]} {busy_text(result['load_average'])}".strip()
    contest = ContestResult(result, "epoch")
    if contest.has("fastnet"):
        rounds = contest.entrants["fastnet"]["rounds"]
        notes += [
            "",
            "Times of epochs are those of the training steps; a whole epoch of fastnet by the clock on the wall takes"
            f" {time_text(median(answer['wall_seconds'] for answer in rounds))}.",
        ]
    chosen = [
        f"{TITLES[name]}: {settings_text(entry['settings'])}"
        for name, entry in contest.entrants.items()
        if name in TITLES
    ]
    if chosen:
        notes += ["", f"Best settings for training: {'; '.join(chosen)}."]
    skipped = {
        f"{TITLES.get(name, name)} ({reason})"
        for name, reasons in result["skipped"].items()
        for reason in reasons.values()
    }
    if skipped:
        notes += ["", f"Left out: {'; '.join(sorted(skipped))}."]
    return notes


def _memory(n_bytes: int) -> str:
    return f"{n_bytes / 2**20:.0f} MiB"


TABLES = {"kernels": kernels_table, "peers": peers_table, "epochs": epochs_table}


def main(argv: list[str]) -> None:
    """Print the table of a benchmark file."""
    parser = study_parser(__doc__)
    parser.add_argument("kind", choices=TABLES)
    parser.add_argument("json", type=Path)
    parser.add_argument("--write", type=Path, metavar="DOCUMENT", help="write it between the marks of this document")
    args = parser.parse_args(argv)
    result = json.loads(args.json.read_text(encoding="utf-8"))
    mark = args.kind if args.kind == "kernels" else of_cpu(args.kind, result["environment"]["cpu"])
    publish({mark: TABLES[args.kind](result)}, args.write)
