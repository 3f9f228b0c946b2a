"""A trained network that answers, with NumPy alone. Importing this needs neither Numba nor Pillow."""

import math
from pathlib import Path
from typing import Self

import numpy as np

from fastnet import weights
from fastnet.data.scales import are_unscaled
from fastnet.errors import OptionError
from fastnet.files import read_whole
from fastnet.kernels.kinds import ACTIVATIONS

from .calibration import CALIBRATION, Calibration, read_calibration
from .documents import Manifest
from .files import MANIFEST, ModelFiles, find_model, read_model
from .kinds import LOSSES
from .network import Activations, Network
from .probabilities import answers_of


class Model:
    """A trained network that answers `predict`, `predict_proba` and `hidden_activations`.

    Images are an array `(n, n_features)` or `(n, height, width)`, or one image `(height, width)` or `(n_features,)`.
    Whole numbers are scaled as in training, uint8 or of another type; floating-point pixels are taken as they are (for
    MNIST: 0 to 1), unless the largest shows that they are unscaled: for MNIST, where it is beyond 16.
    Probabilities are calibrated, if the model comes with a calibration.
    """

    def __init__(
        self,
        parameters: dict[str, np.ndarray],
        pixel_scale: float,
        manifest: Manifest | None = None,
        calibration: Calibration | None = None,
        name: str = "",
    ):
        self.network = Network.of(parameters, (manifest.activation if manifest else None) or ACTIVATIONS[0])
        self.pixel_scale = np.float32(pixel_scale)
        self.manifest = manifest or Manifest(layer_sizes=self.layer_sizes, pixel_scale=float(pixel_scale))
        self.loss = self.manifest.loss or LOSSES[0]
        self.calibration = calibration
        self.name = name  # by which it was loaded

    def __repr__(self) -> str:
        name = f"{self.name!r}, " if self.name else ""
        return f"{type(self).__name__}({name}{self.manifest.layers}, {'' if self.calibration else 'not '}calibrated)"

    @classmethod
    def load(cls, model: str | Path = weights.DEFAULT) -> Self:
        """Load a model directory, or by its name a model that comes with fastnet; ModelError if it is not sound."""
        files, calibration = read_whole(find_model(model), lambda: _read(model))
        return cls(files.parameters, files.pixel_scale, files.manifest, calibration, str(model))

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """From the number of pixels to the number of classes."""
        return self.network.layer_sizes

    @property
    def classes(self) -> tuple[str, ...]:
        """What each class is called: its number, unless the training data had names."""
        return self.manifest.class_names

    def forward(self, images: np.ndarray) -> Activations:
        """What images become on their way through the network: all that the methods below answer comes from it."""
        return self.network.forward(self._pixels(images))

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The likeliest class of each image, int64 `(n,)`.

        Of a model of several labels 0 or 1 for each, int64 `(n, n_labels)`; of a regression its numbers, float32
        `(n, n_outputs)`. A model of a table takes the columns of `manifest.table.features` as they are, `(n,
        n_features)`, and answers the target's numbers, float64 `(n,)`, where it is no class.
        """
        logits = self.logits(images)
        if self.loss == "cross_entropy":
            likeliest: np.ndarray = logits.argmax(axis=1)
            return likeliest
        answers = answers_of(logits, self.loss)
        if self.manifest.table and self.manifest.of_regression:
            return self.manifest.table.target_of(answers)
        return answers if self.manifest.of_regression else (answers > 0.5).astype(np.int64)

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """The probability of each class, float32 `(n, n_classes)`; rows sum to 1, but for a model of several labels.

        OptionError for a regression, which has none.
        """
        return self.probabilities_of(self.logits(images))

    def hidden_activations(self, images: np.ndarray, layer: int = -1) -> np.ndarray:
        """What hidden layer number `layer` (from 0; -1 is the last) answers, float32 `(n, size of that layer)`."""
        n_hidden = len(self.network.layers) - 1
        if not -n_hidden <= layer < n_hidden:
            raise OptionError(f"this model has {n_hidden} hidden layers, and layer {layer} is none of them")
        return self.forward(images).hidden[layer]

    def logits(self, images: np.ndarray) -> np.ndarray:
        """What the last layer answers, before the softmax, float32 `(n, n_classes)`."""
        return self.forward(images).logits

    def probabilities_of(self, logits: np.ndarray) -> np.ndarray:
        """The probabilities that `predict_proba` gives images with these logits, float32 `(n, n_classes)`."""
        if self.manifest.of_regression:
            raise OptionError("this model answers numbers, and no probabilities: predict says them")
        return answers_of(logits / np.float32(self.calibration.temperature) if self.calibration else logits, self.loss)

    def integrated_gradient(self, image: np.ndarray, direction: np.ndarray, n_steps: int) -> np.ndarray:
        """As `Network.integrated_gradient`, of one image."""
        return self.network.integrated_gradient(self._pixels(image)[0], direction, n_steps)

    def _pixels(self, images: np.ndarray) -> np.ndarray:
        """Images as float32 `(n, n_features)`; OptionError for another size, type or pixels that are not finite."""
        images = np.asarray(images)
        n_features = self.layer_sizes[0]
        if images.ndim in (1, 2) and images.size == n_features:
            images = images[np.newaxis]  # one image
        if images.ndim not in (2, 3) or math.prod(images.shape[1:]) != n_features:
            raise OptionError(f"this model takes images of {n_features} pixels; the array has shape {images.shape}")
        flat = images.reshape(len(images), n_features)
        if self.manifest.table and images.dtype.kind in "iuf":
            return self._columns(flat)
        if images.dtype.kind in "iu":
            return self._whole_pixels(flat)
        if images.dtype.kind != "f":
            raise OptionError(f"pixels must be whole or floating-point numbers, not {images.dtype}")
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
            pixels = flat.astype(np.float32)
        if not np.isfinite(pixels).all():
            raise OptionError("the images hold NaN or infinite pixels")
        return pixels * self.pixel_scale if are_unscaled(pixels, float(self.pixel_scale)) else pixels

    def _columns(self, columns: np.ndarray) -> np.ndarray:
        """The columns of a table as the network takes them."""
        assert self.manifest.table
        if not np.isfinite(columns).all():
            raise OptionError("the columns hold NaN or infinite numbers")
        return self.manifest.table.scaled(columns.astype(np.float64))

    def _whole_pixels(self, flat: np.ndarray) -> np.ndarray:
        """Whole numbers as float32, scaled as in training; OptionError where they go beyond what was trained on."""
        most = max(255, round(1 / self.pixel_scale))
        if flat.dtype != np.uint8 and not 0 <= flat.min(initial=0) <= flat.max(initial=0) <= most:
            raise OptionError(f"pixels that are whole numbers must be from 0 to {most}")
        return flat.astype(np.float32) * self.pixel_scale


def state_of(directory: Path) -> tuple[int, ...]:
    """What changes when the model is made anew or calibrated: when its files were written, the manifest's first."""
    return tuple(_written(directory / name) for name in (MANIFEST, CALIBRATION))


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # it has no such file, or none any more
        return 0


def _read(model: str | Path) -> tuple[ModelFiles, Calibration | None]:
    files = read_model(model)
    return files, read_calibration(files)
