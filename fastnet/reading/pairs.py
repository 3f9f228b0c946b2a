"""Two digits that touch, read at once by a network of their own: where strokes lie on each other, no cut parts them.

`python -m benchmarks pairs` trains it. It knows 100 pairs and 10 single digits, by these names.
"""

from functools import cache
from pathlib import Path

import numpy as np

from fastnet.data.samples import DIGITS
from fastnet.models.model import Model
from fastnet.models.probabilities import log_softmax

NETWORK = Path(__file__).parent / "pair_network"
CLASSES = (*(f"{pair:02d}" for pair in range(100)), *DIGITS)


def log_probabilities(images: np.ndarray) -> np.ndarray:
    """How likely each of `CLASSES` is (log), `(n, 110)`, of images `(n, 20, 44)` as `to_pair_form` makes them."""
    return log_softmax(_network().logits(images))


@cache
def _network() -> Model:
    return Model.load(NETWORK)
