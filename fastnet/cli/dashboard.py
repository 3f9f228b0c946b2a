"""`fastnet dashboard`: serve the page."""

import argparse
import importlib.util
import signal
from pathlib import Path
from typing import Any

from fastnet.errors import OptionError
from fastnet.interrupts import exit_status

from .options import add_command, add_data_option, positive, tell

EXAMPLES = """\
  fastnet dashboard                 serve on http://localhost:5006
  fastnet dashboard --port 8000 --open
  fastnet dashboard --data ~/fashion-mnist --models ~/models --trainings 2
  fastnet dashboard --address 0.0.0.0 --allow-origin digits.example.org
"""


def port(text: str) -> int:
    """A TCP port."""
    if not (text.isdecimal() and 0 < int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(commands, "dashboard", "serve the page on this machine", EXAMPLES, prints=False)
    parser.add_argument("--port", type=port, default=5006, metavar="N", help="(default: %(default)s)")
    parser.add_argument(
        "--address",
        default="localhost",
        metavar="HOST",
        help="where to listen (default: %(default)s, this computer only)",
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="another name under which browsers may open the page; may be given several times",
    )
    parser.add_argument(
        "--models", type=Path, default=Path("models"), metavar="DIR", help="saved models (default: %(default)s)"
    )
    add_data_option(parser)
    parser.add_argument(
        "--trainings", type=positive, default=1, metavar="N", help="that may run at once (default: %(default)s)"
    )
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    if not all(importlib.util.find_spec(package) for package in ("panel", "panel_material_ui", "threadpoolctl")):
        raise OptionError('the dashboard needs more packages: pip install "fastnet[dashboard]"')
    from fastnet.dashboard.app import serve
    from fastnet.data.loading import BUNDLED

    tell(f"serving on http://{args.address}:{args.port} (Ctrl-C ends it)")
    serve(
        args.port,
        args.address,
        args.allow_origin,
        args.open,
        args.models,
        str(args.data.absolute()) if args.data else BUNDLED,
        args.trainings,
    )
    return exit_status(signal.SIGINT)  # which Panel takes for its end
