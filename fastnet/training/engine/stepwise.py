"""Steps as the textbook has them, kernel by kernel: on the NumPy reference, or on the fast kernels, as their test."""

import math
from types import ModuleType

import numpy as np

from fastnet.data.samples import Samples
from fastnet.kernels.arrays import aligned_empty
from fastnet.kernels.rates import rate_of
from fastnet.models.network import Network
from fastnet.models.probabilities import cross_entropies

from ..recipe import Recipe
from .base import Engine

EVALUATION_BATCH = 256


class StepwiseEngine(Engine):
    """Takes a step as the textbook has it: forward, loss, gradients of all parameters, Adam."""

    def __init__(self, network: Network, recipe: Recipe, kernel_set: ModuleType):
        most_samples = max(recipe.batch_size, EVALUATION_BATCH)
        super().__init__(network, recipe, most_samples)
        self.kernels = kernel_set
        self._x = aligned_empty((most_samples, network.layer_sizes[0]))
        self._labels = np.empty(most_samples, np.int64)
        self._gradients = Network.zeros(network.layer_sizes)

    def train_steps(
        self, samples: Samples, rows: np.ndarray, first_step: int, learning_rates: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `Engine`."""
        batch_size = self.recipe.batch_size
        losses, n_correct = np.empty(len(learning_rates)), np.empty(len(learning_rates))
        l2s = self._l2_of_batches(samples, rows)
        with np.errstate(over="ignore", invalid="ignore"):  # whoever reads the losses sees that they are not finite
            for i, learning_rate in enumerate(learning_rates.tolist()):
                batch = rows[i * batch_size : (i + 1) * batch_size]
                x, labels = self._gather(samples, batch)
                weights = samples.weights_at(batch)
                outputs = self._forward(x, dropout_step=first_step + i)
                doutputs = [doutput[: len(x)] for doutput in self._doutputs]
                losses[i] = self.kernels.softmax_cross_entropy(
                    outputs[-1], labels, doutputs[-1], self.recipe.label_smoothing, weights
                )
                n_correct[i] = self.kernels.count_correct(outputs[-1], labels, weights)
                self._backward(x, outputs, doutputs)
                self._clip()
                self._update(first_step + i, learning_rate, l2s[i])
        return losses, n_correct

    def losses_and_classes(self, samples: Samples, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Engine`."""
        self._check(samples, rows)
        losses, classes = np.empty(len(rows)), np.empty(len(rows), np.int64)
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(rows), EVALUATION_BATCH):
                batch = slice(start, start + EVALUATION_BATCH)
                x, labels = self._gather(samples, rows[batch])
                logits = self._forward(x)[-1]
                losses[batch] = cross_entropies(logits, labels)
                classes[batch] = logits.argmax(axis=1)
        return losses, classes

    def _gather(self, samples: Samples, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, labels = self._x[: len(rows)], self._labels[: len(rows)]
        self.kernels.gather_batch(samples.images, samples.labels, rows, samples.scale, x, labels)
        return x, labels

    def _forward(self, x: np.ndarray, dropout_step: int | None = None) -> list[np.ndarray]:
        """The output of each layer, as in that step of a training if one is given; the last are the logits."""
        outputs = [output[: len(x)] for output in self._outputs]
        *hidden, last = zip(self._network.layers, [x, *outputs[:-1]], outputs, strict=True)
        self._drop(x, self.recipe.input_dropout, dropout_step, 0)
        for number, (layer, inputs, output) in enumerate(hidden, start=1):
            self.kernels.linear_relu(inputs, layer.w, layer.b, output)
            self._drop(output, self.recipe.dropout, dropout_step, number)
        layer, inputs, output = last
        self.kernels.linear(inputs, layer.w, layer.b, output)
        return outputs

    def _drop(self, x: np.ndarray, rate: float, step: int | None, layer: int) -> None:
        """Dropout in training, from where the recipe has it."""
        if rate and step is not None:
            self.kernels.drop_units(x, rate, self._dropout_key, step, layer)

    def _backward(self, x: np.ndarray, outputs: list[np.ndarray], doutputs: list[np.ndarray]) -> None:
        """Gradients of all parameters, last layer first; `doutputs[-1]` is the gradient of the logits."""
        inputs = [x, *outputs[:-1]]
        dinputs = [None, *doutputs[:-1]]  # nobody needs the gradient of the pixels
        last = len(outputs) - 1
        for i in range(last, -1, -1):
            w, dw, db = self._network.layers[i].w, self._gradients.layers[i].w, self._gradients.layers[i].b
            if i == last:
                self.kernels.linear_backward(inputs[i], w, doutputs[i], dw, db, dinputs[i])
            else:
                doutputs[i] *= rate_of(
                    self.recipe.dropout
                ).factor  # what was dropped is 0, and its gradient like a ReLU's
                self.kernels.linear_relu_backward(
                    inputs[i], w, outputs[i], doutputs[i], doutputs[i], dw, db, dinputs[i]
                )

    def _clip(self) -> None:
        """Shorten the gradient of all parameters together to the recipe's norm (Pascanu et al. 2013, algorithm 1)."""
        gradients = self._gradients.parameters().values()
        norm = math.sqrt(sum(np.square(gradient, dtype=np.float64).sum() for gradient in gradients))
        if self.recipe.clip_norm is not None and norm > self.recipe.clip_norm:
            for gradient in gradients:
                gradient *= self.recipe.clip_norm / norm

    def _update(self, step: int, learning_rate: float, l2: float) -> None:
        """One step of Adam; only weights decay and have a penalty, biases don't."""
        recipe = self.recipe
        networks = (self._network, self._gradients, *self._moments)
        for name, *arrays in zip(self._network.parameters(), *(n.parameters().values() for n in networks), strict=True):
            decays = (recipe.weight_decay, l2) if name.startswith("W") else (0.0, 0.0)
            self.kernels.adam_step(*arrays, step, learning_rate, recipe.beta1, recipe.beta2, recipe.eps, *decays)
