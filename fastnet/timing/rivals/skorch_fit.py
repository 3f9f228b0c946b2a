"""skorch, PyTorch behind scikit-learn's interface: an epoch is one `partial_fit` on all samples.

Its own split for validation, its prints and its scores are off. Settings that are tried, besides the threads:
"optimizer" ("fused" or "foreach") and "compile".
"""

import time
from typing import Any

import numpy as np
import torch
from skorch import NeuralNetClassifier

from .protocol import BETA1, BETA2, EPS, LEARNING_RATE, Peer, dense_images, serve


class Skorch(Peer):
    """A NeuralNetClassifier around an nn.Sequential of Linear and ReLU; it shuffles for itself."""

    packages = ("skorch", "torch", "numpy")

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        torch.set_flush_denormal(True)  # before the threads start: they take it over
        torch.set_num_threads(self.threads)
        self._images: np.ndarray | None = None

    @property
    def images(self) -> np.ndarray:
        """The training images as float32."""
        if self._images is None:
            self._images = dense_images(self.dataset.train) * np.float32(self.dataset.train.scale)
        return self._images

    def fresh(self) -> None:
        layers: list[torch.nn.Module] = []
        for weights in self.initial_weights():
            layers += [torch.nn.Linear(*weights.shape), torch.nn.ReLU()]
        kind = {f"optimizer__{self.settings.get('optimizer', 'fused')}": True}
        self.model = NeuralNetClassifier(
            torch.nn.Sequential(*layers[:-1]),
            criterion=torch.nn.CrossEntropyLoss,
            optimizer=torch.optim.Adam,
            lr=LEARNING_RATE,
            optimizer__betas=(BETA1, BETA2),
            optimizer__eps=EPS,
            **kind,
            max_epochs=1,
            batch_size=self.batch_size,
            iterator_train__shuffle=True,
            train_split=None,
            callbacks__valid_acc=None,
            callbacks__print_log=None,
            compile=self.settings.get("compile", False),
            classes=list(range(self.dataset.n_classes)),
            verbose=0,
        ).initialize()

    def train(self, rows: np.ndarray) -> tuple[float, float | None]:
        x, y = self.images, self.dataset.train.labels
        if len(rows) < len(x):
            x, y = x[rows], y[rows]
        started = time.perf_counter()
        self.model.partial_fit(x, y)
        return time.perf_counter() - started, self.model.history[-1, "train_loss"]

    def accuracy(self) -> float:
        images = dense_images(self.dataset.test) * np.float32(self.dataset.test.scale)
        classes = self.model.forward(images).argmax(dim=1).numpy()
        return float((classes == self.dataset.test.labels).mean())


if __name__ == "__main__":
    serve(Skorch)
