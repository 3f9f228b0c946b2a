"""RapidOCR in a process of its own: paths as JSON on standard input, their texts by each way on the last line printed.

Run by the Python that has `rapidocr-onnxruntime`; needs nothing of fastnet.
"""

import json
import sys
from typing import Any

import numpy as np
from PIL import Image, ImageOps
from rapidocr_onnxruntime import RapidOCR  # type: ignore[import-not-found]


def main() -> None:
    """Read all pictures both ways."""
    engine = RapidOCR()
    pictures = [_picture(path) for path in json.load(sys.stdin)]
    ways = {
        "recognition alone": [_text(engine(_tight(each), use_det=False, use_cls=False)) for each in pictures],
        "detection and recognition": [_text(engine(each, use_cls=False)) for each in pictures],
    }
    print(json.dumps(ways))


def _picture(path: str) -> np.ndarray:
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    page = Image.new("RGBA", image.size, "white")
    page.alpha_composite(image)
    return np.asarray(page.convert("RGB"))


def _tight(picture: np.ndarray) -> np.ndarray:
    """The part of a picture that differs from its border by more than a third of its contrast, with a little room."""
    grey = picture.mean(axis=2)
    border = np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
    differs = abs(grey - border) > max(abs(grey - border).max() / 3, 1)
    rows, columns = (np.flatnonzero(differs.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return picture
    room = max(2, (rows[-1] - rows[0]) // 10)
    return picture[max(0, rows[0] - room) : rows[-1] + room, max(0, columns[0] - room) : columns[-1] + room]


def _text(answer: tuple[list[Any] | None, object]) -> str:
    """What was found, from above down: parts are a box, a text and a score, or a text and a score."""
    return "".join(part[-2] for part in answer[0] or [])


if __name__ == "__main__":
    main()
