"""One training step, written once: the kernels it calls are the fast ones or the NumPy reference."""

from types import ModuleType

import numpy as np

from fastnet import kernels
from fastnet.kernels import aligned_empty, reference

from .datasets import Samples
from .network import Network
from .recipe import Recipe

KERNELS: dict[str, ModuleType] = {"numba": kernels, "reference": reference}

EVALUATION_BATCH = 256


def compile_kernels(samples: Samples, layer_sizes: tuple[int, ...], recipe: Recipe) -> None:
    """Compile every kernel that training on such samples calls, or load it from the cache: one throw-away step."""
    engine = Engine(Network.zeros(layer_sizes), recipe)
    engine.train_batch(samples, np.zeros(1, np.int64), 1, recipe.learning_rate)


class Engine:
    """A network with all the memory that its training needs; nothing is allocated from step to step.

    `moments` are Adam's m and v, as networks of the same shape.
    """

    def __init__(self, network: Network, recipe: Recipe):
        self.network = network
        self.recipe = recipe
        self.kernels = KERNELS[recipe.engine]
        sizes = network.layer_sizes
        self.moments = (Network.zeros(sizes), Network.zeros(sizes))
        self._gradients = Network.zeros(sizes)
        most = max(recipe.batch_size, EVALUATION_BATCH)
        self._x = aligned_empty((most, sizes[0]))
        self._labels = np.empty(most, np.int64)
        self._outputs = [aligned_empty((most, size)) for size in sizes[1:]]
        self._doutputs = [aligned_empty((most, size)) for size in sizes[1:]]

    def train_batch(self, samples: Samples, rows: np.ndarray, step: int, learning_rate: float) -> tuple[float, int]:
        """Take step number `step` (from 1) on the samples at `rows`; return (mean loss, right answers) before it."""
        x, labels = self._gather(samples, rows)
        outputs = self._forward(x)
        doutputs = [doutput[: len(rows)] for doutput in self._doutputs]
        loss = self.kernels.softmax_cross_entropy(outputs[-1], labels, doutputs[-1])
        n_correct = self.kernels.count_correct(outputs[-1], labels)
        self._backward(x, outputs, doutputs)
        self._update(step, learning_rate)
        return loss, n_correct

    def evaluate(self, samples: Samples) -> tuple[float, float]:
        """Return (mean loss, accuracy) over `samples`."""
        total_loss, n_correct = 0.0, 0
        for start in range(0, len(samples), EVALUATION_BATCH):
            rows = np.arange(start, min(start + EVALUATION_BATCH, len(samples)))
            x, labels = self._gather(samples, rows)
            logits = self._forward(x)[-1]
            dlogits = self._doutputs[-1][: len(rows)]
            total_loss += self.kernels.softmax_cross_entropy(logits, labels, dlogits) * len(rows)
            n_correct += self.kernels.count_correct(logits, labels)
        return total_loss / len(samples), n_correct / len(samples)

    def _gather(self, samples: Samples, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, labels = self._x[: len(rows)], self._labels[: len(rows)]
        self.kernels.gather_batch(samples.images, samples.labels, rows, samples.scale, x, labels)
        return x, labels

    def _forward(self, x: np.ndarray) -> list[np.ndarray]:
        """The output of each layer; the last are the logits."""
        outputs = [output[: len(x)] for output in self._outputs]
        *hidden, last = zip(self.network.layers, [x, *outputs[:-1]], outputs, strict=True)
        for layer, inputs, output in hidden:
            self.kernels.linear_relu(inputs, layer.w, layer.b, output)
        layer, inputs, output = last
        self.kernels.linear(inputs, layer.w, layer.b, output)
        return outputs

    def _backward(self, x: np.ndarray, outputs: list[np.ndarray], doutputs: list[np.ndarray]) -> None:
        """Gradients of all parameters, last layer first; `doutputs[-1]` is the gradient of the logits."""
        inputs = [x, *outputs[:-1]]
        dinputs = [None, *doutputs[:-1]]  # nobody needs the gradient of the pixels
        last = len(outputs) - 1
        for i in range(last, -1, -1):
            w, dw, db = self.network.layers[i].w, self._gradients.layers[i].w, self._gradients.layers[i].b
            if i == last:
                self.kernels.linear_backward(inputs[i], w, doutputs[i], dw, db, dinputs[i])
            else:
                self.kernels.linear_relu_backward(
                    inputs[i], w, outputs[i], doutputs[i], doutputs[i], dw, db, dinputs[i]
                )

    def _update(self, step: int, learning_rate: float) -> None:
        """One step of Adam; only weights decay, biases don't."""
        recipe = self.recipe
        networks = (self.network, self._gradients, *self.moments)
        for name, *arrays in zip(self.network.parameters(), *(n.parameters().values() for n in networks), strict=True):
            weight_decay = recipe.weight_decay if name.startswith("W") else 0.0
            self.kernels.adam_step(*arrays, step, learning_rate, recipe.beta1, recipe.beta2, recipe.eps, weight_decay)
