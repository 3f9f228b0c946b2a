"""`fastnet dashboard`: serve the page."""

import argparse
from dataclasses import replace
from typing import Any

from fastnet.dashboard.server.quotas import Quotas
from fastnet.errors import OptionError
from fastnet.interrupts import exit_status
from fastnet.packages import EXTRAS, require_packages

from .options import add_command, add_data_option, given_path, positive, tell
from .serving import MODELS_INSTEAD, add_directories, add_serving_options, require_directories, serving_of
from .waiting import waiting

EXAMPLES = """\
  fastnet dashboard                 serve on http://localhost:5006
  fastnet dashboard --port 8000 --open
  fastnet dashboard --data ~/fashion-mnist --models ~/models --trainings 2
  fastnet dashboard --report kernel.json    after: fastnet benchmark --kernel ... --json > kernel.json
  fastnet dashboard --address 0.0.0.0 --allow-origin digits.example.org
  fastnet dashboard --public --address 0.0.0.0 --allow-origin digits.example.org
"""

# How much of the server there is for visitors: each a field of `Quotas`.
LIMITS = (
    ("--training-minutes", "training_minutes", "that a training may take, pauses and all"),
    ("--models-megabytes", "models_megabytes", "that all saved models may fill"),
    ("--sessions", "sessions", "pages that may be open at once"),
)


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "serve the page on this machine"
    parser = add_command(commands, "dashboard", summary, EXAMPLES, prints=False, instead=MODELS_INSTEAD)
    add_serving_options(parser, 5006)
    parser.add_argument(
        "--num-procs", type=positive, default=1, metavar="N", help="processes that serve (default: %(default)s)"
    )
    add_directories(parser)
    add_data_option(parser)
    parser.add_argument(
        "--trainings", type=positive, default=1, metavar="N", help="that may run at once (default: %(default)s)"
    )
    parser.add_argument("--public", action="store_true", help="visitors read and learn: no training, saving, measuring")
    for option, name, help in LIMITS:
        default = getattr(Quotas, name)
        help = f"{help} (default: {default:g})"
        parser.add_argument(option, type=positive, default=default, metavar="N", dest=name, help=help)
    parser.add_argument(
        "--report",
        action="append",
        type=given_path,
        default=[],
        metavar="FILE",
        help="what `fastnet benchmark --kernel ... --json` printed, for the tab Benchmark; may be given several times",
    )
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    require_packages("the dashboard", *EXTRAS["dashboard"])
    from fastnet.data.loading import BUNDLED, load_dataset
    from fastnet.timing.kernel_reports import read_report

    # All that can be is checked before the packages take their seconds.
    serving = replace(serving_of(args), processes=args.num_procs)
    if args.num_procs > 1 and not args.public:
        raise OptionError("--num-procs goes with --public alone: a training belongs to one process, as a session does")
    require_directories(args)
    for report in args.report:
        read_report(report)
    data = str(args.data.absolute()) if args.data else BUNDLED
    if args.data:
        with waiting("loading the data"):
            load_dataset(data)
    from fastnet.dashboard.app import serve

    number = serve(
        serving,
        args.open,
        args.models,
        data,
        args.trainings,
        args.runs,
        on_ready=lambda serving: tell(f"serving on {serving.url} (Ctrl-C ends it)"),
        is_public=args.public,
        quotas=Quotas(**{name: getattr(args, name) for _, name, _ in LIMITS}),
        reports=tuple(report.absolute() for report in args.report),
    )
    return exit_status(number)
