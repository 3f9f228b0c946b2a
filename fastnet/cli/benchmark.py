"""`fastnet benchmark`: this machine's figures, side by side with the rivals that are installed."""

import argparse
import time
from typing import Any

from .options import add_command, positive, show
from .waiting import tell, waiting

EXAMPLES = """\
  fastnet benchmark                     one to two minutes on an idle machine
  pip install torch jax scikit-learn    before it, to have them take part
  fastnet benchmark --roofline          also how near the kernels come to what the machine can do
  fastnet benchmark --json > figures.json
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(commands, "benchmark", "time training and kernels beside NumPy, PyTorch, JAX, ...", EXAMPLES)
    parser.add_argument("--samples", type=positive, metavar="N", help="train on the first N images (default: all)")
    parser.add_argument("--roofline", action="store_true", help="measure the ceilings of this machine too")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure, telling how far it is, and print."""
    from fastnet.system import require_numba

    require_numba()
    from fastnet.kernels import jit
    from fastnet.timing import machine

    started = time.monotonic()

    def progress(text: str) -> None:
        tell(f"{time.monotonic() - started:4.0f} s  {text}")

    with waiting("measuring"):
        figures = machine.measure(jit.get_threads(), args.samples, progress, args.roofline)
    show(args, figures, machine.text(figures))
    return 0
