"""`fastnet compare-models`: is one model better than another, and on which digits?"""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastnet.files import require_new, whole_file
from fastnet.packages import require_packages

from .options import add_command, add_data_options, given_data, given_path, percent, show, tell
from .waiting import waiting

if TYPE_CHECKING:
    from fastnet.audit.comparison import Comparison, Disagreement
    from fastnet.data.samples import Samples

EXAMPLES = """\
  fastnet compare-models mnist-784-512-10-best mnist-784-512-10
  fastnet compare-models runs/mine mnist-784-512-10-best --picture difference.png
"""
MOST_LISTED = 10


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(commands, "compare-models", "hold two models against each other on a test set", EXAMPLES)
    parser.add_argument("model", metavar="A", help="a run or model directory, or the name of a shipped model")
    parser.add_argument("other", metavar="B", help="the same")
    parser.add_argument(
        "--picture", type=given_path, metavar="PNG", help="draw the digits that only one of them reads right"
    )
    parser.add_argument("--force", action="store_true", help="replace that picture if it exists")
    add_data_options(parser, "what A was trained on")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare, draw if asked to, and print."""
    from fastnet.audit.comparison import compare_models
    from fastnet.models.data import data_of
    from fastnet.models.fields import to_json
    from fastnet.models.files import find_model, read_model
    from fastnet.models.model import Model

    if args.picture:
        require_packages("a picture", "matplotlib")
        require_new(args.picture, args.force, "--picture")
    files = [read_model(name) for name in (args.model, args.other)]
    for each in files:  # before the data are held against them: those of a regression have no classes
        each.manifest.require_classes("a comparison of models")
    with waiting("loading the data"):
        dataset = data_of(files[0], given_data(args))
        samples = data_of(files[1], dataset).test
    if find_model(args.model).samefile(find_model(args.other)):
        tell(f"{args.other}: is the first model itself, so nothing tells them apart")
    first, second = Model.load(args.model), Model.load(args.other)
    with waiting("asking both models"):
        comparison = compare_models(first, second, samples)
    if args.picture:
        with waiting("drawing"):
            _draw(args, comparison, samples, first.classes)
    text = _text(comparison, args.model, args.other, first.classes)
    show(args, {"models": [args.model, args.other], **to_json(comparison)}, text)
    return 0


def _draw(args: argparse.Namespace, comparison: "Comparison", samples: "Samples", classes: Sequence[str]) -> None:
    from fastnet.audit.drawing import png
    from fastnet.audit.grids import draw_disagreements

    figure = draw_disagreements(comparison, (args.model, args.other), samples, classes)
    if figure is None:
        tell("there is nothing to draw: both read the same digits right")
    else:
        with whole_file(args.picture) as new:
            new.write_bytes(png(figure))
        tell(f"drawn in {args.picture}")


def _text(comparison: "Comparison", first: str, second: str, classes: Sequence[str]) -> str:
    """The table of counts, the test, and the digits that only one of them reads right."""
    accuracies = [percent(accuracy) for accuracy in comparison.accuracy]
    rows = [
        ("both right", comparison.both_right),
        (f"only {first}", comparison.only_first),
        (f"only {second}", comparison.only_second),
        ("neither", comparison.neither),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(
        [
            f"{first}: {accuracies[0]}, {second}: {accuracies[1]} of {comparison.n:,} test samples",
            *(f"  {name:{width}}  {n:6,}" for name, n in rows),
            f"McNemar's test ({comparison.mcnemar.test}): p = {comparison.mcnemar.p_value:.2g}",
            _digits(first, comparison.digits.only_first, classes),
            _digits(second, comparison.digits.only_second, classes),
        ]
    )


def _digits(name: str, digits: "Sequence[Disagreement]", classes: Sequence[str]) -> str:
    """Which they are: the number of the sample and what its class is called, or how many more there are."""
    listed = ", ".join(f"{digit.row} (a {classes[digit.label]})" for digit in digits[:MOST_LISTED])
    more = f" and {len(digits) - MOST_LISTED:,} more" if len(digits) > MOST_LISTED else ""
    return f"only {name}: {listed or 'none'}{more}"
