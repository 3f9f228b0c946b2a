"""Keras 3: `model.fit`, as its users train, with `jit_compile` where it is faster.

Settings that are tried, besides the threads: "backend" ("jax", "torch" or "tensorflow", which the driver puts into
KERAS_BACKEND before the process starts; one that is not installed is left out) and "jit_compile".
"""

from functools import cached_property
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
        """Of the model that was compiled once: another one would be compiled anew, in its first epoch."""
        model = self.model
        model.set_weights([array for w in self.initial_weights() for array in (w, np.zeros(w.shape[1], np.float32))])
        for variable, value in zip(model.optimizer.variables, self._initial_state, strict=True):
            variable.assign(value)

    @cached_property
    def model(self) -> keras.Sequential:
        """The network with its optimizer."""
        n_features, *hidden, n_classes = self.layer_sizes
        layers = [keras.layers.Dense(units, activation="relu") for units in hidden]
        model = keras.Sequential([keras.Input((n_features,)), *layers, keras.layers.Dense(n_classes)])
        model.compile(
            optimizer=keras.optimizers.Adam(LEARNING_RATE, BETA1, BETA2, EPS),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=self.settings.get("jit_compile", True),
        )
        model.optimizer.build(model.trainable_variables)
        self._initial_state = [keras.ops.convert_to_numpy(variable).copy() for variable in model.optimizer.variables]
        return model

    def fit(self, x: np.ndarray, y: np.ndarray) -> float:
        history = self.model.fit(x, y, batch_size=self.batch_size, shuffle=True, verbose=0)
        return float(history.history["loss"][-1])

    def classes_of(self, x: np.ndarray) -> np.ndarray:
        classes: np.ndarray = self.model.predict(x, verbose=0).argmax(axis=1)
        return classes


if __name__ == "__main__":
    serve(Keras)
