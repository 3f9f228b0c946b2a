"""The estimator that a classifier and a regressor are: parameters, training, going on and outputs."""

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from inspect import signature
from itertools import pairwise
from numbers import Integral, Real
from operator import index
from typing import Any, ClassVar, Literal, Self

import joblib
import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.optimize import _check_optimize_result
from sklearn.utils.validation import check_is_fitted, validate_data

from fastnet.data.merging import merge_equal
from fastnet.data.samples import Samples
from fastnet.errors import DataError, DivergedError, OptionError
from fastnet.kernels import aligned_copy
from fastnet.knobs import Knob, knobs
from fastnet.models.network import Layer, Network
from fastnet.system import require_numba
from fastnet.training.engine.stepwise import StepwiseEngine
from fastnet.training.recipe import Recipe
from fastnet.training.schedules import SCHEDULES
from fastnet.training.stopping import Patience
from fastnet.training.trainer import EpochRecord, State, Trainer

from .inputs import ACCEPTED, as_features, checked_weights, new_samples
from .lbfgs import minimise
from .rates import ADAPTIVE, INVSCALING, LearningRate

_LARGEST_BATCH = 200  # of batch_size="auto", as in scikit-learn
_MOST_MERGED = 1000  # samples: sorting many would take long
_PREDICTED_AT_A_TIME = 4096  # samples: what hidden layers answer to more would take much memory
_LEAST_SHARED = 10**6  # products of a forward pass: with fewer, a second thread takes longer to wake than to help
_THREAD_VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS")  # which joblib and dask set in their workers
_LOSSES = {"softmax": "cross_entropy", "logistic": "logistic", "identity": "squared_error", "exp": "poisson"}
_FAR_ABOVE = 1e6
_CURVES = ("loss_curve_", "best_loss_", "validation_scores_", "validation_losses_", "best_validation_score_")
_NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be preprocessed."
)

_SAME_NAMES = (
    "activation",
    "clip_norm",
    "dropout",
    "input_dropout",
    "momentum",
    "shuffle",
    "warmup_epochs",
    "weight_decay",
)
# Parameters that accept what a knob of the recipe accepts, by the names that scikit-learn has for them.
KNOBS = {
    "alpha": "l2",
    "learning_rate_init": "learning_rate",
    "max_iter": "epochs",
    "nesterovs_momentum": "nesterov",
    "beta_1": "beta1",
    "beta_2": "beta2",
    "epsilon": "eps",
    **{name: name for name in _SAME_NAMES},
}


def constraints(knob: Knob) -> list[Any]:
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


class NetworkEstimator(BaseEstimator):
    """A multi-layer perceptron in scikit-learn's terms; subclasses say what targets are, and what outputs mean.

    What a target is to the network stands in `out_activation_`: the output function, which decides the loss.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "solver": [StrOptions({"adam", "sgd", "lbfgs"})],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions({*SCHEDULES, INVSCALING, ADAPTIVE})],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "callbacks": [list, tuple, None],
        "n_jobs": [Integral, None],
        **{name: constraints(knobs(Recipe)[knob]) for name, knob in KNOBS.items()},
    }

    hidden_layer_sizes: int | Iterable[int]
    activation: str
    solver: str
    alpha: float
    batch_size: int | Literal["auto"]
    learning_rate: str
    learning_rate_init: float
    power_t: float
    warmup_epochs: float
    max_iter: int
    shuffle: bool
    random_state: int | np.random.RandomState | None
    tol: float
    verbose: bool
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int
    weight_decay: float
    dropout: float
    input_dropout: float
    clip_norm: float | None
    callbacks: Sequence[Callable[[Any, EpochRecord], object]] | None
    n_jobs: int | None

    n_outputs_: int
    out_activation_: str

    def _set_parameters(self, given: dict[str, Any]) -> None:
        """Keep what `__init__` was given, as it was given."""
        for name in self._get_param_names():
            setattr(self, name, given[name])

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up what was put away, also by a version that had fewer parameters."""
        parameters = signature(type(self).__init__).parameters
        defaults = {name: parameters[name].default for name in self._get_param_names()}
        if "coefs_" in state:  # the first versions trained by Adam alone
            defaults |= {"_begun": None, "_solver_before": "adam", "_watches_score": state["early_stopping"]}
        super().__setstate__({**defaults, **state})

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coefs_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    # ---- What subclasses say ----

    _has_numeric_targets: bool

    def _learn_targets(self, y: np.ndarray, weights: np.ndarray | None, classes: Any) -> None:
        """Targets are about to be trained on for the first time: set `n_outputs_`, `out_activation_` and more."""
        raise NotImplementedError

    def _check_same_targets(self, y: np.ndarray) -> None:
        """ValueError where a warm start cannot go on with such targets."""

    def _encoded(self, y: np.ndarray, name: str = "y") -> np.ndarray:
        """Targets as `Samples` has them; ValueError for such as were not there at first."""
        raise NotImplementedError

    def _weighted(self, y: np.ndarray, weights: np.ndarray | None) -> np.ndarray | None:
        """The weights of samples with such targets, float64; None where all weigh alike."""
        return weights

    def _smoothed(self, samples: Samples) -> Samples:
        """The samples as they are trained on."""
        return samples

    def _smoothing(self) -> float:
        """The label smoothing that is left to the trainer."""
        return 0.0

    def _strata(self, samples: Samples) -> np.ndarray | None:
        """What shares of a validation set are to be as in the whole of; None for nothing."""
        return None

    def _score_of(self, record: EpochRecord) -> float | None:
        """The score on the validation set."""
        raise NotImplementedError

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
        """Train on `X (n_samples, n_features)`, an array, a data frame or a SciPy sparse matrix, and its targets `y`.

        `sample_weight` says how much samples count; those that weigh 0 are left out. `X_val, y_val` and
        `sample_weight_val` are a validation set of yours: its scores and losses are recorded, and with
        `early_stopping` they decide. ValueError for input that scikit-learn's estimators refuse, for numbers that
        float32 cannot hold, and for a training that diverges.
        """
        has_validation = self._is_given_validation(X_val, y_val, sample_weight_val)
        goes_on = self.warm_start and hasattr(self, "coefs_")
        X, y, weights = self._validated(X, y, sample_weight, reset=not goes_on)
        if goes_on:
            self._check_same_targets(y)
        else:
            self._forget_network()
            self._learn_targets(y, weights, classes=None)
        samples = self._samples(X, y, weights)
        if not goes_on:
            self._begin(samples.n_features)
        validation = self._validation_samples(X_val, y_val, sample_weight_val) if has_validation else None
        if self.solver == "lbfgs":
            self._minimise(samples)
        else:
            self._fit_epochs(samples, validation, goes_on)
        if self.solver == "lbfgs" or self.n_iter_:  # else it was interrupted in its first epoch
            self._tell_lost(samples)
        return self

    def _fit_epochs(self, samples: Samples, validation: Samples | None, goes_on: bool) -> None:
        """Train for up to `max_iter` epochs."""
        if validation is None and self.early_stopping:
            samples, validation = self._split(samples)
        has_validation = validation is not None
        goes_on = goes_on and hasattr(self, "loss_curve_")  # and not from L-BFGS
        if not goes_on or has_validation != (self.validation_scores_ is not None) or self._watches_another_figure():
            self._begin_curves(has_validation)
        self._optimizer = self._new_rate()
        batch_size = self._batch_size(len(samples))
        samples, batch_size = self._merged(samples, batch_size)
        nothing = samples.take(np.arange(0))
        has_converged = self._train(samples, validation or nothing, batch_size, self.max_iter)
        if not has_converged and self.learning_rate not in ("linear", "cosine"):  # which end at max_iter
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the optimization hasn't"
                " converged yet.",
                ConvergenceWarning,
                stacklevel=2,
            )

    def _tell_lost(self, samples: Samples) -> None:
        """A warning where the loss has stayed far above what an answer that is always the same would have."""
        constant = 1.0 if samples.labels.ndim == 1 else max(1.0, float(np.mean(np.square(samples.labels, dtype=float))))
        if self.loss_ > _FAR_ABOVE * constant:
            warnings.warn(
                f"The loss is {self.loss_:.3g}, far above that of an answer that is always the same: the input data may"
                " contain large values and need to be preprocessed.",
                ConvergenceWarning,
                stacklevel=2,
            )

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> Self:
        """Train one epoch on more samples, going on exactly."""
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        if self.learning_rate in ("linear", "cosine"):
            raise ValueError(
                f"partial_fit does not support learning_rate={self.learning_rate!r}, as its end is unknown"
            )
        goes_on = hasattr(self, "coefs_")
        X, y, weights = self._validated(X, y, sample_weight, reset=not goes_on)
        if not goes_on:
            self._learn_targets(y, weights, classes)
        samples = self._samples(X, y, weights)
        if not goes_on:
            self._begin(samples.n_features)
        if not hasattr(self, "loss_curve_") or self._watches_another_figure():
            self._begin_curves(with_validation=False)
        self._optimizer = self._rate_that_goes_on()
        batch_size = self._batch_size(len(samples), is_chunk=True)
        samples, batch_size = self._merged(samples, batch_size)
        self._train(samples, samples.take(np.arange(0)), batch_size, n_epochs=1)
        return self

    def _is_stochastic(self) -> bool:
        """AttributeError where there are no epochs, and so no `partial_fit`."""
        if self.solver == "lbfgs":
            raise AttributeError("partial_fit is only available for stochastic optimizers. lbfgs is not stochastic.")
        return True

    def _validated(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """What was given, checked by scikit-learn: features, targets `(n,)` or `(n, n_outputs)`, weights in float64."""
        with np.errstate(over="ignore", invalid="ignore"):  # of the sums by which it looks for what is not finite
            X, y = validate_data(
                self, X, y, reset=reset, multi_output=True, y_numeric=self._has_numeric_targets, **ACCEPTED
            )
        y = y.toarray() if hasattr(y, "toarray") else y
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return as_features(X), y, checked_weights(sample_weight, X)

    def _samples(self, X: Any, y: np.ndarray, weights: np.ndarray | None) -> Samples:
        """Samples with weights, without those that weigh nothing."""
        weights = self._weighted(y, weights)
        if weights is not None and not weights.all():
            kept = np.flatnonzero(weights)
            if not len(kept):
                raise ValueError("Sample weights must contain at least one non-zero number.")
            X, y, weights = X[kept], y[kept], weights[kept]
        return self._smoothed(new_samples(X, self._encoded(y), weights))

    def _is_given_validation(self, X: Any, y: Any, sample_weight: Any) -> bool:
        """Whether there is a validation set of the user's; ValueError for half of one, and where none is looked at."""
        if X is None and y is None and sample_weight is None:
            return False
        if X is None or y is None:
            given = "X_val" if X is not None else "y_val" if y is not None else "sample_weight_val"
            missing = "X_val" if X is None else "y_val"
            raise ValueError(f"{given} is provided, but {missing} was not provided.")
        if self.solver == "lbfgs":
            raise ValueError("a validation set is for solver='adam' and 'sgd': 'lbfgs' does not look at one")
        return True

    def _validation_samples(self, X: Any, y: Any, sample_weight: Any) -> Samples:
        """The user's own validation set."""
        X, y, weights = self._validated(X, y, sample_weight, reset=False)
        return new_samples(X, self._encoded(y, "y_val"), weights)

    def _split(self, samples: Samples) -> tuple[Samples, Samples]:
        """A share of the samples set aside, as scikit-learn does it."""
        train, validation = train_test_split(
            np.arange(len(samples)),
            test_size=self.validation_fraction,
            stratify=self._strata(samples),
            random_state=self._seed,
        )
        if len(validation) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        return samples.take(train), samples.take(validation)

    def _merged(self, samples: Samples, batch_size: int) -> tuple[Samples, int]:
        """The samples; where they are one small mini-batch whose order is free, equal ones as one. And that batch."""
        is_one_batch = batch_size == len(samples) <= _MOST_MERGED
        if not (is_one_batch and (self.shuffle or self.solver == "lbfgs")):
            return samples, batch_size
        samples = merge_equal(samples)
        return samples, len(samples)

    def _begin(self, n_features: int) -> None:
        """A new network is about to be trained, from scikit-learn's first weights: forget the one before."""
        draws = check_random_state(self.random_state)
        self._begun: Network | None = _initialised(
            (n_features, *self._hidden(), self.n_outputs_), self.activation, draws
        )
        self._seed = int(draws.randint(np.iinfo(np.int32).max))
        self._n_epochs = self.t_ = 0
        for name in (*_CURVES, "loss_", "_optimizer"):
            self.__dict__.pop(name, None)
        self._forget_moments()

    def _forget_network(self) -> None:
        """Targets are about to be learnt anew: should that fail, the old network must not answer in their terms."""
        for name in ("coefs_", "intercepts_"):
            self.__dict__.pop(name, None)

    def _forget_moments(self) -> None:
        self._moments: tuple[Network, Network] | None = None
        self._n_steps = 0

    def _begin_curves(self, with_validation: bool) -> None:
        """Figures of epochs are about to be taken, and held against the best of them."""
        self.loss_curve_: list[float] = []
        self.validation_scores_: Any = [] if with_validation else None
        self.validation_losses_: Any = [] if with_validation else None
        self.best_loss_: float | None = None
        self.best_validation_score_: float | None = None
        self._patience = Patience(self.n_iter_no_change, self.tol)
        self._watches_score = self.early_stopping  # which is not to be held against a loss

    def _watches_another_figure(self) -> bool:
        """Whether `early_stopping` was changed since the curves began."""
        return bool(self._watches_score != self.early_stopping)

    def _rate_that_goes_on(self) -> LearningRate:
        """The learning rate of one more epoch: as far down as it was, unless its schedule is another now."""
        rate, before = self._new_rate(), getattr(self, "_optimizer", None)
        if before is not None and before.schedule == rate.schedule:
            rate.divisor = before.divisor
        return rate

    def _new_rate(self) -> LearningRate:
        """The learning rate of the epochs to come; Adam has scikit-learn's schedules of SGD ignored, as there."""
        schedule = self.learning_rate if self.solver == "sgd" else "constant"
        return LearningRate(float(self.learning_rate_init), schedule, float(self.power_t))

    @property
    def _no_improvement_count(self) -> int:
        """Epochs in a row without gain, by scikit-learn's name."""
        return self._patience.n_without_gain

    def _train(self, samples: Samples, validation: Samples, batch_size: int, n_epochs: int) -> bool:
        """Train and record; whether the training ended before its last epoch."""
        require_numba()
        recipe, start = self._prepared(samples, batch_size, n_epochs)
        trainer = Trainer(samples, validation, self.n_outputs_, recipe, start)
        trainer.rate_scale = 1 / self._optimizer.divisor
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
            trainer.stop_requested = self._has_enough() or any(wants_stop)
            trainer.rate_scale = 1 / self._optimizer.divisor

        try:
            with use_threads(self._n_threads(batch_size)):
                trainer.run(on_epoch=end_epoch)
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=3)
        except (DataError, DivergedError) as error:  # the first of a validation loss
            self._tell_diverged(error, bool(best))
        finally:
            for callback in self.callbacks or ():
                getattr(callback, "close", lambda: None)()
            state = trainer.state  # also where a callback raised: what was trained can go on
            self._moments, self._n_steps, self._n_epochs = state.moments, state.n_steps, state.n_epochs
        if best:
            trainer.network.set_parameters(best)
        return self.n_iter_ < n_epochs or self._patience.has_run_out

    def _has_enough(self) -> bool:
        """Whether the training is to end after this epoch; the learning rate goes on, or is lowered instead."""
        self._optimizer.end_epoch(self.t_)
        if not self._patience.has_run_out:
            return False
        if self._optimizer.lower():
            self._patience.n_without_gain = 0
            return False
        return True

    def _tell_diverged(self, error: Exception, has_best: bool) -> None:
        """A warning where the weights of an epoch before can be put back; else ValueError."""
        if not has_best:
            raise ValueError(f"{_NOT_FINITE} ({error})") from error
        self.validation_scores_.append(np.nan)
        self.validation_losses_.append(np.nan)
        warnings.warn(
            f"The training diverged, and the weights of its best epoch are put back: {error}",
            ConvergenceWarning,
            stacklevel=4,
        )

    def _minimise(self, samples: Samples) -> None:
        """Train by L-BFGS, which takes all samples at once."""
        require_numba()
        samples, _ = self._merged(samples, len(samples))
        recipe, start = self._prepared(samples, min(_LARGEST_BATCH, len(samples)), self.max_iter)
        from fastnet import kernels
        from fastnet.kernels.jit import use_threads

        engine = StepwiseEngine(start.network, recipe, kernels)
        self._show_network(engine.network)
        self._forget_moments()
        with use_threads(self._n_threads(len(samples))):
            result = minimise(engine, samples, self.max_iter, self.max_fun, self.tol)
        self.n_iter_ = _check_optimize_result("lbfgs", result, self.max_iter)
        self.loss_ = float(result.fun)
        if not np.isfinite(result.fun) or not all(np.isfinite(w).all() for w in self.coefs_ + self.intercepts_):
            raise ValueError(f"{_NOT_FINITE} (the loss is {result.fun})")

    def _prepared(self, samples: Samples, batch_size: int, n_epochs: int) -> tuple[Recipe, State]:
        """The recipe, and a new network or what a training before left."""
        try:
            recipe = self._recipe(batch_size, n_epochs)
        except OptionError as error:
            raise ValueError(str(error)) from error
        if self._begun:
            return recipe, State(self._begun)
        if self._solver_before != self.solver:  # whose moments mean something else
            self._forget_moments()
        pairs = zip(self.coefs_, self.intercepts_, strict=True)
        network = Network([Layer(aligned_copy(w), aligned_copy(b)) for w, b in pairs], recipe.activation)
        sizes = (samples.n_features, *recipe.hidden, self.n_outputs_)
        if network.layer_sizes != sizes:
            raise ValueError(f"a network of layers {network.layer_sizes} cannot go on as one of {sizes}")
        return recipe, State(network, self._moments, self._n_steps, self._n_epochs)

    def _recipe(self, batch_size: int, n_epochs: int) -> Recipe:
        """The parameters in the trainer's terms."""
        return Recipe(
            hidden=self._hidden(),
            activation=self.activation,
            loss=_LOSSES[self.out_activation_],
            solver="sgd" if self.solver == "sgd" else "adam",
            epochs=int(n_epochs),
            batch_size=batch_size,
            learning_rate=float(self.learning_rate_init),
            schedule=self.learning_rate if self.learning_rate in SCHEDULES else "constant",
            warmup_epochs=float(self.warmup_epochs),
            momentum=float(self.momentum),
            nesterov=bool(self.nesterovs_momentum),
            beta1=float(self.beta_1),
            beta2=float(self.beta_2),
            eps=float(self.epsilon),
            weight_decay=float(self.weight_decay),
            l2=float(self.alpha),
            n_validation=0,
            seed=self._seed,
            label_smoothing=self._smoothing(),
            dropout=float(self.dropout),
            input_dropout=float(self.input_dropout),
            clip_norm=None if self.clip_norm is None else float(self.clip_norm),
            shuffle=bool(self.shuffle),
        )

    def _hidden(self) -> tuple[int, ...]:
        """The units of each hidden layer."""
        sizes = self.hidden_layer_sizes
        hidden = tuple(index(size) for size in (sizes if hasattr(sizes, "__iter__") else [sizes]))
        if any(size <= 0 for size in hidden):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {list(hidden)}.")
        return hidden

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
        self._begun, self._solver_before = None, self.solver

    def _record(self, record: EpochRecord) -> bool:
        """Take the figures of an epoch; whether it is the best so far."""
        self.n_iter_ += 1
        self.loss_ = record.train_loss
        self.loss_curve_.append(self.loss_)
        if self.verbose:
            print(f"Iteration {self.n_iter_}, loss = {self.loss_:.8f}")
        score = self._score_of(record)
        if score is not None and self.validation_scores_ is not None:
            self.validation_scores_.append(score)
            self.validation_losses_.append(record.validation_loss)
            if self.verbose:
                print(f"Validation score: {score:f}")
        if self.early_stopping:
            assert score is not None
            is_best = self._patience.look(score)
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

    def _outputs(self, X: Any, kind: type[np.floating[Any]] = np.float32) -> np.ndarray:
        """The last layer's sums `(n_samples, n_outputs)`, computed in float32 or float64, as `kind` says.

        ValueError where they are more than such numbers hold.
        """
        network = self._network(kind)
        with np.errstate(over="ignore", invalid="ignore"):  # it is told below
            outputs = [network.forward(part.astype(kind, copy=False)).logits for part in _parts(X)]
        return finite_answers(np.concatenate(outputs) if len(outputs) > 1 else outputs[0])

    def _checked(self, X: Any) -> Any:
        """Features to predict for: an array or a CSR matrix."""
        check_is_fitted(self)
        return validate_data(self, X, reset=False, **ACCEPTED)

    def _network(self, kind: type[np.floating[Any]]) -> Network:
        """That of the attributes, whose arrays it shares where they are of that kind."""
        pairs = zip(self.coefs_, self.intercepts_, strict=True)
        return Network(
            [Layer(w.astype(kind, copy=False), b.astype(kind, copy=False)) for w, b in pairs], self.activation
        )


def _parts(X: Any) -> Iterator[Any]:
    """The samples, some thousand at a time: more of sparse ones, as a part of them is a copy."""
    n, at_a_time = X.shape[0], _PREDICTED_AT_A_TIME * (1 if isinstance(X, np.ndarray) else 16)
    if n <= at_a_time:
        yield X
        return
    for start in range(0, n, at_a_time):
        yield X[start : start + at_a_time]


def finite_answers(answers: np.ndarray) -> np.ndarray:
    """The answers; ValueError where they are more than their kind of number holds."""
    if not np.isfinite(answers).all():
        raise ValueError(f"X is so large that what the network answers is beyond the range of {answers.dtype.name}")
    return answers


def _initialised(sizes: tuple[int, ...], activation: str, draws: np.random.RandomState) -> Network:
    """The network that scikit-learn begins with, drawn as there, in float32."""
    layers, factor = [], 2 if activation == "logistic" else 6
    for n_in, n_out in pairwise(sizes):
        bound = np.sqrt(factor / (n_in + n_out))
        w, b = draws.uniform(-bound, bound, (n_in, n_out)), draws.uniform(-bound, bound, n_out)
        layers.append(Layer(aligned_copy(w), aligned_copy(b)))
    return Network(layers, activation)
