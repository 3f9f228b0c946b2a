"""A training from its kernels to the saved run: the one path of the command line, the page and the records."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from .runs import save_run
from .trainer import EpochRecord, Training


class TrainingStage(Enum):
    """What is begun, in words. Nothing is compiled for the NumPy reference, and little where it was done before."""

    COMPILING = "preparing the kernels"
    TRAINING = "training"
    TESTING = "measuring on the test set"


@dataclass(frozen=True)
class Outcome:
    """The figures on the test set, and whether a stop request ended the training before its last epoch."""

    test: dict[str, float]  # loss, and accuracy or, of a regression, r2: as a run keeps them
    interrupted: bool


def train_and_save(
    training: Training,
    directory: Path,
    *,
    on_stage: Callable[[TrainingStage], None] = lambda stage: None,
    on_step: Callable[[float], None] | None = None,
    on_epoch: Callable[[EpochRecord], None] = lambda record: None,
    saves_after: Callable[[EpochRecord], bool] = lambda record: False,
    n_steps: int | None = None,
) -> Outcome:
    """Compile, train, open the test set once, and save the run in `directory`; on the way after the epochs chosen.

    `on_stage` is called before each stage. `on_step`, `on_epoch` and `n_steps` are those of `Trainer.run`; an epoch for
    which `saves_after` is true is saved before `on_epoch` is told of it. Errors are those of `Trainer.run`,
    `Engine.evaluate` and `save_run`.
    """

    def end_epoch(record: EpochRecord) -> None:
        if saves_after(record):
            save_run(training, directory)
        on_epoch(record)

    if training.recipe.engine == "numba":
        on_stage(TrainingStage.COMPILING)
        training.compile_kernels()
    on_stage(TrainingStage.TRAINING)
    training.run(on_step, end_epoch, n_steps)
    interrupted = training.stop_requested and not training.finished
    on_stage(TrainingStage.TESTING)
    loss, score = training.engine.evaluate(training.dataset.test)
    outcome = Outcome({"r2" if training.recipe.is_regression else "accuracy": score, "loss": loss}, interrupted)
    save_run(training, directory, outcome.test)
    return outcome
