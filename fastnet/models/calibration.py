"""What makes a model's answers trustworthy: calibrated probabilities, and a rule for when not to answer.

It stands beside the model: `calibration.json` and an array, `likeness.npy`. A model without them works too; it then
answers whatever it is shown. Needs NumPy alone; `fastnet.reading.fitting` computes it.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fastnet.bounded import is_missing
from fastnet.errors import ModelError
from fastnet.files import copy_files, keep_all, require_unclaimed, whole_directory

from .card import CARD, model_card
from .documents import CALIBRATION_FORMAT, READABLE_CALIBRATIONS, CalibrationDocument, read_strictly
from .fields import to_json
from .files import ModelFiles, read_array, read_json, read_manifest, write_array, write_json
from .sealed import sealed, unsealed

CALIBRATION = "calibration.json"

_LIKENESS = "likeness"
BELONGS_TO_CALIBRATION = (CALIBRATION, f"{_LIKENESS}.npy")


@dataclass(frozen=True, eq=False)
class Calibration:
    """Temperature of the softmax, and the limits of likeness to a digit and probability for an answer without doubt."""

    temperature: float
    likeness: np.ndarray  # float32 (n_traits + 1,): a weight for each of `Activations.traits`, and a constant
    unsure_below: float  # of the likeness
    no_digit_below: float
    measured: dict[str, float]  # what it achieves on validation data
    least_probability: float = 0.0  # of the answer: with less it is unsure, too

    def likeness_of(self, traits: np.ndarray) -> np.ndarray:
        """How much images are like digits rather than other things (log odds), from their traits `(n, n_traits)`."""
        log_odds: np.ndarray = traits @ self.likeness[:-1] + self.likeness[-1]
        return log_odds


def write_calibration(
    files: ModelFiles, calibration: Calibration, out: Path | None = None, is_claimed: bool = False
) -> None:
    """Write the calibration of a model into its directory, and into its card: all of it or nothing.

    With `out`, a copy of the model gets it. ModelError if the weights are others by now, ClaimedError while a training
    writes there, whose next save the calibration would not outlive; unless the directory is claimed by the caller.
    """
    with whole_directory(out or files.directory, keep_all) as new:
        if out:
            copy_files(files.directory, new)
        elif not is_claimed:
            require_unclaimed(files.directory)
        now = dataclasses.replace(files, manifest=read_manifest(new if out else files.directory))
        if now.sha256 != files.sha256:
            raise ModelError(f"{files.directory}: its weights changed while they were calibrated; run it again")
        document = CalibrationDocument(
            model_sha256=files.sha256,
            temperature=calibration.temperature,
            unsure_below=calibration.unsure_below,
            no_digit_below=calibration.no_digit_below,
            least_probability=calibration.least_probability,
            measured=calibration.measured,
            arrays={_LIKENESS: write_array(new, _LIKENESS, calibration.likeness)},
        )
        write_calibration_document(new, document)
        (new / CARD).write_text(model_card(now.manifest, document), encoding="utf-8")


def read_calibration(files: ModelFiles) -> Calibration | None:
    """The calibration of a model, None if it has none; ModelError, naming the file, for one that is not sound."""
    document = read_calibration_document(files.directory)
    if document is None:
        return None
    path = files.directory / CALIBRATION
    if document.model_sha256 != files.sha256:
        raise ModelError(f"{path}: was made for other weights; run: fastnet calibrate {files.directory}")
    shape = (files.layer_sizes[-2] + files.layer_sizes[-1] + 1,)
    likeness = read_array(files.directory, _LIKENESS, shape, document.arrays, CALIBRATION)
    limits = document.unsure_below, document.no_digit_below
    return Calibration(document.temperature, likeness, *limits, document.measured, document.least_probability or 0.0)


def write_calibration_document(directory: Path, document: CalibrationDocument) -> None:
    """Write `calibration.json` into a directory that nobody reads yet."""
    write_json(directory / CALIBRATION, sealed(to_json(document)))


def read_calibration_document(directory: Path) -> CalibrationDocument | None:
    """What `calibration.json` says, None if there is none; ModelError if a field is not as it should be."""
    path = directory / CALIBRATION
    if is_missing(path):
        return None
    content = read_json(path)
    if not isinstance(content, dict) or content.get("format") != CALIBRATION_FORMAT:
        raise ModelError(f"{path}: is not the calibration of a model")
    version = content.get("format_version")
    if type(version) is not int or version not in READABLE_CALIBRATIONS:
        raise ModelError(f"{path}: is of another version of fastnet; run: fastnet calibrate {directory}")
    content = unsealed(content, path, f"; run: fastnet calibrate {directory}", is_required=version > 1)
    if not isinstance(content.get("arrays"), dict) or not isinstance(content.get("measured"), dict):
        raise ModelError(f"{path}: lacks its arrays or what was measured")
    return read_strictly(CalibrationDocument, path, content)


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, n_bins: int = 15) -> float:
    """The mean distance between how sure the answers are and how often they are right, over bins of confidence."""
    confidences = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidences * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(bins, right.astype(np.float64) - confidences, n_bins)
    return float(np.abs(gaps).sum() / len(labels))
