"""`fastnet calibrate`: fit how sure a model may be, and when it must not answer."""

import argparse
import dataclasses
from typing import Any

from .options import add_command, add_data_options, add_model, given_data, given_path, percent, show
from .waiting import waiting

EXAMPLES = """\
  fastnet calibrate runs/mine                      on the validation digits that its training set aside
  fastnet calibrate runs/mine --data /mnt/data     which are those of the same data, wherever that is now
  fastnet calibrate mnist-784-512-10 --out mine    a copy of one that comes with fastnet
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(commands, "calibrate", "fit how sure a model may be, and when it must not answer", EXAMPLES)
    add_model(parser)
    add_data_options(parser, "what the model was trained on")
    parser.add_argument(
        "--out",
        type=given_path,
        metavar="DIR",
        help="a new directory for a calibrated copy (default: the model itself)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Calibrate, write it beside the model and print what it achieves."""
    from fastnet.reading.fitting import calibrate

    with waiting("calibrating on the validation digits"):
        calibration = calibrate(args.model, given_data(args), args.out)
    result = dataclasses.asdict(calibration)
    del result["likeness"]
    measured = calibration.measured
    no_help = " (it stays 1)" if calibration.temperature == 1 else ""
    lines = [
        f"temperature {calibration.temperature:.3f}: expected calibration error"
        f" {percent(measured['validation_ece'])} -> {percent(measured['validation_ece_calibrated'])}{no_help}",
        f"{percent(measured['digits_kept'])} of the validation digits are answered without doubt;"
        f" of pictures that show no digit, {percent(measured['nondigits_refused'])} are refused",
    ]
    show(args, {"model": args.model, **result}, "\n".join(lines))
    return 0
