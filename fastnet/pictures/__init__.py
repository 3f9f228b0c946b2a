"""From a picture to the pixels that the network knows: each digit grey, white ink on black, 28x28."""

from pathlib import Path
from typing import BinaryIO

import numpy as np

from .mnist_form import SIDE as SIDE
from .pipeline import Part as Part
from .pipeline import Prepared as Prepared
from .pipeline import Stage as Stage
from .pipeline import prepare as prepare
from .reading import EXTENSIONS as EXTENSIONS
from .reading import FORMATS as FORMATS
from .reading import Limits as Limits
from .reading import Source as Source


def read_picture(source: Path | BinaryIO, name: str | None = None) -> np.ndarray:
    """Return the first digit of a picture as uint8 `(28, 28)`, white ink on black; all black if there is none."""
    parts = prepare(source, name).parts
    return parts[0].pixels if parts else np.zeros((SIDE, SIDE), np.uint8)
