"""Two ways to take training steps: kernel by kernel, on either set of kernels, or fused.

`StepwiseEngine` reads like the textbook. It runs on the NumPy reference, and on the fast kernels to test the fused
ones. `FusedEngine` does the same arithmetic in `kernels.fused`, where no gradient of a weight is ever stored.
"""

import math
from types import ModuleType
from typing import Any

import numpy as np

from fastnet import kernels
from fastnet.data.augment import augment_samples
from fastnet.data.samples import Samples
from fastnet.errors import DataError
from fastnet.kernels import aligned_empty, aligned_zeros, fused, lists, reference, sparse
from fastnet.kernels.board import new_board, work_together
from fastnet.kernels.dropout import NO_DROPOUT, Dropout, rate_of
from fastnet.kernels.products import narrow_gradient, room_for_squares
from fastnet.models.network import Layer, Network
from fastnet.models.probabilities import cross_entropies

from .recipe import Recipe

_DROPOUT = 4  # what a seed is used for here; 0 to 3 are the training's and the distortions' uses

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
        distorted(samples, np.zeros(1, np.int64), recipe, epoch=0)
    engine.load()
    engine.train_steps(samples, np.zeros(1, np.int64), 1, np.array([recipe.learning_rate]))
    engine.evaluate(samples.take(np.zeros(1, np.int64)))


def distorted(samples: Samples, rows: np.ndarray, recipe: Recipe, epoch: int) -> Samples:
    """Copies of the samples at `rows`, as a training by the recipe sees them in that epoch, from 0."""
    assert recipe.augmentation
    kernel_set = reference if recipe.engine == "reference" else kernels
    return augment_samples(samples, rows, recipe.augmentation, recipe.seed, epoch, kernel_set)


class Engine:
    """A network with the memory for batches of up to `most_samples`; subclasses train and evaluate it.

    `moments` are Adam's m and v, as networks of the same shape. Between `load` and `unload`, when steps are taken, an
    engine may hold some of all that in a layout of its own: `write_back` brings the network up to date, and
    `write_back_moments` the moments.
    """

    def __init__(self, network: Network, recipe: Recipe, most_samples: int):
        self.network = network
        self.recipe = recipe
        sizes = network.layer_sizes
        self.moments = (Network.zeros(sizes), Network.zeros(sizes))
        self._outputs = [aligned_empty((most_samples, size)) for size in sizes[1:]]
        self._doutputs = [aligned_empty((most_samples, size)) for size in sizes[1:]]
        key = np.random.SeedSequence(recipe.seed, spawn_key=(_DROPOUT,)).generate_state(1, np.uint64)[0]
        self._dropout = Dropout(key, rate_of(recipe.input_dropout), rate_of(recipe.dropout))

    def load(self) -> None:
        """Take network and moments in, before steps."""

    def write_back(self) -> None:
        """Bring the network up to date."""

    def write_back_moments(self) -> None:
        """Bring the moments up to date."""

    def unload(self) -> None:
        """Bring network and moments up to date, after steps."""

    def train_steps(
        self, samples: Samples, rows: np.ndarray, first_step: int, learning_rates: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Take one step for each of `learning_rates`, on consecutive mini-batches of the samples at `rows`.

        Steps count from 1. Returns the loss and the number of right answers of each mini-batch, before its step; where
        samples have weights, the weighted mean of their losses and the sum of the weights of those answered rightly. A
        mini-batch without any weight has a loss and a gradient of 0.
        """
        raise NotImplementedError

    def answer(self, samples: Samples, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The loss, float64, and the likeliest class, int64, of each of the samples at `rows`."""
        raise NotImplementedError

    def evaluate(self, samples: Samples) -> tuple[float, float]:
        """Return (mean loss, accuracy) of the network over `samples`, weighted where they have weights.

        DataError where the loss is not finite, or the weights sum to 0.
        """
        total_weight = samples.total_weight()
        losses, classes = self.answer(samples, np.arange(len(samples)))
        loss, accuracy = (
            float(numbers.sum() if samples.weights is None else numbers @ samples.weights) / total_weight
            for numbers in (losses, (classes == samples.labels).astype(np.float64))
        )
        return _finite(loss), accuracy

    def predict(self, samples: Samples) -> np.ndarray:
        """The likeliest class of each sample, int64."""
        return self.answer(samples, np.arange(len(samples)))[1]

    def _check(self, samples: Samples, rows: np.ndarray) -> None:
        """DataError for samples that don't fit the network: compiled code and its other threads rely on that."""
        n_features, *_, n_classes = self.network.layer_sizes
        if samples.n_features != n_features or samples.largest_label >= n_classes or not len(rows):
            raise DataError(
                f"this network takes one or more images of {n_features} pixels in {n_classes} classes, and not"
                f" {len(rows)} of {samples.n_features} with labels up to {samples.largest_label}"
            )
        if not 0 <= rows.min() <= rows.max() < len(samples):
            raise DataError(f"rows must lie within the {len(samples)} samples")

    def _l2_of_batches(self, samples: Samples, rows: np.ndarray) -> np.ndarray:
        """For each mini-batch, what times w its L2 penalty, l2 / 2 * sum(w**2) / its weight, adds to the gradient."""
        weights = samples.weight_of_batches(rows, self.recipe.batch_size)
        return self.recipe.l2 / np.where(weights > 0, weights, math.inf)


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

    def answer(self, samples: Samples, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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
        *hidden, last = zip(self.network.layers, [x, *outputs[:-1]], outputs, strict=True)
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
            self.kernels.drop_units(x, rate, int(self._dropout.key), step, layer)

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
                doutputs[i] *= self._dropout.units.factor  # what was dropped is 0, and its gradient like a ReLU's
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
        networks = (self.network, self._gradients, *self.moments)
        for name, *arrays in zip(self.network.parameters(), *(n.parameters().values() for n in networks), strict=True):
            decays = (recipe.weight_decay, l2) if name.startswith("W") else (0.0, 0.0)
            self.kernels.adam_step(*arrays, step, learning_rate, recipe.beta1, recipe.beta2, recipe.eps, *decays)


class FusedEngine(Engine):
    """Takes steps in compiled code from end to end; with `is_sparse`, the zeros of the samples are skipped."""

    def __init__(self, network: Network, recipe: Recipe, is_sparse: bool):
        super().__init__(network, recipe, recipe.batch_size)
        n_features, n_columns, *_ = network.layer_sizes
        m, v = self.moments
        self._layers = fused.Layers(
            w=tuple(layer.w for layer in network.layers),
            b=tuple(layer.b for layer in network.layers),
            w_m=_fused_weights(m, is_sparse),
            w_v=_fused_weights(v, is_sparse),
            b_m=tuple(layer.b for layer in m.layers),
            b_v=tuple(layer.b for layer in v.layers),
            out=tuple(self._outputs),
            dout=tuple(self._doutputs),
            narrow_dw=tuple(narrow_gradient(layer.w) for layer in network.layers),
            squares=tuple(room_for_squares(layer.w) for layer in network.layers),
        )
        self._is_loaded = False  # into panels, where the first layer is sparse
        self._first = sparse.sparse_layer(is_sparse, n_features, n_columns, recipe.batch_size)
        self._batches = fused.Batches(
            x=aligned_zeros((2, 0 if is_sparse else recipe.batch_size, n_features)),
            y=np.zeros((2, recipe.batch_size), np.int64),
            shares=np.zeros((2, recipe.batch_size), np.float32),
        )
        settings = recipe.beta1, recipe.beta2, recipe.eps, recipe.weight_decay, recipe.clip_norm or 0
        self._adam = fused.Adam(*(float(number) for number in settings))

    def load(self) -> None:
        """Pack the first layer, where it is sparse. Its moments, which may be large, are in panels alone then."""
        if self._is_loaded or not self._first.is_used:
            return
        self._is_loaded = True
        for name, moment in self._first_moments():
            self._set_panels(name, sparse.packed(moment.w))
            moment.w = aligned_empty((0, moment.w.shape[1]))
        self._set_panels("w", sparse.packed(self.network.layers[0].w))

    def write_back(self) -> None:
        """Unpack the weights of the first layer, where it is sparse."""
        if self._is_loaded:
            sparse.unpack(self._first.w, self.network.layers[0].w)

    def write_back_moments(self) -> None:
        """Unpack the moments of the first layer, where it is sparse."""
        if self._is_loaded:
            for name, moment in self._first_moments():
                self._unpack_moment(name, moment)

    def unload(self) -> None:
        """Unpack the first layer, where it is sparse, and give back the panels: the network is what counts now."""
        if not self._is_loaded:
            return
        self.write_back()
        self._set_panels("w", sparse.no_panels())
        for name, moment in self._first_moments():
            self._unpack_moment(name, moment)
            self._set_panels(name, sparse.no_panels())
        self._is_loaded = False

    def _first_moments(self) -> list[tuple[str, Layer]]:
        """The first layer of each moment, with the name of its panels."""
        return list(zip(("w_m", "w_v"), (moment.layers[0] for moment in self.moments), strict=True))

    def _unpack_moment(self, name: str, moment: Layer) -> None:
        panels = getattr(self._first, name)
        if len(panels):  # or an interrupt came before they were made
            moment.w = aligned_empty(self.network.layers[0].w.shape)
            sparse.unpack(panels, moment.w)

    def _set_panels(self, name: str, panels: np.ndarray) -> None:
        fields: dict[str, Any] = {name: panels}
        self._first = self._first._replace(**fields)

    def train_steps(
        self, samples: Samples, rows: np.ndarray, first_step: int, learning_rates: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `Engine`."""
        losses, classes = self._walk(
            samples, rows, first_step, learning_rates, self.recipe.label_smoothing, self._dropout
        )
        return figures_of_batches(samples, rows, losses, classes, self.recipe.batch_size)

    def answer(self, samples: Samples, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Engine`."""
        if self._first.is_used and not self._is_loaded:
            self._set_panels("w", sparse.packed(self.network.layers[0].w))
        at_a_time = BATCHES_AT_A_TIME * self.recipe.batch_size
        parts = [
            self._walk(samples, rows[start : start + at_a_time], 1, np.zeros(0), 0.0, NO_DROPOUT)
            for start in range(0, max(len(rows), 1), at_a_time)
        ]
        losses, classes = zip(*parts, strict=True)
        return np.concatenate(losses), np.concatenate(classes)

    def _walk(
        self,
        samples: Samples,
        rows: np.ndarray,
        first_step: int,
        learning_rates: np.ndarray,
        smoothing: float,
        dropout: Dropout,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Take `fused.train_steps` through the samples at `rows`; return the loss and likeliest class of each."""
        self._check(samples, rows)
        self._make_room(samples, rows)
        losses, classes = np.empty(len(rows)), np.empty(len(rows), np.int64)
        n_steps = -(-len(rows) // self.recipe.batch_size)
        work_together(
            fused.train_steps,
            new_board(fused.n_phases(len(self.network.layers), n_steps)),
            (samples.images, samples.labels, _weights_for_kernels(samples), np.float32(samples.scale)),
            rows,
            self._batches,
            self._layers,
            self._first,
            first_step,
            learning_rates,
            self._l2_of_batches(samples, rows),
            self._adam,
            np.float32(smoothing),
            dropout,
            losses,
            classes,
        )
        return losses, classes

    def _make_room(self, samples: Samples, rows: np.ndarray) -> None:
        """Let the lists have room for the mini-batches of those samples."""
        if self._first.is_used:
            n_entries = lists.most_entries(samples.images, rows, self.recipe.batch_size)
            if n_entries > self._first.lists.members.shape[1]:
                room = lists.new_lists(lists.count_groups(samples.n_features), n_entries)
                self._first = self._first._replace(lists=room)


def figures_of_batches(
    samples: Samples, rows: np.ndarray, losses: np.ndarray, classes: np.ndarray, batch_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """What `Engine.train_steps` returns of mini-batches, from the loss and the likeliest class of each sample."""
    weights, starts = samples.weight_of_each(rows), np.arange(0, len(rows), batch_size)
    totals, loss_sums, n_correct = (
        np.add.reduceat(numbers, starts)
        for numbers in (weights, weights * losses, weights * (classes == samples.labels[rows]))
    )
    return loss_sums / np.where(totals > 0, totals, 1), n_correct


def _fused_weights(moment: Network, is_sparse: bool) -> tuple[np.ndarray, ...]:
    """The arrays of a moment's weights; none of the first layer where that is sparse."""
    first, *others = (layer.w for layer in moment.layers)
    return (aligned_empty((0, first.shape[1])) if is_sparse else first, *others)


def _weights_for_kernels(samples: Samples) -> np.ndarray:
    """The weights; without them an empty array, of the same type for Numba: read-only."""
    return np.frombuffer(b"", np.float32) if samples.weights is None else samples.weights


def _finite(loss: float) -> float:
    if not math.isfinite(loss):
        raise DataError(f"the loss on these samples is {loss}: look for extreme pixel values")
    return loss
