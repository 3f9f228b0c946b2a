"""`fastnet evaluate`: accuracy and loss of a model on a test set."""

import argparse
from typing import Any

from .options import add_command, add_data_option, add_model, percent, show
from .waiting import waiting

EXAMPLES = """\
  fastnet evaluate mnist-784-512-10                     a model that comes with fastnet
  fastnet evaluate runs/mine --data ~/fashion-mnist     a run, on other images
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(commands, "evaluate", "measure a model on the test set", EXAMPLES)
    add_model(parser)
    add_data_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Evaluate and print."""
    from fastnet.data.loading import BUNDLED, load_dataset
    from fastnet.training.evaluation import evaluate_model

    with waiting("loading the data"):
        samples = load_dataset(args.data or BUNDLED).test
    with waiting("measuring on the test set"):
        loss, accuracy = evaluate_model(args.model, samples)
    result = {"model": args.model, "n": len(samples), "accuracy": accuracy, "loss": loss}
    show(args, result, f"{args.model}: accuracy {percent(accuracy)}, loss {loss:.4f} on {len(samples):,} test samples")
    return 0
