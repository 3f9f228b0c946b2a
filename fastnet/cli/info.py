"""`fastnet info`: versions, CPU, threads, vector width, models."""

import argparse
from typing import Any

from fastnet import weights

from .options import add_command, show

EXAMPLES = """\
  fastnet info
  fastnet info --json
"""


_LABELS = {
    "lanes": "vector lanes (float32)",
    "quotients": "Adam's quotients",
    "strips": "columns of weights",
    "shares": "order of tasks",
    "most_active": "hidden units skipped",
    "threading_layer": "threading layer",
    "cpus": "logical CPUs",
}


def add(commands: Any) -> None:
    """Declare the command."""
    instead = "fastnet inspect MODEL tells of a model"
    parser = add_command(commands, "info", "tell what fastnet runs on", EXAMPLES, instead=instead)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the facts."""
    from fastnet import __version__
    from fastnet.system import environment

    models = {"models": weights.names(), "default_model": weights.DEFAULT, "page_model": weights.SMALL}
    result = {"fastnet": __version__, **environment(), **models}
    lines = [f"{_LABELS.get(name, name):24}{text}" for name, text in _in_words(result).items()]
    show(args, result, "\n".join(lines))
    return 0


def _in_words(result: dict[str, Any]) -> dict[str, Any]:
    """The facts for people: what a model is for stands behind its name."""
    told = {name: fact for name, fact in result.items() if name not in ("default_model", "page_model")}
    if "most_active" in told:
        told["most_active"] = f"those that are off, in layers where at most {told['most_active']:.0%} are on"
    marks = {result["page_model"]: " (the page begins with it)", result["default_model"]: " (default)"}
    told["models"] = ", ".join(f"{name}{marks.get(name, '')}" for name in result["models"])
    return told
