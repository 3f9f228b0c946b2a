"""`fastnet evaluate`: accuracy and loss of a model on a test set, in all and for each class."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastnet.errors import OptionError

from .options import add_command, add_data_options, add_model, given_data, percent, show
from .waiting import waiting

if TYPE_CHECKING:
    from fastnet.training.evaluation import ClassScore, Evaluation

EXAMPLES = """\
  fastnet evaluate mnist-784-512-10                     a model that comes with fastnet
  fastnet evaluate runs/mine                            a run, on the test set of its data
  fastnet evaluate runs/mine --data ~/fashion-mnist     and on other images
  fastnet evaluate runs/mine --data ~/houses-2.csv      a model of tables on all rows of another
"""


def add(commands: Any) -> None:
    """Declare the command."""
    instead = "fastnet compare-models A B compares two models"
    parser = add_command(commands, "evaluate", "measure a model on the test set", EXAMPLES, instead=instead)
    add_model(parser)
    add_data_options(parser, "what the model was trained on")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Evaluate and print."""
    from fastnet.models.data import data_of, table_of
    from fastnet.models.fields import to_json
    from fastnet.models.files import read_model
    from fastnet.training.evaluation import measure

    files = read_model(args.model)
    with waiting("loading the data"):
        if files.manifest.table and args.data:
            if args.label is not None or args.target is not None or args.transposed is not None:
                raise OptionError("--label, --target and --transposed do not go with it: the model knows its columns")
            samples, source = table_of(files, args.data), str(args.data)
        else:
            dataset = data_of(files, given_data(args))
            samples, source = dataset.test, dataset.source
    with waiting("measuring on the test set"):
        evaluation = measure(files, samples)
    result = {"model": args.model, "data": source, **to_json(evaluation)}
    show(args, result, _text(args.model, source, evaluation))
    return 0


def _text(model: str, source: str, evaluation: "Evaluation") -> str:
    if evaluation.interval is None:
        score = f"R^2 {evaluation.r2:.4f}"
    else:
        score = "accuracy {} ({} to {})".format(*map(percent, (evaluation.accuracy, *evaluation.interval)))
    told = f"{model}: {score}, loss {evaluation.loss:.4f} on {evaluation.n:,} test samples of {source}"
    return "\n".join([told, *(_table(evaluation.classes) if evaluation.classes else ())])


def _table(classes: "Sequence[ClassScore]") -> list[str]:
    """A line for each class that the model knows; one that the test set lacks has no interval."""
    width = max(5, *(len(score.name) for score in classes))
    lines = [f"  {'class':{width}}  precision    recall  95% interval         samples"]
    for score in classes:
        between = "-" if score.interval is None else "{} to {}".format(*map(percent, score.interval))
        lines.append(
            f"  {score.name:{width}}  {percent(score.precision):>9}  {percent(score.recall):>8}"
            f"  {between:19}  {score.support:7,}"
        )
    return lines
