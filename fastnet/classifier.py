"""`FastNetClassifier`: scikit-learn's interface to the trainer of this package, named as its MLPClassifier has it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from .data.samples import Samples
from .knobs import knobs
from .models.probabilities import log_softmax, softmax
from .packages import EXTRAS, require_packages
from .training.recipe import Recipe
from .training.trainer import EpochRecord

try:
    from sklearn.base import ClassifierMixin, _fit_context
    from sklearn.utils import compute_class_weight
    from sklearn.utils._param_validation import StrOptions
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.multiclass import (
        _check_partial_fit_first_call,
        check_classification_targets,
        type_of_target,
        unique_labels,
    )

    from .estimator.base import NetworkEstimator, constraints
    from .estimator.inputs import as_features
except ImportError:
    require_packages("FastNetClassifier", *EXTRAS["sklearn"])
    raise

_LEAST_LOGIT = np.float32(-87)  # below it the logistic function is no normal float32, and soon 0


class FastNetClassifier(ClassifierMixin, NetworkEstimator):
    """A multi-layer perceptron for classes, or for several labels a sample, in scikit-learn's terms.

    What has the name of a parameter or attribute of `sklearn.neural_network.MLPClassifier` means the same. Numbers are
    float32 throughout: other input than float32 and uint8 is converted once. Sparse input stays sparse.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(100,)
        Units of each hidden layer; () is softmax regression.
    activation : {"identity", "logistic", "tanh", "relu"}, default="relu"
        Of every hidden layer.
    solver : {"adam", "sgd", "lbfgs"}, default="adam"
        "sgd" is gradient descent with momentum. "lbfgs" takes all samples at once: all that is about epochs,
        mini-batches, dropout, clipping, decay and callbacks is of the other two alone.
    alpha : float, default=0.0001
        L2 penalty in the loss, divided by the weight of the mini-batch. `weight_decay` is the decoupled one.
    batch_size : int or "auto", default="auto"
        Samples of a mini-batch; "auto" is min(200, n_samples).
    learning_rate : {"constant", "invscaling", "adaptive", "linear", "cosine"}, default="constant"
        How the rate goes on from `learning_rate_init`. With "sgd", "invscaling" divides it after each epoch by
        `t_ + 1` to the power of `power_t`, and "adaptive" by 5 where it would stop otherwise, down to 1e-6; "adam"
        ignores both. The last two fall to 0 at `max_iter`.
    learning_rate_init : float, default=0.001
    power_t : float, default=0.5
    warmup_epochs : float, default=0.0
        Epochs over which the rate rises to `learning_rate_init` at first.
    max_iter : int, default=200
        Epochs, or iterations of "lbfgs", at most.
    shuffle : bool, default=True
        Whether samples are shuffled before each epoch.
    random_state : int, RandomState instance or None, default=None
        Decides weights, validation split, order of samples and dropout: the same int gives the same bits on a machine,
        for any `n_jobs`.
    tol, n_iter_no_change : float, default=0.0001; int or inf, default=10
        Training ends once the loss (with `early_stopping`, the validation score) has not got better by `tol` for more
        than that many epochs; "lbfgs" ends where no component of the gradient is larger than `tol`.
    verbose : bool, default=False
        Whether to print a line an epoch; `fastnet.callbacks.ProgressBar` draws a bar.
    warm_start : bool, default=False
        Whether `fit` goes on from the last one, with the solver's moments and step count.
    momentum, nesterovs_momentum : float, default=0.9; bool, default=True
        Of "sgd".
    early_stopping : bool, default=False
        Whether to stop by the score on a validation set (`X_val` of `fit`, or a share of the training set), and to put
        the weights of the best epoch back.
    validation_fraction : float, default=0.1
        That share, drawn stratified by class, where `fit` is given no `X_val`.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999, 1e-8
        Of "adam".
    max_fun : int, default=15000
        Losses with their gradients that "lbfgs" looks at, at most.
    weight_decay : float, default=0.0
        Decoupled weight decay (AdamW): weights shrink by learning rate times this at each step.
    label_smoothing : float, default=0.0
        Share of a label that is spread over all classes; of several labels, over yes and no.
    dropout, input_dropout : float, default=0.0
        Share of the hidden units, and of the features, left out at random for each sample of each step.
    clip_norm : float or None, default=None
        Largest norm of the gradient of all parameters together, without that of the L2 penalty.
    class_weight : dict, "balanced" or None, default=None
        Multiplied with `sample_weight`; not for several labels.
    callbacks : list of callables or None, default=None
        Each is called as `callback(self, record)` after each epoch, with a `fastnet.training.trainer.EpochRecord`;
        training stops once one returns True. `self` predicts with the weights as they are then.
    n_jobs : int or None, default=None
        Threads to train with; -1 is all processors. None is one for small mini-batches, else what NUMBA_NUM_THREADS
        and OMP_NUM_THREADS allow, which joblib and dask set in worker processes, and all processors without them.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Of several labels, their numbers.
    coefs_, intercepts_ : lists of float32 ndarrays
        Weights `(n_in, n_out)` and biases of each layer; the last has an output a class or label,
        and one for two classes.
    loss_, loss_curve_, best_loss_ : float, list, float or None
        Mean loss of the samples in an epoch, each before its mini-batch's step, without the L2 penalty; with
        solver="lbfgs" `loss_` alone, of all samples at the end, with it.
    validation_scores_, validation_losses_, best_validation_score_ : lists and float, or None
        Accuracy (the share of samples of which all labels are right) and loss on the validation set after each epoch;
        None without one.
    n_iter_, t_ : int
        Epochs, or iterations of L-BFGS, of the last fit; samples seen in all.
    n_features_in_, feature_names_in_, n_layers_, n_outputs_, out_activation_
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **NetworkEstimator._parameter_constraints,
        "label_smoothing": constraints(knobs(Recipe)["label_smoothing"]),
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }
    _has_numeric_targets = False

    label_smoothing: float
    class_weight: dict[Any, float] | Literal["balanced"] | None

    def __init__(
        self,
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
        label_smoothing: float = 0.0,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        clip_norm: float | None = None,
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
        callbacks: "Sequence[Callable[[FastNetClassifier, EpochRecord], object]] | None" = None,
        n_jobs: int | None = None,
    ) -> None:
        self._set_parameters(locals())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    @available_if(NetworkEstimator._is_stochastic)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any, sample_weight: ArrayLike | None = None, classes: ArrayLike | None = None
    ) -> Self:
        """Train one epoch on more samples, going on exactly: with the solver's moments, step count and epoch's number.

        `classes` are all that there will be, needed in the first call. Called again and again with the same samples, it
        is `fit` to the bit; with the chunks of an array in turn, `fit(shuffle=False)` on the array, where chunks are
        whole mini-batches. Memory stays that of a chunk.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight 'balanced' is not supported for partial_fit. In order to use 'balanced' weights, use"
                " compute_class_weight('balanced', classes=classes, y=y) on a sample of the data"
            )
        _check_partial_fit_first_call(self, classes)
        return self._partial_fit(X, y, sample_weight, self.classes_)

    # ---- Prediction ----

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each sample; of several labels 0 and 1, `(n_samples, n_labels)`."""
        logits = self._logits(X)
        if self._has_several_labels:
            return (logits > 0).astype(np.int64)
        likeliest = (logits[:, 0] > 0).astype(np.int64) if self._is_logistic else logits.argmax(axis=1)
        classes: np.ndarray = self.classes_[likeliest]
        return classes

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, or of each label, float32 `(n_samples, n_classes)`, ordered as `classes_`."""
        return self._probabilities(self._logits(X))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithm of `predict_proba`."""
        logits = self._logits(X)
        if self._is_logistic:
            logarithms: np.ndarray = np.log(self._probabilities(logits))
            return logarithms
        return log_softmax(logits)

    def decision_function(self, X: Any) -> np.ndarray:
        """Logits, float32 `(n_samples, n_classes)`; with two classes that of the second, `(n_samples,)`."""
        logits = self._logits(X)
        if self._has_several_labels or len(self.classes_) != 2:
            return logits
        decisions: np.ndarray = logits[:, 0] if self._is_logistic else logits[:, 1] - logits[:, 0]
        return decisions

    def _logits(self, X: Any) -> np.ndarray:
        return self._outputs(as_features(self._checked(X)))

    def _probabilities(self, logits: np.ndarray) -> np.ndarray:
        return _logistic(self._logits_of_answers(logits)) if self._is_logistic else softmax(logits)

    def _logits_of_answers(self, logits: np.ndarray) -> np.ndarray:
        """One for each class: where two share an output, the first has the other sign."""
        return logits if self._has_several_labels else np.hstack([-logits, logits])

    @property
    def _is_logistic(self) -> bool:
        return self.out_activation_ == "logistic"

    # ---- What targets are ----

    _has_several_labels = False

    def _learn_targets(self, y: np.ndarray, weights: np.ndarray | None, classes: Any) -> None:
        check_classification_targets(y)
        if type_of_target(y).startswith("multiclass-multioutput"):
            raise ValueError("Multioutput target data is not supported with label binarization")
        self._has_several_labels = y.ndim == 2
        if classes is None:
            classes = np.arange(y.shape[1]) if self._has_several_labels else np.unique(y)
        self.classes_ = classes
        is_logistic = self._has_several_labels or len(classes) == 2
        self.out_activation_ = "logistic" if is_logistic else "softmax"
        self.n_outputs_ = 1 if is_logistic and not self._has_several_labels else len(classes)

    def _check_same_targets(self, y: np.ndarray) -> None:
        check_classification_targets(y)
        if set(unique_labels(y)) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. Previously"
                f" got {self.classes_}, `y` has {unique_labels(y)}"
            )

    def _encoded(self, y: np.ndarray, name: str = "y") -> np.ndarray:
        if (y.ndim == 2) != self._has_several_labels or (y.ndim == 2 and y.shape[1] != self.n_outputs_):
            raise ValueError(f"{name} is not of the {self.n_outputs_} labels, or of the classes, that were trained")
        if self._has_several_labels:
            return np.ascontiguousarray(y != 0, np.float32)
        check_classification_targets(y)
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown) and name != "y":
            raise ValueError(f"{name} has classes that y has not: {unknown}")
        if len(unknown):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {np.unique(y)}."
            )
        labels = np.searchsorted(self.classes_, y).astype(np.int64)
        return labels[:, np.newaxis].astype(np.float32) if self._is_logistic else labels

    def _weighted(self, y: np.ndarray, weights: np.ndarray | None) -> np.ndarray | None:
        """`sample_weight` times that of each sample's class."""
        if self.class_weight is None:
            return weights
        if self._has_several_labels:
            raise ValueError("class_weight is for one label a sample: give sample_weight where there are several")
        weights = np.ones(len(y)) if weights is None else weights
        self._encoded(y)  # or an error about classes that are not known
        labels = np.searchsorted(self.classes_, y)
        if self.class_weight == "balanced":
            totals = np.bincount(labels, weights, len(self.classes_))
            balanced = weights.sum() / (np.count_nonzero(totals) * np.maximum(totals, 1e-300))
            return np.asarray(weights * balanced[labels])
        of_classes = compute_class_weight(self.class_weight, classes=self.classes_, y=y)
        if not (np.isfinite(of_classes) & (of_classes >= 0)).all():
            raise ValueError(f"class_weight must be finite and at least 0, got {self.class_weight}")
        return np.asarray(weights * of_classes[labels])

    def _smoothed(self, samples: Samples) -> Samples:
        share = np.float32(self.label_smoothing)
        if not self._is_logistic or not share:
            return samples
        return Samples(samples.images, samples.labels * (1 - share) + share / 2, samples.scale, samples.weights)

    def _smoothing(self) -> float:
        return 0.0 if self._is_logistic else float(self.label_smoothing)

    def _strata(self, samples: Samples) -> np.ndarray | None:
        if self._has_several_labels:
            return None
        labels = samples.labels[:, 0] > 0.5 if self._is_logistic else samples.labels
        return np.asarray(self.classes_[labels.astype(np.int64)])

    def _score_of(self, record: EpochRecord) -> float | None:
        return record.validation_accuracy


def _logistic(logits: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-logits)), float32, and never 0."""
    probabilities: np.ndarray = 1 / (1 + np.exp(-np.maximum(logits, _LEAST_LOGIT)))
    return probabilities
