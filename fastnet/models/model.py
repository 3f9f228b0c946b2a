"""A trained network that answers, with NumPy alone. Importing this needs neither Numba nor Pillow."""

import math
from pathlib import Path
from typing import Self

import numpy as np

from fastnet import weights
from fastnet.errors import OptionError
from fastnet.files import read_whole

from .calibration import Calibration, read_calibration
from .documents import Manifest
from .files import ModelFiles, find_model, read_model
from .probabilities import softmax


class Model:
    """A trained network that answers `predict`, `predict_proba` and `hidden_activations`.

    Images are an array `(n, n_features)` or `(n, height, width)`, or one image `(height, width)` or `(n_features,)`.
    uint8 pixels are scaled as in training; floating-point pixels are taken as they are (for MNIST: 0 to 1).
    Probabilities are calibrated, if the model comes with a calibration.
    """

    def __init__(
        self,
        parameters: dict[str, np.ndarray],
        pixel_scale: float,
        manifest: Manifest | None = None,
        calibration: Calibration | None = None,
    ):
        self._weights = [parameters[f"W{number}"] for number in range(1, len(parameters) // 2 + 1)]
        self._biases = [parameters[f"b{number}"] for number in range(1, len(parameters) // 2 + 1)]
        self.pixel_scale = np.float32(pixel_scale)
        self.manifest = manifest or Manifest(layer_sizes=self.layer_sizes, pixel_scale=float(pixel_scale))
        self.calibration = calibration

    @classmethod
    def load(cls, model: str | Path = weights.DEFAULT) -> Self:
        """Load a model directory, or by its name a model that comes with fastnet; ModelError if it is not sound."""
        files, calibration = read_whole(find_model(model), lambda: _read(model))
        return cls(files.parameters, files.pixel_scale, files.manifest, calibration)

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """From the number of pixels to the number of classes."""
        return (len(self._weights[0]), *(len(b) for b in self._biases))

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The likeliest class of each image, int64 `(n,)`."""
        return self.logits(images).argmax(axis=1)

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """The probability of each class, float32 `(n, n_classes)`; rows sum to 1."""
        logits = self.logits(images)
        if self.calibration:
            logits /= np.float32(self.calibration.temperature)
        return softmax(logits)

    def hidden_activations(self, images: np.ndarray, layer: int = -1) -> np.ndarray:
        """What hidden layer number `layer` (from 0; -1 is the last) answers, float32 `(n, size of that layer)`."""
        n_hidden = len(self._weights) - 1
        if not -n_hidden <= layer < n_hidden:
            raise OptionError(f"this model has {n_hidden} hidden layers, and layer {layer} is none of them")
        return self._hidden(images)[1:][layer]

    def logits(self, images: np.ndarray) -> np.ndarray:
        """What the last layer answers, before the softmax, float32 `(n, n_classes)`."""
        return self._hidden(images)[-1] @ self._weights[-1] + self._biases[-1]

    def traits(self, images: np.ndarray) -> np.ndarray:
        """What tells digits from other things: the last hidden layer and the sorted logits, float32 `(n, n_traits)`."""
        last = self._hidden(images)[-1]
        return np.hstack([last, np.sort(last @ self._weights[-1] + self._biases[-1], axis=1)])

    def integrated_gradient(self, image: np.ndarray, direction: np.ndarray, n_steps: int) -> np.ndarray:
        """The gradient of `logits @ direction` with respect to one image's scaled pixels, float32 `(n_features,)`.

        It is the mean over `n_steps` on the straight way from an empty image to this one. The first layer is linear, so
        the way there and back through it is gone once, not at each step.
        """
        shares = (np.arange(n_steps, dtype=np.float32) + 0.5) / n_steps
        inputs = np.outer(shares, self._pixels(image)[0] @ self._weights[0]) + self._biases[0]
        hidden = []
        for w, b in zip(self._weights[1:], self._biases[1:], strict=True):
            hidden.append(np.maximum(inputs, 0))
            inputs = hidden[-1] @ w + b
        gradient = np.tile(direction.astype(np.float32), (n_steps, 1))
        for w, activations in zip(self._weights[:0:-1], hidden[::-1], strict=True):
            gradient = (gradient @ w.T) * (activations > 0)
        return gradient.mean(axis=0) @ self._weights[0].T

    def _hidden(self, images: np.ndarray) -> list[np.ndarray]:
        """The scaled pixels, then the output of each hidden layer."""
        outputs = [self._pixels(images)]
        for w, b in zip(self._weights[:-1], self._biases[:-1], strict=True):
            outputs.append(np.maximum(outputs[-1] @ w + b, 0))
        return outputs

    def _pixels(self, images: np.ndarray) -> np.ndarray:
        """Images as float32 `(n, n_features)`; OptionError for another size, type or pixels that are not finite."""
        images = np.asarray(images)
        n_features = len(self._weights[0])
        if images.ndim in (1, 2) and images.size == n_features:
            images = images[np.newaxis]  # one image
        if images.ndim not in (2, 3) or math.prod(images.shape[1:]) != n_features:
            raise OptionError(f"this model takes images of {n_features} pixels; the array has shape {images.shape}")
        flat = images.reshape(len(images), n_features)
        if images.dtype == np.uint8:
            return flat * self.pixel_scale
        if images.dtype.kind != "f":
            raise OptionError(f"pixels must be uint8 or floating-point, not {images.dtype}")
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
            pixels = flat.astype(np.float32)
        if not np.isfinite(pixels).all():
            raise OptionError("the images hold NaN or infinite pixels")
        return pixels


def _read(model: str | Path) -> tuple[ModelFiles, Calibration | None]:
    files = read_model(model)
    return files, read_calibration(files)
