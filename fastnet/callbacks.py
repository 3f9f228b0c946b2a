"""What estimators can call after each epoch: `callback(estimator, record)`, which stops them with True.

After the training, also one that failed, `close()` of each callback that has it is called.
"""

from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from .training.trainer import EpochRecord

if TYPE_CHECKING:
    from .estimator.base import NetworkEstimator


class ProgressBar:
    """A bar on standard error: epochs, losses and validation score, with tqdm; `options` are those of tqdm."""

    def __init__(self, **options: Any):
        self.options = options
        self._bar: Any = None

    def __call__(self, estimator: "NetworkEstimator", record: EpochRecord) -> None:
        """An epoch is complete."""
        if self._bar is None:
            self._bar = tqdm(**{"total": estimator.max_iter, "unit": " epochs", **self.options})
        figures = {"loss": f"{record.train_loss:.4f}"}
        if record.validation_loss is not None:
            figures["validation loss"] = f"{record.validation_loss:.4f}"
        if record.validation_accuracy is not None:
            figures["accuracy"] = f"{record.validation_accuracy:.2%}"
        if record.validation_r2 is not None:
            figures["R^2"] = f"{record.validation_r2:.4f}"
        self._bar.set_postfix(figures, refresh=False)
        self._bar.update(1)

    def close(self) -> None:
        """The training has ended."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
