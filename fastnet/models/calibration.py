"""What makes a model's answers trustworthy: calibrated probabilities, and a rule for when not to answer.

It stands beside the model: `calibration.json` and an array, `likeness.npy`. A model without them works too; it then
answers whatever it is shown. Needs NumPy alone; `calibrating` computes it.
"""

import json
import math
from dataclasses import dataclass

import numpy as np

from fastnet.errors import ModelError

from .card import CARD, model_card
from .files import ModelFiles, read_array, read_json, write_array

CALIBRATION = "calibration.json"
FORMAT = "fastnet-calibration"
FORMAT_VERSION = 1

_LIKENESS = "likeness"


@dataclass(frozen=True, eq=False)
class Calibration:
    """Temperature of the softmax, and the likeness to a digit below which an answer is unsure, or none."""

    temperature: float
    likeness: np.ndarray  # float32 (n_traits + 1,): a weight for each of `Activations.traits`, and a constant
    unsure_below: float
    no_digit_below: float
    measured: dict[str, float]  # what it achieves on validation data

    def likeness_of(self, traits: np.ndarray) -> np.ndarray:
        """How much images are like digits rather than other things (log odds), from their traits `(n, n_traits)`."""
        return traits @ self.likeness[:-1] + self.likeness[-1]


def write_calibration(files: ModelFiles, calibration: Calibration) -> None:
    """Write the calibration of a model into its directory, and into its card."""
    description = write_array(files.directory, _LIKENESS, calibration.likeness)
    content = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "model_sha256": files.sha256,
        "temperature": calibration.temperature,
        "unsure_below": calibration.unsure_below,
        "no_digit_below": calibration.no_digit_below,
        "measured": calibration.measured,
        "arrays": {_LIKENESS: description},
    }
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    (files.directory / CALIBRATION).write_text(text, encoding="utf-8")
    (files.directory / CARD).write_text(model_card(files.manifest, content), encoding="utf-8")


def read_calibration(files: ModelFiles) -> Calibration | None:
    """The calibration of a model, None if it has none; ModelError, naming the file, for one that is not sound."""
    path = files.directory / CALIBRATION
    if not path.exists():
        return None
    content = read_json(path)
    if not isinstance(content, dict) or (content.get("format"), content.get("format_version")) != (FORMAT, 1):
        raise ModelError(f"{path}: is not a calibration of format version {FORMAT_VERSION}")
    if content.get("model_sha256") != files.sha256:
        raise ModelError(f"{path}: was made for other weights; run: fastnet calibrate {files.directory}")
    for name in ("temperature", "unsure_below", "no_digit_below"):
        value = content.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ModelError(f"{path}: {name} must be a number, not {value}")
    if not 0.01 <= content["temperature"] <= 100:
        raise ModelError(f"{path}: temperature must be from 0.01 to 100, not {content['temperature']}")
    if not isinstance(content.get("arrays"), dict) or not isinstance(content.get("measured"), dict):
        raise ModelError(f"{path}: lacks its arrays or what was measured")
    shape = (files.layer_sizes[-2] + files.layer_sizes[-1] + 1,)
    likeness = read_array(files.directory, _LIKENESS, shape, content["arrays"], CALIBRATION)
    limits = content["unsure_below"], content["no_digit_below"]
    return Calibration(content["temperature"], likeness, *limits, content["measured"])


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, n_bins: int = 15) -> float:
    """The mean distance between how sure the answers are and how often they are right, over bins of sureness."""
    sureness = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((sureness * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(bins, right.astype(np.float64) - sureness, n_bins)
    return float(np.abs(gaps).sum() / len(labels))
