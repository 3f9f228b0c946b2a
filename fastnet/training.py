"""The training loop: epochs of shuffled mini-batches, history, and a state that can be put away and taken up again."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from .datasets import Dataset, split_validation
from .engine import Engine
from .errors import DivergedError, OptionError
from .network import Network
from .recipe import Recipe
from .schedules import learning_rate_at

# What a seed is used for: each use has its own stream of random numbers.
_INITIALISATION, _SPLIT, _SHUFFLE = range(3)


@dataclass(frozen=True)
class EpochRecord:
    """The figures of one epoch. Training figures are means over its mini-batches, each before its step."""

    epoch: int  # from 1
    seconds: float  # of the training steps alone
    learning_rate: float  # of the last step
    train_loss: float
    train_accuracy: float
    validation_loss: float | None  # None without a validation split
    validation_accuracy: float | None


@dataclass
class Progress:
    """Where a training stands: with the weights and moments, all that a continuation needs."""

    step: int = 0  # steps taken
    loss_sum: float = 0.0  # over the samples of the epoch under way
    n_correct: int = 0
    seconds: float = 0.0
    history: list[EpochRecord] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """A dictionary that JSON can hold, without the history."""
        fields = asdict(self)
        del fields["history"]
        return fields


class Training:
    """One training of one recipe on one data set.

    The order of samples in an epoch is drawn from (seed, epoch), so a training that was stopped at any step and
    goes on from its weights, moments and `Progress` ends at the same bits as one that was not.
    """

    def __init__(self, dataset: Dataset, recipe: Recipe):
        if recipe.n_validation >= len(dataset.train):
            raise OptionError(
                f"{recipe.n_validation} validation samples leave nothing of {len(dataset.train)} to train on"
            )
        self.dataset = dataset
        self.recipe = recipe
        self.train_samples, self.validation_samples = split_validation(
            dataset.train, recipe.n_validation, _rng(recipe.seed, _SPLIT)
        )
        sizes = (dataset.train.n_features, *recipe.hidden, dataset.n_classes)
        self.network = Network.he_initialised(sizes, _rng(recipe.seed, _INITIALISATION))
        self.engine = Engine(self.network, recipe)
        self.progress = Progress()
        self.steps_per_epoch = math.ceil(len(self.train_samples) / recipe.batch_size)
        self.n_steps = self.steps_per_epoch * recipe.epochs
        self.stop_requested = False  # set it from a signal handler or another thread: the loop ends after its step

    @property
    def finished(self) -> bool:
        """Whether all epochs of the recipe are done."""
        return self.progress.step >= self.n_steps

    def run(
        self,
        on_step: Callable[[float], None] | None = None,
        on_epoch: Callable[[EpochRecord], None] | None = None,
        n_epochs: int | None = None,
    ) -> None:
        """Train until the recipe's last epoch, until `n_epochs` are done in all, or until `stop_requested`.

        `on_step` is given the loss of each mini-batch, `on_epoch` the record of each epoch.
        DivergedError when the loss is not finite.
        """
        goal = self.n_steps if n_epochs is None else min(self.n_steps, n_epochs * self.steps_per_epoch)
        while self.progress.step < goal and not self.stop_requested:
            self._run_epoch(on_step)
            if self.progress.step % self.steps_per_epoch == 0:
                record = self._end_epoch()
                if on_epoch:
                    on_epoch(record)

    @property
    def n_seen(self) -> int:
        """Samples seen in the epoch under way."""
        return min(self.progress.step % self.steps_per_epoch * self.recipe.batch_size, len(self.train_samples))

    def _run_epoch(self, on_step: Callable[[float], None] | None) -> None:
        """The steps that are left of the epoch under way."""
        epoch, done = divmod(self.progress.step, self.steps_per_epoch)
        order = _rng(self.recipe.seed, _SHUFFLE, epoch).permutation(len(self.train_samples))
        for batch in range(done, self.steps_per_epoch):
            loss = self._step(order[batch * self.recipe.batch_size : (batch + 1) * self.recipe.batch_size])
            if on_step:
                on_step(loss)
            if self.stop_requested:
                return

    def _step(self, rows: np.ndarray) -> float:
        progress = self.progress
        started = time.perf_counter()
        learning_rate = self._learning_rate(progress.step)
        loss, n_correct = self.engine.train_batch(self.train_samples, rows, progress.step + 1, learning_rate)
        progress.seconds += time.perf_counter() - started
        if not math.isfinite(loss):
            raise DivergedError(
                f"the loss is {loss} at step {progress.step + 1} (epoch {progress.step // self.steps_per_epoch + 1}):"
                f" try a learning rate below {self.recipe.learning_rate}, a warm-up, or look for extreme pixel values"
            )
        progress.step += 1
        progress.loss_sum += loss * len(rows)
        progress.n_correct += n_correct
        return loss

    def _end_epoch(self) -> EpochRecord:
        progress = self.progress
        n = len(self.train_samples)
        validation_loss, validation_accuracy = (
            self.engine.evaluate(self.validation_samples) if len(self.validation_samples) else (None, None)
        )
        record = EpochRecord(
            epoch=progress.step // self.steps_per_epoch,
            seconds=progress.seconds,
            learning_rate=self._learning_rate(progress.step - 1),
            train_loss=progress.loss_sum / n,
            train_accuracy=progress.n_correct / n,
            validation_loss=validation_loss,
            validation_accuracy=validation_accuracy,
        )
        self.progress = Progress(step=progress.step, history=[*progress.history, record])
        return record

    def _learning_rate(self, step: int) -> float:
        recipe = self.recipe
        n_warmup_steps = round(recipe.warmup_epochs * self.steps_per_epoch)
        return learning_rate_at(step, self.n_steps, recipe.learning_rate, recipe.schedule, n_warmup_steps)


def _rng(seed: int, *use: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=use))
