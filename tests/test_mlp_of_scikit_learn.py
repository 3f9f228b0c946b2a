"""scikit-learn's own test file of MLPClassifier, run against `FastNetClassifier` as far as the names meet.

The tests of the installed scikit-learn are called with its class replaced. Where a test asks for another solver or
activation and neither is what it tests, ours takes its own. APPLY and NOT_OURS together name each test of the file, so
that a new one in a later scikit-learn shows.
"""

import inspect
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.neural_network.tests import test_mlp
from sklearn.utils.fixes import CSR_CONTAINERS

from fastnet import FastNetClassifier

ONE_CLASS = [{"MLPEstimator": MLPClassifier}]
DATA = [{"X": X, "y": y} for X, y in test_mlp.classification_datasets]

# Name, and the arguments that scikit-learn's parametrisation gives it for a classifier.
APPLY: dict[str, list[dict]] = {
    "test_alpha": [{}],
    "test_partial_fit_classes_error": [{}],
    "test_partial_fit_classification": [{}],
    "test_partial_fit_unseen_classes": [{}],
    "test_predict_proba_binary": [{}],
    "test_predict_proba_multiclass": [{}],
    "test_sparse_matrices": [{"csr_container": container} for container in CSR_CONTAINERS],
    "test_tolerance": [{}],
    "test_early_stopping": ONE_CLASS,
    "test_lbfgs_classification": DATA,  # learns as well with Adam
    "test_warm_start": [{}],
    "test_warm_start_full_iteration": ONE_CLASS,
    "test_mlp_early_stopping_string_labels": [{}],
    "test_mlp_classifier_dtypes_casting": [{}],
    "test_mlp_param_dtypes": [{"dtype": np.float32, "Estimator": MLPClassifier}],
    "test_preserve_feature_names": [{"Estimator": MLPClassifier}],
    "test_mlp_warm_start_with_early_stopping": ONE_CLASS,
    "test_mlp_warm_start_no_convergence": [{**ONE_CLASS[0], "solver": "adam"}],
    "test_mlp_partial_fit_after_fit": ONE_CLASS,
    "test_verbose_sgd": [{}],
}

REGRESSION = "is about MLPRegressor alone"
MULTI_LABEL = "is about several labels a sample; ours has one"
NOT_OURS = {
    "test_fit": "is a worked example of SGD with a logistic activation",
    "test_gradient": "calls the private gradient of L-BFGS; ours is held by central differences in test_training",
    "test_lbfgs_classification_maxfun": "is about a parameter of L-BFGS",
    "test_learning_rate_warmstart": "is about SGD's learning rates",
    "test_adaptive_learning_rate": "is about SGD's learning rates",
    "test_partial_fit_errors": "asks that there be no partial_fit with L-BFGS",
    "test_n_iter_no_change": "reads a private count of MLPClassifier; test_stopping holds the same",
    "test_n_iter_no_change_inf": "reads a private count of MLPClassifier; test_stopping holds the same",
    "test_early_stopping_stratified": "names the class as MLPClassifier's binarised labels do, True; test_classifier"
    " holds the error",
    "test_multilabel_classification": MULTI_LABEL,
    "test_predict_proba_multilabel": MULTI_LABEL,
    "test_lbfgs_regression": REGRESSION,
    "test_lbfgs_regression_maxfun": REGRESSION,
    "test_minimum_input_sample_size": REGRESSION,
    "test_mlp_diverging_loss": REGRESSION,
    "test_mlp_loading_from_joblib_partial_fit": REGRESSION,
    "test_mlp_regressor_dtypes_casting": REGRESSION,
    "test_mlp_sample_weight_with_early_stopping": REGRESSION,
    "test_mlp_vs_poisson_glm_equivalent": REGRESSION,
    "test_multioutput_regression": REGRESSION,
    "test_nonfinite_params": REGRESSION,
    "test_partial_fit_regression": REGRESSION,
    "test_shuffle": REGRESSION,
}


def with_our_solver(*args, **kwargs):
    """A FastNetClassifier in place of an MLPClassifier, whatever solver and activation were asked for."""
    theirs = {"solver", "activation"}
    return FastNetClassifier(*args, **{name: value for name, value in kwargs.items() if name not in theirs})


def test_each_test_of_the_file_is_in_one_of_the_tables():
    theirs = {name for name, _ in inspect.getmembers(test_mlp, inspect.isfunction) if name.startswith("test_")}
    assert not APPLY.keys() & NOT_OURS.keys()
    assert theirs - APPLY.keys() - NOT_OURS.keys() == set()


CASES = [
    pytest.param(name, arguments, id=f"{name}-{number}")
    for name, cases in APPLY.items()
    for number, arguments in enumerate(cases)
]


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_scikit_learns_tests_of_its_own_classifier(name, arguments, monkeypatch, request):
    function = getattr(test_mlp, name, None)
    if function is None:
        pytest.skip("this scikit-learn has no such test")
    monkeypatch.setattr(test_mlp, "MLPClassifier", with_our_solver)
    ours = {key: with_our_solver if value is MLPClassifier else value for key, value in arguments.items()}
    if "capsys" in inspect.signature(function).parameters:
        ours["capsys"] = request.getfixturevalue("capsys")
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # theirs decide which warnings matter
        warnings.simplefilter("ignore", ConvergenceWarning)
        function(**ours)
