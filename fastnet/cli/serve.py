"""`fastnet serve`: the HTTP interface, without the page."""

import argparse
import os
from pathlib import Path
from typing import Any

from fastnet.interrupts import exit_status
from fastnet.packages import EXTRAS, require_packages

from .dashboard import origin, port, require_directory
from .options import add_command, tell, threads

EXAMPLES = """\
  fastnet serve                     answer programs on http://localhost:5007/api/
  fastnet serve --port 8000 --workers 4
  fastnet serve --models ~/models
  fastnet serve --address 0.0.0.0 --allow-origin digits.example.org
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(commands, "serve", "read pictures for programs, by HTTP", EXAMPLES, False, False)
    parser.add_argument("--port", type=port, default=5007, metavar="N", help="(default: %(default)s; 0: any free one)")
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
        help="another name of this server, or of a site whose pages may ask; may be given several times",
    )
    parser.add_argument(
        "--models", type=Path, default=Path("models"), metavar="DIR", help="saved models (default: %(default)s)"
    )
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), metavar="DIR", help="trained models (default: %(default)s)"
    )
    parser.add_argument(
        "--workers",
        type=threads,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes that read (default: one for each CPU)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    require_packages("the server", *EXTRAS["serve"])
    require_directory(args.models, "--models")
    require_directory(args.runs, "--runs")
    from tornado.netutil import bind_sockets

    from fastnet.dashboard.server.library import Library
    from fastnet.dashboard.server.ports import named_in_errors
    from fastnet.web.handler import Api
    from fastnet.web.reading import Readers
    from fastnet.web.service import serve

    with named_in_errors(args.address, args.port):
        sockets = bind_sockets(args.port, args.address)
    api = Api(Library(args.models, args.runs), Readers(args.workers), frozenset(args.allow_origin))
    found = sockets[0].getsockname()[1]
    number = serve(sockets, api, lambda: tell(f"serving on http://{args.address}:{found}/api/ (Ctrl-C ends it)"))
    return exit_status(number)
