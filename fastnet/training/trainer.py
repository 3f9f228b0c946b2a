"""The training loop: epochs of shuffled mini-batches, history, and a state that can be put away and taken up again."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from fastnet.data.augment import square_images
from fastnet.data.samples import DIGITS, Dataset, Samples, split_validation
from fastnet.data.synthetic import with_synthetic
from fastnet.errors import DivergedError, OptionError, told
from fastnet.interrupts import Gate, gate
from fastnet.models.documents import EpochRecord as EpochRecord
from fastnet.models.documents import Origin, SavedProgress
from fastnet.models.files import ModelFiles, read_model
from fastnet.models.network import Network
from fastnet.models.probabilities import losses_of
from fastnet.seeds import SeedUse, rng

from .engine import compile_kernels, distorted, make_engine
from .engine.base import figures_of_batches
from .engine.own import OwnKernels
from .recipe import Recipe
from .schedules import learning_rate_at, strength_of_pass
from .selecting import choose
from .teaching import Teachers

STEPS_AT_A_TIME = 64  # between two looks at the stop request: some ten milliseconds; fewer where each sees more


@dataclass
class Progress:
    """Where a training stands: with the weights and moments, all that a continuation needs."""

    step: int = 0  # steps taken
    loss_sum: float = 0.0  # over the samples of the epoch under way, each times its weight
    n_correct: float = 0.0  # the weight of those answered rightly
    seconds: float = 0.0
    history: list[EpochRecord] = field(default_factory=list)

    def saved(self) -> SavedProgress:
        """What the manifest holds of it: all but the history."""
        return SavedProgress(self.step, self.loss_sum, self.n_correct, self.seconds)


@dataclass(frozen=True)
class State:
    """What a training goes on from, on the same samples or on others: where one before it ended."""

    network: Network
    moments: tuple[Network, Network] | None = None  # Adam's m and v; None: all 0
    n_steps: int = 0
    n_epochs: int = 0


class Trainer:
    """Trains a network by a recipe on given samples, and validates it on others, of which there may be none.

    The order of samples in a pass is drawn from (seed, pass), and so are their distortions: a training that was
    stopped at any step and goes on from its weights, moments and `Progress` ends at the same bits as one that was not.
    With `start`, steps and epochs are counted on from those that its network has seen; the network is trained in place.
    What the recipe's teacher answers is computed anew for each copy; errors are those of `Teachers`. `kernels` take the
    place of the engine's own by their names (see `with_own`), and steps are taken kernel by kernel then.
    """

    def __init__(
        self,
        train_samples: Samples,
        validation_samples: Samples,
        n_outputs: int,
        recipe: Recipe,
        start: State | None = None,
        kernels: OwnKernels | None = None,
    ):
        self.recipe = recipe
        self.own_kernels = dict(kernels or {})
        if recipe.synthetic:
            train_samples = with_synthetic(train_samples, recipe.synthetic, rng(recipe.seed, SeedUse.SYNTHESIS))
        self.train_samples, self.validation_samples = train_samples, validation_samples
        for samples in (train_samples, validation_samples):
            samples.total_weight()  # or an error
        sizes, draws = (train_samples.n_features, *recipe.hidden, n_outputs), rng(recipe.seed, SeedUse.INITIALISATION)
        network = start.network if start else Network.initialised(sizes, recipe.activation, draws)
        self.engine = make_engine(network, recipe, self.train_samples, self.own_kernels)
        self._steps_before, self._epochs_before = 0, 0
        if start:
            self._steps_before, self._epochs_before = start.n_steps, start.n_epochs
            for moment, begun in zip(self.engine.moments, start.moments or (), strict=start.moments is not None):
                moment.set_parameters(begun.parameters())
        self.progress = Progress()
        self.rate_scale = 1.0  # what each step's learning rate is multiplied with; set it between steps
        self._first_loss: float | None = None  # of the first step that is taken here
        self.n_per_step = round(recipe.batch_size / recipe.selectivity)  # samples that are seen, if not stepped on
        self.teachers: Teachers | None = None
        if recipe.teacher is not None:
            self.teachers = Teachers(recipe, train_samples, n_outputs, self.n_per_step)
        self._steps_per_pass = math.ceil(len(self.train_samples) / self.n_per_step)
        self.steps_per_epoch = recipe.passes * self._steps_per_pass
        self.n_steps = self.steps_per_epoch * recipe.epochs
        self.stop_requested = False  # set it from a signal handler or another thread: the loop ends after its step
        # Fewer, where a look at it must come sooner; the result is the same.
        self.steps_at_a_time = max(1, STEPS_AT_A_TIME * recipe.batch_size // self.n_per_step)

    @property
    def network(self) -> Network:
        """The network as the steps taken so far left it; see `Engine` for what may be done with it."""
        return self.engine.network

    @property
    def state(self) -> State:
        """What another training can go on from, once this one does not run; not a copy."""
        n_steps, n_epochs = self.progress.step, self.progress.step // self.steps_per_epoch
        return State(self.network, self.engine.moments, self._steps_before + n_steps, self._epochs_before + n_epochs)

    @property
    def finished(self) -> bool:
        """Whether all epochs of the recipe are done."""
        return self.progress.step >= self.n_steps

    def compile_kernels(self) -> None:
        """Compile all that `run` and the engine's `evaluate` call, or load it from the cache."""
        taught = self.teachers.taught if self.teachers else None
        compile_kernels(self.train_samples, self.network.layer_sizes, self.recipe, taught, self.own_kernels)

    def run(
        self,
        on_step: Callable[[float], None] | None = None,
        on_epoch: Callable[[EpochRecord], None] | None = None,
        n_steps: int | None = None,
    ) -> None:
        """Train until the recipe's last epoch, until `n_steps` are taken in all, or until `stop_requested`.

        `on_step` is given the loss of each mini-batch, `on_epoch` the record of each epoch. Stop requests are seen
        every few steps. DivergedError when the loss is not finite, or so large at the end of an epoch that nothing can
        be learnt any more (see `_has_left_the_rails`).
        """
        goal = self.n_steps if n_steps is None else min(self.n_steps, n_steps)
        self._end_due_epoch(on_epoch)  # of a run that was saved just before
        with gate() as closed:
            while self.progress.step < goal and not self.stop_requested:
                self._run_pass(goal, on_step, closed)
                self._end_due_epoch(on_epoch)

    @property
    def n_seen(self) -> int:
        """Samples seen in the epoch under way."""
        n_passes, n_steps = divmod(self.progress.step % self.steps_per_epoch, self._steps_per_pass)
        return n_passes * len(self.train_samples) + n_steps * self.n_per_step

    @property
    def n_per_epoch(self) -> int:
        """Samples seen in an epoch."""
        return self.recipe.passes * len(self.train_samples)

    def _run_pass(self, goal: int, on_step: Callable[[float], None] | None, closed: Gate) -> None:
        """The steps up to `goal` that are left of the pass under way, some at a time."""
        number, done = divmod(self.progress.step, self._steps_per_pass)
        order = self._order(number)
        last = min(self._steps_per_pass, goal - number * self._steps_per_pass)
        for start in range(done, last, self.steps_at_a_time):
            stop = min(start + self.steps_at_a_time, last)
            losses = self._take_steps(order[start * self.n_per_step : stop * self.n_per_step], stop - start, closed)
            if on_step:
                for loss in losses:
                    on_step(loss)
            if self.stop_requested:
                return

    @property
    def _passes_before(self) -> int:
        return self._epochs_before * self.recipe.passes

    def _order(self, number: int) -> np.ndarray:
        """The order of the samples in a pass of this training, counted from 0."""
        n = len(self.train_samples)
        if not self.recipe.shuffle:
            return np.arange(n)
        return rng(self.recipe.seed, SeedUse.SHUFFLE, self._passes_before + number).permutation(n)

    def _take_steps(self, rows: np.ndarray, n: int, closed: Gate) -> list[float]:
        """Take `n` steps on mini-batches of the samples at `rows`; return their losses."""
        progress = self.progress
        learning_rates = np.array([self._learning_rate(progress.step + i) for i in range(n)])
        with closed:
            return self._take_whole_steps(progress, rows, learning_rates)

    def _take_whole_steps(self, progress: Progress, rows: np.ndarray, learning_rates: np.ndarray) -> list[float]:
        """Steps and the record of them belong together: nothing may come between."""
        n = len(learning_rates)
        started = time.perf_counter()
        samples, rows = self._seen(progress.step // self._steps_per_pass, rows)
        first_step = self._steps_before + progress.step + 1
        take_steps = self.engine.train_steps if self.recipe.selectivity == 1 else self._take_selective_steps
        losses, n_correct = take_steps(samples, rows, first_step, learning_rates)
        progress.seconds += time.perf_counter() - started
        for i in np.flatnonzero(~np.isfinite(losses)):
            step = progress.step + 1 + i
            epoch = (step - 1) // self.steps_per_epoch + 1
            raise self._diverged(f"the loss is {losses[i]} at step {step} (epoch {epoch})")
        if self._first_loss is None:
            self._first_loss = float(losses[0])
        progress.step += n
        progress.loss_sum += float(losses @ samples.weight_of_batches(rows, self.n_per_step))
        progress.n_correct += float(n_correct.sum())
        told: list[float] = losses.tolist()
        return told

    def _seen(self, number: int, rows: np.ndarray) -> tuple[Samples, np.ndarray]:
        """What is seen of the samples at `rows` in a pass of this training, from 0, and at which rows of that."""
        samples, recipe = self.train_samples, self.recipe
        if not (recipe.augmentation or self.teachers):
            return samples, rows
        if recipe.augmentation:
            n_passes = recipe.passes * recipe.epochs
            strength = strength_of_pass(number, n_passes, recipe.annealing, recipe.last_strength)
            samples = distorted(samples, rows, recipe, self._passes_before + number, strength)
        else:
            samples = samples.take(rows)
        return self.teachers.taught(samples) if self.teachers else samples, np.arange(len(rows))

    def _take_selective_steps(
        self, samples: Samples, rows: np.ndarray, first_step: int, learning_rates: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """As the engine's `train_steps`, each on a choice of the samples that it sees; the figures are those of all.

        A loss counts for the choice as it does in the mean, times its sample's weight.
        """
        seen_parts = []
        for i in range(len(learning_rates)):
            seen = rows[i * self.n_per_step : (i + 1) * self.n_per_step]
            losses, answers = self.engine.losses_and_answers(samples, seen)
            seen_parts.append((losses, answers))
            draws = rng(self.recipe.seed, SeedUse.SELECTION, first_step + i)
            chosen = seen[choose(losses * samples.weight_of_each(seen), self.recipe.selectivity, draws)]
            self.engine.train_steps(samples, chosen, first_step + i, learning_rates[i : i + 1])
        losses, answers = (np.concatenate(parts) for parts in zip(*seen_parts, strict=True))
        return figures_of_batches(samples, rows, losses, answers, self.recipe, self.n_per_step)

    def _end_due_epoch(self, on_epoch: Callable[[EpochRecord], None] | None) -> None:
        """Record the epoch whose last step was the last one taken, unless that was done."""
        if len(self.progress.history) < self.progress.step // self.steps_per_epoch:
            record = self._end_epoch()
            if on_epoch:
                on_epoch(record)

    def _end_epoch(self) -> EpochRecord:
        progress, is_regression = self.progress, self.recipe.is_regression
        total_weight = self.recipe.passes * self.train_samples.total_weight()
        if not all(np.isfinite(array).all() for array in self.network.parameters().values()):
            raise self._diverged(f"a weight is not finite after step {progress.step}")
        train_loss = progress.loss_sum / total_weight
        if self._has_left_the_rails(train_loss):
            raise self._diverged(f"the loss has grown to {train_loss:.3g} by step {progress.step}")
        validation_loss, score = (
            self.engine.evaluate(self.validation_samples) if len(self.validation_samples) else (None, None)
        )
        record = EpochRecord(
            epoch=progress.step // self.steps_per_epoch,
            seconds=progress.seconds,
            learning_rate=self._learning_rate(progress.step - 1),
            train_loss=train_loss,
            train_accuracy=None if is_regression else progress.n_correct / total_weight,
            validation_loss=validation_loss,
            validation_accuracy=None if is_regression else score,
            validation_r2=score if is_regression else None,
        )
        self.progress = Progress(step=progress.step, history=[*progress.history, record])
        return record

    def _has_left_the_rails(self, loss: float) -> bool:
        """Whether the mean loss of an epoch is finite, and yet that of a training that has diverged.

        It is where it is a million times the first step's, and what it would be if all outputs were 0. A loss of
        classes or labels may begin high, on features that were never scaled, and fall; but beyond 1e12 no output of
        float32 has any digits left for what tells one sample from another.
        """
        guess = self._loss_of_zeros
        if not self.recipe.is_regression and loss > 1e12 * guess:
            return True
        return loss > 1e6 * max(guess, self._first_loss or 0.0)

    @cached_property
    def _loss_of_zeros(self) -> float:
        """The mean loss on the training samples of a network whose outputs are all 0."""
        samples, loss = self.train_samples, self.recipe.loss
        if loss == "cross_entropy":
            return math.log(max(2, self.network.layer_sizes[-1]))
        zeros = np.zeros_like(samples.labels)
        return float(np.average(losses_of(zeros, samples.labels, loss), weights=samples.weights))

    def _diverged(self, what: str) -> DivergedError:
        rate = self.recipe.learning_rate
        return DivergedError(
            f"{what}: try a learning rate below {rate}, a warm-up, or look for extreme values in the input"
        )

    def _learning_rate(self, step: int) -> float:
        recipe = self.recipe
        n_warmup_steps = round(recipe.warmup_epochs * self.steps_per_epoch)
        rate = learning_rate_at(step, self.n_steps, recipe.learning_rate, recipe.schedule, n_warmup_steps)
        return self.rate_scale * rate


class Training(Trainer):
    """One training of one recipe on one data set, of which it sets its validation samples aside.

    With `initial`, a model directory or the name of a model that comes along, it starts from the weights of that model,
    which must have the same layers and scale its pixels in the same way; all else is new. ModelError for a model that
    is not sound, OptionError for one that does not fit.

    With `kernels`, functions by the name of the kernel that each takes the place of (`{"adam_step": mine}`), its steps
    are taken kernel by kernel, by these and those of the recipe's engine: the Numba kernels, or their textbooks. They
    take the same arguments, by position. Such a training cannot be saved as a run. OptionError for a name that no step
    calls, or for other arguments.
    """

    def __init__(
        self,
        dataset: Dataset,
        recipe: Recipe,
        initial: str | Path | None = None,
        kernels: OwnKernels | None = None,
    ):
        n = len(dataset.train) - dataset.n_corrections
        if recipe.n_validation >= n:
            raise OptionError(f"{recipe.n_validation:,} validation samples leave nothing of {n:,} to train on")
        if recipe.augmentation:
            square_images(dataset.train)  # or an error
        elif recipe.annealing:
            raise OptionError("annealing is of distortions, and this training has none")
        if recipe.teacher is None and recipe.teacher_share < 1:
            raise OptionError("the teacher's share of a target needs a teacher, and this training has none")
        self.origin: Origin | None = None
        start = None
        if initial is not None:
            files = read_model(initial)
            start = State(_fitting_network(files, dataset, recipe))
            self.origin = files.origin
        if recipe.synthetic and dataset.classes not in ((), DIGITS):
            raise OptionError(f"synthetic digits are made of digits, and not of {_classes(dataset.classes)}")
        super().__init__(*validation_split(dataset, recipe), dataset.n_classes, recipe, start, kernels)
        self.dataset = dataset
        for files in self.teachers.models if self.teachers else ():
            _check_inputs(files, dataset)
            known, given = files.manifest.classes or (), dataset.classes
            if known != given:
                raise OptionError(f"{files.directory}: knows {_classes(known)}, and this training {_classes(given)}")


def _fitting_network(files: ModelFiles, dataset: Dataset, recipe: Recipe) -> Network:
    """The network of a model, for a training on other samples; OptionError where it does not fit."""
    sizes = (dataset.train.n_features, *recipe.hidden, dataset.n_classes)
    if files.layer_sizes != sizes:
        theirs, ours = ("-".join(map(str, layers)) for layers in (files.layer_sizes, sizes))
        raise OptionError(f"{files.directory}: has layers {theirs}, and this training {ours}")
    if (files.activation, files.loss) != (recipe.activation, recipe.loss):
        raise OptionError(
            f"{files.directory}: has activation {files.activation} and loss {files.loss}, and this training"
            f" {recipe.activation} and {recipe.loss}"
        )
    _check_inputs(files, dataset)
    network = Network.zeros(sizes, recipe.activation)
    network.set_parameters(files.parameters)
    return network


def _check_inputs(files: ModelFiles, dataset: Dataset) -> None:
    """OptionError for a model that takes other columns, or pixels of another scale."""
    known, given = (table.features if table else () for table in (files.manifest.table, dataset.table))
    if known != given:
        raise OptionError(f"{files.directory}: takes {_columns(known)}, and this training {_columns(given)}")
    if not math.isclose(files.pixel_scale, dataset.pixel_scale, rel_tol=1e-6):
        raise OptionError(
            f"{files.directory}: takes pixels times {files.pixel_scale:g}, and those of {dataset.source} are to be"
            f" multiplied by {dataset.pixel_scale:g}"
        )


def _columns(names: tuple[str, ...]) -> str:
    return f"the columns {told(', '.join(names), 80)}" if names else "images"


def _classes(names: tuple[str, ...]) -> str:
    return f"the classes {told(', '.join(names), 80)}" if names else "classes without names"


def validation_split(dataset: Dataset, recipe: Recipe) -> tuple[Samples, Samples]:
    """The samples that a recipe trains on, and those that it sets aside for validation.

    None of these are corrections: with the seed and the number that a model's own training had, what is set aside is
    the same, and a model that is corrected goes on to be validated on what it has not learnt.
    """
    return split_validation(dataset.train, recipe.n_validation, rng(recipe.seed, SeedUse.SPLIT), dataset.n_corrections)
