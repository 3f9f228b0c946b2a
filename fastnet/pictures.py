"""From a picture file to the pixels that the network knows: grey, white ink on black, 28x28."""

import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from .errors import DataError

SIDE = 28
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
MOST_PIXELS = 16_000_000


def read_picture(source: Path | BinaryIO, name: str | None = None) -> np.ndarray:
    """Return the picture as uint8 `(28, 28)`, white ink on black; DataError if it is no picture of a known format.

    Transparency is laid over white, colours become luminance, a picture with a bright border is inverted, and any
    other size than 28x28 is resized. `name` is what messages call it (a path, if not given).
    """
    name = name or str(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on odd files
        try:
            with Image.open(source, formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                grey = _grey(picture)
        except FileNotFoundError as error:
            raise DataError(f"{name}: no such file") from error
        except Image.DecompressionBombError as error:
            raise DataError(f"{name}: has more than {MOST_PIXELS // 10**6} megapixels") from error
        except Exception as error:  # a damaged picture can raise nearly anything
            raise DataError(f"{name}: is not a sound picture ({', '.join(FORMATS)} are read)") from error
    if grey.size != (SIDE, SIDE):
        grey = grey.resize((SIDE, SIDE), Image.Resampling.BOX if min(grey.size) > SIDE else Image.Resampling.BILINEAR)
    pixels = np.asarray(grey)
    return 255 - pixels if _border(pixels).mean() > 127 else pixels


def _grey(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))  # Pillow's own conversion saturates
    if picture.has_transparency_data:
        rgba = picture.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("L")
    return picture.convert("L")


def _border(pixels: np.ndarray) -> np.ndarray:
    return np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
