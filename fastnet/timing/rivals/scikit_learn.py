"""scikit-learn's MLPClassifier with the same hyper-parameters: an epoch is one `partial_fit` on all samples."""

import time
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier

from .protocol import BATCH_SIZE, BETA1, BETA2, EPS, LEARNING_RATE, Peer, dense_images, serve


class ScikitLearn(Peer):
    """It shuffles for itself; the threads are those of the BLAS, set before the process starts."""

    packages = ("scikit-learn", "numpy", "scipy")

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        self._images: np.ndarray | None = None

    @property
    def images(self) -> np.ndarray:
        """The training images as float32, which scikit-learn then computes in."""
        if self._images is None:
            self._images = dense_images(self.dataset.train) * np.float32(self.dataset.train.scale)
        return self._images

    def fresh(self) -> None:
        self.model = MLPClassifier(
            hidden_layer_sizes=self.hidden,
            solver="adam",
            alpha=0.0,
            batch_size=BATCH_SIZE,
            learning_rate_init=LEARNING_RATE,
            beta_1=BETA1,
            beta_2=BETA2,
            epsilon=EPS,
            shuffle=True,
            random_state=0,
        )

    def train(self, rows: np.ndarray) -> tuple[float, float | None]:
        whole = len(rows) == len(self.images)
        x, y = self.images, self.dataset.train.labels
        if not whole:
            x, y = x[rows], y[rows]
        classes = np.arange(self.dataset.n_classes)
        started = time.perf_counter()
        self.model.partial_fit(x, y, classes=classes)
        return time.perf_counter() - started, self.model.loss_

    def accuracy(self) -> float:
        images = dense_images(self.dataset.test) * np.float32(self.dataset.test.scale)
        share: float = self.model.score(images, self.dataset.test.labels)
        return share


if __name__ == "__main__":
    serve(ScikitLearn)
