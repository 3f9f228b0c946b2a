"""`fastnet export`: a model as one file for other programs."""

import argparse
from pathlib import Path
from typing import Any

from .options import add_command, add_model, given_path, show
from .waiting import waiting

EXAMPLES = """\
  fastnet export mnist-people-large --to onnx                for onnxruntime and what else runs ONNX
  fastnet export runs/mine --to safetensors --out my.safetensors
  fastnet export runs/mine --to npz                          for numpy.load
  fastnet export mnist-784-512-10-people --to html           a page that reads what is drawn, without a server
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(commands, "export", "write a model as one file for other programs", EXAMPLES, computes=False)
    add_model(parser)
    forms = ("onnx", "safetensors", "npz", "html")
    parser.add_argument("--to", required=True, choices=forms, metavar="FORM", help=", ".join(forms))
    parser.add_argument("--out", type=given_path, metavar="FILE", help="(default: the model's name, in this directory)")
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Export and tell where to."""
    from fastnet.models.exporting import export_model
    from fastnet.models.files import find_model

    target = args.out or Path(f"{find_model(args.model).resolve().name}.{args.to}")
    with waiting("writing the file"):
        export_model(args.model, target, args.to, args.force)
    n_bytes = target.stat().st_size
    show(args, {"model": args.model, "file": str(target), "bytes": n_bytes}, f"{target}: {n_bytes:,} bytes")
    return 0
