"""`fastnet ensemble`: several models as one that answers the mean of what they do."""

import argparse
from typing import Any

from fastnet.errors import ModelError, OptionError

from .options import add_command, add_data_options, given_data, given_path, percent, show
from .waiting import tell, waiting

EXAMPLES = """\
  fastnet ensemble runs/seed0 runs/seed1 runs/seed2 --out models/three    runs of one recipe with three seeds
  fastnet predict --model models/three scan.png                           it is a model like any other
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(commands, "ensemble", "put models together as one, the mean of what they answer", EXAMPLES)
    parser.add_argument(
        "models", nargs="+", metavar="MODEL", help="two or more of equally many layers, trained on the same data"
    )
    parser.add_argument("--out", type=given_path, metavar="DIR", required=True, help="a new directory for the ensemble")
    add_data_options(parser, "what the models were trained on")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the ensemble, calibrate it where its members set digits aside, and print how it does."""
    from fastnet.reading.fitting import calibrate
    from fastnet.training.ensembling import save_ensemble

    data = given_data(args)
    with waiting("measuring on the test set"):
        evaluation = save_ensemble(args.models, args.out, data)
    try:
        with waiting("saved; calibrating on the validation digits"):
            calibrate(args.out, data)
    except (ModelError, OptionError) as error:
        tell(f"it was not calibrated, and answers whatever it is shown: {error}")
    score = f"R^2 {evaluation.r2:.4f}" if evaluation.accuracy is None else f"accuracy {percent(evaluation.accuracy)}"
    figures = {"test_accuracy": evaluation.accuracy, "test_r2": evaluation.r2, "test_loss": evaluation.loss}
    known = {name: figure for name, figure in figures.items() if figure is not None}
    text = f"{args.out}: {len(args.models)} models, {score} on {evaluation.n:,} test samples"
    show(args, {"model": str(args.out), "members": args.models, **known}, text)
    return 0
