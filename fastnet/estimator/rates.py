"""How the learning rate goes on from epoch to epoch, where that depends on how the training goes."""

_LEAST = 1e-6  # a rate that is no larger is lowered no more
_LOWERED_BY = 5.0

# Schedules of scikit-learn's SGD, which Adam ignores there.
INVSCALING, ADAPTIVE = "invscaling", "adaptive"


class LearningRate:
    """scikit-learn's learning rates of SGD: what is set at first, over a divisor that grows."""

    def __init__(self, initial: float, schedule: str, power_t: float):
        self.initial, self.schedule, self.power_t = initial, schedule, power_t
        self.divisor = 1.0

    @property
    def learning_rate(self) -> float:
        """The rate as it is now."""
        return self.initial / self.divisor

    def end_epoch(self, n_seen: int) -> None:
        """An epoch has ended, after so many samples in all."""
        if self.schedule == INVSCALING:
            self.divisor = float((n_seen + 1) ** self.power_t)

    def lower(self) -> bool:
        """Go on at a lower rate where nothing gets better; False where that is not the schedule, or low enough."""
        if self.schedule != ADAPTIVE or self.learning_rate <= _LEAST:
            return False
        self.divisor *= _LOWERED_BY
        return True
