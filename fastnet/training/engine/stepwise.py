"""Steps as the textbook has them, kernel by kernel: on the NumPy reference, on the fast kernels, or on one's own."""

import math
from types import ModuleType, SimpleNamespace

import numpy as np

from fastnet.data.samples import Samples
from fastnet.kernels.arrays import aligned_empty
from fastnet.models.network import Layer, Network
from fastnet.models.probabilities import answers_of, are_right, losses_of

from ..recipe import Recipe
from .base import Engine

EVALUATION_BATCH = 256
_LOSSES_OF_TARGETS = {
    "logistic": "logistic_cross_entropy",
    "squared_error": "squared_error",
    "poisson": "poisson_loss",
}


class StepwiseEngine(Engine):
    """Takes a step as the textbook has it: forward, loss, gradients of all parameters, the solver."""

    def __init__(self, network: Network, recipe: Recipe, kernel_set: ModuleType | SimpleNamespace):
        most_samples = max(recipe.batch_size, EVALUATION_BATCH)
        super().__init__(network, recipe, most_samples)
        self.kernels = kernel_set
        self._x = aligned_empty((most_samples, network.layer_sizes[0]))
        self._inputs = [self._x, *(aligned_empty(output.shape) for output in self._outputs[:-1])]
        n_outputs, has_targets = network.layer_sizes[-1], recipe.loss != "cross_entropy"
        self._labels = aligned_empty((most_samples, n_outputs)) if has_targets else np.empty(most_samples, np.int64)
        self._gradients = Network.zeros(network.layer_sizes)

    def train_steps(
        self, samples: Samples, rows: np.ndarray, first_step: int, learning_rates: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `Engine`."""
        self._check(samples, rows)
        batch_size = self.recipe.batch_size
        losses, n_correct = np.empty(len(learning_rates)), np.empty(len(learning_rates))
        l2s = self._l2_of_batches(samples, rows)
        with np.errstate(over="ignore", invalid="ignore"):  # whoever reads the losses sees that they are not finite
            for i, learning_rate in enumerate(learning_rates.tolist()):
                batch = rows[i * batch_size : (i + 1) * batch_size]
                labels = self._gather(samples, batch)
                weights = samples.weights_at(batch)
                outputs = self._forward(len(batch), dropout_step=first_step + i)
                losses[i] = self._differentiate(
                    outputs, labels, samples.soft_targets_at(batch), weights, self.recipe.label_smoothing
                )
                n_correct[i] = self._count_right(outputs, labels, weights)
                self._backward(len(batch), dropout_step=first_step + i)
                self._clip()
                self._update(first_step + i, learning_rate, l2s[i])
        return losses, n_correct

    def losses_and_answers(self, samples: Samples, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Engine`."""
        self._check(samples, rows)
        losses, answers = np.empty(len(rows)), np.empty((len(rows), *self._labels.shape[1:]), self._labels.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(rows), self.recipe.batch_size):
                batch = slice(start, start + self.recipe.batch_size)
                labels = self._gather(samples, rows[batch])
                outputs = self._forward(len(labels))
                soft_targets = samples.soft_targets_at(rows[batch])
                losses[batch] = losses_of(outputs, labels if soft_targets is None else soft_targets, self.recipe.loss)
                answers[batch] = self._answers(outputs)
        return losses, answers

    def loss_and_gradient(self, samples: Samples) -> tuple[float, Network]:
        """See `Engine`."""
        rows, total = np.arange(len(samples)), samples.total_weight()
        self._check(samples, rows)
        layers = [Layer(layer.w.astype(np.float64), np.zeros(len(layer.b))) for layer in self._network.layers]
        loss, penalty = 0.0, self.recipe.l2 / total
        for layer in layers:
            loss += penalty / 2 * float(np.vdot(layer.w, layer.w))
            layer.w *= penalty
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(rows), EVALUATION_BATCH):
                batch = rows[start : start + EVALUATION_BATCH]
                share = samples.weight_of_each(batch).sum() / total
                labels, outputs = self._gather(samples, batch), self._forward(len(batch))
                soft_targets, weights = samples.soft_targets_at(batch), samples.weights_at(batch)
                loss += share * self._differentiate(outputs, labels, soft_targets, weights, 0.0)
                self._backward(len(batch))
                for layer, gradient in zip(layers, self._gradients.layers, strict=True):
                    layer.w += share * gradient.w
                    layer.b += share * gradient.b
        return float(loss), Network(layers, self._network.activation)

    def _answers(self, outputs: np.ndarray) -> np.ndarray:
        has_classes = self.recipe.loss == "cross_entropy"
        answers: np.ndarray = outputs.argmax(axis=1) if has_classes else answers_of(outputs, self.recipe.loss)
        return answers

    def _count_right(self, outputs: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> float:
        """The weight of the samples that are answered rightly."""
        if self.recipe.is_regression:
            return 0.0
        if self.recipe.loss == "cross_entropy":
            return float(self.kernels.count_correct(outputs, labels, weights))
        right = are_right(self._answers(outputs), labels)
        return float(right.sum() if weights is None else right @ weights.astype(np.float64))

    def _gather(self, samples: Samples, rows: np.ndarray) -> np.ndarray:
        """Take the samples at `rows` into the memory for a batch; return their labels."""
        labels = self._labels[: len(rows)]
        self.kernels.gather_batch(samples.images, samples.labels, rows, samples.scale, self._x[: len(rows)], labels)
        return labels

    def _forward(self, n: int, dropout_step: int | None = None) -> np.ndarray:
        """The outputs of the last layer for the batch of `n`, as in that step of a training if one is given.

        What each layer takes in stays in `_inputs`, what it makes of that in `_outputs`, before dropout.
        """
        activation, last = self._network.activation, len(self._outputs) - 1
        self._drop(self._x[:n], self.recipe.input_dropout, dropout_step, 0)
        for i, layer in enumerate(self._network.layers):
            inputs, output = self._inputs[i][:n], self._outputs[i][:n]
            if i < last and activation == "relu":
                self.kernels.linear_relu(inputs, layer.w, layer.b, output)
            else:
                self.kernels.linear(inputs, layer.w, layer.b, output)
            if i < last:
                if activation != "relu":
                    self.kernels.activate(output, activation)
                self._inputs[i + 1][:n] = output
                self._drop(self._inputs[i + 1][:n], self.recipe.dropout, dropout_step, i + 1)
        return self._outputs[-1][:n]

    def _drop(self, x: np.ndarray, rate: float, step: int | None, layer: int) -> None:
        """Dropout in training, from where the recipe has it."""
        if rate and step is not None:
            self.kernels.drop_units(x, rate, self._dropout_key, step, layer)

    def _differentiate(
        self,
        outputs: np.ndarray,
        labels: np.ndarray,
        soft_targets: np.ndarray | None,
        weights: np.ndarray | None,
        smoothing: float,
    ) -> float:
        """The mean loss of the batch; the gradient of its outputs is in `_doutputs`."""
        doutputs = self._doutputs[-1][: len(outputs)]
        if soft_targets is not None:
            return float(self.kernels.soft_cross_entropy(outputs, soft_targets, doutputs, weights))
        if self.recipe.loss == "cross_entropy":
            return float(self.kernels.softmax_cross_entropy(outputs, labels, doutputs, smoothing, weights))
        loss = getattr(self.kernels, _LOSSES_OF_TARGETS[self.recipe.loss])
        return float(loss(outputs, labels, doutputs, weights))

    def _backward(self, n: int, dropout_step: int | None = None) -> None:
        """Gradients of all parameters, last layer first, from that of the outputs."""
        doutputs = [doutput[:n] for doutput in self._doutputs]
        dinputs = [None, *doutputs[:-1]]  # nobody needs the gradient of the pixels
        last = len(doutputs) - 1
        for i in range(last, -1, -1):
            layer, gradient = self._network.layers[i], self._gradients.layers[i]
            if i < last:
                self._drop(doutputs[i], self.recipe.dropout, dropout_step, i + 1)  # what the way there dropped
                self.kernels.activate_backward(self._outputs[i][:n], doutputs[i], self._network.activation, doutputs[i])
            inputs = self._inputs[i][:n]
            self.kernels.linear_backward(inputs, layer.w, doutputs[i], gradient.w, gradient.b, dinputs[i])

    def _clip(self) -> None:
        """Shorten the gradient of all parameters together to the recipe's norm (Pascanu et al. 2013, algorithm 1)."""
        gradients = self._gradients.parameters().values()
        norm = math.sqrt(sum(np.square(gradient, dtype=np.float64).sum() for gradient in gradients))
        if self.recipe.clip_norm is not None and norm > self.recipe.clip_norm:
            for gradient in gradients:
                gradient *= self.recipe.clip_norm / norm

    def _update(self, step: int, learning_rate: float, l2: float) -> None:
        """One step of the solver; only weights decay and have a penalty, biases don't."""
        recipe = self.recipe
        networks = (self._network, self._gradients, *self._moments)
        for name, *arrays in zip(self._network.parameters(), *(n.parameters().values() for n in networks), strict=True):
            decays = (recipe.weight_decay, l2) if name.startswith("W") else (0.0, 0.0)
            if recipe.solver == "adam":
                self.kernels.adam_step(*arrays, step, learning_rate, recipe.beta1, recipe.beta2, recipe.eps, *decays)
            else:
                param, gradient, velocity, _ = arrays
                settings = learning_rate, recipe.momentum, recipe.nesterov
                self.kernels.sgd_step(param, gradient, velocity, *settings, *decays)
