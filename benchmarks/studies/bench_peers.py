"""fastnet side by side with PyTorch, JAX, scikit-learn and NumPy: all contests, thoroughly (`make bench-peers`).

Beside the contests of `fastnet.timing.contests`, the first training step of a process is timed. The result is one JSON
file, of which `python -m benchmarks tables` makes the tables.
"""

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.first_step import first_steps
from benchmarks.publishing import study_parser
from fastnet.timing.contests import QUICK, RIVALS, Benchmark, Effort, all_contests, to_stderr
from fastnet.timing.texts import busy_text


def main(argv: list[str]) -> None:
    """Run the contests, write the JSON."""
    contests = all_contests(os.cpu_count() or 1)
    known = (*(contest.name for contest in contests), "first_step")
    parser = study_parser(__doc__)
    parser.add_argument("--rounds", type=int, help="trainings of five epochs, and rounds of calls (default: 5)")
    parser.add_argument(
        "--rivals",
        type=lambda text: names_of(text, RIVALS),
        default=list(RIVALS),
        help=f"beside fastnet (default: {','.join(RIVALS)})",
    )
    parser.add_argument(
        "--contests", type=lambda text: names_of(text, known), default=list(known), help=f"default: {','.join(known)}"
    )
    parser.add_argument(
        "--quick", action="store_true", help="one training; of the settings, only the threads are tried"
    )
    parser.add_argument("--json", type=Path, default=Path("build/peers.json"), help="default: build/peers.json")
    args = parser.parse_args(argv)
    effort = QUICK if args.quick else Effort()
    if args.rounds:
        effort = replace(effort, rounds=args.rounds, rounds_of_calls=args.rounds)
    benchmark = Benchmark(effort)
    if busy := busy_text(benchmark.result["load_average"]):
        to_stderr(busy)
    left_out = set(RIVALS) - set(args.rivals)
    for contest in contests:
        if contest.name in args.contests:
            benchmark.run(replace(contest, entrants=tuple(e for e in contest.entrants if e.name not in left_out)))
            write(benchmark.result, args.json)  # what there is, should a later contest fail
    if "first_step" in args.contests:
        benchmark.result["first_step"] = first_steps(min(5, benchmark.effort.rounds), to_stderr)
    write(benchmark.result, args.json)
    to_stderr(f"written: {args.json}")


def write(result: dict[str, Any], path: Path) -> None:
    """The result so far, as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def names_of(text: str, known: tuple[str, ...]) -> list[str]:
    """A list after a comma-separated option."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
    return names
