"""Put a trained run among the models that come with fastnet (`make weights`, which then calibrates and audits it).

    python -m benchmarks shipping build/shipped weights/mnist-784-512-10

Its checkpoint stays behind. The manifest gets the licence, and keeps the accuracy over seeds that `records` measured,
if the recipe is the same. With `--float16` the arrays take half the bytes, and the figures on the test set are those of
the weights as they are stored.
"""

import dataclasses
import json
import shutil
import statistics
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.documents import study_parser
from fastnet.data.loading import load_dataset
from fastnet.files import whole_directory, whole_file
from fastnet.models.calibration import CALIBRATION
from fastnet.models.card import CARD, model_card
from fastnet.models.files import HISTORY, MANIFEST, read_json, read_manifest, read_model, write_array
from fastnet.training.evaluation import evaluate_model
from fastnet.training.recipe import Recipe

LICENCE = "MIT"
OVER_SEEDS = "test_over_seeds"


def main(argv: list[str]) -> None:
    parser = study_parser(__doc__)
    parser.add_argument("run", type=Path, help="what `fastnet train` made")
    parser.add_argument("model", type=Path, help="its directory in weights/")
    parser.add_argument("--float16", action="store_true", help="store the weights so")
    args = parser.parse_args(argv)
    facts: dict[str, Any] = {"license": LICENCE}
    before = read_manifest(args.model) if (args.model / MANIFEST).is_file() else {}
    if OVER_SEEDS in before and same_training(read_manifest(args.run), before):
        facts[OVER_SEEDS] = before[OVER_SEEDS]
    with whole_directory(args.model) as new:
        for path in [*args.run.glob("[Wb]*.npy"), args.run / HISTORY, args.run / MANIFEST]:
            shutil.copy(path, new)
        if args.float16:
            facts |= store_as_float16(new)
        write_facts(new, facts)


def store_as_float16(model: Path) -> dict[str, Any]:
    """Round the arrays of a model, and return what changes in its manifest."""
    files = read_model(model)
    with np.errstate(over="ignore"):  # what float16 cannot hold becomes infinite, and such a model is refused
        halves = {name: parameter.astype(np.float16) for name, parameter in files.parameters.items()}
    write_facts(model, {"arrays": {name: write_array(model, name, array) for name, array in halves.items()}})
    loss, accuracy = evaluate_model(model, load_dataset().test)
    print(f"{accuracy:.2%} of the test set in float16, {files.manifest['test']['accuracy']:.2%} before")
    return {"test": {"accuracy": accuracy, "loss": loss}}


def write_facts(model: Path, facts: dict[str, Any]) -> None:
    """Add facts to the manifest of a model, and to its card."""
    manifest = {**read_manifest(model), **facts}
    manifest["arrays"] = manifest.pop("arrays")  # stays the last
    calibration = read_json(model / CALIBRATION) if (model / CALIBRATION).is_file() else None
    for name, text in ((MANIFEST, json.dumps(manifest, indent=2) + "\n"), (CARD, model_card(manifest, calibration))):
        with whole_file(model / name) as new:
            new.write_text(text, encoding="utf-8")


def write_over_seeds(training: dict[str, Any], accuracies: list[float], shipped: Path = Path("weights")) -> None:
    """Put what seeds make of a recipe's test accuracy beside each shipped model of that recipe and data.

    `training` is the manifest of one of the trainings, of which recipe and data count.
    """
    mean, deviation = statistics.mean(accuracies), statistics.stdev(accuracies)
    over_seeds = {"seeds": len(accuracies), "mean": round(mean, 6), "std": round(deviation, 6)}
    for path in shipped.glob(f"*/{MANIFEST}"):
        if same_training(training, read_manifest(path.parent)):
            write_facts(path.parent, {OVER_SEEDS: over_seeds})


def same_training(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Whether two manifests differ in the seed of their training, if at all."""
    return first["data"]["sha256"] == second["data"]["sha256"] and _seedless(first) == _seedless(second)


def _seedless(manifest: dict[str, Any]) -> Recipe:
    return dataclasses.replace(Recipe.from_json(manifest["recipe"]), seed=0)
