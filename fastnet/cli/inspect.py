"""`fastnet inspect`: what a model directory holds, and whether it is whole."""

import argparse
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastnet.models.card import names_of, note_of_synthetic
from fastnet.models.fields import to_json

from .options import add_command, add_model, percent, show
from .waiting import complain

if TYPE_CHECKING:
    from fastnet.audit.inspection import InspectedCalibration, Inspection
    from fastnet.models.documents import DataFacts

EXAMPLES = """\
  fastnet inspect mnist-people-large        a model that comes with fastnet
  fastnet inspect runs/mine --json          a run, for machines
"""
UNSOUND = 2
_MARGIN, _WIDTH = 24, 110


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(
        commands, "inspect", "tell what a model holds, and check each of its files", EXAMPLES, computes=False
    )
    add_model(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what there is; the exit code is 2 if a file is not as it should be."""
    from fastnet.audit.inspection import inspect_model

    facts = inspect_model(args.model)
    lines = [_wrapped(name, value) for name, value in _lines(facts) if value is not None]
    show(args, facts.to_json(), "\n".join(lines))
    for complaint in facts.complaints:
        complain(f"fastnet inspect: {complaint}")
    return UNSOUND if facts.complaints else 0


def _lines(facts: "Inspection") -> Iterator[tuple[str, str | None]]:
    yield "model", facts.directory
    yield "layers", f"{'-'.join(map(str, facts.layer_sizes))}, {facts.n_parameters:,} parameters"
    if (facts.activation, facts.loss) != ("relu", "cross_entropy"):
        yield "network of", f"activation {facts.activation}, loss {facts.loss}"
    yield "ensemble of", names_of(facts.members)
    made = "put together by" if facts.members else "trained by"
    yield made, f"fastnet {facts.fastnet_version}" if facts.fastnet_version else None
    yield "data", _data(facts.data, facts.recipe)
    yield "recipe", _listed(facts.recipe)
    yield "started from", facts.origin.model if facts.origin else None
    yield "taught by", names_of(facts.teachers)
    yield "images corrected", str(facts.corrections) if facts.corrections else None
    planned = (facts.recipe or {}).get("epochs")
    yield "epochs", None if facts.epochs is None else f"{facts.epochs} of {planned or 'unknown'}"
    yield "validation accuracy", _percent(facts.validation_accuracy)
    yield "test accuracy", _percent(facts.test.accuracy if facts.test else None)
    yield "test R^2", f"{facts.test.r2:.4f}" if facts.test and facts.test.r2 is not None else None
    over_seeds = facts.test_over_seeds
    if over_seeds and to_json(over_seeds):
        mean, deviation = percent(over_seeds.mean), percent(over_seeds.std)
        n_seeds = "some" if over_seeds.seeds is None else over_seeds.seeds
        yield f"  over {n_seeds} seeds", f"{mean} ± {deviation}"
    yield "calibration", _calibration(facts.calibration)
    yield "audit", _soundness(facts.audit.sound if facts.audit else None)
    yield "checkpoint", _soundness(facts.checkpoint)
    yield "model card", "there" if facts.card else "none"
    yield "trained on", _listed(to_json(facts.environment))
    yield "licence", facts.license
    for name, array in facts.arrays.items():
        state = "SHA-256 as in the manifest" if array.sound else "NOT SOUND"
        yield f"  {name}", f"{array.dtype} {to_json(array.shape)}, {state}"
    yield "files", f"{len(facts.files)}, {facts.bytes:,} bytes"


def _data(data: "DataFacts | None", recipe: dict[str, Any] | None) -> str | None:
    if data is None or not data.source:
        return None
    synthetic = note_of_synthetic(recipe, data.n_train or 0)
    counts = ((f"train{synthetic}", data.n_train), ("validation", data.n_validation), ("test", data.n_test))
    return ", ".join([data.source, *(f"{n:,} {name}" for name, n in counts if n is not None)])


def _calibration(calibration: "InspectedCalibration | None") -> str:
    if calibration is None:
        return _soundness(None)
    temperature = calibration.temperature
    return _soundness(calibration.sound) + (f", temperature {temperature:.3f}" if temperature else "")


def _soundness(sound: bool | None) -> str:
    return "none" if sound is None else "sound" if sound else "NOT SOUND"


def _percent(share: float | None) -> str | None:
    return None if share is None else percent(share)


def _listed(facts: Any) -> str | None:
    if not isinstance(facts, dict):
        return None
    values = {name: f"({_listed(value)})" if isinstance(value, dict) else value for name, value in facts.items()}
    return ", ".join(f"{name} {value}" for name, value in values.items() if value is not None) or None


def _wrapped(name: str, value: str) -> str:
    margin = " " * _MARGIN
    return textwrap.fill(f"{name:{_MARGIN}}{value}", _WIDTH, subsequent_indent=margin, break_long_words=False)
