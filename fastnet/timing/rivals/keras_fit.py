"""Keras 3: `model.fit`, as its users train, with `jit_compile` where it is faster.

Settings that are tried, besides the threads: "backend" ("jax", "torch" or "tensorflow", which the driver puts into
KERAS_BACKEND before the process starts; one that is not installed is left out) and "jit_compile".
"""

import time
from typing import Any

import keras
import numpy as np

from .protocol import BETA1, BETA2, EPS, LEARNING_RATE, Peer, dense_images, serve


class Keras(Peer):
    """A Sequential of Dense layers; an epoch is one `fit` on all samples, which shuffles for itself."""

    packages = ("keras", "numpy")

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        self._images: np.ndarray | None = None
        if keras.backend.backend() == "torch":
            import torch

            torch.set_num_threads(self.threads)

    @property
    def images(self) -> np.ndarray:
        """The training images as float32."""
        if self._images is None:
            self._images = dense_images(self.dataset.train) * np.float32(self.dataset.train.scale)
        return self._images

    def fresh(self) -> None:
        n_features, *hidden, n_classes = self.layer_sizes
        layers = [keras.layers.Dense(units, activation="relu", kernel_initializer="he_normal") for units in hidden]
        self.model = keras.Sequential([keras.Input((n_features,)), *layers, keras.layers.Dense(n_classes)])
        self.model.compile(
            optimizer=keras.optimizers.Adam(LEARNING_RATE, BETA1, BETA2, EPS),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=self.settings.get("jit_compile", True),
        )

    def train(self, rows: np.ndarray) -> tuple[float, float | None]:
        x, y = self.images, self.dataset.train.labels
        if len(rows) < len(x):
            x, y = x[rows], y[rows]
        started = time.perf_counter()
        history = self.model.fit(x, y, batch_size=self.batch_size, shuffle=True, verbose=0)
        return time.perf_counter() - started, history.history["loss"][-1]

    def accuracy(self) -> float:
        images = dense_images(self.dataset.test) * np.float32(self.dataset.test.scale)
        classes = self.model.predict(images, verbose=0).argmax(axis=1)
        return float((classes == self.dataset.test.labels).mean())


if __name__ == "__main__":
    serve(Keras)
