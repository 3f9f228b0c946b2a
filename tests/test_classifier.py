"""FastNetClassifier: what it computes, what it keeps, what it refuses, and how it gets on with scikit-learn's tools."""

import os
import pickle
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - allows the next but one
from sklearn.inspection import permutation_importance
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import compute_class_weight

from fastnet import FastNetClassifier
from fastnet.callbacks import ProgressBar
from fastnet.data.merging import merge_equal
from fastnet.data.samples import Samples
from fastnet.estimator.base import Trainer
from fastnet.kernels import jit
from fastnet.kernels.sparse_rows import SparseRows
from fastnet.packages import pip_install

from .estimators import assert_same_weights, assert_sample_weights_are_routed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def data():
    """600 samples of 12 features in 3 classes, float32: three mini-batches of 200."""
    X, y = make_classification(600, 12, n_informative=6, n_classes=3, random_state=0)
    return X.astype(np.float32), y


def small(**parameters):
    return FastNetClassifier(**{"hidden_layer_sizes": (16,), "max_iter": 5, "random_state": 0, **parameters})


def loss_of(model, X, y, weights=None):
    """The log loss; scikit-learn's would clip small probabilities of float32."""
    return np.average(-model.predict_log_proba(X).astype(np.float64)[np.arange(len(y)), y], weights=weights)


@pytest.fixture
def trainers(monkeypatch):
    """The trainers that are made."""
    made = []
    original = Trainer.__init__

    def spy(self, *args, **kwargs):
        original(self, *args, **kwargs)
        made.append(self)

    monkeypatch.setattr(Trainer, "__init__", spy)
    return made


# ---- What it computes -----------------------------------------------------------------------------------------------


def test_probabilities_are_those_of_the_network_in_numpy(data):
    X, y = data
    model = small().fit(X, y)
    hidden = np.maximum(X.astype(np.float64) @ model.coefs_[0] + model.intercepts_[0], 0)
    exponentials = np.exp(hidden @ model.coefs_[1] + model.intercepts_[1])
    expected = exponentials / exponentials.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(expected), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(model.predict(X), expected.argmax(axis=1))
    assert model.predict_proba(X).dtype == np.float32


def test_losses_are_those_of_the_predictions(data):
    X, y = data
    model = small(alpha=0.0).fit(X, y, X_val=X[:99], y_val=y[:99])
    assert model.validation_losses_[-1] == pytest.approx(loss_of(model, X[:99], y[:99]), rel=1e-5)
    assert model.validation_scores_[-1] == accuracy_score(y[:99], model.predict(X[:99]))
    first_loss = small(alpha=0.0, max_iter=1, learning_rate_init=1e-12).fit(X, y)  # as good as no step
    assert first_loss.loss_ == pytest.approx(loss_of(first_loss, X, y), rel=1e-5)


def test_alpha_is_the_l2_penalty_of_the_loss_divided_by_the_weight_of_the_mini_batch(data):
    """Adam's first moment after one step is 0.1 times the gradient."""
    X, y = data
    moments = []
    for alpha in (0.0, 3.0):
        model = small(alpha=alpha, max_iter=1, batch_size=600).fit(X, y)
        moments.append(model._moments[0])
    start = small(max_iter=1, learning_rate_init=1e-12).fit(X, y).coefs_
    for without, with_penalty, w in zip(moments[0].layers, moments[1].layers, start, strict=True):
        np.testing.assert_allclose(with_penalty.w - without.w, 0.1 * 3.0 / 600 * w, rtol=1e-3, atol=1e-7)
        np.testing.assert_array_equal(with_penalty.b, without.b)


PASSED_ON = {
    "learning_rate_init": ("learning_rate", 0.02),
    "learning_rate": ("schedule", "cosine"),
    "warmup_epochs": ("warmup_epochs", 2.0),
    "beta_1": ("beta1", 0.8),
    "beta_2": ("beta2", 0.9),
    "epsilon": ("eps", 1e-3),
    "alpha": ("l2", 2.0),
    "weight_decay": ("weight_decay", 0.5),
    "label_smoothing": ("label_smoothing", 0.1),
    "dropout": ("dropout", 0.3),
    "input_dropout": ("input_dropout", 0.3),
    "clip_norm": ("clip_norm", 0.01),
    "shuffle": ("shuffle", False),
    "batch_size": ("batch_size", 32),
}


@pytest.mark.parametrize("name", PASSED_ON)
def test_each_parameter_reaches_the_trainer_and_changes_the_weights(name, data, trainers):
    field, value = PASSED_ON[name]
    plain, changed = small().fit(*data), small(**{name: value}).fit(*data)
    assert getattr(trainers[-1].recipe, field) == value
    assert not np.array_equal(plain.coefs_[0], changed.coefs_[0])


def test_class_weights_multiply_sample_weights(data):
    X, y = data
    y = np.where(y == 2, 1, y)  # unequal classes
    given = np.random.default_rng(0).uniform(0.5, 2, len(y))
    by_class = small(class_weight={0: 3.0, 1: 0.5}).fit(X, y, given)
    assert_same_weights(by_class, small().fit(X, y, given * np.where(y == 0, 3.0, 0.5)))
    balanced = small(class_weight="balanced").fit(X, y)
    weights = compute_class_weight("balanced", classes=np.unique(y), y=y)[y]
    np.testing.assert_allclose(balanced.coefs_[0], small().fit(X, y, weights).coefs_[0], rtol=1e-4, atol=1e-5)
    assert (balanced.predict(X) == 0).sum() > (small().fit(X, y).predict(X) == 0).sum()


def test_samples_that_weigh_nothing_are_as_if_left_out(data):
    X, y = data
    weights = np.where(np.arange(len(y)) < 450, 1.0, 0.0)
    X_broken = X.copy()
    X_broken[450:] = 1e30
    assert_same_weights(small().fit(X_broken, y, weights), small().fit(X[:450], y[:450]))


def test_one_mini_batch_is_trained_on_alike_in_any_order_and_with_weights_or_copies(data):
    X, y = data[0][:60], data[1][:60]
    weights = np.random.default_rng(0).integers(0, 4, 60)
    order = np.random.default_rng(1).permutation(60)
    weighted = small().fit(X[order], y[order], weights[order])
    assert_same_weights(weighted, small().fit(X.repeat(weights, axis=0), y.repeat(weights)))


def test_merging_keeps_each_sample_once_with_the_sum_of_its_weights():
    images = np.array([[2, 0], [1, 0], [2, 0], [2, 0]], np.float32)
    labels, weights = np.array([1, 0, 1, 0]), np.array([1, 2, 3, 4], np.float32)
    merged = merge_equal(Samples(images, labels, 1.0, weights))
    rows = {
        (int(label), tuple(image)): float(weight)
        for image, label, weight in zip(merged.images.tolist(), merged.labels, merged.weights, strict=True)
    }
    assert rows == {(0, (1.0, 0.0)): 2.0, (1, (2.0, 0.0)): 4.0, (0, (2.0, 0.0)): 4.0}
    sparse = merge_equal(Samples.from_csr(scipy.sparse.csr_array(images), labels))
    assert sorted(sparse.weights) == [1.0, 1.0, 2.0]


# ---- Going on -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"dropout": 0.4, "input_dropout": 0.2, "weight_decay": 0.1}])
def test_partial_fit_again_and_again_is_fit_to_the_bit(data, options):
    X, y = data
    weights = np.random.default_rng(0).uniform(0, 2, len(y))
    whole = small(max_iter=4, n_iter_no_change=np.inf, **options).fit(X, y, weights)
    parts = small(**options)
    for _ in range(4):
        parts.partial_fit(X, y, weights, classes=[0, 1, 2])
    assert_same_weights(whole, parts)
    assert parts.loss_curve_ == whole.loss_curve_
    assert (parts.n_iter_, parts.t_) == (1, whole.t_)


def test_partial_fit_on_chunks_of_a_file_is_one_fit_in_that_order(data, tmp_path):
    X, y = data
    np.save(tmp_path / "X.npy", X)
    on_disk = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert_same_weights(small().fit(X, y), small().fit(on_disk, y))
    chunks = small(shuffle=False, batch_size=50)
    for start in range(0, 600, 150):
        chunks.partial_fit(on_disk[start : start + 150], y[start : start + 150], classes=[0, 1, 2])
    assert_same_weights(chunks, small(shuffle=False, batch_size=50, max_iter=1).fit(X, y))


def test_warm_start_goes_on_with_adams_state(data):
    X, y = data
    model = small(max_iter=3, warm_start=True, n_iter_no_change=np.inf).fit(X, y)
    model.set_params(max_iter=4).fit(X, y)
    assert_same_weights(model, small(max_iter=7, n_iter_no_change=np.inf).fit(X, y))
    assert (model.n_iter_, len(model.loss_curve_)) == (4, 7)
    with pytest.raises(ValueError, match=r"a network of layers \(12, 16, 3\) cannot go on as one of \(12, 5, 3\)"):
        model.set_params(hidden_layer_sizes=5).fit(X, y)


def test_a_model_that_was_put_away_predicts_and_goes_on_as_before(data, tmp_path):
    X, y = data
    model = small().fit(X, y)
    expected, further = model.predict_proba(X), clone(model).fit(X, y).partial_fit(X, y)
    joblib.dump(model, tmp_path / "model")
    copies = [pickle.loads(pickle.dumps(model)), joblib.load(tmp_path / "model", mmap_mode="r")]
    for copy in copies:
        np.testing.assert_array_equal(copy.predict_proba(X), expected)
        assert_same_weights(copy.partial_fit(X, y), further)


@pytest.mark.parametrize("sparse", [False, True])
def test_same_bits_for_any_number_of_threads(data, sparse):
    X, y = data
    X = scipy.sparse.csr_matrix(np.where(X > 0.5, X, 0)) if sparse else X
    models = [small(n_jobs=n_jobs, dropout=0.2).fit(X, y) for n_jobs in (1, 2, 5)]
    assert_same_weights(models[0], models[1])
    assert_same_weights(models[0], models[2])


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_class_weights_that_are_no_weights_are_refused(data, weight):
    with pytest.raises(ValueError, match="class_weight must be finite and at least 0"):
        small(class_weight={0: weight}).fit(*data)


def test_a_layer_has_a_whole_number_of_units(data):
    with pytest.raises(TypeError, match="'float' object cannot be interpreted as an integer"):
        small(hidden_layer_sizes=(3.5,)).fit(*data)


# ---- Validation and callbacks ---------------------------------------------------------------------------------------


def test_early_stopping_on_a_validation_set_of_ones_own_puts_the_best_weights_back(data):
    X, y = data
    own = {"X_val": X[400:], "y_val": y[400:]}
    model = small(early_stopping=True, max_iter=300, n_iter_no_change=3, learning_rate_init=0.02)
    model.fit(X[:400], y[:400], **own)
    assert model.n_iter_ < 300
    assert len(model.validation_scores_) == len(model.validation_losses_) == model.n_iter_
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.score(own["X_val"], own["y_val"]) == model.best_validation_score_
    assert model.best_loss_ is None
    best = int(np.argmax(model.validation_scores_))
    loss = loss_of(model, own["X_val"], own["y_val"])
    assert loss == pytest.approx(model.validation_losses_[best], rel=1e-4)


def test_validation_figures_are_weighted(data):
    X, y = data
    weights = np.random.default_rng(0).uniform(0, 3, 200)
    model = small().fit(X[:400], y[:400], X_val=X[400:], y_val=y[400:], sample_weight_val=weights)
    expected = loss_of(model, X[400:], y[400:], weights)
    assert model.validation_losses_[-1] == pytest.approx(expected, rel=1e-5)
    assert model.validation_scores_[-1] == pytest.approx(model.score(X[400:], y[400:], weights))


def test_validation_sets_that_cannot_be_are_refused(data):
    X, y = data
    with pytest.raises(ValueError, match="X_val is provided, but y_val was not provided"):
        small().fit(X, y, X_val=X)
    with pytest.raises(ValueError, match="sample_weight_val is provided, but X_val was not provided"):
        small().fit(X, y, sample_weight_val=np.ones(len(X)))
    with pytest.raises(ValueError, match=r"y_val has classes that y has not: \[7\]"):
        small().fit(X, y, X_val=X[:2], y_val=[7, 0])
    with pytest.raises(ValueError, match="X has 5 features, but FastNetClassifier is expecting 12 features"):
        small().fit(X, y, X_val=X[:, :5], y_val=y)
    with pytest.raises(ValueError, match=r"The least populated class(es)? in y ha(s|ve) only 1 member"):
        small(early_stopping=True).fit(X[:4], [0, 0, 0, 1])
    with pytest.raises(ValueError, match="The validation set is too small"):
        small(early_stopping=True).fit(X[:6], [0] * 6)


class Recorder:
    def __init__(self, stop_at):
        self.stop_at, self.seen, self.n_closed = stop_at, [], 0

    def __call__(self, model, record):
        self.seen.append((record.epoch, record.train_loss, model.score(X=np.zeros((3, 12)), y=[0, 1, 2])))
        return record.epoch == self.stop_at

    def close(self):
        self.n_closed += 1


def test_callbacks_see_each_epoch_and_may_stop_the_training(data):
    recorder = Recorder(stop_at=3)
    model = small(max_iter=50, callbacks=[recorder])
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        model.fit(*data)
    assert model.n_iter_ == 3
    assert [epoch for epoch, *_ in recorder.seen] == [1, 2, 3]
    assert [loss for _, loss, _ in recorder.seen] == model.loss_curve_
    assert recorder.n_closed == 1


def test_what_was_trained_before_a_callback_failed_goes_on(data):
    X, y = data

    def fail(model, record):
        raise RuntimeError

    model = small(callbacks=[fail])
    with pytest.raises(RuntimeError):
        model.fit(X, y)
    model.set_params(callbacks=None).partial_fit(X, y)
    whole = small(max_iter=2).fit(X, y)
    np.testing.assert_array_equal(model.coefs_[0], whole.coefs_[0])


def test_callbacks_are_closed_after_a_failure_as_well(data):
    def fail(model, record):
        raise RuntimeError("mine")

    recorder = Recorder(stop_at=None)
    with pytest.raises(RuntimeError, match="mine"):
        small(callbacks=[recorder, fail]).fit(*data)
    assert recorder.n_closed == 1


def test_an_interrupted_training_keeps_what_it_has_learnt(data):
    def interrupt(model, record):
        if record.epoch == 2:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model = small(callbacks=[interrupt]).fit(*data)
    assert_same_weights(model, small(max_iter=2).fit(*data))


def test_the_progress_bar_shows_epochs_and_losses(data, capsys):
    X, y = data
    model = clone(small(callbacks=[ProgressBar(mininterval=0, ncols=200)])).fit(X, y, X_val=X, y_val=y)
    shown = capsys.readouterr().err
    assert "5/5" in shown
    assert f"{model.loss_:.4f}" in shown
    assert f"{model.validation_scores_[-1]:.2%}" in shown
    pickle.loads(pickle.dumps(model)).fit(X, y)


def test_a_schedule_that_ends_at_max_iter_is_no_failure_to_converge(data):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        small(learning_rate="linear", warmup_epochs=1).fit(*data)
        with pytest.raises(ConvergenceWarning, match=r"Maximum iterations \(5\) reached"):
            small().fit(*data)


# ---- Input ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_arrays_that_the_kernels_know_are_not_copied(kind, trainers, tmp_path):
    X, y = load_digits(return_X_y=True)
    np.save(tmp_path / "X.npy", X.astype(kind))
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    small(max_iter=1).fit(X, y)
    assert np.shares_memory(trainers[-1].train_samples.images, X)


def test_kinds_of_numbers_and_of_tables_are_alike(data):
    X, y = load_digits(return_X_y=True)  # whole numbers from 0 to 16
    models = [small(max_iter=3).fit(table, y) for table in (X, X.astype(np.float32), X.astype(np.uint8), X.astype(int))]
    for model in models[1:]:
        np.testing.assert_allclose(model.coefs_[0], models[0].coefs_[0], rtol=1e-3, atol=1e-4)
        np.testing.assert_array_equal(model.predict(X[:50].astype(np.uint8)), models[0].predict(X[:50]))
    frame = pd.DataFrame(X).rename(columns=str)
    of_frame = small(max_iter=3).fit(frame, pd.Series(y))
    assert_same_weights(of_frame, models[0])
    np.testing.assert_array_equal(of_frame.predict(frame), models[0].predict(X))
    assert list(of_frame.feature_names_in_) == [str(number) for number in range(64)]


def test_sparse_input_is_never_made_dense(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("made dense")

    for owner in (SparseRows, scipy.sparse.csr_matrix, scipy.sparse.csr_array):
        for name in ("dense", "toarray", "todense"):
            if hasattr(owner, name):
                monkeypatch.setattr(owner, name, refuse)
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    X = scipy.sparse.random(400, 30_000, 0.002, "csr", np.float64, random_state=0)
    X = X + scipy.sparse.csr_matrix((np.ones(400), (np.arange(400), y)), X.shape)
    for container in (scipy.sparse.csr_matrix, scipy.sparse.csc_matrix):
        model = small(max_iter=20, early_stopping=True).fit(container(X), y)
        assert model.score(X, y) > 0.95


@pytest.mark.parametrize(
    ("labels", "classes"), [(["no", "yes"], ["no", "yes"]), ([5, -3], [-3, 5]), ([True, False], [False, True])]
)
def test_two_classes_of_any_kind(data, labels, classes):
    X = data[0]
    y = np.array(labels)[(X[:, 0] > 0).astype(int)]
    model = small(max_iter=50, learning_rate_init=0.02).fit(X, y)
    assert model.classes_.tolist() == classes
    assert model.score(X, y) > 0.9
    assert model.predict_proba(X).shape == (600, 2)
    decisions = model.decision_function(X)
    assert decisions.shape == (600,)
    np.testing.assert_array_equal(model.predict(X), np.array(classes)[(decisions > 0).astype(int)])


def test_the_least_data_there_can_be(data):
    one_class = small().fit(data[0], np.full(600, "only"))
    assert set(one_class.predict(data[0])) == {"only"}
    assert one_class.predict_proba(data[0]).tolist() == [[1.0]] * 600
    one_each = small(max_iter=300, learning_rate_init=0.05).fit([[0.0], [1.0], [2.0]], ["a", "b", "c"])
    assert one_each.score([[0.0], [1.0], [2.0]], ["a", "b", "c"]) == 1
    constant = small().fit(np.ones((10, 3)), [0, 1] * 5)
    np.testing.assert_allclose(constant.predict_proba(np.ones((1, 3))), 0.5, atol=0.2)
    assert small(hidden_layer_sizes=()).fit(*data).n_layers_ == 2


def test_what_is_refused_is_refused_in_scikit_learns_words(data):
    X, y = data
    broken = X.copy()
    broken[3, 2] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        small().fit(broken, y)
    with pytest.raises(ValueError, match="The 'dropout' parameter of FastNetClassifier must be a float in the range"):
        small(dropout=1.0).fit(X, y)
    with pytest.raises(ValueError, match="The 'solver' parameter of FastNetClassifier must be a str among"):
        small(solver="newton").fit(X, y)
    with pytest.raises(ValueError, match="Negative values in data passed to `sample_weight`"):
        small().fit(X, y, -np.ones(600))
    with pytest.raises(ValueError, match=r"`y` has classes not in `self\.classes_`"):
        small().partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="partial_fit does not support learning_rate='linear'"):
        small(learning_rate="linear").partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="class_weight 'balanced' is not supported for partial_fit"):
        small(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        small(learning_rate_init=1e30).fit(X, y)
    with pytest.raises(ValueError, match="warm-up must be within the epochs"):
        small(warmup_epochs=6).fit(X, y)
    with pytest.warns(UserWarning, match="Got `batch_size` less than 1 or larger than sample size"):
        small(batch_size=601).fit(X, y)


def test_without_scikit_learn_one_sentence():
    code = "import sys; sys.modules['sklearn'] = None; import fastnet; fastnet.FastNetClassifier"
    run = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.splitlines()[-1] == (
        f"fastnet.errors.OptionError: FastNetClassifier needs more packages: {pip_install('scikit-learn')}"
    )


# ---- scikit-learn's tools -------------------------------------------------------------------------------------------


def test_pipelines_searches_and_validation(data):
    X, y = data
    pipeline = make_pipeline(StandardScaler(), small(max_iter=20, learning_rate_init=0.01))
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.6
    grid = {"fastnetclassifier__hidden_layer_sizes": [(4,), (16,)], "fastnetclassifier__alpha": [0, 1]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_score_ > 0.6
    halving = HalvingGridSearchCV(
        small(learning_rate_init=0.01), {"dropout": [0.0, 0.1, 0.2]}, resource="max_iter", max_resources=9, cv=2,
        min_resources=3, error_score="raise",
    )  # fmt: skip
    assert halving.fit(X, y).best_estimator_.max_iter == 9


def test_calibration_importance_and_data_frames(data):
    X, y = data
    frame = pd.DataFrame(X, columns=[f"f{number}" for number in range(12)])
    calibrated = CalibratedClassifierCV(small(max_iter=20), cv=2).fit(frame, y)
    np.testing.assert_allclose(calibrated.predict_proba(frame).sum(axis=1), 1, rtol=1e-6)
    model = small(max_iter=30, learning_rate_init=0.01).fit(frame, y)
    importances = permutation_importance(model, frame, y, n_repeats=2, random_state=0).importances_mean
    assert importances.max() > 0.05
    with sklearn.config_context(transform_output="pandas"):
        pipeline = make_pipeline(StandardScaler(), small()).fit(frame, y)
        assert list(pipeline[-1].feature_names_in_) == list(frame.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.rename(columns={"f0": "g0"}))


def test_sample_weights_are_routed(data):
    assert_sample_weights_are_routed(small, *data)


def counting_threads():
    """A function that fits and returns the numbers of threads that worked on it; other processes can be sent it."""

    def threads_of_a_fit(X, y):
        from fastnet import FastNetClassifier
        from fastnet.kernels.jit import get_threads
        from fastnet.training.engine import fused as engine

        seen = set()
        original = engine.new_board

        def spy(n_phases):
            seen.add(get_threads())
            return original(n_phases)

        engine.new_board = spy
        try:
            FastNetClassifier(max_iter=1, hidden_layer_sizes=(512,), random_state=0, tol=0).fit(X, y)
        except Warning:  # that one epoch is not enough
            pass
        finally:
            engine.new_board = original
        return seen

    return threads_of_a_fit


def test_worker_processes_share_the_processors(data):
    X, y = data
    with joblib.parallel_config("loky"):
        answers = joblib.Parallel(n_jobs=2)(
            joblib.delayed(counting_threads())(*data) for data in [(np.tile(X, 20), y)] * 4
        )
    assert answers == [{max(1, joblib.cpu_count() // 2)}] * 4


def test_a_fit_in_another_python_thread_has_its_own_number_of_threads():
    before = jit.get_threads()
    with ThreadPoolExecutor(1) as pool, jit.use_threads(before + 1):
        assert jit.get_threads() == before + 1
        assert pool.submit(jit.get_threads).result() == before


def test_threads_are_all_processors_or_what_was_asked_for(data, monkeypatch):
    X, y = np.tile(data[0], 20), data[1]
    for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    threads_of_a_fit = counting_threads()
    assert threads_of_a_fit(X, y) == {joblib.cpu_count()}
    assert threads_of_a_fit(X[:9, :9], y[:9]) == {1}  # too small to share
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert threads_of_a_fit(X, y) == {1}
    model = small()
    assert [model.set_params(n_jobs=n)._n_threads(1) for n in (3, -1)] == [3, os.cpu_count()]


@pytest.mark.parametrize("warm_start", [False, True])
def test_an_interrupt_in_the_first_epoch_ends_the_fit_with_a_warning(data, monkeypatch, warm_start):
    model = small(warm_start=warm_start)
    if warm_start:
        model.fit(*data)

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "run", interrupted)
    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(*data)
    assert model.n_iter_ == 0
    assert hasattr(model, "loss_") == warm_start
