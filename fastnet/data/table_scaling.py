"""How the columns of a table become what a network takes, and its answers the numbers of the target's column."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastnet.errors import OptionError

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
        """What the network takes, float32, of such columns, float64 `(n, n_features)`; OptionError beyond float32."""
        return _as_float32(features, self.means, self.deviations)

    def scaled_target(self, target: "np.ndarray") -> "np.ndarray":
        """What the network is to answer, float32 `(n, 1)`, of the target, float64 `(n,)`; OptionError as there."""
        return _as_float32(target.reshape(-1, 1), (self.target_mean,), (self.target_deviation,))

    def target_of(self, outputs: "np.ndarray") -> "np.ndarray":
        """The target, float64 `(n,)`, of what the network answers."""
        return outputs[:, 0].astype("float64") * self.target_deviation + self.target_mean


def _as_float32(columns: "np.ndarray", means: tuple[float, ...], deviations: tuple[float, ...]) -> "np.ndarray":
    import numpy as np

    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
        scaled: np.ndarray = ((columns - means) / deviations).astype(np.float32)
    if not np.isfinite(scaled).all():
        raise OptionError("the table holds numbers that, scaled, are beyond the range of float32, in which is computed")
    return scaled
