"""`fastnet evaluate`: accuracy and loss of a model on a test set."""

import argparse
import dataclasses
from typing import Any

from fastnet.errors import OptionError

from .options import add_command, add_data_option, add_seed, percent, show

EXAMPLES = """\
  fastnet evaluate mnist-784-512-10                     the model that comes with fastnet
  fastnet evaluate runs/mine --data ~/fashion-mnist     a run, on other images
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(commands, "evaluate", "measure a model on the test set", EXAMPLES)
    parser.add_argument("model", metavar="MODEL", help="a run or model directory, or the name of a shipped model")
    add_data_option(parser)
    add_seed(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Evaluate and print."""
    import numpy as np

    from fastnet.datasets import BUNDLED, load_dataset
    from fastnet.engine import Engine
    from fastnet.model_files import read_model
    from fastnet.network import Network
    from fastnet.recipe import Recipe

    files = read_model(args.model)
    source = args.data or BUNDLED
    samples = load_dataset(source).test
    n_features, *_, n_classes = files.layer_sizes
    if samples.n_features != n_features or samples.labels.max() >= n_classes:
        raise OptionError(
            f"{args.model} takes images of {n_features} pixels in {n_classes} classes;"
            f" {source} has {samples.n_features} pixels and labels up to {samples.labels.max()}"
        )
    if samples.images.dtype == np.uint8:
        samples = dataclasses.replace(samples, scale=files.pixel_scale)
    network = Network.zeros(files.layer_sizes)
    network.set_parameters(files.parameters)
    loss, accuracy = Engine(network, Recipe()).evaluate(samples)
    result = {"model": args.model, "n": len(samples), "accuracy": accuracy, "loss": loss}
    show(args, result, f"{args.model}: accuracy {percent(accuracy)}, loss {loss:.4f} on {len(samples):,} test samples")
    return 0
