"""`fastnet serve`: the HTTP interface, without the page."""

import argparse
import os
from typing import Any

from fastnet.interrupts import exit_status
from fastnet.packages import EXTRAS, require_packages

from .options import add_command, tell, threads
from .serving import MODELS_INSTEAD, add_directories, add_serving_options, require_directories, serving_of

EXAMPLES = """\
  fastnet serve                     answer programs on http://localhost:5007/api/
  fastnet serve --port 8000 --workers 4
  fastnet serve --models ~/models
  fastnet serve --address 0.0.0.0 --allow-origin digits.example.org
"""


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "read pictures for programs, by HTTP"
    parser = add_command(commands, "serve", summary, EXAMPLES, computes=False, prints=False, instead=MODELS_INSTEAD)
    add_serving_options(parser, 5007)
    add_directories(parser)
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
    serving = serving_of(args)
    require_directories(args)
    from tornado.netutil import bind_sockets

    from fastnet.dashboard.server.library import Library
    from fastnet.web.handler import Api
    from fastnet.web.ports import named_in_errors
    from fastnet.web.reading import Readers
    from fastnet.web.service import serve

    with named_in_errors(serving.address, serving.port):
        sockets = bind_sockets(serving.port, serving.address)
    api = Api(Library(args.models, args.runs), Readers(args.workers), serving.sites())
    number = serve(
        serving, sockets, api, on_ready=lambda: tell(f"serving on {serving.url.rstrip('/')}/api/ (Ctrl-C ends it)")
    )
    return exit_status(number)
