"""One picture that tells how an answer came about: the stages, and a heat map of which pixels spoke for it."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fastnet.files import whole_file
from fastnet.models.model import Model
from fastnet.models.probabilities import in_percent
from fastnet.plurals import counted

from .recognition import VERDICTS, DigitReading, Reading

FOR, AGAINST = np.array([0, 114, 178]), np.array([230, 97, 0])  # blue and orange: told apart with any colour vision

_PANEL, _GAP, _LINE = 240, 16, 22
_MOST_DIGITS = 12
_STEPS = 512  # on the way from an empty picture: each unit switches on or off at most a few times


def draw_explanation(predictor: Model, reading: Reading, target: Path | None = None) -> Image.Image:
    """Draw the stages of a reading and the heat map of each digit; save it, if `target` is given.

    Of an empty cell or a mark between digits, the network was not asked, and nothing is drawn.
    """
    stages = [(stage.name, _panel(stage.pixels)) for stage in reading.stages[:4]]
    asked = [digit for digit in reading.digits if digit.label]
    digits = [(_caption(digit), _seen_and_heat(predictor, digit)) for digit in asked[:_MOST_DIGITS]]
    columns = max(len(stages), 4)
    rows = [stages, *(digits[start : start + columns // 2] for start in range(0, len(digits), columns // 2))]
    height = _GAP + len(rows) * (_PANEL + _LINE + _GAP) + _LINE
    canvas = Image.new("RGB", (columns * (_PANEL + _GAP) + _GAP, height), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(15)
    y = _GAP
    for row in rows:
        x = _GAP
        for caption, panel in row:
            draw.text((x, y), caption, "black", font)
            canvas.paste(panel, (x, y + _LINE))
            x += panel.width + _GAP
        y += _PANEL + _LINE + _GAP
    draw.text((_GAP, y - _GAP // 2), _legend(reading, len(asked)), "black", font)
    if target is not None:
        content = io.BytesIO()  # Pillow's own writing does not say that a disk is full
        canvas.save(content, Image.registered_extensions()[target.suffix.lower()])
        with whole_file(target) as new:
            new.write_bytes(content.getvalue())
    return canvas


def explain(predictor: Model, pixels: np.ndarray, digit: int) -> np.ndarray:
    """How much each pixel spoke for (+) or against (-) the digit, float32 `(28, 28)`.

    The integrated gradient of the digit's lead, its logit over the mean of the others, on the straight way from an
    empty picture to this one; so the sum over the pixels is what the ink changed the lead by.
    """
    n_classes = predictor.layer_sizes[-1]
    lead = np.full(n_classes, -1 / max(n_classes - 1, 1))  # of a single class, the lead is its logit
    lead[digit] = 1
    gradient = predictor.integrated_gradient(pixels, lead, _STEPS)
    return gradient.reshape(pixels.shape) * (pixels * predictor.pixel_scale)


def heat_map(pixels: np.ndarray, contributions: np.ndarray) -> np.ndarray:
    """The digit in grey with what spoke for the answer in blue and against it in orange, uint8 `(28, 28, 3)`."""
    strength = np.abs(contributions) / max(float(np.abs(contributions).max()), 1e-9)
    colour = np.where((contributions > 0)[..., np.newaxis], FOR, AGAINST)
    paper = 255 - 90 * (pixels[..., np.newaxis] / 255)
    share = np.sqrt(strength)[..., np.newaxis]
    picture: np.ndarray = (paper * (1 - share) + colour * share).astype(np.uint8)
    return picture


def _seen_and_heat(predictor: Model, digit: DigitReading) -> Image.Image:
    likeliest = int(digit.probabilities.argmax())
    heat = heat_map(digit.pixels, explain(predictor, digit.pixels, likeliest))
    pair = Image.new("RGB", (2 * _PANEL + _GAP, _PANEL), "white")
    pair.paste(_panel(digit.pixels), (0, 0))
    pair.paste(_panel(heat), (_PANEL + _GAP, 0))
    return pair


def _panel(pixels: np.ndarray) -> Image.Image:
    """The pixels, as large as the panel allows, in its middle."""
    image = Image.fromarray(pixels).convert("RGB")
    scale = _PANEL / max(image.size)
    size = tuple(max(1, round(edge * scale)) for edge in image.size)
    image = image.resize((size[0], size[1]), Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX)
    panel = Image.new("RGB", (_PANEL, _PANEL), (236, 236, 236))
    panel.paste(image, ((_PANEL - image.width) // 2, (_PANEL - image.height) // 2))
    return panel


def _caption(digit: DigitReading) -> str:
    answer = "no digit" if digit.digit is None else f"{digit.label}, {in_percent(digit.probability, 1)}"
    doubts = [flag for flag in digit.flags if flag != answer]
    return f"the network sees: {answer}" + (f" ({', '.join(doubts)})" if doubts else "")


def _legend(reading: Reading, n_asked: int) -> str:
    if not n_asked:
        return ": ".join(filter(None, ["no digit", ", ".join(flag for flag in reading.flags if flag not in VERDICTS)]))
    more = n_asked - _MOST_DIGITS
    told = f"; not shown: {counted(more, 'more digit')}" if more > 0 else ""
    return f"blue spoke for the answer, orange against it{told}"
