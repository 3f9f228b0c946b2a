"""What tests of the classifier and of the regressor both hold."""

import numpy as np
import sklearn
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def assert_same_weights(first, second):
    """Two estimators have the same weights and biases, to the bit."""
    for one, other in zip(first.coefs_ + first.intercepts_, second.coefs_ + second.intercepts_, strict=True):
        np.testing.assert_array_equal(one, other)


def assert_sample_weights_are_routed(make, X, y):
    """In a pipeline, `sample_weight` comes to the estimator that `make` makes, and asks for it."""
    weights = np.random.default_rng(0).uniform(0, 2, len(y))
    with sklearn.config_context(enable_metadata_routing=True):
        model = make().set_fit_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        pipeline.fit(X, y, sample_weight=weights)
    assert_same_weights(pipeline[-1], make().fit(StandardScaler().fit_transform(X), y, weights))
