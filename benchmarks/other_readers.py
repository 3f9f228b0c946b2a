"""General readers of text beside fastnet: Tesseract and RapidOCR, each with the settings that are best for digits.

Each works in a process of its own, and is left out where it is not installed. Of what they answer, digits count alone.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

MARGIN = 100  # pixels of paper that Tesseract wants around a digit
_RAPID_OCR = Path(__file__).with_name("rapid_ocr.py")


def digits_of(text: str) -> str:
    """The digits of a text, in its order."""
    return "".join(character for character in text if character in "0123456789")


def tesseract(pictures: Sequence[Path]) -> list[str] | None:
    """What Tesseract reads: digits alone, as a block of text, with paper around it; None where it is not installed."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    options = ("--psm", "6", "-c", "tessedit_char_whitelist=0123456789")
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        padded = Path(folder) / "padded.png"
        for picture in pictures:
            _with_margin(picture).save(padded)
            done = subprocess.run([program, padded, "stdout", *options], capture_output=True, text=True, check=False)
            answers.append(digits_of(done.stdout))
    return answers


def rapid_ocr(pictures: Sequence[Path], python: str = sys.executable) -> dict[str, list[str]]:
    """What RapidOCR reads, by its ways of reading; nothing where that Python has no RapidOCR."""
    paths = json.dumps([str(picture) for picture in pictures])
    done = subprocess.run([python, _RAPID_OCR], input=paths, capture_output=True, text=True, check=False)
    if done.returncode:
        return {}
    ways: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return {way: [digits_of(text) for text in texts] for way, texts in ways.items()}


def _with_margin(picture: Path) -> Image.Image:
    """The upright picture with a margin of the grey that its corner has."""
    image = ImageOps.exif_transpose(Image.open(picture)).convert("RGBA")
    page = Image.new("RGBA", image.size, "white")
    page.alpha_composite(image)
    grey = np.asarray(page.convert("L"))
    return Image.fromarray(np.pad(grey, MARGIN, constant_values=int(grey[0, 0])))
