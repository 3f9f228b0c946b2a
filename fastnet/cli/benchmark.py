"""`fastnet benchmark`: this machine's figures beside those of installed rivals, or those of a kernel of one's own."""

import argparse
import contextlib
import sys
import time
from typing import Any

from fastnet.errors import OptionError
from fastnet.files import require_new
from fastnet.packages import require_packages

from .options import add_command, given_path, positive, show
from .waiting import tell, waiting

EXAMPLES = """\
  fastnet benchmark                     one to two minutes on an idle machine; torch, jax and scikit-learn take part
                                        where they are installed
  fastnet benchmark --roofline          also how near the kernels come to what the machine can do
  fastnet benchmark --json > figures.json
  fastnet benchmark --kernel mine:layer_norm --against mine:textbook --cases mine:CASES --plot roofline.png
                                        a kernel of mine.py in this directory: verified, then timed (docs/kernels.md)
"""
DISAGREES = 1
OF_KERNELS = ("against", "cases", "rival", "plot")


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "time training and kernels beside NumPy, PyTorch, JAX and others"
    instead = "fastnet evaluate MODEL measures a model"
    parser = add_command(commands, "benchmark", summary, EXAMPLES, instead=instead)
    parser.add_argument("--samples", type=positive, metavar="N", help="train on the first N images (default: all)")
    parser.add_argument("--roofline", action="store_true", help="measure the ceilings of this machine too")
    group = parser.add_argument_group(
        "a kernel of your own", "Names are module:name; modules in the current directory are found, and run."
    )
    group.add_argument("--kernel", metavar="M:F", help="verify and time this function instead")
    group.add_argument("--against", metavar="M:F", help="its textbook, in NumPy")
    group.add_argument("--cases", metavar="M:CASES", help="what both are called with: fastnet.workshop.cases_of(...)")
    group.add_argument("--rival", metavar="M:F", action="append", help="time this too; may be given several times")
    group.add_argument("--plot", metavar="FILE", type=given_path, help="draw the roofline, as PNG or SVG")
    group.add_argument("--force", action="store_true", help="replace that picture if it exists")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure, telling how far it is, and print."""
    from fastnet.system import require_numba

    _require_a_whole_question(args)
    require_numba()
    return run_contests(args) if args.kernel is None else run_kernel(args)


def _require_a_whole_question(args: argparse.Namespace) -> None:
    """OptionError for options of which one needs another, or does not go with it."""
    if args.kernel is None:
        if given := [name for name in OF_KERNELS if getattr(args, name) is not None]:
            raise OptionError(f"--{given[0]} needs --kernel")
    elif args.against is None or args.cases is None:
        raise OptionError("--kernel needs --against and --cases")
    elif args.roofline or args.samples:
        raise OptionError("--kernel takes neither --roofline nor --samples")
    if args.plot:
        require_packages("--plot", "matplotlib")
        if args.plot.suffix.lower() not in (".png", ".svg"):
            raise OptionError(f"--plot draws .png or .svg, not {args.plot}")
        require_new(args.plot, args.force, "--plot")
    elif args.force:
        raise OptionError("--force needs --plot")


def run_kernel(args: argparse.Namespace) -> int:
    """Verify a kernel, then time it; 1 where it does not do what its textbook does."""
    with contextlib.redirect_stdout(sys.stderr):  # what the module itself prints is no part of the figures
        figures, text, agrees = _of_kernel(args)
    show(args, figures, text)
    return 0 if agrees else DISAGREES


def _of_kernel(args: argparse.Namespace) -> tuple[dict[str, Any], str, bool]:
    """What is found, for machines and for people, and whether the kernel does what its textbook does."""
    from fastnet.workshop import benchmark_kernel, plot, verify
    from fastnet.workshop.naming import cases_named, function_named

    kernel, reference = function_named(args.kernel), function_named(args.against)
    cases = cases_named(args.cases)
    rivals = {name: function_named(name) for name in args.rival or ()}
    with waiting("verifying"):
        report = verify(kernel, reference, cases)
    if not report.agrees:
        return {"verified": report.as_json()}, str(report), False
    with waiting("measuring"):
        comparison = benchmark_kernel(kernel, reference, cases, rivals, args.threads or 1)
    if args.plot:
        plot(comparison, args.plot)
    return {"verified": report.as_json(), **comparison.as_json()}, f"{report}\n\n{comparison}", True


def run_contests(args: argparse.Namespace) -> int:
    """Measure this machine's figures."""
    from fastnet.kernels import jit
    from fastnet.timing import machine

    started = time.monotonic()

    def progress(text: str) -> None:
        tell(f"{time.monotonic() - started:4.0f} s  {text}")

    with waiting("measuring"):
        figures = machine.measure(jit.get_threads(), args.samples, progress, args.roofline)
    show(args, figures, machine.text(figures))
    return 0
