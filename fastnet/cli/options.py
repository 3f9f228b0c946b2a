"""What the commands share: the parser with its one-sentence errors, common options, output for people or machines."""

import argparse
import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from fastnet.data.distortions import UNDISTORTED, Augmentation
from fastnet.errors import OptionError, did_you_mean, told
from fastnet.kernels.compilation import MOST_THREADS
from fastnet.knobs import Knob, knobs
from fastnet.packages import interpreter
from fastnet.training.recipe import FOR_SGD, Recipe, sizes_of

from .streams import lines
from .waiting import tell as tell

if TYPE_CHECKING:
    from fastnet.data.samples import Dataset

# Read by NumPy's matrix products and by Numba when they are first imported.
_BLAS_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_NUMBA_THREAD_VARIABLE = "NUMBA_NUM_THREADS"

MOST = 10**9

# What makes a recipe, by the name of the field: the strengths of its distortions stand for the augmentation.
OPTIONS = {name: knob for name, knob in (knobs(Recipe) | knobs(Augmentation)).items() if name != "augmentation"}

# What some of them do nothing without: in words, and whether a recipe has it.
_Need = tuple[str, Callable[[Recipe], object]]
_WITH_ADAM: _Need = ("--solver adam", lambda recipe: recipe.solver == "adam")
_WITH_SGD: _Need = ("--solver sgd", lambda recipe: recipe.solver == "sgd")
_WITH_TEACHER: _Need = ("--teacher", lambda recipe: recipe.teacher)
_NEEDS: dict[str, _Need] = {
    "beta1": _WITH_ADAM,
    "beta2": _WITH_ADAM,
    "eps": _WITH_ADAM,
    "momentum": _WITH_SGD,
    "nesterov": _WITH_SGD,
    "teacher_share": _WITH_TEACHER,
    "temperature": _WITH_TEACHER,
    "annealing": ("distortions, as --recipe fast has them", lambda recipe: recipe.augmentation),
    "last_strength": ("--annealing", lambda recipe: recipe.annealing),
}


class Parser(argparse.ArgumentParser):
    """An argument parser that reports an error as one sentence, with the nearest name that exists, and exit code 2."""

    purpose = ""  # what the command is for, as in "tell what fastnet runs on"
    instead = ""  # what a word that the command does not take may have been meant for

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)  # `--model` for `--models` would name another thing

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse has it; what the command does not know is an error here, where all that it knows is at hand."""
        self._refuse_unknown_options(sys.argv[1:] if args is None else args)
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown and unknown[0].startswith("-"):
            self._refuse_option(unknown[0])
        if unknown:
            self.error(self._told_of_words(" ".join(unknown)))
        return parsed, unknown

    def _refuse_unknown_options(self, words: Sequence[str]) -> None:
        """Before argparse asks for what is missing, for which an unknown option may have been meant."""
        if self._subparsers:
            words = list(takewhile(lambda word: word.startswith("-"), words))  # what follows is for the command
        for word in takewhile(lambda word: word != "--", words):
            name = word.partition("=")[0]
            if name.startswith("--") and " " not in name and name not in self._option_string_actions:
                self._refuse_option(name)

    def _refuse_option(self, name: str) -> NoReturn:
        longer = [option for option in self._option_string_actions if option.startswith(name)]
        if len(longer) in (1, 2):
            near = f"; did you mean {' or '.join(longer)}?"
        else:
            near = did_you_mean(name, self._option_string_actions)
        self.error(f"there is no option {name}{near}")

    def _told_of_words(self, words: str) -> str:
        """The sentence about words that no option takes, and that are more than the command does."""
        taken = [str(action.metavar) for action in self._get_positional_actions()]
        if any(action.nargs in ("*", "+") for action in self._get_positional_actions()):
            return f"{words}: stands apart; each {taken[-1]} stands beside the first, without an option between them"
        alone = f"{', '.join(taken)} and options" if taken else "options"
        hint = f"; {self.instead}" if self.instead else ""
        return f"takes {alone} alone, not {words}: it is there to {self.purpose}{hint}"

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            near = did_you_mean(str(value), map(str, action.choices))
            raise argparse.ArgumentError(action, f"{value!r} is none of {', '.join(action.choices)}{near}")

    def error(self, message: str) -> NoReturn:
        """Print the sentence and leave."""
        space = "\n" if "\n" in message else " "
        self.exit(2, f"{self.prog}: {message}{space}(see {self.prog} --help)\n")


def add_command(
    commands: Any,
    name: str,
    summary: str,
    examples: str,
    computes: bool = True,
    prints: bool = True,
    instead: str = "",
) -> Parser:
    """Declare a command, with --threads if what it computes takes long and --json if it prints results.

    `instead` ends the sentence about words that it does not take: what they may have been meant for.
    """
    parser: Parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.purpose, parser.instead = summary, instead
    if computes:
        parser.add_argument("--threads", type=threads, metavar="N", help="threads to use (default: all CPUs)")
    parser.add_argument("--quiet", action="store_true", help="tell nothing but errors on standard error")
    if prints:
        parser.add_argument("--json", action="store_true", help="print one JSON object for machines, and nothing else")
    return parser


def add_recipe_options(parser: argparse.ArgumentParser, without: Sequence[str] = ()) -> None:
    """Declare the options that make a `Recipe`; what is not given is left out of the parsed arguments."""
    group = parser.add_argument_group("recipe")
    for name, knob in knobs(Recipe).items():
        if name in OPTIONS and name not in without:
            _add_knob(group, knob, f"{knob.help} (default: {knob.text(knob.default)})")
    group = parser.add_argument_group(
        "distortions",
        "Of the training images, anew in each epoch; --rotation 5 alone makes the plain recipe turn them only.",
    )
    for name, knob in knobs(Augmentation).items():
        _add_knob(group, knob, f"{knob.help} (default: the recipe's, or {knob.text(getattr(UNDISTORTED, name))})")


def given_options(args: argparse.Namespace) -> dict[str, Any]:
    """Those of a recipe's and its distortions' options that stood on the command line: values by the field's name."""
    return {name: value for name, value in vars(args).items() if name in OPTIONS}


def with_given_options(recipe: Recipe, args: argparse.Namespace) -> Recipe:
    """The recipe with what stood on the command line; for images, sgd brings what suits it, unless that is given.

    OptionError for an option that would change nothing.
    """
    given = given_options(args)
    if given.get("solver") == "sgd" and getattr(args, "target", None) is None:  # numbers to predict bear no such rate
        given = FOR_SGD | given
    strengths = {name: given.pop(name) for name in knobs(Augmentation) if name in given}
    if strengths:
        given["augmentation"] = replace(recipe.augmentation or UNDISTORTED, **strengths)
    made = replace(recipe, **given)
    if idle := [name for name in _idle(made) if name in given]:
        raise OptionError(f"{OPTIONS[idle[0]].option} does nothing without {_NEEDS[idle[0]][0]}")
    return made


def _idle(recipe: Recipe) -> list[str]:
    """The options that change nothing of a training by this recipe."""
    return [name for name, (_, is_there) in _NEEDS.items() if not is_there(recipe)]


def require_labels_for(recipe: Recipe, args: argparse.Namespace) -> None:
    """OptionError for a loss of such labels as the data of the command line have not."""
    if recipe.loss == "logistic":
        raise OptionError("--loss logistic is for several labels a sample, from Python")
    if recipe.is_regression and args.target is None:
        raise OptionError("--loss squared_error and poisson need --target")


def as_options(recipe: Recipe) -> list[str]:
    """What would have to stand on the command line for such a training as the recipe's, beside the default one."""
    values = vars(recipe) | vars(recipe.augmentation or UNDISTORTED)
    defaults = vars(Recipe()) | vars(UNDISTORTED) | (FOR_SGD if recipe.solver == "sgd" else {})
    defaults |= {name: values[name] for name in _idle(recipe)}
    changed = [
        (knob.option, knob.text(values[name])) for name, knob in OPTIONS.items() if values[name] != defaults[name]
    ]
    return [f"--no{option[1:]}" if text == "False" else f"{option} {text}" for option, text in changed]


def _add_knob(group: Any, knob: Knob, help_text: str) -> None:
    words: dict[Any, dict[str, Any]] = {
        bool: {"action": argparse.BooleanOptionalAction},
        int: {"type": partial(whole, least=int(knob.least or 0), most=int(knob.most or MOST)), "metavar": "N"},
        float: {"type": float, "metavar": knob.unit.upper() if knob.unit.isalpha() else "X"},
        str: {"metavar": "NAME"},
        tuple: {"type": layer_sizes, "metavar": "N,N,..."},
    }
    group.add_argument(knob.option, dest=knob.name, default=argparse.SUPPRESS, help=help_text, **words[knob.kind])


def add_model(parser: argparse.ArgumentParser) -> None:
    """Declare the model that a command is about."""
    parser.add_argument(
        "model", metavar="MODEL", help="a run or model directory, or the name of a run in runs/ or of a shipped model"
    )


def data_source(text: str) -> Path | None:
    """A path; None for the data that comes with fastnet."""
    return None if text == "mnist" else given_path(text)


def given_path(text: str) -> Path:
    """The path of a file or directory; an empty one would be the current directory."""
    if not text:
        raise argparse.ArgumentTypeError("the name of a file or directory is empty")
    return Path(text)


def add_data_option(
    parser: argparse.ArgumentParser, default: str = "mnist", kind: Callable[[str], Path | None] = data_source
) -> None:
    """Declare --data."""
    parser.add_argument(
        "--data",
        type=kind,
        metavar="SOURCE",
        help='"mnist" (comes with fastnet), or a file or directory: IDX, npz, CSV, Parquet, folders of pictures'
        f" (default: {default})",
    )


def add_data_options(parser: argparse.ArgumentParser, default: str = "mnist") -> None:
    """Declare --data, and what may be said of it, for `given_data`."""
    add_data_option(parser, default, given_path)
    parser.add_argument("--label", metavar="COLUMN", help="name or number of the column that holds a table's labels")
    parser.add_argument("--target", metavar="COLUMN", help="the column of a table that is predicted from the others")
    add_transposed(parser, "found out")


def add_transposed(parser: argparse.ArgumentParser, default: str) -> None:
    """Declare --transposed, which is None where nothing is said; `default` tells what that means."""
    parser.add_argument(
        "--transposed",
        action=argparse.BooleanOptionalAction,
        default=None,
        help=f"whether images are stored column by column, as EMNIST's are (default: {default})",
    )


def given_data(args: argparse.Namespace, loss: str | None = None) -> "Dataset | None":
    """The data set of --data, None without it, with the corrections; what was found out about it is told.

    `loss` says whether a target is a number or a class, where --loss does not.
    """
    corrections = getattr(args, "corrections", None)
    if args.target is not None and (args.label is not None or args.transposed is not None or corrections is not None):
        raise OptionError("--target is for a table of any columns; --label, --transposed and --corrections for images")
    if args.data is None:
        if args.label is not None or args.transposed is not None or args.target is not None:
            raise OptionError("--label, --target and --transposed say what --data does not, and there is no --data")
        if corrections is None:
            return None
    from fastnet.data.loading import BUNDLED, load_dataset

    given = BUNDLED if args.data is None else str(args.data)
    source = BUNDLED if given == BUNDLED else args.data.absolute()  # for a run that is resumed from elsewhere
    dataset = load_dataset(
        source,
        label=args.label,
        transposed=args.transposed,
        corrections=corrections,
        target=args.target,
        loss=getattr(args, "loss", loss),
    )
    for note in dataset.notes:
        tell(f"{dataset.source}: {note}")
    return dataset


def fitting_recipe(recipe: "Recipe", dataset: "Dataset", args: argparse.Namespace) -> "Recipe":
    """The recipe for a data set: numbers of a table have a loss of their own, and validation takes a tenth at most.

    If the command line says how much validation takes, that stays.
    """
    if dataset.table and dataset.train.has_targets and recipe.loss == "cross_entropy":
        recipe = replace(recipe, loss="squared_error")
    if "n_validation" in given_options(args):
        return recipe
    n_train = len(dataset.train) - dataset.n_corrections
    return replace(recipe, n_validation=min(recipe.n_validation, n_train // 10))


def set_thread_limits(n_threads: int | None) -> None:
    """Limit the threads of Numba and of NumPy's BLAS; must come before either is imported."""
    if n_threads is None:
        return
    for variable in (*_BLAS_THREAD_VARIABLES, _NUMBA_THREAD_VARIABLE):
        os.environ[variable] = str(n_threads)


def prefer_one_blas_thread() -> None:
    """Have NumPy multiply in one thread unless the environment says otherwise; must come before it is imported.

    Threads that share the small products of a single picture wait for each other, on a busy machine for long.
    """
    for variable in _BLAS_THREAD_VARIABLES if "numpy" not in sys.modules else ():
        os.environ.setdefault(variable, "1")


def show(args: argparse.Namespace, result: dict[str, Any], text: str) -> None:
    """Print the result: as JSON with --json, else as text."""
    print(json.dumps(result, allow_nan=False) if args.json else lines(text))


def program() -> str:
    """The command `fastnet` as it can be typed here: with its directory where that is not on PATH."""
    here = Path(sys.argv[0])
    if here.parts[-2:] == ("fastnet", "__main__.py"):
        return f"{interpreter()} -m fastnet"
    found = shutil.which("fastnet")
    if here.stem != "fastnet" or (found and here.exists() and os.path.samefile(found, here)):
        return "fastnet"
    return shlex.quote(str(here))


def percent(share: float | None) -> str:
    """A share as a percentage with two decimals, or a dash."""
    return "-" if share is None else f"{share:.2%}"


def positive(text: str) -> int:
    """A whole number from 1."""
    return whole(text, 1)


def threads(text: str) -> int:
    """A number of threads."""
    return whole(text, 1, MOST_THREADS)


def natural(text: str) -> int:
    """A whole number from 0."""
    return whole(text, 0)


def layer_sizes(text: str) -> tuple[int, ...]:
    """The sizes of hidden layers: "512", "512,256", or "none"."""
    try:
        return sizes_of(text)
    except OptionError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def whole(text: str, least: int, most: int = MOST) -> int:
    """A whole number within bounds."""
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{told(text, 80)!r} is not a whole number from {least} to {most:,}")
    return number
