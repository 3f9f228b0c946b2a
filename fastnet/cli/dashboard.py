"""`fastnet dashboard`: serve the page."""

import argparse
import re
import signal
from pathlib import Path
from typing import Any

from fastnet.errors import OptionError
from fastnet.interrupts import exit_status
from fastnet.packages import EXTRAS, require_packages

from .options import add_command, add_data_option, positive, tell
from .waiting import waiting

_ORIGIN = re.compile(r"[A-Za-z0-9.*_-]+(:\d{1,5})?")

EXAMPLES = """\
  fastnet dashboard                 serve on http://localhost:5006
  fastnet dashboard --port 8000 --open
  fastnet dashboard --data ~/fashion-mnist --models ~/models --trainings 2
  fastnet dashboard --address 0.0.0.0 --allow-origin digits.example.org
"""


def port(text: str) -> int:
    """A TCP port."""
    if not (text.isdecimal() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def origin(text: str) -> str:
    """A host, with or without a port, as browsers know it."""
    if not _ORIGIN.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a host such as digits.example.org, or host:port")
    return text


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(commands, "dashboard", "serve the page on this machine", EXAMPLES, prints=False)
    parser.add_argument("--port", type=port, default=5006, metavar="N", help="(default: %(default)s; 0: any free one)")
    parser.add_argument(
        "--address",
        default="localhost",
        metavar="HOST",
        help="where to listen (default: %(default)s, this computer only)",
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        type=origin,
        default=[],
        metavar="HOST[:PORT]",
        help="another name under which browsers may open the page; may be given several times",
    )
    parser.add_argument(
        "--models", type=Path, default=Path("models"), metavar="DIR", help="saved models (default: %(default)s)"
    )
    parser.add_argument(
        "--runs",
        type=Path,
        default=Path("runs"),
        metavar="DIR",
        help="where trainings are saved (default: %(default)s)",
    )
    add_data_option(parser)
    parser.add_argument(
        "--trainings", type=positive, default=1, metavar="N", help="that may run at once (default: %(default)s)"
    )
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    require_packages("the dashboard", *EXTRAS["dashboard"])
    from fastnet.dashboard.server.ports import find_port
    from fastnet.data.loading import BUNDLED, load_dataset

    port = find_port(args.address, args.port)  # and the rest is checked, too, before the packages take their seconds
    require_directory(args.models, "--models")
    require_directory(args.runs, "--runs")
    data = str(args.data.absolute()) if args.data else BUNDLED
    if args.data:
        with waiting("loading the data"):
            load_dataset(data)
    from fastnet.dashboard.app import serve

    serve(
        port,
        args.address,
        args.allow_origin,
        args.open,
        args.models,
        data,
        args.trainings,
        args.runs,
        on_ready=lambda port: tell(f"serving on http://{args.address}:{port} (Ctrl-C ends it)"),
    )
    return exit_status(signal.SIGINT)  # which Panel takes for its end


def require_directory(path: Path, option: str) -> None:
    """OptionError for what is neither a directory nor can become one."""
    if path.exists() and not path.is_dir():
        raise OptionError(f"{option} {path}: is no directory")
    if not path.exists() and not path.absolute().parent.is_dir():
        raise OptionError(f"{option} {path}: no such directory, and none to make it in")
