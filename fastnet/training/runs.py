"""Run directories: a training's model, history and checkpoint, written whole after each epoch and taken up again.

A run is a model directory (see `model_files`) with two files more: `history.json`, a figure a column for each epoch,
and `checkpoint.npz`, Adam's moments. The manifest holds recipe, data set and progress.
"""

import dataclasses
import hashlib
import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from fastnet import __version__, system
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Dataset
from fastnet.errors import DataError, ModelError, OptionError
from fastnet.files import whole_directory
from fastnet.models.files import CHECKPOINT, HISTORY, MANIFEST, read_bytes, read_json, read_model, write_model

from .recipe import Recipe
from .trainer import EpochRecord, Progress, Training

_MOMENTS = ("m", "v")  # prefixes of Adam's two moments in the checkpoint


def new_run_directory(recipe: Recipe, parent: Path = Path("runs")) -> Path:
    """A path that does not exist yet, named after the time, the hidden layers and the seed."""
    layers = "-".join(str(size) for size in recipe.hidden) or "linear"
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{layers}-seed{recipe.seed}"
    candidates = [parent / name, *(parent / f"{name}-{number}" for number in range(2, 1000))]
    return next(path for path in candidates if not path.exists())


def save_run(training: Training, directory: Path, test: dict[str, float] | None = None) -> None:
    """Write the run as it stands; `test` holds the final figures on the test set (accuracy and loss)."""
    with whole_directory(directory) as new:
        checkpoint = _checkpoint_bytes(training)
        (new / CHECKPOINT).write_bytes(checkpoint)
        history = [dataclasses.asdict(record) for record in training.progress.history]
        (new / HISTORY).write_text(json.dumps(history, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        facts = _facts(training, test)
        facts["checkpoint_sha256"] = hashlib.sha256(checkpoint).hexdigest()
        write_model(new, training.network.parameters(), facts)


def load_run(directory: Path, dataset: Dataset | None = None, epochs: int | None = None) -> Training:
    """The training that `save_run` wrote, ready to go on to the same bits as if it had never stopped.

    The data set is loaded from where the run had it, unless given; it must be the same samples. `epochs` replaces the
    recipe's number of epochs. ModelError, DataError or OptionError where the run cannot go on.
    """
    files = read_model(directory)
    manifest_path = files.directory / MANIFEST
    try:
        recipe = Recipe.from_json(files.manifest["recipe"])
        progress = Progress(**_checked(Progress, files.manifest["progress"]), history=read_history(files.directory))
        source, sha256 = str(files.manifest["data"]["source"]), files.manifest["data"]["sha256"]
    except KeyError as error:
        raise ModelError(
            f"{manifest_path}: lacks {error}, so it does not describe a training that could go on"
        ) from error
    except (AttributeError, TypeError, OptionError) as error:
        raise ModelError(f"{manifest_path}: does not describe a training that could go on ({error})") from error
    if epochs is not None:
        recipe = dataclasses.replace(recipe, epochs=epochs)
    dataset = dataset or load_dataset(source)
    if dataset.sha256 != sha256:
        raise DataError(f"{dataset.source}: is not the training set of {directory}, whose SHA-256 is {sha256}")
    training = Training(dataset, recipe)
    if (training.network.layer_sizes, dataset.pixel_scale) != (files.layer_sizes, files.pixel_scale):
        raise ModelError(f"{manifest_path}: layer_sizes and pixel_scale do not follow from its recipe and data")
    n_epochs, n_more = divmod(progress.step, training.steps_per_epoch)
    if len(progress.history) not in ((n_epochs,) if n_more else (n_epochs - 1, n_epochs)):
        raise ModelError(f"{manifest_path}: {progress.step} steps are not {len(progress.history)} epochs of history")
    if progress.step > training.n_steps:
        raise OptionError(f"{directory} has already been trained for more than {recipe.epochs} epochs")
    training.network.set_parameters(files.parameters)
    _read_checkpoint(files.directory, files.manifest.get("checkpoint_sha256"), training)
    training.progress = progress
    return training


def read_history(directory: Path) -> list[EpochRecord]:
    """The figures of each epoch; ModelError if there are none, or not those of a training."""
    path = directory / HISTORY
    try:
        return [EpochRecord(**_checked(EpochRecord, record)) for record in read_json(path)]
    except (AttributeError, TypeError) as error:
        raise ModelError(f"{path}: is not the history of a training ({error})") from error


def _facts(training: Training, test: dict[str, float] | None) -> dict[str, Any]:
    """All of the manifest but the arrays."""
    dataset, history = training.dataset, training.progress.history
    return {
        "fastnet_version": __version__,
        "layer_sizes": list(training.network.layer_sizes),
        "pixel_scale": dataset.pixel_scale,
        "n_parameters": sum(array.size for array in training.network.parameters().values()),
        "recipe": training.recipe.to_json(),
        "data": {
            "source": dataset.source,
            "sha256": dataset.sha256,
            "n_train": len(training.train_samples),
            "n_validation": len(training.validation_samples),
            "n_test": len(dataset.test),
        },
        "progress": training.progress.to_json(),
        "epochs": len(history),
        "validation_accuracy": history[-1].validation_accuracy if history else None,
        "test": test,
        "environment": system.environment(),
    }


def _checked(cls: type, values: dict[str, Any]) -> dict[str, Any]:
    """The same values, for the fields of a dataclass of numbers; TypeError where one cannot be what the field holds."""
    kinds = {field.name: field.type for field in dataclasses.fields(cls)}
    for name, value in values.items():
        is_count = type(value) is int and value >= 0
        is_real = type(value) in (int, float) and abs(value) <= sys.float_info.max
        is_missing = value is None and kinds.get(name) == float | None
        if not (is_count if kinds.get(name) is int else is_real or is_missing):
            raise TypeError(f"{name} cannot be {value!r}")
    return values


def _checkpoint_bytes(training: Training) -> bytes:
    moments = {
        f"{prefix}_{name}": array
        for prefix, network in zip(_MOMENTS, training.engine.moments, strict=True)
        for name, array in network.parameters().items()
    }
    buffer = io.BytesIO()
    np.savez(buffer, **moments)  # type: ignore[arg-type]
    return buffer.getvalue()


def _read_checkpoint(directory: Path, sha256: object, training: Training) -> None:
    """Set Adam's moments from the checkpoint file."""
    path = directory / CHECKPOINT
    content = read_bytes(path, sha256, most_bytes=2 * len(_checkpoint_bytes(training)))
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            for prefix, network in zip(_MOMENTS, training.engine.moments, strict=True):
                network.set_parameters({name: archive[f"{prefix}_{name}"] for name in network.parameters()})
    except Exception as error:  # a damaged archive can raise nearly anything
        raise ModelError(f"{path}: does not hold Adam's moments for this network") from error
    if not all(
        np.isfinite(array).all() for network in training.engine.moments for array in network.parameters().values()
    ):
        raise ModelError(f"{path}: holds NaN or infinite numbers")
