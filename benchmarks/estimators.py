"""fastnet's estimators, scikit-learn's or skorch's, a process each, fitted to others' data with equal parameters.

It is started with {"estimator": "fastnet", "scikit-learn" or "skorch", "data": a name of DATA, "threads": 2} and
answers, beside what `protocol` lists for all:

    {"ask": "warm"}                                {"seconds": 3.1}    one epoch on some samples: compiles
    {"ask": "trial"}                               {"seconds": 0.2}    the least of some short fits
    {"ask": "fold", "number": 7, "folds": 5}       {"seconds": 1.2, "prediction_seconds": 0.01,
                                                   "score": 0.97, "epochs": 20}
"""

import time
import timeit
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from runpy import run_path
from typing import Any

import numpy as np

from fastnet.timing.rivals.protocol import Peer, serve

TRIAL_SECONDS = 1.0
WORDS_A_TEXT = 120
TOPIC_SHARE, TOPIC_WORDS = 0.03, 2000


@dataclass(frozen=True)
class Data:
    """A data set and the parameters of both estimators that are not their defaults."""

    title: str
    load: Callable[[], tuple[Any, np.ndarray]]  # float32 or CSR, and labels
    repeats: int  # of the five folds, each split anew
    parameters: dict[str, Any] = field(default_factory=dict)
    is_regression: bool = False


def bundled(name: str) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """The data set that scikit-learn has in itself under that name, each feature standardised."""

    def load() -> tuple[np.ndarray, np.ndarray]:
        from sklearn import datasets

        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        return _standardised(X), y

    return load


def bundled_regression(name: str) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """The same of a regression, whose targets are standardised as well."""

    def load() -> tuple[np.ndarray, np.ndarray]:
        X, y = bundled(name)()
        return X, _standardised(y)

    return load


def friedman() -> tuple[np.ndarray, np.ndarray]:
    """50,000 samples of 20 features, five of which tell a number (Friedman 1991), standardised."""
    from sklearn.datasets import make_friedman1

    X, y = make_friedman1(50_000, 20, noise=1.0, random_state=0)
    return _standardised(X), _standardised(y)


def several_numbers() -> tuple[np.ndarray, np.ndarray]:
    """20,000 samples of 50 features, and five linear functions of them with noise, standardised."""
    from sklearn.datasets import make_regression

    X, y = make_regression(20_000, 50, n_informative=20, n_targets=5, noise=20.0, random_state=0)
    return _standardised(X), _standardised(y)


def _standardised(numbers: np.ndarray) -> np.ndarray:
    standardised: np.ndarray = (numbers - numbers.mean(axis=0)) / np.maximum(numbers.std(axis=0), 1e-6)
    return standardised.astype(np.float32)


def made() -> tuple[np.ndarray, np.ndarray]:
    """100,000 dense samples of 100 features in 10 classes."""
    from sklearn.datasets import make_classification

    X, y = make_classification(
        100_000, 100, n_informative=40, n_redundant=20, n_classes=10, n_clusters_per_class=3, random_state=0
    )
    return X.astype(np.float32), y


def texts(n_texts: int = 20_000, n_words: int = 50_000, n_topics: int = 10) -> tuple[Any, np.ndarray]:
    """Counts of words in texts, CSR: words are Zipf's, and a share of each text's are of its topic."""
    from scipy.sparse import coo_matrix

    rng = np.random.default_rng(0)
    zipf = np.cumsum(1 / np.arange(1, n_words + 1))
    topics = rng.integers(0, n_topics, n_texts)
    words_of_topics = rng.integers(0, n_words, (n_topics, TOPIC_WORDS))
    lengths = rng.poisson(WORDS_A_TEXT, n_texts) + 1
    rows = np.repeat(np.arange(n_texts), lengths)
    words = np.searchsorted(zipf, rng.uniform(0, zipf[-1], len(rows)))
    of_topic = rng.random(len(rows)) < TOPIC_SHARE
    places = rng.zipf(1.3, of_topic.sum()) % TOPIC_WORDS
    words[of_topic] = words_of_topics[topics[rows[of_topic]], places]
    counts = coo_matrix((np.ones(len(rows), np.float32), (rows, words)), (n_texts, n_words))
    return counts.tocsr(), topics


DATA = {
    "iris": Data("iris", bundled("iris"), repeats=20),
    "wine": Data("wine", bundled("wine"), repeats=20),
    "breast cancer": Data("breast cancer", bundled("breast_cancer"), repeats=5),
    "digits": Data("digits", bundled("digits"), repeats=3),
    "made": Data("`make_classification`", made, repeats=1, parameters={"max_iter": 10}),
    "texts": Data("Zipf's texts, sparse", texts, repeats=1, parameters={"max_iter": 4}),
    "diabetes": Data("diabetes", bundled_regression("diabetes"), repeats=10, is_regression=True),
    "linnerud": Data("linnerud", bundled_regression("linnerud"), repeats=20, is_regression=True),
    "friedman": Data("`make_friedman1`", friedman, repeats=1, parameters={"max_iter": 20}, is_regression=True),
    "several": Data("`make_regression`", several_numbers, repeats=1, parameters={"max_iter": 20}, is_regression=True),
}


class Estimator(Peer):
    """Fits on four of five folds, stratified by class, and scores on the fifth; reading and splitting is not timed."""

    packages = ("scikit-learn", "numpy", "scipy", "fastnet", "numba", "llvmlite", "skorch", "torch")

    def __init__(self, settings: dict[str, Any]):
        super().__init__(settings)
        self.data = DATA[settings["data"]]

    @cached_property
    def samples(self) -> tuple[Any, np.ndarray]:
        """X and y."""
        return self.data.load()

    def new(self, seed: int, **parameters: Any) -> Any:
        """A new estimator."""
        parameters = {"random_state": seed, **self.data.parameters, **parameters}
        if self.settings["estimator"] == "fastnet":
            from fastnet import FastNetClassifier, FastNetRegressor

            ours = FastNetRegressor if self.data.is_regression else FastNetClassifier
            return ours(**parameters, n_jobs=self.threads)
        if self.settings["estimator"] == "skorch":
            new_estimator = run_path(str(Path(__file__).with_name("skorch_estimator.py")))["new_estimator"]
            return new_estimator(*self.samples, self.data.is_regression, self.threads, parameters)
        from sklearn.neural_network import MLPClassifier, MLPRegressor

        return (MLPRegressor if self.data.is_regression else MLPClassifier)(**parameters)

    def fitted(self, X: Any, y: np.ndarray, **parameters: Any) -> tuple[Any, float]:
        """An estimator and the seconds of its fit."""
        estimator = self.new(**parameters)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged, which both say alike
            started = time.perf_counter()
            estimator.fit(X, y)
            return estimator, time.perf_counter() - started

    def warm(self) -> None:
        X, y = self.samples
        self.fitted(X[:450], y[:450], seed=0, max_iter=1)

    def trial(self) -> float:
        X, y = self.samples
        self.fitted(X[:2000], y[:2000], seed=0, max_iter=1)
        least, stop = np.inf, time.perf_counter() + TRIAL_SECONDS
        while time.perf_counter() < stop:
            least = min(least, self.fitted(X[:4000], y[:4000], seed=0, max_iter=3)[1])
        return least

    def reply_shape(self) -> dict[str, Any]:
        """Samples, features and classes, or numbers a sample."""
        X, y = self.samples
        n_outputs = y.reshape(len(y), -1).shape[1] if self.data.is_regression else len(np.unique(y))
        return {"shape": [*X.shape, n_outputs]}

    def reply_fold(self, number: int, folds: int) -> dict[str, Any]:
        """Fit without the fold and score on it; each `folds` numbers are another split."""
        from sklearn.model_selection import KFold, StratifiedKFold

        X, y = self.samples
        repeat, place = divmod(number, folds)
        kind = KFold if self.data.is_regression else StratifiedKFold
        train, test = list(kind(folds, shuffle=True, random_state=repeat).split(X, y))[place]
        estimator, seconds = self.fitted(X[train], y[train], seed=number)
        return {
            "seconds": seconds,
            "prediction_seconds": least_seconds(partial(estimator.predict, X[test])),
            "score": estimator.score(X[test], y[test]),
            "epochs": estimator.n_iter_,
        }


def least_seconds(call: Callable[[], Any], n: int = 5) -> float:
    """The shortest of some calls: those of small data take as long as a look at the clock is uncertain."""
    return min(timeit.repeat(call, number=1, repeat=n))


if __name__ == "__main__":
    serve(Estimator)
