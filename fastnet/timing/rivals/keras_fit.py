"""Keras 3: `model.fit`, as its users train, with `jit_compile` where it is faster.

Settings that are tried, besides the threads: "backend" ("jax", "torch" or "tensorflow", which the driver puts into
KERAS_BACKEND before the process starts; one that is not installed is left out) and "jit_compile".
"""

from typing import Any

import keras
import numpy as np

from .fitting import Fitter
from .protocol import BETA1, BETA2, EPS, LEARNING_RATE, serve


class Keras(Fitter):
    """A Sequential of Dense layers."""

    packages = ("keras", "numpy")

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        if keras.backend.backend() == "torch":
            import torch

            torch.set_num_threads(self.threads)

    def fresh(self) -> None:
        n_features, *hidden, n_classes = self.layer_sizes
        layers = [keras.layers.Dense(units, activation="relu", kernel_initializer="he_normal") for units in hidden]
        self.model = keras.Sequential([keras.Input((n_features,)), *layers, keras.layers.Dense(n_classes)])
        self.model.compile(
            optimizer=keras.optimizers.Adam(LEARNING_RATE, BETA1, BETA2, EPS),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=self.settings.get("jit_compile", True),
        )

    def fit(self, x: np.ndarray, y: np.ndarray) -> float:
        history = self.model.fit(x, y, batch_size=self.batch_size, shuffle=True, verbose=0)
        return float(history.history["loss"][-1])

    def classes_of(self, x: np.ndarray) -> np.ndarray:
        classes: np.ndarray = self.model.predict(x, verbose=0).argmax(axis=1)
        return classes


if __name__ == "__main__":
    serve(Keras)
