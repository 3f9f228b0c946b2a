"""Both estimators beyond a class a sample: numbers, several labels, activations, solvers, and what goes wrong."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fastnet import FastNetClassifier, FastNetRegressor, ProgressBar

from .estimators import assert_same_weights, assert_sample_weights_are_routed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def data():
    """240 samples of 6 features, and a number each of a size near 1."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((240, 6))
    return X, np.sin(X[:, 0]) + X[:, 1] * X[:, 2] / 2 + 0.05 * rng.standard_normal(240)


def small(**parameters):
    return FastNetRegressor(**{"hidden_layer_sizes": (16,), "max_iter": 5, "random_state": 0, **parameters})


# ---- As scikit-learn ------------------------------------------------------------------------------------------------

ONE_STEP = {
    "max_iter": 1,
    "batch_size": 240,
    "learning_rate_init": 0.1,
    "random_state": 3,
    "alpha": 0.5,
}


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_a_step_is_scikit_learns(data, activation, solver):
    """The same first weights, and the same gradient: of targets whose mean is 0, nothing is taken away."""
    X, y = data
    y = y - y.mean()
    parameters = {**ONE_STEP, "activation": activation, "solver": solver, "hidden_layer_sizes": (8, 5)}
    ours, theirs = FastNetRegressor(**parameters).fit(X, y), MLPRegressor(**parameters).fit(X, y)
    for mine, expected in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        np.testing.assert_allclose(mine, expected, atol=2e-3)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=5e-3)
    assert ours.out_activation_ == theirs.out_activation_


@pytest.mark.parametrize("labels", [2, 3, "several"])
def test_a_step_of_a_classifier_is_scikit_learns(data, labels):
    X, y = data
    y = np.column_stack([y > 0, X[:, 0] > 0, X[:, 1] > 1]) if labels == "several" else np.digitize(y, [0, 1])
    y = (y > 0).astype(int) if labels == 2 else y.astype(int)
    parameters = {**ONE_STEP, "solver": "sgd", "momentum": 0.5}
    ours, theirs = FastNetClassifier(**parameters).fit(X, y), MLPClassifier(**parameters).fit(X, y)
    for mine, expected in zip(ours.coefs_, theirs.coefs_, strict=True):
        np.testing.assert_allclose(mine, expected, atol=1e-5)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    assert (ours.n_outputs_, ours.out_activation_) == (theirs.n_outputs_, theirs.out_activation_)
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)


def test_the_worked_example_of_scikit_learn():
    """Its `test_fit`: one step of SGD from given weights, worked out by hand there."""
    X, y = np.array([[0.6, 0.8, 0.7]]), [0]
    model = FastNetClassifier(2, "logistic", solver="sgd", learning_rate_init=0.1, alpha=0.1, momentum=0, max_iter=1)
    model.partial_fit(X, y, classes=[0, 1])
    model.coefs_ = [np.array([[0.1, 0.2], [0.3, 0.1], [0.5, 0]]), np.array([[0.1], [0.2]])]
    model.intercepts_ = [np.array([0.1, 0.1]), np.array([1.0])]
    model.partial_fit(X, y)
    np.testing.assert_allclose(
        model.coefs_[0], [[0.098, 0.195756], [0.2956664, 0.096008], [0.4939998, -0.002244]], atol=5e-4
    )
    np.testing.assert_allclose(model.coefs_[1], [[0.04706], [0.154089]], atol=5e-4)
    np.testing.assert_allclose(model.intercepts_[1], [0.9235], atol=5e-4)
    assert model.predict_proba(X)[0, 1] == pytest.approx(0.739, abs=5e-4)


def test_poisson_predicts_exponentials(data):
    X, _ = data
    y = np.random.default_rng(0).poisson(np.exp(X[:, 0]))
    model = small(loss="poisson", solver="lbfgs", max_iter=100).fit(X, y)
    assert model.out_activation_ == "exp"
    assert model.predict(X).min() > 0
    assert np.corrcoef(np.log(model.predict(X)), X[:, 0])[0, 1] > 0.8
    with pytest.raises(ValueError, match="y must be at least 0 for loss='poisson'"):
        small(loss="poisson").fit(X, y - 1)
    with pytest.raises(ValueError, match="standardize_target is for loss='squared_error'"):
        small(loss="poisson", standardize_target=True).fit(X, y)


def test_there_is_no_partial_fit_with_lbfgs_and_no_validation_set(data):
    assert not hasattr(small(solver="lbfgs"), "partial_fit")
    with pytest.raises(ValueError, match="a validation set is for solver='adam' and 'sgd'"):
        small(solver="lbfgs").fit(*data, X_val=data[0], y_val=data[1])


# ---- Targets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [1e6, -1e9])
def test_small_differences_of_large_targets_are_not_lost(data, offset):
    X, y = data
    model = small(max_iter=100, learning_rate_init=0.01).fit(X, y + offset)
    plain = clone(model).fit(X, y - np.mean(y))
    assert model.predict(X).dtype == np.float64
    np.testing.assert_allclose(model.predict(X) - offset, plain.predict(X) + y.mean(), atol=0.02)
    assert model.score(X, y + offset) > 0.8
    assert model.target_mean_[0] == pytest.approx(offset + y.mean(), abs=1e-6)


@pytest.mark.parametrize("scale", [1e-6, 1e8, 1e200])
def test_targets_of_any_size_are_learnt_where_they_are_standardised(data, scale):
    X, y = data
    y = np.column_stack([y, X[:, 0]])
    model = small(max_iter=100, learning_rate_init=0.01, standardize_target=True).fit(X, y * scale)
    assert r2_score(y, model.predict(X) / scale) > 0.8
    np.testing.assert_allclose(model.target_scale_, y.std(axis=0) * scale)


def test_several_numbers_a_sample(data):
    X, y = data
    both = np.column_stack([y, -y])
    model = small(max_iter=100, learning_rate_init=0.01).fit(X, both)
    assert model.predict(X).shape == (240, 2)
    assert model.score(X, both) > 0.8
    with pytest.raises(ValueError, match="y has 1 outputs a sample, and the network has 2"):
        model.partial_fit(X, y)


def test_several_labels_a_sample():
    X, y = make_multilabel_classification(200, n_classes=4, random_state=0)
    model = FastNetClassifier((32,), solver="lbfgs", random_state=0).fit(X, y)
    assert model.score(X, y) > 0.9
    assert model.predict_proba(X).shape == model.decision_function(X).shape == y.shape
    np.testing.assert_array_equal(model.predict(X), (model.decision_function(X) > 0).astype(int))
    with pytest.raises(ValueError, match="class_weight is for one label a sample"):
        FastNetClassifier(class_weight="balanced").fit(X, y)


def test_smoothed_labels_leave_doubt(data):
    X, y = data
    fits = [
        FastNetClassifier((16,), solver="lbfgs", random_state=0, alpha=0, label_smoothing=share).fit(X, y > 0)
        for share in (0.0, 0.2)
    ]
    assert fits[1].predict_proba(X).max() < 0.995 < fits[0].predict_proba(X).max()


# ---- Going on -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1}])
def test_partial_fit_again_and_again_is_fit_to_the_bit(data, options):
    X, y = data
    whole = small(max_iter=4, n_iter_no_change=np.inf, batch_size=50, **options).fit(X, y)
    parts = small(batch_size=50, **options)
    for _ in range(4):
        parts.partial_fit(X, y)
    assert_same_weights(whole, parts)
    restored = pickle.loads(pickle.dumps(parts))
    assert_same_weights(restored.partial_fit(X, y), parts.partial_fit(X, y))


def test_another_solver_goes_on_without_the_moments_of_the_one_before(data):
    X, y = data
    model = small(solver="lbfgs", warm_start=True).fit(X, y)
    before = model.loss_
    for solver in ("sgd", "adam", "lbfgs"):
        model.set_params(solver=solver).fit(X, y)
    assert model.loss_ < before


def test_rates_are_scikit_learns(data):
    X, y = data
    model = small(solver="sgd", learning_rate="invscaling", power_t=0.25, learning_rate_init=0.1).fit(X, y)
    assert model._optimizer.learning_rate == 0.1 / (5 * 240 + 1) ** 0.25
    model = small(solver="sgd", learning_rate="adaptive", tol=10.0, n_iter_no_change=1, max_iter=100).fit(X, y)
    assert model._optimizer.learning_rate <= 1e-6
    assert model.n_iter_ < 100


@pytest.mark.parametrize(
    "options",
    [
        {"clip_norm": 0.1},
        {"dropout": 0.3},
        {"input_dropout": 0.3, "weight_decay": 0.1},
        {"solver": "sgd", "learning_rate": "invscaling"},
        {"solver": "lbfgs"},
        {"activation": "tanh", "alpha": 1.0},
        {"standardize_target": True},
    ],
    ids=str,
)
def test_one_mini_batch_is_trained_on_alike_with_weights_or_copies(data, options):
    X, y = data[0][:30], data[1][:30]
    counts = np.random.default_rng(0).integers(0, 4, 30)
    weighted = small(**options).fit(X, y, counts)
    assert_same_weights(weighted, small(**options).fit(X.repeat(counts, axis=0), y.repeat(counts)))


def test_what_an_older_version_put_away_predicts_and_goes_on(data):
    """It had a softmax for two classes as well, and fewer parameters."""
    X, y = data
    y = (y > 0).astype(int)
    model = FastNetClassifier((8,), max_iter=3, random_state=0)
    w, b = np.random.default_rng(0).standard_normal((6, 2)).astype(np.float32), np.zeros(2, np.float32)
    newer = ("power_t", "momentum", "nesterovs_momentum", "max_fun")
    state = {name: value for name, value in vars(model.set_params(hidden_layer_sizes=())).items() if name not in newer}
    state |= {
        "coefs_": [w], "intercepts_": [b], "classes_": np.array([0, 1]), "n_features_in_": 6, "n_outputs_": 2,
        "n_layers_": 2, "out_activation_": "softmax", "n_iter_": 1, "t_": 240, "loss_curve_": [0.7], "loss_": 0.7,
        "validation_scores_": None, "validation_losses_": None, "best_loss_": 0.7, "best_validation_score_": None,
        "_seed": 1, "_moments": None, "_n_steps": 2, "_n_epochs": 1,
        "_patience": FastNetClassifier(max_iter=1).fit(X, y)._patience,
    }  # fmt: skip
    old = FastNetClassifier.__new__(FastNetClassifier)
    old.__setstate__(state)
    np.testing.assert_array_equal(old.predict(X), (X.astype(np.float32) @ w).argmax(axis=1))
    assert old.predict_proba(X).shape == (240, 2)
    old.partial_fit(X, y)
    assert clone(old).get_params()["momentum"] == 0.9


# ---- What goes wrong ------------------------------------------------------------------------------------------------


def test_numbers_beyond_float32_are_refused_in_a_sentence_about_it(data):
    X, y = data
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="X holds numbers beyond the range of float32"):
            small().fit(X * 1e300, y)
        with pytest.raises(ValueError, match="y holds numbers beyond the range of float32"):
            small().fit(X, y * 1e300)
        with pytest.raises(ValueError, match="sample_weight holds numbers beyond the range of float32"):
            small().fit(X, y, np.full(240, 1e300))
        with pytest.raises(ValueError, match="infinity"):
            small().fit(np.where(X > 3, np.inf, X), y)


@pytest.mark.parametrize("options", [{"learning_rate_init": 1e3}, {"solver": "sgd", "learning_rate_init": 10.0}])
def test_a_training_that_diverges_says_so(data, options):
    X, y = data
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ConvergenceWarning)
        with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
            small(activation="identity", max_iter=200, hidden_layer_sizes=(16, 16), **options).fit(X * 1e8, y)


@pytest.mark.parametrize(("estimator", "solver"), [(FastNetRegressor, "adam"), (FastNetClassifier, "lbfgs")])
def test_a_loss_that_stays_astronomical_is_told(data, estimator, solver):
    X, y = data
    y = np.digitize(y, [-1, 1]) if estimator is FastNetClassifier else y
    with pytest.warns(ConvergenceWarning, match="far above that of an answer that is always the same"):
        estimator(solver=solver, max_iter=3, random_state=0).fit(X * 2e19, y)


def test_with_early_stopping_the_best_weights_are_put_back_after_a_divergence(data):
    X, y = data
    model = small(
        activation="identity", solver="sgd", learning_rate_init=1.0, early_stopping=True, max_iter=50,
        n_iter_no_change=np.inf, hidden_layer_sizes=(100,),
    )  # fmt: skip
    with pytest.warns(
        ConvergenceWarning, match="The training diverged, and the weights of its best epoch are put back"
    ):
        model.fit(X, y)
    assert np.isnan(model.validation_scores_[-1])
    assert np.isfinite(model.predict(X)).all()


def test_early_stopping_goes_by_r2(data):
    X, y = data
    model = small(early_stopping=True, max_iter=300, n_iter_no_change=5, learning_rate_init=0.02)
    model.fit(X[:180], y[:180], X_val=X[180:], y_val=y[180:])
    assert model.best_validation_score_ == pytest.approx(model.score(X[180:], y[180:]), abs=1e-5)
    assert model.best_validation_score_ == max(model.validation_scores_)


# ---- scikit-learn's tools -------------------------------------------------------------------------------------------


def test_pipelines_searches_and_predictions_of_folds(data):
    X, y = data
    frame = pd.DataFrame(X[:, :5], columns=[*"abcde"]).assign(kind=np.where(X[:, 5] > 0, "x", "y"))
    columns = ColumnTransformer([("numbers", StandardScaler(), [*"abcde"]), ("kinds", OneHotEncoder(), ["kind"])])
    model = make_pipeline(columns, small(max_iter=60, learning_rate_init=0.02))
    grid = {"fastnetregressor__activation": ["relu", "tanh"], "fastnetregressor__solver": ["adam", "lbfgs"]}
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(frame, y)
    assert search.best_score_ > 0.3
    assert cross_val_predict(search.best_estimator_, frame, y, cv=2).shape == (240,)
    importances = permutation_importance(search.best_estimator_, frame, y, n_repeats=2, random_state=0)
    assert importances.importances_mean.argmax() in (0, 1, 2)
    logged = TransformedTargetRegressor(small(), func=np.sinh, inverse_func=np.arcsinh)
    with sklearn.config_context(transform_output="pandas"):
        assert logged.fit(frame[["a", "b"]], y).predict(frame[["a", "b"]]).shape == (240,)


def test_calibration_of_a_binary_classifier(data):
    X, y = data
    calibrated = CalibratedClassifierCV(FastNetClassifier((8,), solver="lbfgs", random_state=0), cv=2).fit(X, y > 0)
    assert calibrated.score(X, y > 0) > 0.8


def test_sample_weights_are_routed(data):
    assert_sample_weights_are_routed(small, *data)


def test_the_progress_bar_shows_r2(data, capsys):
    X, y = data
    model = small(callbacks=[ProgressBar(mininterval=0, ncols=200)]).fit(X, y, X_val=X, y_val=y)
    assert f"R^2={model.validation_scores_[-1]:.4f}" in capsys.readouterr().err


# ---- Parameters that change, and fits that fail ---------------------------------------------------------------------


def test_a_loss_is_not_held_against_a_score(data):
    """Where `early_stopping` changes, the best figure is looked for anew."""
    X, y = data
    labels = (y > 0).astype(int)
    model = FastNetClassifier((16,), max_iter=3, early_stopping=True, random_state=0).fit(X, labels)
    model.set_params(early_stopping=False).partial_fit(X, labels)
    assert model.best_loss_ == model.loss_ > 0
    model = small(warm_start=True, early_stopping=True, n_iter_no_change=1).fit(X, y, X_val=X, y_val=y)
    model.set_params(early_stopping=False).fit(X, y, X_val=X, y_val=y)
    assert model.best_loss_ == min(model.loss_curve_)


@pytest.mark.parametrize("wrong", [{"X_val": True}, {"solver": "lbfgs", "X_val": True, "y_val": True}])
def test_arguments_that_are_refused_leave_the_model_as_it_was(data, wrong):
    X, y = data
    model = small().fit(X, y)
    before = model.predict(X)
    model.set_params(solver=wrong.get("solver", "adam"))
    validation = {name: {"X_val": X, "y_val": y}[name] for name in wrong if name != "solver"}
    with pytest.raises(ValueError, match=r"y_val was not|does not look at one"):
        model.fit(X, y + 1000, **validation)
    np.testing.assert_array_equal(model.predict(X), before)


def test_a_fit_that_fails_leaves_no_model_of_old_weights_and_new_targets(data):
    X, y = data
    model = small().fit(X, y)
    with pytest.raises(ValueError, match="y_val"):
        model.fit(X, y + 1000, X_val=X, y_val=np.full(len(y), 1e300))
    with pytest.raises(NotFittedError):
        model.predict(X)
    assert_same_weights(model.fit(X, y), small().fit(X, y))


def test_a_changed_solver_or_rate_counts_from_the_next_chunk(data):
    X, y = data
    model = small(solver="sgd", learning_rate="invscaling", learning_rate_init=0.01)
    for _ in range(3):
        model.partial_fit(X, y)
    assert model._optimizer.learning_rate < 0.001
    model.set_params(learning_rate_init=0.02).partial_fit(X, y)
    assert model._optimizer.learning_rate == 0.02 / (4 * len(X) + 1) ** 0.5
    model.set_params(solver="adam").partial_fit(X, y)
    assert model._optimizer.learning_rate == 0.02


@pytest.mark.parametrize("changed", [{"loss": "poisson"}, {"standardize_target": True}])
def test_what_targets_mean_cannot_change_while_a_training_goes_on(data, changed):
    X, y = data[0], np.abs(data[1])
    model = small(warm_start=True, max_iter=1).fit(X, y).set_params(**changed)
    for go_on in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match="cannot change while a training goes on"):
            go_on(X, y)
    model.set_params(warm_start=False).fit(X, y)


# ---- Numbers at the ends of their range ----------------------------------------------------------------------------


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_targets_too_far_apart_are_refused_without_a_warning(data, standardize):
    X = data[0]
    y = np.where(np.arange(len(X)) % 4, 1.7e308, -1.7e308)
    with pytest.raises(ValueError, match="y holds numbers beyond the range of float32"):
        small(standardize_target=standardize).fit(X, y)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_exponentials_beyond_float64_are_refused_without_a_warning(data):
    X, y = data[0], np.exp(data[0][:, 0])
    model = small(loss="poisson").fit(X, y)
    with pytest.raises(ValueError, match="beyond the range of float64"):
        model.predict(np.vstack([X, -X]) * 1e6)


@pytest.mark.parametrize("name", ["sample_weight", "sample_weight_val"])
def test_weights_too_small_for_float32_are_a_value_error(data, name):
    X, y = data
    weights = {name: np.full(len(X), 1e-50)}
    with pytest.raises(ValueError, match="sample_weight is too small for float32"):
        small().fit(X, y, X_val=X, y_val=y, **weights)
