"""The live view of a training: a bar on a terminal, a line an epoch elsewhere; always on standard error."""

import sys
import time
from typing import Any

from tqdm import tqdm

from fastnet.training.trainer import EpochRecord, Training

from .options import percent, tell

_BAR = "{desc} {percentage:3.0f}%|{bar:20}| {rate_fmt}, {remaining} left"
_SECONDS_BETWEEN_UPDATES = 0.1


class ProgressDisplay:
    """Shows epoch, loss, accuracies, samples a second and the time left; use it as a context manager."""

    def __init__(self, training: Training):
        self._training = training
        self._last = training.progress.history[-1] if training.progress.history else None
        self._started = self._shown = 0.0
        self._seen_at_start = self._seen()
        self._bar: Any = None

    def __enter__(self) -> "ProgressDisplay":
        self._started = self._shown = time.monotonic()
        if sys.stderr.isatty():
            self._bar = tqdm(
                desc="starting",
                total=self._total(),
                initial=self._seen_at_start,
                unit=" samples",
                unit_scale=True,
                bar_format=_BAR,
                dynamic_ncols=True,
                mininterval=0,
            )
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(self, loss: float) -> None:
        """A step was taken."""
        now = time.monotonic()
        if self._bar is None or now - self._shown < _SECONDS_BETWEEN_UPDATES:
            return
        self._shown = now
        progress, n_seen = self._training.progress, self._training.n_seen
        if n_seen:
            self._draw(len(progress.history) + 1, progress.loss_sum / n_seen, progress.n_correct / n_seen)

    def end_epoch(self, record: EpochRecord) -> None:
        """An epoch is complete."""
        self._last = record
        if self._bar is not None:
            self._draw(record.epoch, record.train_loss, record.train_accuracy)
            return
        seconds = time.monotonic() - self._started
        rate = (self._seen() - self._seen_at_start) / seconds
        left = (self._total() - self._seen()) / rate
        figures = self._figures(record.epoch, record.train_loss, record.train_accuracy)
        tell(f"{figures}, {rate:,.0f} samples/s, {left:.0f} s left")

    def _total(self) -> int:
        """Samples that will have been seen."""
        return self._training.n_per_epoch * self._training.recipe.epochs

    def _seen(self) -> int:
        """Samples seen in all epochs."""
        return len(self._training.progress.history) * self._training.n_per_epoch + self._training.n_seen

    def _draw(self, epoch: int, loss: float, accuracy: float) -> None:
        self._bar.set_description_str(self._figures(epoch, loss, accuracy), refresh=False)
        self._bar.update(self._seen() - self._bar.n)

    def _figures(self, epoch: int, loss: float, accuracy: float) -> str:
        validation = percent(self._last.validation_accuracy if self._last else None)
        return (
            f"epoch {epoch}/{self._training.recipe.epochs}"
            f" loss {loss:.4f} train {percent(accuracy)} validation {validation}"
        )
