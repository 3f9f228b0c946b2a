"""Forms for tests: printed with boxes and marks, filled in with training digits, and scanned askew."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from fastnet.data.loading import load_dataset

SIZE = 1000, 1400
MARKS = ((0.06, 0.04), (0.94, 0.04), (0.06, 0.96), (0.94, 0.96))
BOXES = {  # name: (box on the page in pixels, digits, whether it is a comb of cells)
    "student": ((300, 250, 720, 320), 6, True),
    "points": ((300, 420, 440, 490), 2, False),
    "age": ((300, 560, 440, 630), 2, False),
    "remark": ((300, 700, 720, 770), 4, False),
    "date": ((300, 840, 860, 910), 8, True),
}


@dataclass(frozen=True)
class Filled:
    """A filled-in form and what was written into it."""

    picture: Image.Image
    truth: dict[str, str]


def description(**more):
    """The document of the form."""
    width, height = SIZE
    fields = [
        {"name": name, "box": [x0 / width, y0 / height, x1 / width, y1 / height], "digits": n}
        for name, ((x0, y0, x1, y1), n, _) in BOXES.items()
    ]
    return {"fields": fields} | more


def empty(with_marks=True):
    """The form as it was printed."""
    page = Image.new("L", SIZE, 255)
    draw = ImageDraw.Draw(page)
    draw.text((300, 90), "EXAMINATION 2024", fill=0, font_size=44)
    draw.text((120, 160), "Write one digit in each cell. Do not fold this sheet.", fill=40, font_size=22)
    for name, ((x0, y0, x1, y1), n, is_comb) in BOXES.items():
        draw.text((100, y0 + 20), name.capitalize(), fill=20, font_size=28)
        draw.rectangle((x0, y0, x1, y1), outline=30, width=3)
        for cell in range(1, n if is_comb else 1):
            x = x0 + cell * (x1 - x0) // n
            draw.line((x, y0, x, y1), fill=30, width=2)
    draw.text((120, 1200), "Signature of the examiner ............................", fill=40, font_size=24)
    for x, y in MARKS if with_marks else ():
        x, y = x * SIZE[0], y * SIZE[1]
        draw.rectangle((x - 13, y - 13, x + 13, y + 13), fill=0)
    return page


def filled(rng, with_marks=True, share_empty=0.3):
    """The form with digits in its boxes, some of which stay empty."""
    page = np.asarray(empty(with_marks), np.float32).copy()
    truth = {}
    for name, ((x0, y0, x1, y1), n, is_comb) in BOXES.items():
        truth[name] = "" if rng.random() < share_empty else _write(rng, page, x0, y0, x1 - x0, y1 - y0, n, is_comb)
    return Filled(Image.fromarray(page.astype(np.uint8)), truth)


def scanned(rng, page, turn=None, scale=None, grain=4):
    """A scan of a page: turned by up to 3 degrees, 2% larger or smaller, shifted by some pixels, with grain."""
    turn = rng.uniform(-3, 3) if turn is None else turn
    scale = rng.uniform(0.98, 1.02) if scale is None else scale
    margin = 60
    wide = Image.new("L", (page.width + 2 * margin, page.height + 2 * margin), 248)
    wide.paste(page.point(lambda value: round(248 * value / 255)), (margin, margin))
    large = wide.resize((round(wide.width * scale), round(wide.height * scale)), Image.Resampling.BICUBIC)
    turned = large.rotate(turn, Image.Resampling.BICUBIC, fillcolor=248)
    dx, dy = (int(rng.integers(-8, 9)) for _ in range(2))
    x, y = (turned.width - page.width) // 2 + dx, (turned.height - page.height) // 2 + dy
    scan = np.asarray(turned.crop((x, y, x + page.width, y + page.height)), np.float32)
    return Image.fromarray((scan + rng.normal(0, grain, scan.shape)).clip(0, 255).astype(np.uint8))


def _write(rng, page, x0, y0, width, height, n, is_comb):
    """Write digits on the page; what they are."""
    images, labels = _digits()
    step = width / n if is_comb else min(width / n, 0.7 * height)
    text = ""
    for place in range(n):
        at = int(rng.integers(len(images)))
        tall = int(rng.integers(round(0.6 * height), round(0.85 * height)))
        ink = _ink(images[at], tall)
        if ink.shape[1] > step - 6:
            ink = np.asarray(Image.fromarray(ink).resize((max(4, int(step) - 6), tall)))
        x = x0 + int(step * place + (step - ink.shape[1]) / 2)
        y = y0 + int(rng.integers(2, height - tall))
        seen = page[y : y + tall, x : x + ink.shape[1]]
        np.minimum(seen, 255 - 0.85 * ink, out=seen)
        text += str(labels[at])
    return text


def _ink(digit, height):
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    cropped = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    width = max(3, round(height * cropped.shape[1] / cropped.shape[0]))
    return np.asarray(Image.fromarray(cropped).resize((width, height), Image.Resampling.BICUBIC))


@cache
def _digits():
    samples = load_dataset().train
    return samples.images[:5000].reshape(-1, 28, 28), samples.labels[:5000]
