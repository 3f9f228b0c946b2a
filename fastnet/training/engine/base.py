"""What every engine does: it takes training steps on a network, answers samples, and evaluates them."""

import math

import numpy as np

from fastnet import seeds
from fastnet.data.samples import Samples
from fastnet.errors import DataError, OptionError
from fastnet.kernels.arrays import aligned_empty
from fastnet.models.network import Network
from fastnet.models.probabilities import are_right, r2
from fastnet.seeds import SeedUse

from ..recipe import Recipe


class Engine:
    """A network with the memory for batches of up to `most_samples`; subclasses train and evaluate it.

    `network`, and `moments`, Adam's m and v as networks of the same shape, are true when they are read. Between steps
    an engine may hold some of that in a layout of its own, so what was read before a step need not be true after it:
    read it anew. What was read may be written to until the next step is taken, which goes on from there.
    """

    def __init__(self, network: Network, recipe: Recipe, most_samples: int):
        if recipe.label_smoothing and recipe.loss != "cross_entropy":
            raise OptionError(f"label smoothing is for the loss cross_entropy, and not for {recipe.loss}")
        self.recipe = recipe
        sizes = network.layer_sizes
        self._network = network
        self._moments = (Network.zeros(sizes), Network.zeros(sizes))
        self._outputs = [aligned_empty((most_samples, size)) for size in sizes[1:]]
        self._doutputs = [aligned_empty((most_samples, size)) for size in sizes[1:]]
        self._dropout_key = seeds.key(recipe.seed, SeedUse.DROPOUT)

    @property
    def network(self) -> Network:
        """The network, always the same object with the same arrays: the one that is trained in place."""
        return self._network

    @property
    def moments(self) -> tuple[Network, Network]:
        """Adam's m and v, of the steps taken so far."""
        return self._moments

    def train_steps(
        self, samples: Samples, rows: np.ndarray, first_step: int, learning_rates: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Take one step for each of `learning_rates`, on consecutive mini-batches of the samples at `rows`.

        Steps count from 1. Returns the loss and the number of right answers of each mini-batch, before its step; where
        samples have weights, the weighted mean of their losses and the sum of the weights of those answered rightly. A
        mini-batch without any weight has a loss and a gradient of 0. Of a regression, no answer counts as right. Where
        samples have soft targets, the loss is that of these, and right is what the labels say.
        """
        raise NotImplementedError

    def losses_and_answers(self, samples: Samples, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The loss, float64, and the answer of each of the samples at `rows`.

        That is the likeliest class, int64; or for a loss of targets what the network gives, numbers or the probability
        of each label, float32 `(len(rows), n_outputs)`.
        """
        raise NotImplementedError

    def loss_and_gradient(self, samples: Samples) -> tuple[float, Network]:
        """The mean loss over all samples, with the L2 penalty, and its gradient, float64, in the shape of a network.

        What the recipe says of dropout, label smoothing, clipping and weight decay has no part in it.
        """
        raise NotImplementedError

    def evaluate(self, samples: Samples) -> tuple[float, float]:
        """Return (mean loss, score) of the network over `samples`, weighted where they have weights.

        The score is the accuracy, and R^2 of a regression. DataError where the loss is not finite, or the weights sum
        to 0.
        """
        total_weight = samples.total_weight()
        losses, answers = self.losses_and_answers(samples, np.arange(len(samples)))

        def mean(numbers: np.ndarray) -> float:
            return float(numbers.sum() if samples.weights is None else numbers @ samples.weights) / total_weight

        loss = _finite(mean(losses))
        if self.recipe.is_regression:
            return loss, r2(answers, samples.labels, samples.weights)
        return loss, mean(are_right(answers, samples.labels).astype(np.float64))

    def predict(self, samples: Samples) -> np.ndarray:
        """The answer of each sample, as in `losses_and_answers`."""
        return self.losses_and_answers(samples, np.arange(len(samples)))[1]

    def _check(self, samples: Samples, rows: np.ndarray) -> None:
        """DataError for samples that don't fit the network: compiled code and its other threads rely on that."""
        n_features, *_, n_classes = self._network.layer_sizes
        self._check_targets(samples)
        largest = -1 if samples.has_targets else samples.largest_label
        if samples.n_features != n_features or largest >= n_classes or not len(rows):
            raise DataError(
                f"this network takes one or more images of {n_features} pixels in {n_classes} classes, and not"
                f" {len(rows)} of {samples.n_features} with labels up to {largest}"
            )
        if not 0 <= rows.min() <= rows.max() < len(samples):
            raise DataError(f"rows must lie within the {len(samples)} samples")

    def _check_targets(self, samples: Samples) -> None:
        """DataError for labels that are not of the recipe's loss."""
        loss, n_outputs = self.recipe.loss, self._network.layer_sizes[-1]
        if samples.has_targets != (loss != "cross_entropy"):
            wanted = "classes, int64 (n,)" if samples.has_targets else "targets, float32 (n, n_outputs)"
            raise DataError(f"the loss {loss} is one of {wanted}, and the labels are {samples.labels.dtype}")
        if samples.has_targets and samples.n_outputs != n_outputs:
            raise DataError(f"this network has {n_outputs} outputs, and the targets {samples.n_outputs} columns")
        if samples.soft_targets is not None and samples.soft_targets.shape[1] != n_outputs:
            raise DataError(
                f"this network has {n_outputs} classes, and the soft targets {samples.soft_targets.shape[1]}"
            )
        least, most = samples.range_of_labels
        if loss == "logistic" and not 0 <= least <= most <= 1:
            raise DataError(f"targets of the loss logistic must be from 0 to 1, and go from {least:g} to {most:g}")
        if loss == "poisson" and least < 0:
            raise DataError(f"targets of the loss poisson must be at least 0, and one is {least:g}")

    def _l2_of_batches(self, samples: Samples, rows: np.ndarray) -> np.ndarray:
        """For each mini-batch, what times w its L2 penalty, l2 / 2 * sum(w**2) / its weight, adds to the gradient."""
        weights = samples.weight_of_batches(rows, self.recipe.batch_size)
        return self.recipe.l2 / np.where(weights > 0, weights, math.inf)


def figures_of_batches(
    samples: Samples, rows: np.ndarray, losses: np.ndarray, answers: np.ndarray, recipe: Recipe, batch_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """What `Engine.train_steps` returns of mini-batches, from the loss and the answer of each sample."""
    is_right = np.zeros(len(rows)) if recipe.is_regression else are_right(answers, samples.labels[rows])
    weights, starts = samples.weight_of_each(rows), np.arange(0, len(rows), batch_size)
    totals, loss_sums, n_correct = (
        np.add.reduceat(numbers, starts) for numbers in (weights, weights * losses, weights * is_right)
    )
    return loss_sums / np.where(totals > 0, totals, 1), n_correct


def _finite(loss: float) -> float:
    if not math.isfinite(loss):
        raise DataError(f"the loss on these samples is {loss}: look for extreme values in the input")
    return loss
