"""When to stop a training: once a figure has not grown for some epochs."""

import math


class Patience:
    """Watches a figure that should grow, an epoch at a time.

    It runs out when for more than `n_epochs` epochs in a row no figure was larger than the best by `tolerance`, which
    is the rule of scikit-learn's MLPClassifier. For a loss, give it the loss times -1.
    """

    def __init__(self, n_epochs: float, tolerance: float):
        self.n_epochs = n_epochs  # math.inf: it never runs out
        self.tolerance = tolerance
        self.best = -math.inf
        self.n_without_gain = 0

    def look(self, figure: float) -> bool:
        """Take the figure of an epoch; whether it is the best so far."""
        self.n_without_gain = self.n_without_gain + 1 if figure < self.best + self.tolerance else 0
        is_best = figure > self.best
        self.best = max(self.best, figure)
        return is_best

    @property
    def has_run_out(self) -> bool:
        """Whether it is time to stop."""
        return self.n_without_gain > self.n_epochs
