"""The process that trains. It tells changes of the `Snapshot`, and between steps it hears "pause", "resume" and "stop".

It is a process, not a thread of the server: the NumPy reference holds the interpreter between its products, and a
drawing would wait for it. It is also nicer than the server and leaves it a processor, so that the page answers first.
"""

import contextlib
import dataclasses
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from fastnet.data.loading import load_dataset
from fastnet.errors import FORESEEN, OptionError
from fastnet.kernels import compilation
from fastnet.models.documents import Score
from fastnet.reading.fitting import calibrate_run
from fastnet.training.pipeline import TrainingStage, train_and_save
from fastnet.training.recipe import Recipe
from fastnet.training.trainer import EpochRecord, Training

from .looks import Observer
from .processors import leave_a_processor
from .sentences import for_visitors
from .snapshot import ENDING, FAILED, FINISHED, PAUSED, RUNNING, STOPPED

SAMPLES_AT_A_TIME = {"numba": 2048, "reference": 512}  # between two looks at the commands: about a tenth of a second
MOST_POINTS = 1500  # of a curve
MOST_VALIDATION = 1 / 5  # of the training set, where it is small
SECONDS_BETWEEN_POINTS, SECONDS_BETWEEN_LOOKS = 0.1, 0.4


def work(pipe: Connection, recipe: Recipe, data: str, directory: Path) -> None:
    """Train, save the run in `directory` and end; also when nobody listens any more."""
    leave_a_processor()
    try:
        _Worker(pipe, recipe, data).train(directory)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    except FORESEEN as error:
        with contextlib.suppress(OSError):
            problem = for_visitors(error, {data: Path(data).name, str(directory): "the run"})
            pipe.send({"state": FAILED, "problem": problem})


class _Worker:
    def __init__(self, pipe: Connection, recipe: Recipe, data: str):
        self._pipe = pipe
        dataset = load_dataset(data)
        n_validation = min(recipe.n_validation, int(MOST_VALIDATION * len(dataset.train)))
        self._training = training = Training(dataset, dataclasses.replace(recipe, n_validation=n_validation))
        at_a_time = SAMPLES_AT_A_TIME[recipe.engine] // training.n_per_step
        training.steps_at_a_time = min(max(at_a_time, 1), training.steps_at_a_time)
        self._observer = Observer(lambda: training.network, training.validation_samples, dataset.pixel_scale)
        self._curves = _Curves(training)
        self._step_seen = self._n_compiled = 0
        self._is_paused = False
        self._told = self._filtered = self._looked = self._began = time.monotonic()

    def train(self, directory: Path) -> None:
        training = self._training
        self._pipe.send(
            {
                "recipe": training.recipe,
                "layer_sizes": training.network.layer_sizes,
                "n_train": len(training.train_samples),
                "n_validation": len(training.validation_samples),
                "steps_per_epoch": training.steps_per_epoch,
                "n_steps": training.n_steps,
                **self._everything_seen(),
            }
        )
        with compilation.listening(self._hear_of_compiling):
            outcome = train_and_save(
                training, directory, on_stage=self._begin, on_step=self._step, on_epoch=self._end_epoch
            )
        with contextlib.suppress(OptionError):  # of what is no picture of a digit, or without validation samples
            calibrate_run(training, directory)
        end = {
            "state": FINISHED if training.finished else STOPPED,
            "test": Score.of(outcome.test),
            "run": str(directory),
        }
        self._pipe.send({**end, **self._everything_seen()})

    def _begin(self, stage: TrainingStage) -> None:
        if stage is TrainingStage.COMPILING:
            self._pipe.send({"is_compiling": True})
        elif stage is TrainingStage.TRAINING:
            self._began = time.monotonic()
            self._pipe.send({"state": RUNNING})
        elif stage is TrainingStage.TESTING:
            self._tell_curves({"state": ENDING})

    def _hear_of_compiling(self, begins: bool) -> None:
        if not begins:
            self._n_compiled += 1
            self._pipe.send({"n_compiled": self._n_compiled})

    def _everything_seen(self) -> dict[str, Any]:
        return {"filters": self._observer.filters(), "looks": self._observer.look()}

    def _step(self, loss: float) -> None:
        """Some steps were taken; the training calls this for the loss of each."""
        if self._training.progress.step == self._step_seen:
            return
        self._step_seen = self._training.progress.step
        self._curves.take()
        now = time.monotonic()
        if now - self._filtered >= SECONDS_BETWEEN_LOOKS:
            self._filtered = now
            self._tell_curves({"filters": self._observer.filters()})
        elif now - self._told >= SECONDS_BETWEEN_POINTS:
            self._tell_curves({})
        self._obey()

    def _end_epoch(self, record: EpochRecord) -> None:
        changes: dict[str, Any] = {"epochs": (record,)}
        if time.monotonic() - self._looked >= SECONDS_BETWEEN_LOOKS:
            changes["looks"] = self._observer.look()
            self._looked = time.monotonic()
        self._tell_curves(changes)

    def _obey(self) -> None:
        """Do as was asked meanwhile; while paused, wait for more."""
        paused = time.monotonic()
        while self._pipe.poll(None if self._is_paused else 0):
            command = self._pipe.recv()
            self._training.stop_requested |= command == "stop"
            is_paused = command == "pause"
            if is_paused != self._is_paused:
                self._is_paused = is_paused
                self._tell_curves({"state": PAUSED if is_paused else RUNNING})
        self._began += time.monotonic() - paused

    def _tell_curves(self, changes: dict[str, Any]) -> None:
        """Tell what is new of the curves, and with it other changes."""
        self._told = time.monotonic()
        training = self._training
        step = training.progress.step
        left = (self._told - self._began) * (training.n_steps / step - 1) if step else None
        speed = self._curves.samples_per_second()
        self._pipe.send(
            {"step": step, "samples_per_second": speed, "seconds_left": left, **self._curves.new_points(), **changes}
        )


class _Curves:
    """Loss and accuracy as means over a number of steps, from the sums that the training keeps of its epoch."""

    def __init__(self, training: Training):
        self._training = training
        self._every = max(1, training.n_steps // MOST_POINTS)
        self._step = self._epoch = 0
        self._sums = np.zeros(3)  # samples, loss and right answers of the epoch under way, at the last point
        self._points: list[tuple[int, float, float]] = []

    def take(self) -> None:
        """Add a point, unless the last one is too near."""
        training, progress = self._training, self._training.progress
        epoch, before = divmod(progress.step - 1, training.steps_per_epoch)
        is_last = before + 1 == training.steps_per_epoch
        if progress.step - self._step < self._every and not is_last:
            return
        n_seen = training.n_per_epoch if is_last else training.n_seen
        sums = np.array([n_seen, progress.loss_sum, progress.n_correct])
        n, loss, n_correct = sums - self._sums if epoch == self._epoch else sums
        self._step, self._epoch, self._sums = progress.step, epoch, sums
        self._points.append((progress.step, float(loss / n), float(n_correct / n)))

    def new_points(self) -> dict[str, tuple[float, ...]]:
        """The points since the last call, as fields of the snapshot."""
        columns = tuple(zip(*self._points, strict=True)) or ((), (), ())
        self._points = []
        return dict(zip(("steps", "losses", "accuracies"), columns, strict=True))

    def samples_per_second(self) -> float:
        """Over all training steps so far, and nothing else."""
        training, progress = self._training, self._training.progress
        seconds = progress.seconds + sum(record.seconds for record in progress.history)
        n_epochs = progress.step // training.steps_per_epoch
        n_samples = n_epochs * training.n_per_epoch + training.n_seen
        return n_samples / seconds if seconds else 0.0
