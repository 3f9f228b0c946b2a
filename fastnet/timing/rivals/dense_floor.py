"""The dense floor, as if it were a rival: the seconds that the dense products alone take at the FMA peak.

Its optimizer is free, its memory is infinitely fast, and it skips no zero. The peak is measured anew in every round.
"""

import numpy as np

from fastnet.timing.peak import dense_flop, fma_peak

from .protocol import LINEAR_RELU_SIZES, Peer, serve


class DenseFloor(Peer):
    """Answers with operations / peak, on "threads" threads."""

    packages = ("numba",)

    def fresh(self) -> None:
        pass

    def warm(self) -> None:
        fma_peak(self.threads, seconds=0.0)

    def train(self, rows: np.ndarray) -> tuple[float, float | None]:
        return dense_flop(self.layer_sizes, len(rows)) / fma_peak(self.threads), None

    def reply_kernel(self, name: str) -> dict[str, float]:
        n, n_in, n_out = {"linear_relu": LINEAR_RELU_SIZES}[name]
        return {"seconds": 2 * n * n_in * n_out / fma_peak(self.threads)}


if __name__ == "__main__":
    serve(DenseFloor)
