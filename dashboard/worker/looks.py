"""What a network shows of itself while it learns: its first filters, its confusions, and how classes draw apart."""

import math
from collections.abc import Callable

import numpy as np

from fastnet.data.samples import Samples
from fastnet.models.model import Model
from fastnet.models.network import Network

from .snapshot import Looks

MOST_FILTERS = 40
MOST_POINTS = 600  # of the embedding
_ROUNDS = 8  # of orthogonal iteration; it goes on in the next epoch


class Observer:
    """Looks at a network, which is read anew each time, through the validation samples, epoch after epoch."""

    def __init__(self, read_network: Callable[[], Network], samples: Samples, pixel_scale: float):
        self._read_network = read_network
        self._samples = samples
        self._pixel_scale = pixel_scale
        self._axes: np.ndarray | None = None

    def filters(self) -> np.ndarray | None:
        """The weights of the first units as pictures, float32 `(n, side, side)`; None if the pixels are no square."""
        w = self._read_network().layers[0].w
        side = math.isqrt(len(w))
        return w[:, :MOST_FILTERS].T.reshape(-1, side, side).copy() if side * side == len(w) else None

    def look(self) -> Looks | None:
        """Confusions and embedding; None without validation samples."""
        if not len(self._samples):
            return None
        pixels, labels = self._samples.pixels, self._samples.labels
        model = Model(self._read_network().parameters(), self._pixel_scale)
        n_classes = model.layer_sizes[-1]
        activations = model.forward(pixels)
        predicted = activations.logits.argmax(axis=1)
        confusion = np.bincount(labels * n_classes + predicted, minlength=n_classes**2).reshape(n_classes, n_classes)
        rows = activations.hidden[-1] if activations.hidden else activations.logits
        return Looks(confusion, self._embedded(rows[:MOST_POINTS]), labels[:MOST_POINTS])

    def _embedded(self, rows: np.ndarray) -> np.ndarray:
        """Principal components by orthogonal iteration from the last epoch's axes, so that the picture doesn't turn."""
        rows = rows - rows.mean(axis=0)
        axes = np.random.default_rng(0).standard_normal((rows.shape[1], 2)) if self._axes is None else self._axes
        for _ in range(_ROUNDS):
            axes = _orthonormal(rows.T @ (rows @ axes))
        self._axes = axes
        places: np.ndarray = (rows @ axes).astype(np.float32)
        return places


def _orthonormal(columns: np.ndarray) -> np.ndarray:
    """An orthonormal basis of the columns' span that keeps their directions."""
    q, r = np.linalg.qr(columns)
    return q * np.where(np.diag(r) < 0, -1, 1)
