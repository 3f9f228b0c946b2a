"""Make the page's sample pictures (`make samples`): MNIST's test digits as people write, scan and photograph them."""

import io
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.documents import study_parser
from fastnet.data.loading import load_dataset

TARGET = Path("dashboard") / "assets" / "samples"
SIDE = 28

Picture = np.ndarray  # float (height, width) of ink, or (height, width, 3 or 4) of colour; 0 to 1


class Digits:
    """MNIST's test digits, handed out one after another."""

    def __init__(self, seed: int) -> None:
        test = load_dataset().test
        self._images, self._labels = test.pixels.reshape(-1, SIDE, SIDE), test.labels
        self._random = np.random.default_rng(seed)

    def ink(self, digit: int, side: int) -> Picture:
        """A digit as smooth ink, `side` pixels high."""
        image = Image.fromarray(self._images[self._random.choice(np.flatnonzero(self._labels == digit))])
        large = image.resize((side, side), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(side / 90))
        return np.clip((np.asarray(large) / 255 - 0.3) / 0.3, 0, 1)

    def typical(self, digit: int) -> Picture:
        """The one that is nearest to the mean of its class, as it is."""
        images = self._images[self._labels == digit] / 255
        picture: Picture = images[np.square(images - images.mean(axis=0)).sum(axis=(1, 2)).argmin()]
        return picture


def typical(digit: int) -> Picture:
    """A typical digit, white on black as in MNIST."""
    return Digits(0).typical(digit)


def postcode() -> Picture:
    """Five digits side by side, black on white."""
    return 1 - line("94107", Digits(3), side=120, step=86)


def photograph() -> Picture:
    """Blue ballpoint on paper, with the shadow of a hand."""
    ink = placed(Digits(11).ink(4, 190), (300, 400), (40, 120))
    paper = mixed((0.93, 0.91, 0.86), (0.12, 0.20, 0.55), ink)
    height, width = ink.shape
    y, x = np.mgrid[:height, :width]
    shadow = 1 - 0.55 / (1 + np.exp(-(x * 0.8 + y - 330) / 45))
    picture: Picture = np.clip(paper * shadow[..., None] + grain(paper.shape, 0.015), 0, 1)
    return picture


def chalk() -> Picture:
    """Chalk on a green board."""
    random = np.random.default_rng(4)
    ink = line("386", Digits(21), side=170, step=125) * random.uniform(0.55, 1, (210, 460))
    picture: Picture = np.clip(mixed((0.13, 0.27, 0.22), (0.93, 0.93, 0.88), ink) + grain((*ink.shape, 3), 0.02), 0, 1)
    return picture


def ruled() -> Picture:
    """A digit across the lines of a yellow notepad."""
    ink = placed(Digits(31).ink(2, 180), (280, 360), (50, 90))
    paper = np.ones((*ink.shape, 3)) * (0.99, 0.95, 0.66)
    paper[28::42] = paper[29::42] = (0.62, 0.74, 0.86)
    picture: Picture = np.clip(
        paper * (1 - ink[..., None]) + ink[..., None] * (0.1, 0.12, 0.3) + grain(paper.shape, 0.01), 0, 1
    )
    return picture


def column() -> Picture:
    """Three numbers one below another."""
    rows = [line(text, Digits(40 + at), side=90, step=64) for at, text in enumerate(("215", "708", "923"))]
    return 1 - np.concatenate(rows)


def tiny() -> Picture:
    """A small digit in the corner of a large page."""
    return 1 - placed(Digits(51).ink(6, 60), (420, 560), (320, 440))


def marker() -> Picture:
    """A thick marker, nearly from edge to edge."""
    ink = placed(Digits(71).ink(0, 300), (300, 320), (0, 10))
    thick = Image.fromarray(np.round(ink * 255).astype(np.uint8)).filter(ImageFilter.MaxFilter(17))
    return mixed((0.97, 0.97, 0.97), (0.75, 0.1, 0.12), np.asarray(thick) / 255)


def pencil() -> Picture:
    """A faint pencil on grey paper."""
    ink = 0.22 * placed(Digits(81).ink(7, 170), (260, 300), (40, 70))
    picture: Picture = np.clip(0.8 - ink + grain(ink.shape, 0.012), 0, 1)
    return picture


def transparent() -> Picture:
    """Black ink on a transparent ground."""
    ink = placed(Digits(61).ink(5, 220), (260, 260), (20, 20))
    return np.dstack([np.zeros((*ink.shape, 3)), ink])


def star() -> Picture:
    """Nothing that is a digit."""
    picture = Image.new("L", (300, 300), 255)
    tips = [(150 + 105 * math.sin(4 * math.pi * k / 5), 150 - 105 * math.cos(4 * math.pi * k / 5)) for k in range(6)]
    ImageDraw.Draw(picture).line(tips, fill=20, width=9, joint="curve")
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(1))) / 255


SAMPLES: dict[str, Callable[[], Picture]] = {
    "a-postcode.png": postcode,
    "a-photograph-with-a-shadow.jpg": photograph,
    "chalk-on-a-board.jpg": chalk,
    "a-ruled-notepad.jpg": ruled,
    "three-lines.png": column,
    "small-on-a-large-page.png": tiny,
    "a-thick-marker.jpg": marker,
    "a-faint-pencil.jpg": pencil,
    "transparent-ground.png": transparent,
    "no-digit-at-all.png": star,
} | {f"digit-{digit}.png": (lambda digit=digit: typical(digit)) for digit in range(10)}


def line(text: str, digits: Digits, side: int, step: int) -> Picture:
    """Digits side by side, a little up and down."""
    ink = np.zeros((side + 40, step * len(text) + side - step + 40))
    for at, character in enumerate(text):
        top, left = 20 + (at * 7) % 11, 20 + at * step
        part = ink[top : top + side, left : left + side]
        np.maximum(part, digits.ink(int(character), side), out=part)
    return ink


def placed(ink: Picture, shape: tuple[int, int], at: tuple[int, int]) -> Picture:
    """Ink on a larger page, its top left corner at `at`."""
    page = np.zeros(shape)
    page[at[0] : at[0] + ink.shape[0], at[1] : at[1] + ink.shape[1]] = ink
    return page


def mixed(paper: tuple[float, ...], colour: tuple[float, ...], ink: Picture) -> Picture:
    """Ink of one colour on paper of another."""
    picture: Picture = np.array(paper) * (1 - ink[..., None]) + np.array(colour) * ink[..., None]
    return picture


def grain(shape: tuple[int, ...], strength: float) -> Picture:
    """The noise of paper and camera."""
    return np.random.default_rng(1).normal(0, strength, shape)


def encoded(picture: Picture, suffix: str) -> bytes:
    """The picture as a small file."""
    image = Image.fromarray(np.round(picture * 255).astype(np.uint8))
    content = io.BytesIO()
    if suffix == ".jpg":
        image.save(content, "JPEG", quality=72, optimize=True)
    else:
        image.save(content, "PNG", optimize=True)
    return content.getvalue()


def main(argv: list[str]) -> None:
    """Write the pictures in place of those that are there."""
    study_parser(__doc__).parse_args(argv)
    TARGET.mkdir(exist_ok=True)
    for old in TARGET.iterdir():
        old.unlink()
    for number, (name, make) in enumerate(SAMPLES.items(), start=1):
        (TARGET / f"{number:02}-{name}").write_bytes(encoded(make(), Path(name).suffix))
