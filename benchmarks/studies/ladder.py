"""What each idea gained: one step of the default network, from the textbook to the fused engine (`make ladder`).

The versions take turns, so that a change of the machine's speed hits them alike; medians are shown. With `--write` the
page's tab Learn gets the document's figures too; with `--ship` it gets them as they stand, and nothing is measured.
"""

import json
import re
from pathlib import Path

from benchmarks.publishing import of_this_cpu, publish, study_parser, tables_by_cpu
from fastnet.system import environment
from fastnet.timing.ladder import VERSIONS, measure

DOCUMENT = Path("docs/speed.md")
SHIPPED = Path("dashboard/assets/ladder.json")
STEPS = 256

_MICROSECONDS = re.compile(r"\| *([\d,]+) us *\|")


def main(argv: list[str]) -> None:
    """Time the versions in turn; print the table, and write it where asked."""
    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("--rounds", type=int, default=15, help=f"rounds of {STEPS} steps (default: 15)")
    parser.add_argument("--ship", action="store_true", help="give the page the document's figures, and measure nothing")
    args = parser.parse_args(argv)
    if not args.ship:
        publish({of_this_cpu("ladder"): table(measure(args.rounds, STEPS))}, args.write)
    if args.ship or args.write:
        SHIPPED.write_text(json.dumps(figures_of(DOCUMENT), indent=1) + "\n", "utf-8")


def table(medians: list[float]) -> str:
    """A row a version: microseconds a step, and how much faster than the row above and than the first."""
    lines = ["| version | threads | a step | faster than above | than NumPy |", "|---|--:|--:|--:|--:|"]
    for i, version in enumerate(VERSIONS):
        gained = f"{medians[i - 1] / medians[i]:.1f}x" if i else ""
        total = f"{medians[0] / medians[i]:.1f}x"
        lines.append(f"| {version.name} | {version.n_threads} | {medians[i] * 1e6:,.0f} us | {gained} | {total} |")
    machine = environment()
    lines.append(
        f"\n{machine['cpu']}, {machine['cpus']} CPUs, {machine['lanes']} lanes; NumPy {machine['numpy']}"
        f" (its BLAS limited to one thread), Numba {machine['numba']}."
    )
    return "\n".join(lines)


def figures_of(document: Path) -> dict[str, list[float]]:
    """By machine, the seconds of a step that the document's tables tell of each version."""
    figures = {}
    for text in tables_by_cpu(document, "ladder").values():
        rows, footer = text.split("\n\n")
        machine = footer.partition(";")[0]
        figures[machine] = [float(number.replace(",", "")) / 1e6 for number in _MICROSECONDS.findall(rows)]
    return figures
