"""`FastNetClassifier`: scikit-learn's interface to the trainer of this package, named as its MLPClassifier has it."""

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from operator import index
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from fastnet.kernels import aligned_copy

from .data.merging import merge_equal
from .data.samples import Samples
from .errors import DataError, DivergedError, OptionError
from .knobs import Knob, knobs
from .models.network import Layer, Network
from .packages import EXTRAS, require_packages
from .system import require_numba
from .training.recipe import Recipe
from .training.stopping import Patience
from .training.trainer import EpochRecord, State, Trainer

try:
    import joblib
    from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import train_test_split
    from sklearn.utils import check_random_state, compute_class_weight, gen_batches
    from sklearn.utils._param_validation import Interval, Options, StrOptions
    from sklearn.utils.multiclass import _check_partial_fit_first_call, check_classification_targets, unique_labels
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError:
    require_packages("FastNetClassifier", *EXTRAS["sklearn"])
    raise

_INPUT = {"accept_sparse": "csr", "dtype": [np.float32, np.uint8], "order": "C"}
_LARGEST_BATCH = 200  # of batch_size="auto", as in MLPClassifier
_MOST_MERGED = 1000  # samples: sorting many would take long
_PREDICTED_AT_A_TIME = 4096  # samples: what hidden layers answer to more would take much memory
_LEAST_SHARED = 10**6  # products of a forward pass: with fewer, a second thread takes longer to wake than to help
_THREAD_VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS")  # which joblib and dask set in their workers

_SAME_NAMES = (
    "clip_norm",
    "dropout",
    "input_dropout",
    "label_smoothing",
    "shuffle",
    "warmup_epochs",
    "weight_decay",
)
# Parameters that accept what a knob of the recipe accepts, by the names that scikit-learn has for them.
_KNOBS = {
    "alpha": "l2",
    "learning_rate": "schedule",
    "learning_rate_init": "learning_rate",
    "max_iter": "epochs",
    "beta_1": "beta1",
    "beta_2": "beta2",
    "epsilon": "eps",
    **{name: name for name in _SAME_NAMES},
}


def _constraints(knob: Knob) -> list[Any]:
    """What scikit-learn is told that a parameter accepts."""
    if knob.kind is bool:
        return ["boolean"]
    if knob.choices:
        return [StrOptions(set(knob.choices))]
    low = knob.above if knob.least is None else knob.least
    high = knob.below if knob.most is None else knob.most
    ends = {(False, False): "neither", (True, False): "left", (False, True): "right", (True, True): "both"}
    closed = ends[knob.least is not None, knob.most is not None]
    numbers = Interval(Integral if knob.kind is int else Real, low, high, closed=closed)
    return [numbers, None] if knob.is_optional else [numbers]


class FastNetClassifier(ClassifierMixin, BaseEstimator):
    """A multi-layer perceptron with ReLU and softmax, trained with Adam, in scikit-learn's terms.

    What has the name of a parameter or attribute of `sklearn.neural_network.MLPClassifier` means the same. Numbers are
    float32 throughout: other input than float32 and uint8 is converted once. Sparse input stays sparse.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(100,)
        Units of each hidden layer; () is softmax regression.
    activation : {"relu"}, default="relu"
    solver : {"adam"}, default="adam"
    alpha : float, default=0.0001
        L2 penalty in the loss, divided by the weight of the mini-batch. `weight_decay` is the decoupled one.
    batch_size : int or "auto", default="auto"
        Samples of a mini-batch; "auto" is min(200, n_samples).
    learning_rate : {"constant", "linear", "cosine"}, default="constant"
        How the rate goes on from `learning_rate_init`: the last two fall to 0 at `max_iter`.
    learning_rate_init : float, default=0.001
    warmup_epochs : float, default=0.0
        Epochs over which the rate rises to `learning_rate_init` at first.
    max_iter : int, default=200
        Epochs, at most.
    shuffle : bool, default=True
        Whether samples are shuffled before each epoch.
    random_state : int, RandomState instance or None, default=None
        Decides weights, validation split, order of samples and dropout: the same int gives the same bits on a machine,
        for any `n_jobs`.
    tol, n_iter_no_change : float, default=0.0001; int or inf, default=10
        Training ends once the loss (with `early_stopping`, the validation score) has not got better by `tol` for more
        than that many epochs.
    verbose : bool, default=False
        Whether to print a line an epoch; `fastnet.callbacks.ProgressBar` draws a bar.
    warm_start : bool, default=False
        Whether `fit` goes on from the last one, with Adam's moments and step count.
    early_stopping : bool, default=False
        Whether to stop by the score on a validation set (`X_val` of `fit`, or a share of the training set), and to put
        the weights of the best epoch back.
    validation_fraction : float, default=0.1
        That share, drawn stratified, where `fit` is given no `X_val`.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999, 1e-8
        Adam's.
    weight_decay : float, default=0.0
        Decoupled weight decay (AdamW): weights shrink by learning rate times this at each step.
    label_smoothing : float, default=0.0
        Share of a label that is spread over all classes.
    dropout, input_dropout : float, default=0.0
        Share of the hidden units, and of the features, left out at random for each sample of each step.
    clip_norm : float or None, default=None
        Largest norm of the gradient of all parameters together, without that of the L2 penalty.
    class_weight : dict, "balanced" or None, default=None
        Multiplied with `sample_weight`.
    callbacks : list of callables or None, default=None
        Each is called as `callback(self, record)` after each epoch, with a `fastnet.training.trainer.EpochRecord`;
        training stops once one returns True. `self` predicts with the weights as they are then.
    n_jobs : int or None, default=None
        Threads to train with; -1 is all processors. None is one for small mini-batches, else what NUMBA_NUM_THREADS
        and OMP_NUM_THREADS allow, which joblib and dask set in worker processes, and all processors without them.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coefs_, intercepts_ : lists of float32 ndarrays
        Weights `(n_in, n_out)` and biases of each layer; the last has an output a class, also with two classes.
    loss_, loss_curve_, best_loss_ : float, list, float or None
        Mean loss of the samples in an epoch, each before its mini-batch's step, without the L2 penalty.
    validation_scores_, validation_losses_, best_validation_score_ : lists and float, or None
        Accuracy and loss on the validation set after each epoch; None without one.
    n_iter_, t_ : int
        Epochs of the last fit; samples seen in all.
    n_features_in_, feature_names_in_, n_layers_, n_outputs_, out_activation_
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 - scikit-learn's convention
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions({"relu"})],
        "solver": [StrOptions({"adam"})],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "callbacks": [list, tuple, None],
        "n_jobs": [Integral, None],
        **{name: _constraints(knobs(Recipe)[knob]) for name, knob in _KNOBS.items()},
    }

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
        warmup_epochs: float = 0.0,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        weight_decay: float = 0.0,
        label_smoothing: float = 0.0,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        clip_norm: float | None = None,
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
        callbacks: "Sequence[Callable[[FastNetClassifier, EpochRecord], object]] | None" = None,
        n_jobs: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.warmup_epochs = warmup_epochs
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.clip_norm = clip_norm
        self.class_weight = class_weight
        self.callbacks = callbacks
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    # ---- Training ----

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Any = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train on `X (n_samples, n_features)`, an array, a data frame or a SciPy sparse matrix, and its labels `y`.

        `sample_weight` says how much samples count; those that weigh 0 are left out. `X_val, y_val` and
        `sample_weight_val` are a validation set of yours: its scores and losses are recorded, and with
        `early_stopping` they decide. ValueError for input that scikit-learn's estimators refuse.
        """
        goes_on = self.warm_start and hasattr(self, "coefs_")
        X, y = validate_data(self, X, y, reset=not goes_on, **_INPUT)
        check_classification_targets(y)
        if not goes_on:
            self.classes_ = np.unique(y)
        elif set(unique_labels(y)) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. Previously"
                f" got {self.classes_}, `y` has {unique_labels(y)}"
            )
        samples = self._samples(X, y, sample_weight)
        with_validation = bool(self.early_stopping or X_val is not None)
        if not goes_on:
            self._begin()
        if not goes_on or with_validation != (self.validation_scores_ is not None):
            self._begin_curves(with_validation)
        if not (X_val is None and y_val is None and sample_weight_val is None):
            validation = self._validation_samples(X_val, y_val, sample_weight_val)
        elif self.early_stopping:
            samples, validation = self._split(samples)
        else:
            validation = samples.take(np.arange(0))
        batch_size = self._batch_size(len(samples))
        samples = self._merged(samples, batch_size)
        has_converged = self._train(samples, validation, batch_size, self.max_iter)
        if not has_converged and self.learning_rate == "constant":
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the optimization hasn't"
                " converged yet.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any, sample_weight: ArrayLike | None = None, classes: ArrayLike | None = None
    ) -> Self:
        """Train one epoch on more samples, going on exactly: with Adam's moments, step count and the epoch's number.

        `classes` are all that there will be, needed in the first call. Called again and again with the same samples, it
        is `fit` to the bit; with the chunks of an array in turn, `fit(shuffle=False)` on the array, where chunks are
        whole mini-batches. Memory stays that of a chunk.
        """
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        if self.learning_rate != "constant":
            raise ValueError(
                f"partial_fit does not support learning_rate={self.learning_rate!r}, as its end is unknown"
            )
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight 'balanced' is not supported for partial_fit. In order to use 'balanced' weights, use"
                " compute_class_weight('balanced', classes=classes, y=y) on a sample of the data"
            )
        is_first = not hasattr(self, "coefs_")
        _check_partial_fit_first_call(self, classes)
        X, y = validate_data(self, X, y, reset=is_first, **_INPUT)
        check_classification_targets(y)
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {np.unique(y)}."
            )
        samples = self._samples(X, y, sample_weight)
        if is_first:
            self._begin()
            self._begin_curves(with_validation=False)
        batch_size = self._batch_size(len(samples), is_chunk=True)
        samples = self._merged(samples, batch_size)
        self._train(samples, samples.take(np.arange(0)), batch_size, n_epochs=1)
        return self

    def _samples(self, X: Any, y: np.ndarray, sample_weight: Any) -> Samples:
        """Samples with weights, without those that weigh nothing."""
        labels = np.searchsorted(self.classes_, y)
        weights = self._weights(X, labels, sample_weight)
        if weights is not None and not weights.all():
            kept = np.flatnonzero(weights)
            if not len(kept):
                raise ValueError("Sample weights must contain at least one non-zero number.")
            X, labels, weights = X[kept], labels[kept], weights[kept]
        return _new_samples(X, labels, weights)

    def _weights(self, X: Any, labels: np.ndarray, sample_weight: Any) -> np.ndarray | None:
        """`sample_weight` times that of each sample's class, float32."""
        if sample_weight is None and self.class_weight is None:
            return None
        weights = _checked_weights(sample_weight, X)
        if self.class_weight == "balanced":
            totals = np.bincount(labels, weights, len(self.classes_))
            weights = weights * (weights.sum() / (np.count_nonzero(totals) * np.maximum(totals, 1e-300)))[labels]
        elif self.class_weight is not None:
            y = self.classes_[labels]
            weights_of_classes = compute_class_weight(self.class_weight, classes=self.classes_, y=y)
            if not (np.isfinite(weights_of_classes) & (weights_of_classes >= 0)).all():
                raise ValueError(f"class_weight must be finite and at least 0, got {self.class_weight}")
            weights = weights * weights_of_classes[labels]
        return weights.astype(np.float32)

    def _validation_samples(self, X: Any, y: Any, sample_weight: Any) -> Samples:
        """The user's own validation set; its labels may be of classes that are not known."""
        if X is None or y is None:
            given = "X_val" if X is not None else "y_val" if y is not None else "sample_weight_val"
            missing = "X_val" if X is None else "y_val"
            raise ValueError(f"{given} is provided, but {missing} was not provided.")
        X, y = validate_data(self, X, y, reset=False, **_INPUT)
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(f"y_val has classes that y has not: {unknown}")
        weights = None if sample_weight is None else _checked_weights(sample_weight, X).astype(np.float32)
        return _new_samples(X, np.searchsorted(self.classes_, y), weights)

    def _split(self, samples: Samples) -> tuple[Samples, Samples]:
        """A stratified share of the samples set aside, as MLPClassifier does it."""
        train, validation = train_test_split(
            np.arange(len(samples)),
            test_size=self.validation_fraction,
            stratify=samples.labels,
            random_state=self._seed,
        )
        if len(validation) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        return samples.take(train), samples.take(validation)

    def _merged(self, samples: Samples, batch_size: int) -> Samples:
        """The samples; where they are one small mini-batch whose order is free, equal ones as one."""
        is_one_batch = batch_size == len(samples) <= _MOST_MERGED
        return merge_equal(samples) if is_one_batch and self.shuffle else samples

    def _begin(self) -> None:
        """A new network is about to be trained: forget the one before."""
        self._seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        self._moments: tuple[Network, Network] | None = None
        self._n_steps = self._n_epochs = self.t_ = 0

    def _begin_curves(self, with_validation: bool) -> None:
        """Figures of epochs are about to be taken, and held against the best of them."""
        self.loss_curve_: list[float] = []
        self.validation_scores_: Any = [] if with_validation else None
        self.validation_losses_: Any = [] if with_validation else None
        self.best_loss_: float | None = None
        self.best_validation_score_: float | None = None
        self._patience = Patience(self.n_iter_no_change, self.tol)

    def _train(self, samples: Samples, validation: Samples, batch_size: int, n_epochs: int) -> bool:
        """Train and record; whether the training ended before its last epoch."""
        trainer = self._trainer(samples, validation, batch_size, n_epochs)
        from fastnet.kernels.jit import use_threads  # loads Numba, which prediction does without

        self._show_network(trainer.network)
        self._patience.n_epochs, self._patience.tolerance = self.n_iter_no_change, self.tol
        self.n_iter_ = 0
        best: dict[str, np.ndarray] = {}

        def end_epoch(record: EpochRecord) -> None:
            self.t_ += len(samples)
            if self._record(record) and self.early_stopping:
                best.update({name: array.copy() for name, array in trainer.network.parameters().items()})
            wants_stop = [callback(self, record) is True for callback in self.callbacks or ()]
            trainer.stop_requested = any(wants_stop) or (self._patience.has_run_out and n_epochs > 1)

        try:
            with use_threads(self._n_threads(batch_size)):
                trainer.run(on_epoch=end_epoch)
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=3)
        except (DataError, DivergedError) as error:  # the first of a validation loss
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large values and need to be"
                " preprocessed."
            ) from error
        finally:
            for callback in self.callbacks or ():
                getattr(callback, "close", lambda: None)()
            state = trainer.state  # also where a callback raised: what was trained can go on
            self._moments, self._n_steps, self._n_epochs = state.moments, state.n_steps, state.n_epochs
        if best:
            trainer.network.set_parameters(best)
        return self.n_iter_ < n_epochs or self._patience.has_run_out

    def _trainer(self, samples: Samples, validation: Samples, batch_size: int, n_epochs: int) -> Trainer:
        """A trainer of a new network, initialised as MLPClassifier's, or of the one that there is."""
        require_numba()
        try:
            recipe = self._recipe(batch_size, n_epochs)
        except OptionError as error:
            raise ValueError(str(error)) from error
        sizes = (samples.n_features, *recipe.hidden, len(self.classes_))
        if self._moments is None:
            start = State(Network.glorot_initialised(sizes, np.random.default_rng(self._seed)))
        else:
            pairs = zip(self.coefs_, self.intercepts_, strict=True)
            network = Network([Layer(aligned_copy(w), aligned_copy(b)) for w, b in pairs])
            start = State(network, self._moments, self._n_steps, self._n_epochs)
        if start.network.layer_sizes != sizes:
            raise ValueError(f"a network of layers {start.network.layer_sizes} cannot go on as one of {sizes}")
        return Trainer(samples, validation, len(self.classes_), recipe, start)

    def _recipe(self, batch_size: int, n_epochs: int) -> Recipe:
        """The parameters in the trainer's terms."""
        sizes = self.hidden_layer_sizes
        hidden = tuple(index(size) for size in (sizes if hasattr(sizes, "__iter__") else [sizes]))
        if any(size <= 0 for size in hidden):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {list(hidden)}.")
        return Recipe(
            hidden=hidden,
            epochs=int(n_epochs),
            batch_size=batch_size,
            learning_rate=float(self.learning_rate_init),
            schedule=self.learning_rate,
            warmup_epochs=float(self.warmup_epochs),
            beta1=float(self.beta_1),
            beta2=float(self.beta_2),
            eps=float(self.epsilon),
            weight_decay=float(self.weight_decay),
            l2=float(self.alpha),
            n_validation=0,
            seed=self._seed,
            label_smoothing=float(self.label_smoothing),
            dropout=float(self.dropout),
            input_dropout=float(self.input_dropout),
            clip_norm=None if self.clip_norm is None else float(self.clip_norm),
            shuffle=bool(self.shuffle),
        )

    def _batch_size(self, n_samples: int, is_chunk: bool = False) -> int:
        """Samples of a mini-batch, at most all."""
        if self.batch_size == "auto":
            return min(_LARGEST_BATCH, n_samples)
        if self.batch_size > n_samples and not is_chunk:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped", stacklevel=3
            )
        return min(int(self.batch_size), n_samples)

    def _show_network(self, network: Network) -> None:
        """Set the attributes that describe the network; its arrays are trained in place."""
        self.coefs_ = [layer.w for layer in network.layers]
        self.intercepts_ = [layer.b for layer in network.layers]
        self.n_layers_ = len(network.layers) + 1
        self.n_outputs_ = len(self.classes_)
        self.out_activation_ = "softmax"

    def _record(self, record: EpochRecord) -> bool:
        """Take the figures of an epoch; whether it is the best so far."""
        self.n_iter_ += 1
        self.loss_ = record.train_loss
        self.loss_curve_.append(self.loss_)
        if self.verbose:
            print(f"Iteration {self.n_iter_}, loss = {self.loss_:.8f}")
        if record.validation_accuracy is not None and self.validation_scores_ is not None:
            self.validation_scores_.append(record.validation_accuracy)
            self.validation_losses_.append(record.validation_loss)
            if self.verbose:
                print(f"Validation score: {record.validation_accuracy:f}")
        if self.early_stopping:
            assert record.validation_accuracy is not None
            is_best = self._patience.look(record.validation_accuracy)
            self.best_validation_score_ = self._patience.best
        else:
            is_best = self._patience.look(-record.train_loss)
            self.best_loss_ = -self._patience.best
        return is_best

    def _n_threads(self, batch_size: int) -> int:
        """Threads to train with."""
        if self.n_jobs is None:
            if batch_size * sum(w.size for w in self.coefs_) < _LEAST_SHARED:
                return 1
            limits = [os.environ.get(name, "") for name in _THREAD_VARIABLES]
            n_processors: int = joblib.cpu_count()
            return min([n_processors, *(int(limit) for limit in limits if limit.isdigit() and int(limit))])
        if self.n_jobs == 0:
            raise ValueError("n_jobs == 0 has no meaning")
        return max(1, joblib.cpu_count() + 1 + self.n_jobs) if self.n_jobs < 0 else int(self.n_jobs)

    # ---- Prediction ----

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each sample."""
        largest = self._logits(X).argmax(axis=1)
        classes: np.ndarray = self.classes_[largest]
        return classes

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, float32 `(n_samples, n_classes)`, in the order of `classes_`."""
        exponentials = np.exp(self.predict_log_proba(X))
        probabilities: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
        return probabilities

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithm of `predict_proba`."""
        logits = self._logits(X)
        shifted = logits - logits.max(axis=1, keepdims=True)
        logarithms: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return logarithms

    def decision_function(self, X: Any) -> np.ndarray:
        """Logits, float32 `(n_samples, n_classes)`; with two classes how much the second is larger, `(n_samples,)`."""
        logits = self._logits(X)
        decisions: np.ndarray = logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits
        return decisions

    def _logits(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, **_INPUT)
        logits, network = np.empty((X.shape[0], len(self.classes_)), np.float32), self._network()
        for rows in gen_batches(X.shape[0], _PREDICTED_AT_A_TIME):
            logits[rows] = network.forward(X[rows].astype(np.float32, copy=False)).logits
        return logits

    def _network(self) -> Network:
        """That of the attributes, whose arrays it shares."""
        return Network([Layer(w, b) for w, b in zip(self.coefs_, self.intercepts_, strict=True)])


def _new_samples(X: Any, labels: np.ndarray, weights: np.ndarray | None) -> Samples:
    """Samples of an array, which is not copied, or of a CSR matrix."""
    if isinstance(X, np.ndarray):
        return Samples(X, labels.astype(np.int64), 1.0, weights)
    samples = Samples.from_csr(X, labels)
    return Samples(samples.images, samples.labels, samples.scale, weights)


def _checked_weights(sample_weight: Any, X: Any) -> np.ndarray:
    weights = np.asarray(_check_sample_weight(sample_weight, X, dtype=np.float64))
    if (weights < 0).any():
        raise ValueError("Negative values in data passed to `sample_weight`")
    return weights
