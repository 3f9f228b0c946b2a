"""Steps in compiled code from end to end, by `kernels.fused`: no gradient of a weight is ever stored."""

from itertools import pairwise
from typing import Any

import numpy as np

from fastnet import kernels
from fastnet.data.samples import Samples
from fastnet.kernels import active, fused, lists, sparse
from fastnet.kernels.arrays import aligned_empty, aligned_zeros
from fastnet.kernels.board import new_board, work_together
from fastnet.kernels.dropout import NO_DROPOUT, Dropout
from fastnet.kernels.kinds import ACTIVATIONS
from fastnet.kernels.losses import KINDS, Loss
from fastnet.kernels.optimizers import Adam, Sgd
from fastnet.kernels.products import narrow_gradient, room_for_squares
from fastnet.kernels.rates import rate_of
from fastnet.models.network import Layer, Network

from ..recipe import Recipe
from .base import Engine, figures_of_batches
from .stepwise import StepwiseEngine

BATCHES_AT_A_TIME = 256  # of an evaluation: a board for more would be large
DENSITY_SAMPLES = 1000  # samples that are looked at to choose the sparse or the dense path
MOST_SPARSE_DENSITY = 0.9  # share of feature groups that hold something, above which dense products may be faster


def fused_engine(network: Network, recipe: Recipe, samples: Samples) -> "FusedEngine":
    """The fast engine on the path, sparse or dense, that suits such samples."""
    looked_at = np.linspace(0, len(samples), min(len(samples), DENSITY_SAMPLES), endpoint=False).astype(np.int64)
    density = lists.group_density(samples.take(looked_at).images)
    return FusedEngine(network, recipe, is_sparse=density <= MOST_SPARSE_DENSITY)


class FusedEngine(Engine):
    """Takes steps in compiled code from end to end; with `is_sparse`, the zeros of the samples are skipped."""

    def __init__(self, network: Network, recipe: Recipe, is_sparse: bool):
        super().__init__(network, recipe, recipe.batch_size)
        n_features, n_columns, *_ = network.layer_sizes
        m, v = self._moments
        has_v, nothing = recipe.solver == "adam", (None,) * len(network.layers)
        self._layers = fused.Layers(
            w=tuple(layer.w for layer in network.layers),
            b=tuple(layer.b for layer in network.layers),
            w_m=_fused_weights(m, is_sparse),
            w_v=_fused_weights(v, is_sparse) if has_v else nothing,
            b_m=tuple(layer.b for layer in m.layers),
            b_v=tuple(layer.b for layer in v.layers) if has_v else nothing,
            out=tuple(self._outputs),
            dout=tuple(self._doutputs),
            narrow_dw=tuple(narrow_gradient(layer.w) for layer in network.layers),
            squares=tuple(room_for_squares(layer.w) for layer in network.layers),
            activity=_activity(network, recipe),
        )
        self._first = sparse.sparse_layer(is_sparse, n_features, n_columns, recipe.batch_size, has_v)
        self._batches = fused.Batches(
            x=aligned_zeros((2, 0 if is_sparse else recipe.batch_size, n_features)),
            y=np.zeros((2, recipe.batch_size), np.int64),
            shares=np.zeros((2, recipe.batch_size), np.float32),
        )
        self._dropout = Dropout(np.uint64(self._dropout_key), rate_of(recipe.input_dropout), rate_of(recipe.dropout))
        self._optimizer = _optimizer(recipe)
        self._activation = None if recipe.activation == "relu" else ACTIVATIONS.index(recipe.activation)

    @property
    def network(self) -> Network:
        """See `Engine`."""
        if len(self._first.w):
            sparse.unpack(self._first.w, self._network.layers[0].w)
            self._set_panels("w", sparse.no_panels())
        return self._network

    @property
    def moments(self) -> tuple[Network, Network]:
        """See `Engine`."""
        for name, moment in self._first_moments():
            panels = getattr(self._first, name)
            if len(panels):
                moment.w = aligned_empty(self._network.layers[0].w.shape)
                sparse.unpack(panels, moment.w)
                self._set_panels(name, sparse.no_panels())
        return self._moments

    def _pack(self) -> None:
        """Take the first layer into panels, where it is sparse, from wherever it was read since the last steps.

        Its moments, which may be large, are either in panels or in arrays, never in both.
        """
        if not self._first.is_used:
            return
        for name, moment in self._first_moments():
            if not len(getattr(self._first, name)):
                self._set_panels(name, sparse.packed(moment.w))
                moment.w = aligned_empty((0, moment.w.shape[1]))
        self._first = self._with_weights()

    def _with_weights(self) -> sparse.SparseLayer:
        """The first layer with its weights in panels, where it is sparse."""
        if not self._first.is_used or len(self._first.w):
            return self._first
        return self._first._replace(w=sparse.packed(self._network.layers[0].w))

    def _first_moments(self) -> list[tuple[str, Layer]]:
        """The first layer of each moment, with the name of its panels; SGD has no second one."""
        names = ("w_m",) if self._first.w_v is None else ("w_m", "w_v")
        return [(name, moment.layers[0]) for name, moment in zip(names, self._moments, strict=False)]

    def _set_panels(self, name: str, panels: np.ndarray) -> None:
        fields: dict[str, Any] = {name: panels}
        self._first = self._first._replace(**fields)

    def train_steps(
        self, samples: Samples, rows: np.ndarray, first_step: int, learning_rates: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `Engine`."""
        self._prepare(samples, rows)
        self._pack()
        smoothing = self.recipe.label_smoothing
        losses, answers = self._walk(self._first, samples, rows, first_step, learning_rates, smoothing, self._dropout)
        return figures_of_batches(samples, rows, losses, answers, self.recipe, self.recipe.batch_size)

    def losses_and_answers(self, samples: Samples, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Engine`."""
        self._prepare(samples, rows)
        first = self._with_weights()
        at_a_time = BATCHES_AT_A_TIME * self.recipe.batch_size
        parts = [
            self._walk(first, samples, rows[start : start + at_a_time], 1, np.zeros(0), 0.0, NO_DROPOUT)
            for start in range(0, max(len(rows), 1), at_a_time)
        ]
        losses, answers = zip(*parts, strict=True)
        return np.concatenate(losses), np.concatenate(answers)

    def loss_and_gradient(self, samples: Samples) -> tuple[float, Network]:
        """See `Engine`."""
        return StepwiseEngine(self.network, self.recipe, kernels).loss_and_gradient(samples)

    def _walk(
        self,
        first: sparse.SparseLayer,
        samples: Samples,
        rows: np.ndarray,
        first_step: int,
        learning_rates: np.ndarray,
        smoothing: float,
        dropout: Dropout,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Take `fused.train_steps` through the samples at `rows`; return the loss and the answer of each."""
        losses, answers = np.empty(len(rows)), self._room_for_answers(len(rows))
        labels = samples.labels if samples.soft_targets is None else samples.soft_targets
        n_steps = -(-len(rows) // self.recipe.batch_size)
        work_together(
            fused.train_steps,
            new_board(fused.n_phases(len(self._network.layers), n_steps)),
            (samples.images, labels, _weights_for_kernels(samples), np.float32(samples.scale)),
            rows,
            self._batches_with(labels),
            self._layers,
            first,
            first_step,
            learning_rates,
            self._l2_of_batches(samples, rows),
            self._optimizer,
            self._activation,
            Loss(KINDS[self.recipe.loss], np.float32(smoothing)),
            dropout,
            losses,
            answers,
        )
        return losses, answers

    def _batches_with(self, labels: np.ndarray) -> fused.Batches:
        """The room for mini-batches, with some for such labels, which may be classes, targets or soft targets."""
        return self._batches._replace(y=aligned_zeros((*self._batches.y.shape[:2], *labels.shape[1:]), labels.dtype))

    def _room_for_answers(self, n: int) -> np.ndarray:
        """Room for a class of each sample, or for all outputs of each where the loss is one of targets."""
        if self.recipe.loss == "cross_entropy":
            return np.zeros(n, np.int64)
        return aligned_zeros((n, self._network.layer_sizes[-1]))

    def _prepare(self, samples: Samples, rows: np.ndarray) -> None:
        """Check the samples at `rows`, and let the lists have room for their mini-batches."""
        self._check(samples, rows)
        if self._first.is_used:
            n_entries = lists.most_entries(samples.images, rows, self.recipe.batch_size)
            if n_entries > self._first.lists.members.shape[1]:
                room = lists.new_lists(lists.count_groups(samples.n_features), n_entries)
                self._first = self._first._replace(lists=room)


def _optimizer(recipe: Recipe) -> fused.Optimizer:
    """The recipe's solver, with settings of one type each for Numba."""
    settings: Adam | Sgd = Adam(float(recipe.beta1), float(recipe.beta2), float(recipe.eps))
    if recipe.solver == "sgd":
        settings = Sgd(float(recipe.momentum), recipe.nesterov)
    return fused.Optimizer(settings, float(recipe.weight_decay), float(recipe.clip_norm or 0))


def _activity(network: Network, recipe: Recipe) -> tuple[active.Activity | None, ...]:
    """Room to note which hidden units are on, where large hidden layers of ReLUs are neighbours; else none."""
    _, *hidden, _ = network.layer_sizes
    is_large = any(below * above >= active.LEAST_WEIGHTS for below, above in pairwise(hidden))
    if recipe.activation != "relu" or not is_large:
        return (None,) * (len(hidden) + 2)
    return tuple(active.new_activity(n_units, recipe.batch_size) for n_units in (0, *hidden, 0))


def _fused_weights(moment: Network, is_sparse: bool) -> tuple[np.ndarray, ...]:
    """The arrays of a moment's weights; none of the first layer where that is sparse."""
    first, *others = (layer.w for layer in moment.layers)
    return (aligned_empty((0, first.shape[1])) if is_sparse else first, *others)


def _weights_for_kernels(samples: Samples) -> np.ndarray:
    """The weights; without them an empty array, of the same type for Numba: read-only."""
    return np.frombuffer(b"", np.float32) if samples.weights is None else samples.weights
