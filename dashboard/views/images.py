"""Pixels as text that a browser can show."""

import base64
import io

import numpy as np
from PIL import Image


def png_uri(pixels: np.ndarray, most_side: int | None = None) -> str:
    """The picture as a data URI, made smaller if a side is longer than `most_side`."""
    picture = Image.fromarray(pixels)
    if most_side:
        picture.thumbnail((most_side, most_side))
    png = io.BytesIO()
    picture.save(png, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()


def base64_bytes(values: np.ndarray) -> str:
    """The bytes of small arrays that the page paints itself."""
    return base64.b64encode(values.tobytes()).decode()
