"""`fastnet compile`: compile the kernels ahead, so that the first training starts at once."""

import argparse
import time
from typing import Any

from fastnet.kernels.compilation import IMAGES

from .options import add_command, natural, show
from .waiting import waiting

EXAMPLES = """\
  fastnet compile                          for images of bytes, as MNIST's, and one to three hidden layers
  fastnet compile --layers 0 1             for other numbers of hidden layers
  fastnet compile --images float32 sparse  for other images
"""


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "compile the kernels ahead, so that the first training starts at once"
    instead = "fastnet export MODEL writes a model for other programs"
    parser = add_command(commands, "compile", summary, EXAMPLES, computes=False, instead=instead)
    parser.add_argument(
        "--layers", nargs="+", type=natural, default=[1, 2, 3], metavar="N", help="hidden layers (default: 1 2 3)"
    )
    parser.add_argument(
        "--images",
        nargs="+",
        choices=IMAGES,
        default=["uint8"],
        metavar="TYPE",
        help=f"{', '.join(IMAGES)} (default: uint8)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compile, and print what was not there before."""
    from fastnet.system import require_numba

    require_numba()
    from fastnet.kernels import jit
    from fastnet.training.compiling import compile_ahead

    started = time.monotonic()
    with waiting("preparing the kernels") as wait:

        def begin(part: str) -> None:
            wait.text = f"preparing the kernels: {part}"

        n_compiled = compile_ahead(args.layers, args.images, begin)
    seconds = time.monotonic() - started
    place = jit.CACHE_DIRECTORY or "nowhere: no directory for them can be written to"
    result = {"compiled": n_compiled, "seconds": seconds, "directory": jit.CACHE_DIRECTORY}
    text = f"{n_compiled} functions compiled in {seconds:.0f} s" if n_compiled else "all was compiled before"
    show(args, result, f"{text}; they are kept in {place}")
    return 0
