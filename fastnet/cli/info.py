"""`fastnet info`: versions, CPU, threads, vector width, models."""

import argparse
from typing import Any

from .options import add_command, show

EXAMPLES = """\
  fastnet info
  fastnet info --json
"""


def add(commands: Any) -> None:
    """Declare the command."""
    instead = "fastnet inspect MODEL tells of a model"
    parser = add_command(commands, "info", "tell what fastnet runs on", EXAMPLES, instead=instead)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the facts."""
    from fastnet import __version__, weights
    from fastnet.system import environment

    result = {"fastnet": __version__, **environment(), "models": weights.names()}
    labels = {
        "lanes": "vector lanes (float32)",
        "roots": "Adam's square roots",
        "strips": "columns of weights",
        "shares": "order of tasks",
        "threading_layer": "threading layer",
        "cpus": "logical CPUs",
    }
    lines = []
    for name, value in result.items():
        text = ", ".join(value) if isinstance(value, list) else value
        lines.append(f"{labels.get(name, name):24}{text}")
    show(args, result, "\n".join(lines))
    return 0
