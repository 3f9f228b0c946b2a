"""The live view of a training: a bar on a terminal, however narrow; elsewhere a line an epoch, at most one a second."""

import time

from tqdm import tqdm

from fastnet.training.trainer import EpochRecord, Training

from .options import percent
from .waiting import bar, columns, draw, is_live, leave, tell

_SECONDS_BETWEEN_UPDATES = 0.1
_SECONDS_BETWEEN_LINES = 1.0
_WIDEST_BAR, _NARROWEST_BAR = 20, 5


class ProgressDisplay:
    """Shows epoch, loss, accuracies, samples a second and the time left; use it as a context manager."""

    def __init__(self, training: Training, last_epoch: int):
        self._training = training
        self._last_epoch = last_epoch  # here; the recipe may have more
        self._last = training.progress.history[-1] if training.progress.history else None
        self._started = self._shown = 0.0
        self._seen_at_start = self._seen()
        self._is_live = is_live()

    def __enter__(self) -> "ProgressDisplay":
        self._started = self._shown = time.monotonic()
        return self

    def __exit__(self, *exception: object) -> None:
        leave()

    def step(self, loss: float) -> None:
        """A step was taken."""
        now = time.monotonic()
        if not self._is_live or now - self._shown < _SECONDS_BETWEEN_UPDATES:
            return
        self._shown = now
        progress, n_seen = self._training.progress, self._training.n_seen
        if n_seen:
            accuracy = None if self._training.recipe.is_regression else progress.n_correct / n_seen
            self._draw(len(progress.history) + 1, progress.loss_sum / n_seen, accuracy)

    def end_epoch(self, record: EpochRecord) -> None:
        """An epoch is complete."""
        self._last = record
        if self._is_live:
            self._draw(record.epoch, record.train_loss, record.train_accuracy)
            return
        now = time.monotonic()
        if 1 < record.epoch < self._last_epoch and now - self._shown < _SECONDS_BETWEEN_LINES:
            return
        self._shown = now
        rate, left = self._rate_and_seconds_left()
        figures = " ".join(self._figures(record.epoch, record.train_loss, record.train_accuracy))
        tell(f"{figures}, {rate:,.0f} samples/s, {left:.0f} s left")

    def _draw(self, epoch: int, loss: float, accuracy: float | None) -> None:
        rate, left = self._rate_and_seconds_left()
        speed, time_left = f"{tqdm.format_sizeof(rate)} samples/s", f"{tqdm.format_interval(left)} left"
        draw(fitted(self._figures(epoch, loss, accuracy), self._seen() / self._total(), speed, time_left, columns()))

    def _figures(self, epoch: int, loss: float, accuracy: float | None) -> tuple[str, ...]:
        r2 = self._last.validation_r2 if self._last else None
        validation = percent(self._last.validation_accuracy if self._last else None)
        return (
            f"epoch {epoch}/{self._training.recipe.epochs}",
            f"loss {loss:.4f}",
            f"train {percent(accuracy)}",
            f"validation {validation}" if r2 is None else f"validation R^2 {r2:.4f}",
        )

    def _total(self) -> int:
        """Samples that will have been seen."""
        return self._training.n_per_epoch * self._training.recipe.epochs

    def _seen(self) -> int:
        """Samples seen in all epochs."""
        return len(self._training.progress.history) * self._training.n_per_epoch + self._training.n_seen

    def _rate_and_seconds_left(self) -> tuple[float, float]:
        """Samples a second since the start, and how long the rest takes at that rate."""
        rate = (self._seen() - self._seen_at_start) / max(time.monotonic() - self._started, 1e-9)
        return rate, (self._total() - self._seen()) / max(rate, 1e-9)


def fitted(figures: tuple[str, ...], share: float, speed: str, time_left: str, width: int) -> str:
    """The line that is drawn: what fits of it, and the time left before all else but the epoch."""
    epoch, loss, _, validation = figures
    choices = [
        (*figures, speed, time_left),
        (epoch, loss, validation, speed, time_left),
        (epoch, validation, speed, time_left),
        (epoch, speed, time_left),
        (epoch, time_left),
    ]
    for *told, left in choices:
        before, after = told, [left]
        if speed in told:
            before, after = told[:-1], [f"{speed},", left]
        room = width - 1 - len(" ".join([*before, "100%", *after]))
        if room >= 0:
            break
    bar_width = min(room - 2, _WIDEST_BAR)
    share_drawn = bar(share, bar_width) if bar_width >= _NARROWEST_BAR else ""
    return " ".join([*before, f"{share:4.0%}{share_drawn}", *after])
