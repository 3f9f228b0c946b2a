"""scikit-learn's own checks of estimators, all of them."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from fastnet import FastNetClassifier, FastNetRegressor


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks([FastNetClassifier(max_iter=100), FastNetRegressor(max_iter=100)])
def test_scikit_learns_checks_of_estimators(estimator, check):
    check(estimator)
