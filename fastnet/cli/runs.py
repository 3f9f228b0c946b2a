"""`fastnet runs`: what was trained here, the newest last."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastnet.errors import OptionError

from .options import add_command, given_path, percent, show
from .streams import one_line
from .waiting import complain

if TYPE_CHECKING:
    from fastnet.training.listing import RunFacts

EXAMPLES = """\
  fastnet runs                  those in runs/ and models/
  fastnet runs ~/trainings      those in another directory, or one run
  fastnet runs --json           for machines
"""
_USUAL = [Path("runs"), Path("models")]
_COLUMNS = ("saved", "run", "layers", "recipe", "data", "epochs", "test", "")


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(commands, "runs", "list the runs that were saved, the newest last", EXAMPLES, computes=False)
    parser.add_argument(
        "directories",
        nargs="*",
        type=given_path,
        default=_USUAL,
        metavar="DIR",
        help="where they are, or one of them (default: runs and models)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print a line for each; one that is damaged is told on standard error."""
    from fastnet.models.fields import to_json
    from fastnet.training.listing import list_runs

    for directory in args.directories if args.directories is not _USUAL else ():
        if not directory.is_dir():
            raise OptionError(f"{directory}: is no directory")
    runs = list_runs(args.directories)
    sound = [each for each in runs if each.error is None]
    nothing = f"no runs in {' or '.join(map(str, args.directories))} (fastnet train makes one)"
    show(args, {"runs": to_json(tuple(runs))}, _table([_COLUMNS, *map(_row, sound)]) if sound else nothing)
    for each in runs:
        if each.error is not None:
            complain(f"fastnet runs: {each.error}")
    return 0


def _row(facts: "RunFacts") -> tuple[str, ...]:
    done = "-" if facts.epochs is None else f"{facts.epochs} of {facts.planned or 'unknown'}"
    more = [word for word, is_so in (("calibrated", facts.calibrated), ("audited", facts.audited)) if is_so]
    saved = time.strftime("%Y-%m-%d %H:%M", time.localtime(facts.saved))
    data = Path(facts.data or "-").name
    test = percent(facts.test_accuracy) if facts.test_r2 is None else f"R^2 {facts.test_r2:.4f}"
    return saved, facts.run, facts.layers or "-", facts.recipe or "its own", data, done, test, ", ".join(more)


def _table(rows: list[tuple[str, ...]]) -> str:
    """The rows in columns."""
    rows = [tuple(map(one_line, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
