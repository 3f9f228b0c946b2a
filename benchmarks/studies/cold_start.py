"""What compiling costs: the first training step of a process, with no kernels compiled and later (`make cold-start`).

Each run is a process of its own, and each of the first kind has a new empty cache. The functions that it compiled are
counted; processor time, which counts nothing that others on the machine do, is that of all its threads.
"""

import statistics
import tempfile
from pathlib import Path

from benchmarks.first_step import first_step
from benchmarks.publishing import machine_text, of_this_cpu, publish, study_parser
from fastnet.timing.texts import load_average

DOCUMENT = Path("docs/speed.md")


def main(argv: list[str]) -> None:
    """Run the processes; print the table, and write it where asked."""
    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("--runs", type=int, default=5, help="of each kind (default: 5)")
    args = parser.parse_args(argv)
    load = load_average()
    cold, warm = [], []
    for _ in range(args.runs):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(first_step(cache))
            warm.append(first_step(cache))
    publish({of_this_cpu("cold-start"): table({"empty": cold, "filled": warm}, load)}, args.write)


def table(runs: dict[str, list[dict[str, float]]], load: float | None) -> str:
    """A row for each state of the cache: medians."""
    lines = ["| cache | functions compiled | processor seconds | seconds |", "|---|--:|--:|--:|"]
    for cache, some in runs.items():
        n_compiled, processor, total = (
            statistics.median(run[name] for run in some) for name in ("compilations", "processor", "total")
        )
        lines.append(f"| {cache} | {n_compiled:.0f} | {processor:.1f} | {total:.1f} |")
    n_runs = len(next(iter(runs.values())))
    return "\n".join([*lines, f"\n784-512-10; processes of each kind: {n_runs}, medians. {machine_text(load)}"])
