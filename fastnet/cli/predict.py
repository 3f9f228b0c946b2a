"""`fastnet predict`: the digit in each picture."""

import argparse
from pathlib import Path
from typing import Any

from fastnet.weights import DEFAULT as DEFAULT_MODEL

from .options import add_command, add_seed, percent, show

EXAMPLES = """\
  fastnet predict seven.png                          the digit and its probability
  fastnet predict *.png --model runs/mine --json     with another model, for machines
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(commands, "predict", "read the digit in pictures", EXAMPLES)
    parser.add_argument("pictures", nargs="+", type=Path, metavar="IMAGE", help="a picture of one digit")
    parser.add_argument("--model", default=DEFAULT_MODEL, metavar="NAME", help="(default: %(default)s)")
    add_seed(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Predict and print."""
    import numpy as np

    from fastnet.inference import Predictor
    from fastnet.pictures import read_picture

    predictor = Predictor.load(args.model)
    images = np.stack([read_picture(path) for path in args.pictures])
    probabilities = predictor.predict_proba(images)
    results = [
        {
            "path": str(path),
            "digit": int(row.argmax()),
            "probability": float(row.max()),
            "probabilities": [float(probability) for probability in row],
        }
        for path, row in zip(args.pictures, probabilities, strict=True)
    ]
    lines = [
        f"{path}: {row.argmax()} ({percent(row.max())})" for path, row in zip(args.pictures, probabilities, strict=True)
    ]
    show(args, {"results": results}, "\n".join(lines))
    return 0
