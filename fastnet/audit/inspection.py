"""What a model or run directory holds, and whether it is whole: for `fastnet inspect`."""

from pathlib import Path
from typing import Any

import numpy as np

from fastnet.errors import ModelError, NoAuditError
from fastnet.models.calibration import CALIBRATION, read_calibration
from fastnet.models.card import CARD
from fastnet.models.documents import Manifest
from fastnet.models.fields import to_json
from fastnet.models.files import (
    CHECKPOINT,
    HISTORY,
    MANIFEST,
    ModelFiles,
    count_parameters,
    find_model,
    parameter_shapes,
    read_bytes,
    read_history,
    read_manifest,
    read_parameter,
)

from . import load_audit


def inspect_model(model: str | Path) -> dict[str, Any]:
    """All that a model directory, or a shipped model by its name, tells of itself, ready for JSON.

    What is not there is None. `complaints` has a sentence for each file that is not as it should be; each array is
    compared with its SHA-256. ModelError where even the manifest cannot be used.
    """
    directory = find_model(model)
    manifest = read_manifest(directory)
    complaints: list[str] = []
    files = _read_arrays(directory, manifest, complaints)
    n_parameters = count_parameters(files.layer_sizes)
    if manifest.n_parameters not in (None, n_parameters):
        complaints.append(f"{directory / MANIFEST}: has n_parameters {manifest.n_parameters}, not {n_parameters}")
    sizes = {path.name: path.stat().st_size for path in sorted(directory.iterdir()) if path.is_file()}
    return {
        "model": str(model),
        "directory": str(directory),
        "fastnet_version": manifest.fastnet_version,
        "layer_sizes": list(manifest.layer_sizes),
        "pixel_scale": manifest.pixel_scale,
        "license": manifest.license,
        "recipe": manifest.recipe,
        "data": to_json(manifest.data),
        "epochs": manifest.epochs,
        "validation_accuracy": manifest.validation_accuracy,
        "test": to_json(manifest.test),
        "test_over_seeds": to_json(manifest.test_over_seeds),
        "environment": to_json(manifest.environment),
        "n_parameters": n_parameters,
        "arrays": {name: _described(files, name) for name in manifest.arrays},
        "history": _n_records(files, complaints),
        "checkpoint": _checkpoint_is_sound(files, complaints),
        "calibration": _calibration(files, complaints),
        "audit": _audit(files, complaints),
        "card": CARD in sizes,
        "files": sizes,
        "bytes": sum(sizes.values()),
        "complaints": [*complaints, *(f"{directory / MANIFEST}: {fault}" for fault in manifest.faults)],
    }


def _read_arrays(directory: Path, manifest: Manifest, complaints: list[str]) -> ModelFiles:
    """The model as `read_model` returns it, less the arrays that are not sound."""
    parameters: dict[str, np.ndarray] = {}
    for name, shape in parameter_shapes(manifest.layer_sizes):
        try:
            parameters[name] = read_parameter(directory, name, shape, manifest.arrays)
        except ModelError as error:
            complaints.append(str(error))
    return ModelFiles(directory, manifest, parameters)


def _described(files: ModelFiles, name: str) -> dict[str, object]:
    return {**(to_json(files.manifest.arrays[name]) or {}), "sound": name in files.parameters}


def _n_records(files: ModelFiles, complaints: list[str]) -> int | None:
    """The epochs of which the history holds figures."""
    path = files.directory / HISTORY
    if not path.exists():
        return None
    try:
        records = read_history(files.directory)
    except ModelError as error:
        complaints.append(str(error))
        return None
    n_epochs = files.manifest.epochs
    if n_epochs not in (None, len(records)):
        complaints.append(f"{path}: is not the history of {n_epochs} epochs")
        return None
    return len(records)


def _checkpoint_is_sound(files: ModelFiles, complaints: list[str]) -> bool | None:
    """Whether the checkpoint is the one that was written with the model; None where it stayed behind."""
    path = files.directory / CHECKPOINT
    if not path.exists():
        return None
    try:
        read_bytes(path, files.manifest.checkpoint_sha256, most_bytes=path.stat().st_size)
    except ModelError as error:
        complaints.append(str(error))
        return False
    return True


def _calibration(files: ModelFiles, complaints: list[str]) -> dict[str, Any] | None:
    """The calibration's figures; only `sound`, if it is not."""
    if not (files.directory / CALIBRATION).exists():
        return None
    try:
        calibration = read_calibration(files)
    except ModelError as error:
        if not complaints:  # else it is the arrays that are not those it was made for
            complaints.append(str(error))
        return {"sound": False}
    assert calibration
    return {
        "sound": True,
        "temperature": calibration.temperature,
        "unsure_below": calibration.unsure_below,
        "no_digit_below": calibration.no_digit_below,
        "measured": calibration.measured,
    }


def _audit(files: ModelFiles, complaints: list[str]) -> dict[str, Any] | None:
    """Whether the audit is sound, and was made from these weights."""
    try:
        load_audit(files.directory)
    except NoAuditError:
        return None
    except ModelError as error:
        if not complaints:  # else it may be the model that is not sound
            complaints.append(str(error))
        return {"sound": False}
    return {"sound": True}
