"""What rivals share whose users call a method that fits: it trains an epoch on arrays, and shuffles for itself."""

import time
from functools import cached_property

import numpy as np

from .protocol import Peer, scaled_images


class Fitter(Peer):
    """A rival fills in `fresh` and what raises NotImplementedError here."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> float:
        """Train an epoch on float32 images and their labels; return the loss."""
        raise NotImplementedError

    def classes_of(self, x: np.ndarray) -> np.ndarray:
        """The likeliest class of each float32 image."""
        raise NotImplementedError

    @cached_property
    def images(self) -> np.ndarray:
        """The training images as float32."""
        return scaled_images(self.dataset.train)

    def train(self, rows: np.ndarray) -> tuple[float, float | None]:
        """One `fit`; on all samples in their own order, and of fewer on a copy that is made before the clock starts."""
        x, y = self.images, self.dataset.train.labels
        if len(rows) < len(x):
            x, y = x[rows], y[rows]
        started = time.perf_counter()
        loss = self.fit(x, y)
        return time.perf_counter() - started, loss

    def accuracy(self) -> float:
        test = self.dataset.test
        return float((self.classes_of(scaled_images(test)) == test.labels).mean())
