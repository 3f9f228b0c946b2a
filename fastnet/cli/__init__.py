"""The command line: `fastnet COMMAND ...`, one file a command.

Each command file has `add(commands)`, which declares its options, and `run(args)`, which imports what it needs and
returns the exit code. Results go to standard output, all else to standard error.
"""

import os
from collections.abc import Sequence

from fastnet import __version__
from fastnet.errors import FORESEEN, sentence_of
from fastnet.interrupts import end

from . import (
    audit,
    benchmark,
    calibrate,
    compare,
    compare_models,
    compile,
    dashboard,
    ensemble,
    evaluate,
    export,
    info,
    inspect,
    predict,
    runs,
    serve,
    train,
)
from .completion import complete
from .loading import loading_told
from .options import Parser, set_thread_limits
from .streams import on_any_stream, one_line
from .waiting import begin, compiling_told, complain, warnings_told

_COMMANDS = (
    train,
    runs,
    evaluate,
    calibrate,
    ensemble,
    predict,
    audit,
    compare_models,
    inspect,
    export,
    compare,
    benchmark,
    info,
    compile,
    dashboard,
    serve,
)

USER_ERROR = 2


@on_any_stream
def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return 0, 2 for what the user can mend (told in one sentence), 128 + n after signal n."""
    parser = _parser()
    if "_ARGCOMPLETE" in os.environ:  # a shell asks what may come next
        complete(parser)
    args = parser.parse_args(argv)
    try:
        set_thread_limits(args.threads)
        begin(args.quiet)
        with warnings_told(), loading_told(), compiling_told():
            status: int = args.run(args)
        return status
    except FORESEEN as error:
        complain(f"fastnet {args.command}: {one_line(sentence_of(error))}")
        return USER_ERROR
    except KeyboardInterrupt as interruption:
        return end(interruption)


def _parser() -> Parser:
    parser = Parser(
        prog="fastnet",
        description="A handwritten-digit network from first principles, trained fast on a CPU.",
        epilog="`fastnet COMMAND --help` tells more, with examples.",
    )
    parser.add_argument("--version", action="version", version=f"fastnet {__version__}")
    parser.set_defaults(threads=None)  # for commands that take none
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(commands)
    return parser
