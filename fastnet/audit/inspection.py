"""What a model or run directory holds, and whether it is whole: for `fastnet inspect`."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fastnet.bounded import is_missing
from fastnet.errors import FastnetError, ModelError, NoAuditError
from fastnet.files import read_whole
from fastnet.models.calibration import CALIBRATION, read_calibration
from fastnet.models.card import CARD
from fastnet.models.documents import (
    ArrayDescription,
    DataFacts,
    Environment,
    Manifest,
    Member,
    Origin,
    OverSeeds,
    Score,
)
from fastnet.models.fields import NULL, to_json
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
from fastnet.plurals import counted

from . import load_audit

_MOST_CHECKPOINT_BYTES = 16  # a parameter: twice its two moments


@dataclass(frozen=True)
class InspectedArray:
    """What the manifest says of an array, and whether the file is so."""

    shape: tuple[int, ...] | None
    dtype: str | None
    sha256: str | None
    sound: bool


@dataclass(frozen=True)
class InspectedCalibration:
    """The calibration's figures; only `sound`, if it is not."""

    sound: bool
    temperature: float | None = None
    unsure_below: float | None = None
    no_digit_below: float | None = None
    measured: dict[str, float] | None = None


@dataclass(frozen=True)
class InspectedAudit:
    """Whether the audit is sound, and was made from these weights."""

    sound: bool


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """All that a model directory tells of itself. What is not there is None."""

    model: str  # as it was asked for
    directory: str
    fastnet_version: str | None = field(metadata=NULL)
    layer_sizes: tuple[int, ...]
    pixel_scale: float
    activation: str
    loss: str
    license: str | None = field(metadata=NULL)
    recipe: dict[str, object] | None = field(metadata=NULL)
    origin: Origin | None = field(metadata=NULL)
    teachers: tuple[Origin, ...] | None = field(metadata=NULL)
    corrections: int | None = field(metadata=NULL)
    members: tuple[Member, ...] | None = field(metadata=NULL)
    data: DataFacts | None = field(metadata=NULL)
    epochs: int | None = field(metadata=NULL)
    validation_accuracy: float | None = field(metadata=NULL)
    test: Score | None = field(metadata=NULL)
    test_over_seeds: OverSeeds | None = field(metadata=NULL)
    environment: Environment | None = field(metadata=NULL)
    n_parameters: int
    arrays: dict[str, InspectedArray]
    history: int | None = field(metadata=NULL)  # the epochs that it tells of
    checkpoint: bool | None = field(metadata=NULL)  # whether it is the one that was written with the model
    calibration: InspectedCalibration | None = field(metadata=NULL)
    audit: InspectedAudit | None = field(metadata=NULL)
    card: bool  # whether there is one
    files: dict[str, int]  # bytes by name
    bytes: int  # of all of them
    complaints: tuple[str, ...]  # a sentence for each file that is not as it should be

    def to_json(self) -> dict[str, object]:
        """The same, ready for JSON."""
        content: dict[str, object] = to_json(self)
        return content


class _Complaints(FastnetError):
    """An inspection that found something wrong: for good, unless the model was saved meanwhile."""

    def __init__(self, inspection: Inspection) -> None:
        super().__init__(*inspection.complaints)
        self.inspection = inspection


def inspect_model(model: str | Path) -> Inspection:
    """Inspect a model directory, or a shipped model by its name; each array is compared with its SHA-256.

    A run may be saved meanwhile. ModelError where even the manifest cannot be used.
    """
    directory = find_model(model)
    try:
        return read_whole(directory, lambda: _inspect_soundly(model, directory))
    except _Complaints as complaints:
        return complaints.inspection


def _inspect_soundly(model: str | Path, directory: Path) -> Inspection:
    inspection = _inspect(model, directory)
    if inspection.complaints:
        raise _Complaints(inspection)
    return inspection


def _inspect(model: str | Path, directory: Path) -> Inspection:
    manifest = read_manifest(directory)
    complaints: list[str] = []
    files = _read_arrays(directory, manifest, complaints)
    n_parameters = count_parameters(files.layer_sizes)
    if manifest.n_parameters not in (None, n_parameters):
        complaints.append(f"{directory / MANIFEST}: has n_parameters {manifest.n_parameters}, not {n_parameters}")
    sizes = {path.name: path.stat().st_size for path in sorted(directory.iterdir()) if path.is_file()}
    return Inspection(
        model=str(model),
        directory=str(directory),
        fastnet_version=manifest.fastnet_version,
        layer_sizes=manifest.layer_sizes,
        pixel_scale=manifest.pixel_scale,
        activation=files.activation,
        loss=files.loss,
        license=manifest.license,
        recipe=manifest.recipe,
        origin=manifest.origin,
        teachers=manifest.teachers,
        corrections=manifest.corrections,
        members=manifest.members,
        data=manifest.data,
        epochs=manifest.epochs,
        validation_accuracy=manifest.validation_accuracy,
        test=manifest.test,
        test_over_seeds=manifest.test_over_seeds,
        environment=manifest.environment,
        n_parameters=n_parameters,
        arrays={name: _described(files, name) for name in manifest.arrays},
        history=_n_records(files, complaints),
        checkpoint=_checkpoint_is_sound(files, complaints),
        calibration=_calibration(files, complaints),
        audit=_audit(files, complaints),
        card=CARD in sizes,
        files=sizes,
        bytes=sum(sizes.values()),
        complaints=(*complaints, *(f"{directory / MANIFEST}: {fault}" for fault in manifest.faults)),
    )


def _read_arrays(directory: Path, manifest: Manifest, complaints: list[str]) -> ModelFiles:
    """The model as `read_model` returns it, less the arrays that are not sound."""
    parameters: dict[str, np.ndarray] = {}
    for name, shape in parameter_shapes(manifest.layer_sizes):
        try:
            parameters[name] = read_parameter(directory, name, shape, manifest.arrays)
        except ModelError as error:
            complaints.append(str(error))
    return ModelFiles(directory, manifest, parameters)


def _described(files: ModelFiles, name: str) -> InspectedArray:
    said = files.manifest.arrays[name] or ArrayDescription()
    return InspectedArray(said.shape, said.dtype, said.sha256, sound=name in files.parameters)


def _n_records(files: ModelFiles, complaints: list[str]) -> int | None:
    """The epochs of which the history holds figures."""
    path = files.directory / HISTORY
    if is_missing(path):
        return None
    try:
        records = read_history(files.directory)
    except ModelError as error:
        complaints.append(str(error))
        return None
    n_epochs = files.manifest.epochs
    if n_epochs is not None and n_epochs != len(records):
        complaints.append(f"{path}: is not the history of {counted(n_epochs, 'epoch')}")
        return None
    return len(records)


def _checkpoint_is_sound(files: ModelFiles, complaints: list[str]) -> bool | None:
    """Whether the checkpoint is the one that was written with the model; None where it stayed behind."""
    path = files.directory / CHECKPOINT
    if is_missing(path):
        return None
    most_bytes = _MOST_CHECKPOINT_BYTES * count_parameters(files.layer_sizes) + 2**20
    try:
        read_bytes(path, files.manifest.checkpoint_sha256, most_bytes)
    except ModelError as error:
        complaints.append(str(error))
        return False
    return True


def _calibration(files: ModelFiles, complaints: list[str]) -> InspectedCalibration | None:
    if is_missing(files.directory / CALIBRATION):
        return None
    try:
        calibration = read_calibration(files)
    except ModelError as error:
        if not complaints:  # else it is the arrays that are not those it was made for
            complaints.append(str(error))
        return InspectedCalibration(sound=False)
    assert calibration
    return InspectedCalibration(
        sound=True,
        temperature=calibration.temperature,
        unsure_below=calibration.unsure_below,
        no_digit_below=calibration.no_digit_below,
        measured=calibration.measured,
    )


def _audit(files: ModelFiles, complaints: list[str]) -> InspectedAudit | None:
    try:
        load_audit(files.directory)
    except NoAuditError:
        return None
    except ModelError as error:
        if not complaints:  # else it may be the model that is not sound
            complaints.append(str(error))
        return InspectedAudit(sound=False)
    return InspectedAudit(sound=True)
