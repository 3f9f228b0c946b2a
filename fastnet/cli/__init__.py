"""The command line: `fastnet COMMAND ...`, one file a command.

Each command file has `add(commands)`, which declares its options, and `run(args)`, which imports what it needs and
returns the exit code. Results go to standard output, all else to standard error.
"""

import sys
from collections.abc import Sequence

from fastnet import __version__
from fastnet.errors import FastnetError

from . import (
    audit,
    benchmark,
    calibrate,
    compare,
    compare_models,
    dashboard,
    evaluate,
    export,
    info,
    inspect,
    predict,
    train,
)
from .options import Parser, set_thread_limits
from .streams import on_any_stream, one_line

_COMMANDS = (
    train,
    evaluate,
    calibrate,
    predict,
    audit,
    compare_models,
    inspect,
    export,
    compare,
    benchmark,
    info,
    dashboard,
)

USER_ERROR = 2
INTERRUPTED = 130


@on_any_stream
def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return 0, 2 for what the user can mend (told in one sentence), 130 after Ctrl-C."""
    args = _parser().parse_args(argv)
    try:
        set_thread_limits(args.threads)
        status: int = args.run(args)
        return status
    except FastnetError as error:
        sentence = str(error)
    except MemoryError as error:
        sentence = f"not enough memory ({error})" if str(error) else "not enough memory"
    except OSError as error:
        sentence = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    except KeyboardInterrupt:
        print("fastnet: interrupted", file=sys.stderr)
        return INTERRUPTED
    print(f"fastnet {args.command}: {one_line(sentence)}", file=sys.stderr)
    return USER_ERROR


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
