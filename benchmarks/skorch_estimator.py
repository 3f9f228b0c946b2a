"""skorch's estimator of the network that is scikit-learn's default: a ReLU layer of 100, Adam, batches of 200."""

from typing import Any

import numpy as np
import torch
from skorch import NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import EarlyStopping

_HIDDEN, _BATCH, _TOLERANCE = 100, 200, 1e-4


def new_estimator(X: Any, y: np.ndarray, is_regression: bool, threads: int, parameters: dict[str, Any]) -> Any:
    """One for data like `X` and `y`, which stops as scikit-learn's do; it makes sparse input dense."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(parameters["random_state"])
    n_outputs = y.reshape(len(y), -1).shape[1] if is_regression else len(np.unique(y))
    kind = _Regressor if is_regression else _Classifier
    return kind(
        torch.nn.Sequential(torch.nn.Linear(X.shape[1], _HIDDEN), torch.nn.ReLU(), torch.nn.Linear(_HIDDEN, n_outputs)),
        criterion=torch.nn.MSELoss if is_regression else torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=0.001,
        max_epochs=parameters.get("max_iter", 200),
        batch_size=_BATCH,
        iterator_train__shuffle=True,
        train_split=None,
        callbacks=[EarlyStopping("train_loss", patience=11, threshold=_TOLERANCE, threshold_mode="abs")],
        callbacks__print_log=None,
        verbose=0,
    )


class _Fitting:
    """What the study reads of scikit-learn's estimators: they take arrays as they come, and count epochs."""

    def fit(self, X: Any, y: np.ndarray, **more: Any) -> Any:
        return super().fit(*_as_torch_has_them(X, y), **more)  # type: ignore[misc]

    def score(self, X: Any, y: np.ndarray) -> float:
        score: float = super().score(*_as_torch_has_them(X, y))  # type: ignore[misc]
        return score

    @property
    def n_iter_(self) -> int:
        return len(self.history)  # type: ignore[attr-defined]


class _Classifier(_Fitting, NeuralNetClassifier):
    """For classes."""


class _Regressor(_Fitting, NeuralNetRegressor):
    """For numbers."""


def _as_torch_has_them(X: Any, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    X = X.toarray() if hasattr(X, "toarray") else X
    return X.astype(np.float32), y.reshape(len(y), -1) if y.dtype == np.float32 else y.astype(np.int64)
