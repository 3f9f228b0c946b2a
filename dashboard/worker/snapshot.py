"""What is known of a training at one time. Whoever has a snapshot may keep it: nothing in it changes.

The server knows trainings by this alone: what computes, and Numba with it, is loaded by the process that trains.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fastnet.models.documents import EpochRecord, Score
from fastnet.training.recipe import Recipe

IDLE, PREPARING, RUNNING, PAUSED, ENDING = "idle", "preparing", "running", "paused", "ending"
FINISHED, STOPPED, FAILED = "finished", "stopped", "failed"
ACTIVE = (PREPARING, RUNNING, PAUSED, ENDING)
ENDED = (FINISHED, STOPPED, FAILED)

_GROWING = ("steps", "losses", "accuracies", "epochs")


@dataclass(frozen=True, eq=False)
class Looks:
    """What the validation digits look like to the network: at first, after epochs, and at the end."""

    confusion: np.ndarray  # int64 (n_classes, n_classes): digits of each true class (rows) by what they were taken for
    embedding: np.ndarray  # float32 (n, 2): the last hidden layer of some of them, along its two widest directions
    labels: np.ndarray  # int64 (n,): their true classes


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One training: its recipe, how far it is, and its figures so far."""

    state: str = IDLE
    number: int = 0  # of the session's trainings, from 1
    recipe: Recipe | None = None
    problem: str = ""  # why it failed, in a sentence
    began: float = 0.0  # by the server's monotonic clock
    is_compiling: bool = False  # while it gets ready
    n_compiled: int = 0  # functions, where kernels are not there yet
    layer_sizes: tuple[int, ...] = ()
    n_train: int = 0
    n_validation: int = 0
    steps_per_epoch: int = 0
    n_steps: int = 0
    step: int = 0
    samples_per_second: float = 0.0  # over the training steps alone
    seconds_left: float | None = None  # at the rate so far, everything counted
    steps: tuple[int, ...] = ()  # where the curves have points: each is a mean over the steps since the one before
    losses: tuple[float, ...] = ()
    accuracies: tuple[float, ...] = ()
    epochs: tuple[EpochRecord, ...] = ()
    filters: np.ndarray | None = None  # float32 (n, side, side): weights from the pixels to the first hidden units
    looks: Looks | None = None
    test: Score | None = None  # at the end
    run: str = ""  # the folder of the run, once it has ended
    ends: float | None = None  # by the server's monotonic clock: when its time on this server is over
    goes_on: float | None = None  # likewise: when a pause is over
    is_out_of_time: bool = False  # whether that is why it ended, or is about to

    @property
    def is_active(self) -> bool:
        """Whether a process works on it, or waits to."""
        return self.state in ACTIVE

    def and_then(self, changes: dict[str, Any]) -> "Snapshot":
        """The next snapshot: curves and epochs grow by what `changes` holds of them, other fields are replaced."""
        grown = {name: getattr(self, name) + changes[name] for name in _GROWING if name in changes}
        return replace(self, **{**changes, **grown})

    @property
    def test_accuracy(self) -> float | None:
        """The share of test digits that the network reads right; None until the end."""
        return self.test.accuracy if self.test else None

    @property
    def can_be_stopped(self) -> bool:
        """Whether steps are taken or will be."""
        return self.state in (PREPARING, RUNNING, PAUSED)

    @property
    def can_be_saved(self) -> bool:
        """Whether there is a run to make a model of."""
        return bool(self.run) and self.state in (FINISHED, STOPPED)
