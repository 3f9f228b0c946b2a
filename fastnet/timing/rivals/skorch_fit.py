"""skorch, PyTorch behind scikit-learn's interface: an epoch is one `partial_fit` on all samples.

Its own split for validation, its prints and its scores are off. Settings that are tried, besides the threads:
"optimizer" ("fused" or "foreach") and "compile".
"""

from typing import Any

import numpy as np
import torch
from skorch import NeuralNetClassifier

from .fitting import Fitter
from .protocol import BETA1, BETA2, EPS, LEARNING_RATE, serve


class Skorch(Fitter):
    """A NeuralNetClassifier around an nn.Sequential of Linear and ReLU."""

    packages = ("skorch", "torch", "numpy")

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        torch.set_flush_denormal(True)  # before the threads start: they take it over
        torch.set_num_threads(self.threads)

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

    def fit(self, x: np.ndarray, y: np.ndarray) -> float:
        self.model.partial_fit(x, y)
        return float(self.model.history[-1, "train_loss"])

    def classes_of(self, x: np.ndarray) -> np.ndarray:
        classes: np.ndarray = self.model.forward(x).argmax(dim=1).numpy()
        return classes


if __name__ == "__main__":
    serve(Skorch)
