"""What the commands share: the parser with its one-sentence errors, common options, output for people or machines."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from fastnet.training.recipe import Recipe

# Read by NumPy's matrix products and by Numba when they are first imported.
_BLAS_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_NUMBA_THREAD_VARIABLE = "NUMBA_NUM_THREADS"


MOST = 10**9
MOST_THREADS = 256


class Parser(argparse.ArgumentParser):
    """An argument parser that reports an error as one sentence, with exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Print the sentence and leave."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def add_command(commands: Any, name: str, summary: str, examples: str) -> argparse.ArgumentParser:
    """Declare a command with the options that every command has."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--threads", type=threads, metavar="N", help="threads to use (default: all CPUs)")
    parser.add_argument("--json", action="store_true", help="print one JSON object for machines, and nothing else")
    return parser


def add_seed(parser: argparse.ArgumentParser) -> None:
    """Declare --seed for a command that draws no random numbers, so that every command takes it."""
    parser.add_argument(
        "--seed", type=natural, default=Recipe.seed, metavar="N", help="taken by every command; without effect here"
    )


def add_recipe_options(parser: argparse.ArgumentParser, with_engine: bool) -> None:
    """Declare the options that make a `Recipe`; what is not given is left out of the parsed arguments."""
    group = parser.add_argument_group("recipe")

    def add(option: str, help_text: str, default: object, **kwargs: Any) -> None:
        group.add_argument(option, default=argparse.SUPPRESS, help=f"{help_text} (default: {default})", **kwargs)

    add("--hidden", 'sizes of the hidden layers, or "none"', "512", type=layer_sizes, metavar="N,N,...")
    add("--epochs", "epochs: passes over the training samples", Recipe.epochs, type=positive, metavar="N")
    add("--passes", "passes that make an epoch, as for an endless stream", Recipe.passes, type=positive, metavar="N")
    add("--batch-size", "samples a step", Recipe.batch_size, type=positive, metavar="N")
    add("--learning-rate", "Adam's step size, at its peak", Recipe.learning_rate, type=float, metavar="RATE")
    add("--schedule", "constant, or falling to 0 as a line or a cosine", Recipe.schedule, metavar="NAME")
    add("--warmup-epochs", "epochs over which the rate rises at first", Recipe.warmup_epochs, type=float, metavar="X")
    add("--weight-decay", "decoupled weight decay", Recipe.weight_decay, type=float, metavar="X")
    add("--label-smoothing", "share of a label that all classes get", Recipe.label_smoothing, type=float, metavar="X")
    add("--dropout", "share of hidden units dropped in a step", Recipe.dropout, type=float, metavar="X")
    add("--input-dropout", "share of pixels dropped in a step", Recipe.input_dropout, type=float, metavar="X")
    add("--selectivity", "share of the samples, hard ones, to step on", Recipe.selectivity, type=float, metavar="X")
    add("--clip-norm", "longest gradient of a step", "none", type=float, metavar="X")
    add("--beta1", "decay of Adam's first moment", Recipe.beta1, type=float, metavar="X")
    add("--beta2", "decay of Adam's second moment", Recipe.beta2, type=float, metavar="X")
    add("--eps", "added to Adam's denominator", Recipe.eps, type=float, metavar="X")
    add(
        "--validation",
        "training samples set aside for validation",
        Recipe.n_validation,
        type=natural,
        metavar="N",
        dest="n_validation",
    )
    add("--seed", "seed of all random numbers", Recipe.seed, type=natural, metavar="N")
    if with_engine:
        add("--engine", "numba (the fast kernels) or reference (NumPy)", Recipe.engine, metavar="NAME")


def given_recipe_options(args: argparse.Namespace) -> dict[str, Any]:
    """The recipe options that stood on the command line."""
    return {name: value for name, value in vars(args).items() if name in Recipe.__dataclass_fields__}


def add_model(parser: argparse.ArgumentParser) -> None:
    """Declare the model that a command is about."""
    parser.add_argument("model", metavar="MODEL", help="a run or model directory, or the name of a shipped model")


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Declare --data."""
    parser.add_argument(
        "--data",
        type=data_source,
        metavar="SOURCE",
        help='"mnist" (comes with fastnet), a directory with four IDX files, or an .npz (default: mnist)',
    )


def data_source(text: str) -> Path | None:
    """A path; None for the data that comes with fastnet."""
    return None if text == "mnist" else Path(text)


def set_thread_limits(n_threads: int | None) -> None:
    """Limit the threads of Numba and of NumPy's BLAS; must come before either is imported."""
    if n_threads is None:
        return
    for variable in _BLAS_THREAD_VARIABLES:
        os.environ[variable] = str(n_threads)
    os.environ[_NUMBA_THREAD_VARIABLE] = str(n_threads)


def show(args: argparse.Namespace, result: dict[str, Any], text: str) -> None:
    """Print the result: as JSON with --json, else as text."""
    print(json.dumps(result, allow_nan=False) if args.json else text)


def tell(text: str) -> None:
    """Print a line for people to standard error."""
    print(text, file=sys.stderr, flush=True)


def percent(share: float | None) -> str:
    """A share as a percentage with two decimals, or a dash."""
    return "-" if share is None else f"{share:.2%}"


def positive(text: str) -> int:
    """A whole number from 1."""
    return _whole(text, 1)


def threads(text: str) -> int:
    """A number of threads."""
    return _whole(text, 1, MOST_THREADS)


def natural(text: str) -> int:
    """A whole number from 0."""
    return _whole(text, 0)


def layer_sizes(text: str) -> tuple[int, ...]:
    """The sizes of hidden layers: "512", "512,256", or "none"."""
    if text.strip().lower() in ("none", ""):
        return ()
    return tuple(positive(size) for size in text.split(","))


def _whole(text: str, least: int, most: int = MOST) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most:,}")
    return number
