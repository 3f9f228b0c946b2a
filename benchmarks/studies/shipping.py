"""Put a trained run among the models that come with fastnet (`make weights`, which then calibrates and audits it).

    python -m benchmarks shipping build/shipped weights/mnist-784-512-10

Its checkpoint stays behind. The manifest gets the licence, and keeps the accuracy over seeds that `records` measured,
if the recipe is the same. With `--float16` the arrays take half the bytes, and the figures on the test set are those of
the weights as they are stored. A model put in its own place stays what it is; its documents are written as this fastnet
writes them:

    python -m benchmarks shipping weights/mnist-784-512-10 weights/mnist-784-512-10
"""

import dataclasses
import shutil
import statistics
from pathlib import Path

import numpy as np

from benchmarks.publishing import study_parser
from fastnet.data.loading import load_dataset
from fastnet.files import keep_all, whole_directory
from fastnet.models.calibration import read_calibration_document, write_calibration_document
from fastnet.models.card import CARD, model_card
from fastnet.models.documents import FORMAT_VERSION, CalibrationDocument, Manifest, OverSeeds, Score
from fastnet.models.files import (
    HISTORY,
    MANIFEST,
    read_history,
    read_manifest,
    read_model,
    write_array,
    write_history,
    write_manifest,
)
from fastnet.training.evaluation import evaluate_model
from fastnet.training.recipe import Recipe, recipe_of

LICENCE = "MIT"


def main(argv: list[str]) -> None:
    parser = study_parser(__doc__)
    parser.add_argument("run", type=Path, help="what `fastnet train` made")
    parser.add_argument("model", type=Path, help="its directory in weights/")
    parser.add_argument("--float16", action="store_true", help="store the weights so")
    args = parser.parse_args(argv)
    if args.model.exists() and args.run.samefile(args.model):
        write_again(args.model)
        return
    before = read_manifest(args.model) if (args.model / MANIFEST).is_file() else None
    with whole_directory(args.model) as new:
        for path in [*args.run.glob("[Wb]*.npy"), args.run / HISTORY, args.run / MANIFEST]:
            shutil.copy(path, new)
        if args.float16:
            store_as_float16(new)
        manifest = dataclasses.replace(read_manifest(new), license=LICENCE)
        if before and same_training(manifest, before):
            manifest = dataclasses.replace(manifest, test_over_seeds=before.test_over_seeds)
        write_described(new, manifest)


def store_as_float16(model: Path) -> None:
    """Round the arrays of a model, and have its manifest tell what that makes of its figures."""
    files = read_model(model)
    with np.errstate(over="ignore"):  # what float16 cannot hold becomes infinite, and such a model is refused
        halves = {name: parameter.astype(np.float16) for name, parameter in files.parameters.items()}
    arrays = {name: write_array(model, name, array) for name, array in halves.items()}
    write_described(model, dataclasses.replace(files.manifest, arrays=dict(arrays)))
    loss, accuracy = evaluate_model(model, load_dataset().test)
    before = files.manifest.test or Score()
    print(f"{accuracy:.2%} of the test set in float16, {before.accuracy or 0:.2%} before")
    write_described(model, dataclasses.replace(read_manifest(model), test=Score(accuracy, loss)))


def write_again(model: Path) -> None:
    """Write the documents of a model in the newest form."""
    manifest, calibration = read_model(model).manifest, read_calibration_document(model)
    with whole_directory(model, keep_all) as new:
        if calibration:
            calibration = dataclasses.replace(calibration, format_version=FORMAT_VERSION)
            write_calibration_document(new, calibration)
        history_sha256 = write_history(new, read_history(model))
        manifest = dataclasses.replace(manifest, format_version=FORMAT_VERSION, history_sha256=history_sha256)
        write_described(new, manifest, calibration)


def write_described(new: Path, manifest: Manifest, calibration: CalibrationDocument | None = None) -> None:
    """Write the manifest of a model into a directory that nobody reads yet, and its card."""
    write_manifest(new, manifest)
    (new / CARD).write_text(model_card(manifest, calibration), encoding="utf-8")


def write_over_seeds(training: Manifest, accuracies: list[float], shipped: Path = Path("weights")) -> None:
    """Put what seeds make of a recipe's test accuracy beside each shipped model of that recipe and data.

    `training` is the manifest of one of the trainings, of which recipe and data count.
    """
    mean, deviation = statistics.mean(accuracies), statistics.stdev(accuracies)
    over_seeds = OverSeeds(len(accuracies), round(mean, 6), round(deviation, 6))
    for path in shipped.glob(f"[!.]*/{MANIFEST}"):
        manifest = read_manifest(path.parent)
        if same_training(training, manifest):
            with whole_directory(path.parent, keep_all) as new:
                manifest = dataclasses.replace(manifest, test_over_seeds=over_seeds)
                write_described(new, manifest, read_calibration_document(path.parent))


def same_training(first: Manifest, second: Manifest) -> bool:
    """Whether two manifests differ in the seed of their training, if at all."""
    return _samples(first) == _samples(second) is not None and _seedless(first) == _seedless(second) is not None


def _samples(manifest: Manifest) -> str | None:
    return manifest.data.sha256 if manifest.data else None


def _seedless(manifest: Manifest) -> Recipe | None:
    recipe = recipe_of(manifest)
    return dataclasses.replace(recipe, seed=0) if recipe else None
