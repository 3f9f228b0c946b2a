"""How the columns of a table become what a network takes, and its answers the numbers of the target's column."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class TableScaling:
    """The columns of a table that a network was trained on, with their means and standard deviations there."""

    features: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]  # 1 for a column that is always the same
    target: str
    target_mean: float = 0.0  # of a target that is no number, and of one that is counted, 0 and 1
    target_deviation: float = 1.0

    def scaled(self, features: "np.ndarray") -> "np.ndarray":
        """What the network takes, float32, of such columns, float64 `(n, n_features)`."""
        return ((features - self.means) / self.deviations).astype("float32")

    def scaled_target(self, target: "np.ndarray") -> "np.ndarray":
        """What the network is to answer, float32 `(n, 1)`, of the target, float64 `(n,)`."""
        return ((target - self.target_mean) / self.target_deviation).astype("float32").reshape(-1, 1)

    def target_of(self, outputs: "np.ndarray") -> "np.ndarray":
        """The target, float64 `(n,)`, of what the network answers."""
        return outputs[:, 0].astype("float64") * self.target_deviation + self.target_mean
