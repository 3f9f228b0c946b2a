"""Two ways to take training steps: kernel by kernel, on either set of kernels, or fused.

`StepwiseEngine` reads like the textbook. It runs on the NumPy reference, and on the fast kernels to test the fused
ones. `FusedEngine` does the same arithmetic in `kernels.fused`, where no gradient of a weight is ever stored.
"""

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from fastnet.kernels import aligned_empty, aligned_zeros, fused, lists, reference, sparse
from fastnet.kernels.board import new_board, work_together
from fastnet.kernels.products import narrow_gradient

from .augmenting import augment_samples
from .datasets import Samples
from .errors import DataError
from .network import Network
from .recipe import Recipe

EVALUATION_BATCH = 256
BATCHES_AT_A_TIME = 256  # of an evaluation: a board for more would be large
DENSITY_SAMPLES = 1000  # samples that are looked at to choose the sparse or the dense path
MOST_SPARSE_DENSITY = 0.9  # share of feature groups that hold something, above which dense products may be faster


def make_engine(network: Network, recipe: Recipe, samples: Samples) -> "Engine":
    """The engine that the recipe names, for training on such samples."""
    if recipe.engine == "reference":
        return StepwiseEngine(network, recipe, reference)
    return fused_engine(network, recipe, samples)


def fused_engine(network: Network, recipe: Recipe, samples: Samples) -> "FusedEngine":
    """The fast engine on the path, sparse or dense, that suits such samples."""
    looked_at = np.linspace(0, len(samples), min(len(samples), DENSITY_SAMPLES), endpoint=False).astype(np.int64)
    density = lists.group_density(samples.take(looked_at).images)
    return FusedEngine(network, recipe, is_sparse=density <= MOST_SPARSE_DENSITY)


def compile_kernels(samples: Samples, layer_sizes: tuple[int, ...], recipe: Recipe) -> None:
    """Compile every kernel that training on such samples calls, or load it from the cache: one throw-away step."""
    engine = make_engine(Network.zeros(layer_sizes), recipe, samples)
    if recipe.augmentation:
        augment_samples(samples, np.zeros(1, np.int64), recipe, epoch=0)
    engine.train_steps(samples, np.zeros(1, np.int64), 1, np.array([recipe.learning_rate]))
    engine.evaluate(samples.take(np.zeros(1, np.int64)))


class Engine:
    """A network with the memory for batches of up to `most_samples`; subclasses train and evaluate it.

    `moments` are Adam's m and v, as networks of the same shape. Between `load` and `unload`, when steps are taken, an
    engine may hold some of them in a layout of its own; `write_back` brings network and moments up to date.
    """

    def __init__(self, network: Network, recipe: Recipe, most_samples: int):
        self.network = network
        self.recipe = recipe
        sizes = network.layer_sizes
        self.moments = (Network.zeros(sizes), Network.zeros(sizes))
        self._outputs = [aligned_empty((most_samples, size)) for size in sizes[1:]]
        self._doutputs = [aligned_empty((most_samples, size)) for size in sizes[1:]]

    def load(self) -> None:
        """Take network and moments in, before steps."""

    def write_back(self) -> None:
        """Bring network and moments up to date."""

    def unload(self) -> None:
        """Bring network and moments up to date, after steps."""

    def train_steps(
        self, samples: Samples, rows: np.ndarray, first_step: int, learning_rates: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Take one step for each of `learning_rates`, on consecutive mini-batches of the samples at `rows`.

        Steps count from 1. Returns the loss and the number of right answers of each mini-batch, before its step.
        """
        raise NotImplementedError

    def evaluate(self, samples: Samples) -> tuple[float, float]:
        """Return (mean loss, accuracy) of the network over `samples`."""
        raise NotImplementedError


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
        losses, n_correct = np.empty(len(learning_rates)), np.empty(len(learning_rates), np.int64)
        with np.errstate(over="ignore", invalid="ignore"):  # whoever reads the losses sees that they are not finite
            for i, learning_rate in enumerate(learning_rates.tolist()):
                x, labels = self._gather(samples, rows[i * batch_size : (i + 1) * batch_size])
                outputs = self._forward(x)
                doutputs = [doutput[: len(x)] for doutput in self._doutputs]
                losses[i] = self.kernels.softmax_cross_entropy(
                    outputs[-1], labels, doutputs[-1], self.recipe.label_smoothing
                )
                n_correct[i] = self.kernels.count_correct(outputs[-1], labels)
                self._backward(x, outputs, doutputs)
                self._update(first_step + i, learning_rate)
        return losses, n_correct

    def evaluate(self, samples: Samples) -> tuple[float, float]:
        """See `Engine`."""
        total_loss, n_correct = 0.0, 0
        for start in range(0, len(samples), EVALUATION_BATCH):
            rows = np.arange(start, min(start + EVALUATION_BATCH, len(samples)))
            x, labels = self._gather(samples, rows)
            logits = self._forward(x)[-1]
            dlogits = self._doutputs[-1][: len(rows)]
            total_loss += self.kernels.softmax_cross_entropy(logits, labels, dlogits) * len(rows)
            n_correct += self.kernels.count_correct(logits, labels)
        return _finite(total_loss / len(samples)), n_correct / len(samples)

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


class FusedEngine(Engine):
    """Takes steps in compiled code from end to end; with `is_sparse`, the zeros of the samples are skipped."""

    def __init__(self, network: Network, recipe: Recipe, is_sparse: bool):
        super().__init__(network, recipe, recipe.batch_size)
        n_features, n_columns, *_ = network.layer_sizes
        m, v = self.moments
        self._layers = fused.Layers(
            w=tuple(layer.w for layer in network.layers),
            b=tuple(layer.b for layer in network.layers),
            w_m=tuple(layer.w for layer in m.layers),
            w_v=tuple(layer.w for layer in v.layers),
            b_m=tuple(layer.b for layer in m.layers),
            b_v=tuple(layer.b for layer in v.layers),
            out=tuple(self._outputs),
            dout=tuple(self._doutputs),
            narrow_dw=tuple(narrow_gradient(layer.w) for layer in network.layers),
        )
        self._is_loaded = False
        self._first = sparse.sparse_layer(is_sparse, n_features, n_columns, recipe.batch_size)
        self._batches = fused.Batches(
            x=aligned_zeros((2, 0 if is_sparse else recipe.batch_size, n_features)),
            y=np.zeros((2, recipe.batch_size), np.int64),
        )
        self._adam = fused.Adam(float(recipe.beta1), float(recipe.beta2), float(recipe.eps), float(recipe.weight_decay))

    def load(self) -> None:
        """Pack the first layer, where it is sparse."""
        self._is_loaded = True
        if self._first.is_used:
            for panels, network in self._packed():
                sparse.pack(network.layers[0].w, panels)

    def write_back(self) -> None:
        """Unpack the first layer, where it is sparse."""
        if self._is_loaded and self._first.is_used:
            for panels, network in self._packed():
                sparse.unpack(panels, network.layers[0].w)

    def unload(self) -> None:
        """Unpack the first layer, where it is sparse; from now on the network is what counts."""
        self.write_back()
        self._is_loaded = False

    def train_steps(
        self, samples: Samples, rows: np.ndarray, first_step: int, learning_rates: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `Engine`."""
        smoothing = np.float32(self.recipe.label_smoothing)
        losses, classes = self._walk(
            fused.train_steps, samples, rows, first_step, learning_rates, self._adam, smoothing
        )
        is_right = classes == samples.labels[rows]
        starts = np.arange(0, len(rows), self.recipe.batch_size)
        batch_sizes = np.diff(starts, append=len(rows))
        return np.add.reduceat(losses, starts) / batch_sizes, np.add.reduceat(is_right, starts, dtype=np.int64)

    def evaluate(self, samples: Samples) -> tuple[float, float]:
        """See `Engine`."""
        losses, classes = self._answer(samples)
        return _finite(float(losses.mean())), float((classes == samples.labels).mean())

    def predict(self, samples: Samples) -> np.ndarray:
        """The likeliest class of each sample, int64."""
        return self._answer(samples)[1]

    def _answer(self, samples: Samples) -> tuple[np.ndarray, np.ndarray]:
        """The loss and the likeliest class of each sample."""
        if self._first.is_used and not self._is_loaded:
            sparse.pack(self.network.layers[0].w, self._first.w)
        at_a_time = BATCHES_AT_A_TIME * self.recipe.batch_size
        starts = range(0, max(len(samples), 1), at_a_time)
        parts = [
            self._walk(fused.evaluate_batches, samples, np.arange(start, min(start + at_a_time, len(samples))))
            for start in starts
        ]
        losses, classes = zip(*parts, strict=True)
        return np.concatenate(losses), np.concatenate(classes)

    def _walk(
        self, kernel: Callable[..., None], samples: Samples, rows: np.ndarray, *args: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """Take a kernel of `fused` through the samples at `rows`; return the loss and likeliest class of each."""
        self._check(samples, rows)
        losses, classes = np.empty(len(rows)), np.empty(len(rows), np.int64)
        n_steps = -(-len(rows) // self.recipe.batch_size)
        work_together(
            kernel,
            new_board(fused.n_phases(len(self.network.layers), n_steps)),
            (samples.images, samples.labels, np.float32(samples.scale)),
            rows,
            self._batches,
            self._layers,
            self._first,
            *args,
            losses,
            classes,
        )
        return losses, classes

    def _check(self, samples: Samples, rows: np.ndarray) -> None:
        """DataError for samples that don't fit the network: compiled code and its other threads rely on them."""
        n_features, *_, n_classes = self.network.layer_sizes
        if samples.n_features != n_features or samples.largest_label >= n_classes or not len(rows):
            raise DataError(
                f"this network takes one or more images of {n_features} pixels in {n_classes} classes, and not"
                f" {len(rows)} of {samples.n_features} with labels up to {samples.largest_label}"
            )
        if not 0 <= rows.min() <= rows.max() < len(samples):
            raise DataError(f"rows must lie within the {len(samples)} samples")

    def _packed(self) -> list[tuple[np.ndarray, Network]]:
        """The panels of the first layer's weights and moments, each with the network that they belong to."""
        m, v = self.moments
        return [(self._first.w, self.network), (self._first.w_m, m), (self._first.w_v, v)]


def _finite(loss: float) -> float:
    if not math.isfinite(loss):
        raise DataError(f"the loss on these samples is {loss}: look for extreme pixel values")
    return loss
