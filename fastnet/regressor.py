"""`FastNetRegressor`: scikit-learn's interface to the trainer of this package, named as its MLPRegressor has it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from .packages import EXTRAS, require_packages
from .training.trainer import EpochRecord

try:
    from sklearn.base import RegressorMixin, _fit_context
    from sklearn.utils._param_validation import StrOptions
    from sklearn.utils.metaestimators import available_if

    from .estimator.base import NetworkEstimator, finite_answers
    from .estimator.inputs import as_float32, beyond_float32
except ImportError:
    require_packages("FastNetRegressor", *EXTRAS["sklearn"])
    raise


class FastNetRegressor(RegressorMixin, NetworkEstimator):
    """A multi-layer perceptron for numbers, one or several a sample, in scikit-learn's terms.

    What has the name of a parameter or attribute of `sklearn.neural_network.MLPRegressor` means the same. Weights are
    float32, targets are not: with the squared error their mean is taken away in float64 before, and put back to what is
    predicted, so that small differences of large targets are not lost.

    Parameters
    ----------
    loss : {"squared_error", "poisson"}, default="squared_error"
        With "poisson" targets are at least 0, and predictions the exponential of what the network gives.
    standardize_target : bool, default=False
        Whether targets are also divided by their standard deviation inside: for those whose size is far from 1. Losses
        and `tol` are then of the standardised targets; scores and predictions are of the targets as they are.

    All others but `label_smoothing` and `class_weight` are those of `FastNetClassifier`.

    Attributes
    ----------
    target_mean_, target_scale_ : float64 ndarrays of shape (n_outputs,)
        What was taken away from targets, which a first `partial_fit` decides for all that follow, and what they were
        divided by: a prediction is the network's output times `target_scale_` plus `target_mean_`.
    coefs_, intercepts_ : lists of float32 ndarrays
        Weights `(n_in, n_out)` and biases of each layer.
    loss_, loss_curve_, best_loss_ : float, list, float or None
        Mean loss of the samples in an epoch, each before its mini-batch's step, without the L2 penalty; with
        solver="lbfgs" `loss_` alone, of all samples at the end, with it.
    validation_scores_, validation_losses_, best_validation_score_ : lists and float, or None
        R^2 and loss on the validation set after each epoch; None without one.
    n_iter_, t_ : int
        Epochs, or iterations of L-BFGS, of the last fit; samples seen in all.
    n_features_in_, feature_names_in_, n_layers_, n_outputs_, out_activation_
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **NetworkEstimator._parameter_constraints,
        "loss": [StrOptions({"squared_error", "poisson"})],
        "standardize_target": ["boolean"],
    }
    _has_numeric_targets = True

    loss: str
    standardize_target: bool

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: int | Iterable[int] = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        warmup_epochs: float = 0.0,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        weight_decay: float = 0.0,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        clip_norm: float | None = None,
        standardize_target: bool = False,
        callbacks: "Sequence[Callable[[FastNetRegressor, EpochRecord], object]] | None" = None,
        n_jobs: int | None = None,
    ) -> None:
        self._set_parameters(locals())

    @available_if(NetworkEstimator._is_stochastic)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Train one epoch on more samples, going on exactly: with the solver's moments, step count and epoch's number.

        Called again and again with the same samples, it is `fit` to the bit.
        """
        if hasattr(self, "coefs_"):
            self._check_same_targets(y)
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X: Any) -> np.ndarray:
        """The number of each sample, `(n_samples,)`, or `(n_samples, n_outputs)` of several.

        They are float64, or float32 where `X` is and the targets were no float64. The network computes in float64 where
        `X` is. ValueError for what is beyond their range.
        """
        X = self._checked(X)
        values = self._outputs(X, np.float64 if X.dtype == np.float64 else np.float32).astype(np.float64)
        with np.errstate(over="ignore"):  # it is told
            if self.out_activation_ == "exp":
                np.exp(values, out=values)
            values *= self.target_scale_
            values += self.target_mean_
            if X.dtype == np.float32 and not self._has_precise_targets:
                values = values.astype(np.float32)
        finite_answers(values)
        return values[:, 0] if self.n_outputs_ == 1 else values

    # ---- What targets are ----

    def _learn_targets(self, y: np.ndarray, weights: np.ndarray | None, classes: Any) -> None:
        columns = _columns(y)
        self._has_precise_targets = y.dtype == np.float64
        self.n_outputs_ = columns.shape[1]
        self._standardizes = self.standardize_target
        self.target_mean_, self.target_scale_ = np.zeros(self.n_outputs_), np.ones(self.n_outputs_)
        if self.loss == "poisson":
            self.out_activation_ = "exp"
            if self.standardize_target:
                raise ValueError("standardize_target is for loss='squared_error': 'poisson' takes targets as they are")
            return
        self.out_activation_ = "identity"
        for number, column in enumerate(columns.T):
            mean, deviation = _mean_and_deviation(column, weights)
            if not np.isfinite(deviation):
                raise beyond_float32("y")
            self.target_mean_[number] = mean
            if self.standardize_target and deviation > 0:
                self.target_scale_[number] = deviation

    def _check_same_targets(self, y: np.ndarray) -> None:
        was_poisson = self.out_activation_ == "exp"
        if was_poisson != (self.loss == "poisson") or self._standardizes != self.standardize_target:
            raise ValueError("loss and standardize_target cannot change while a training goes on")

    def _encoded(self, y: np.ndarray, name: str = "y") -> np.ndarray:
        columns = _columns(y)
        if columns.shape[1] != self.n_outputs_:
            raise ValueError(f"{name} has {columns.shape[1]} outputs a sample, and the network has {self.n_outputs_}")
        if self.out_activation_ == "exp" and (columns < 0).any():
            raise ValueError(f"{name} must be at least 0 for loss='poisson'")
        with np.errstate(over="ignore", invalid="ignore"):  # as_float32 tells it
            inside = (columns - self.target_mean_) / self.target_scale_
        return np.ascontiguousarray(as_float32(inside, name))

    def _score_of(self, record: EpochRecord) -> float | None:
        return record.validation_r2


def _columns(y: np.ndarray) -> np.ndarray:
    """Targets in float64, a column an output."""
    return np.asarray(y, np.float64).reshape(len(y), -1)


def _mean_and_deviation(y: np.ndarray, weights: np.ndarray | None) -> tuple[float, float]:
    """Weighted; the same bits in any order, and for a weight of 2 as for two copies.

    The deviation is not finite where targets are further apart than float64 holds.
    """
    values, places = np.unique(y, return_inverse=True)
    totals = np.bincount(places, weights)
    shares = totals / totals.sum() if totals.any() else np.full(len(values), 1 / len(values))
    mean = float(shares @ values)
    with np.errstate(over="ignore", invalid="ignore"):  # a deviation that is not finite tells it
        largest = float(np.abs(values - mean).max())  # whose square may be more than a number holds
        return mean, largest and largest * float(np.sqrt(shares @ np.square((values - mean) / largest)))
