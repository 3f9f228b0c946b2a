"""scikit-learn's own test file of its MLPs, run against `FastNetClassifier` and `FastNetRegressor`: one import changed.

The tests of the installed scikit-learn are called with its two classes replaced, each with the arguments that its own
parametrisation has. NOT_OURS names those that do not pass, with the reason; a new one in a later scikit-learn is run.
"""

import inspect
import itertools
import warnings

import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.neural_network.tests import test_mlp

from fastnet import FastNetClassifier, FastNetRegressor

OURS = {MLPClassifier: FastNetClassifier, MLPRegressor: FastNetRegressor}
# By name, or by name and a part of the arguments as they are written.
NOT_OURS = {
    "test_early_stopping_stratified": "wants the class of which there is too little to be called True, as binarised;"
    " ours has its name, which test_classifier holds",
    "test_fit": "sets private attributes by hand, of an estimator that was not trained; test_regressor works the same"
    " example out",
    "test_gradient": "calls the private gradient of L-BFGS with steps of 1e-5, which float32 does not resolve; held by"
    " central differences in test_kinds",
    "test_nonfinite_params": "is about features near float64's largest: refused before, with a sentence about float32",
    "test_mlp_param_dtypes float64": "asks for float64 weights; ours are float32",
}


def cases(name):
    """The arguments of each case of a test, as its marks have them."""
    marks = [mark for mark in getattr(getattr(test_mlp, name), "pytestmark", []) if mark.name == "parametrize"]
    for values in itertools.product(*(mark.args[1] for mark in marks)):
        arguments = {}
        for mark, value in zip(marks, values, strict=True):
            names = mark.args[0].replace(" ", "").split(",") if isinstance(mark.args[0], str) else mark.args[0]
            arguments |= dict(zip(names, value, strict=True) if len(names) > 1 else [(names[0], value)])
        yield arguments


def text_of(arguments):
    return " ".join(getattr(value, "__name__", "") or f"{str(value)[:12]}" for value in arguments.values())


def reason(name, arguments):
    """Why a case is not ours; empty where it is."""
    told = (NOT_OURS[key] for key in NOT_OURS if key.split()[0] == name and key.partition(" ")[2] in text_of(arguments))
    return next(told, "")


NAMES = [name for name, _ in inspect.getmembers(test_mlp, inspect.isfunction) if name.startswith("test_")]
CASES = [
    pytest.param(name, arguments, id=f"{name}-{number}")
    for name in NAMES
    for number, arguments in enumerate(cases(name))
]


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_scikit_learns_tests_of_its_own_estimators(name, arguments, monkeypatch, request):
    if reason(name, arguments):
        pytest.skip(reason(name, arguments))
    function = getattr(test_mlp, name)
    for theirs, ours in OURS.items():
        monkeypatch.setattr(test_mlp, theirs.__name__, ours)
    given = {
        key: OURS[value] if inspect.isclass(value) and value in OURS else value for key, value in arguments.items()
    }
    for fixture in inspect.signature(function).parameters.keys() - given.keys():
        given[fixture] = 42 if fixture == "global_random_seed" else request.getfixturevalue(fixture)
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # theirs decide which warnings matter
        warnings.simplefilter("ignore", ConvergenceWarning)
        function(**given)


@pytest.mark.parametrize("name", NOT_OURS)
def test_what_is_excused_is_there(name):
    assert name.split()[0] in NAMES
