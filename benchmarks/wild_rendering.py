"""Pictures of a digit with everything drawn at random: pen, page, light, camera and file, with several faults at once.

Some are hardly legible. The suite of `rendering` has one condition in each of its pictures; here conditions meet.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .rendering import (
    Rng,
    clouds,
    encoded,
    paper,
    picture,
    strokes,
    thick_strokes,
    thin_strokes,
    with_noise,
    with_rules,
    with_shadow,
    with_texture,
    write,
)

FAULTS = ("pale ink", "light ink", "ruled", "framed", "textured", "a shadow", "light falls off", "askew", "blurred")
DESK = (60, 60, 60)
_SMALL = 200  # pixels: what is smaller is drawn four times as large, and reduced

Colour = tuple[int, int, int]


@dataclass
class Wild:
    """A picture's file, and which of `FAULTS` it has."""

    file: bytes = b""
    faults: set[str] = field(default_factory=set)

    def happens(self, rng: Rng, share: float, fault: str) -> bool:
        """Whether the picture has a fault that so large a share of all has."""
        if rng.random() < share:
            self.faults.add(fault)
        return fault in self.faults


def wild(rng: Rng, digit: np.ndarray) -> Wild:
    """A picture of that digit, 28x28."""
    made = Wild()
    side, aspect = 2 ** rng.uniform(5.6, 10.4), 2 ** rng.uniform(-0.6, 0.6)
    size = max(40, int(side * math.sqrt(aspect))), max(40, int(side / math.sqrt(aspect)))
    larger = 4 if max(size) < _SMALL else 1
    page, paper_colour, height = _written(rng, digit, (size[0] * larger, size[1] * larger), made)
    image = _taken(rng, picture(_lit(rng, page, made)), paper_colour, height, made)
    if larger > 1:
        image = image.resize(size, Image.Resampling.BOX)
    if rng.random() < 0.4:
        image = picture(with_noise(rng, np.asarray(image, np.float32), rng.uniform(1, 9)))
    if rng.random() < 0.15:
        image = image.convert("L")
    is_jpeg = rng.random() < 0.6
    made.file = encoded(image, "JPEG", quality=int(rng.integers(15, 96))) if is_jpeg else encoded(image)
    return made


def _written(rng: Rng, digit: np.ndarray, size: tuple[int, int], made: Wild) -> tuple[np.ndarray, Colour, int]:
    """The page with the digit on it, the colour of its paper, and the digit's height."""
    light, dark = rng.integers(170, 256, 3) - rng.integers(0, 40, 3), rng.integers(0, 90, 3)
    if made.happens(rng, 0.3, "pale ink"):
        dark = light - rng.integers(45, 110, 3)
    ink_colour, paper_colour = _colour(dark), _colour(light)
    if made.happens(rng, 0.25, "light ink"):
        ink_colour, paper_colour = paper_colour, ink_colour
    height = max(14, int(rng.uniform(0.18, 0.85) * min(size)))
    ink = _pen(rng, digit, height)[:, : size[0]]
    page = paper(size, paper_colour)
    gap = int(height * rng.uniform(0.4, 1.2))
    if gap > size[0] // 50 and made.happens(rng, 0.2, "ruled"):
        colour = _colour(np.array(paper_colour) - rng.integers(20, 90, 3))
        page = with_rules(page, gap, colour, squares=bool(rng.random() < 0.4))
    if made.happens(rng, 0.15, "framed"):
        page = _framed(rng, page, _colour(0.45 * np.array(paper_colour) + 0.55 * np.array(ink_colour)))
    x, y = (int(max(0, n - m) * rng.uniform(0.05, 0.95)) for n, m in zip(size, ink.shape[::-1], strict=True))
    write(page, ink, x, y, ink_colour)
    return page, paper_colour, height


def _pen(rng: Rng, digit: np.ndarray, height: int) -> np.ndarray:
    """The digit's strokes, by one of three pens."""
    kind = rng.choice(3, p=[0.5, 0.25, 0.25])
    if kind == 0:
        return strokes(digit, height)
    if kind == 1:
        return thin_strokes(digit, height, rng.uniform(0.02, 0.05) * height)
    return thick_strokes(digit, height, rng.uniform(0.01, 0.035))


def _framed(rng: Rng, page: np.ndarray, colour: Colour) -> np.ndarray:
    """The page with a thin frame near its edges."""
    image = picture(page)
    shorter = min(image.size)
    margin, width = int(shorter * rng.uniform(0, 0.03)), max(1, int(0.006 * shorter))
    box = margin, margin, image.width - 1 - margin, image.height - 1 - margin
    ImageDraw.Draw(image).rectangle(box, outline=colour, width=width)
    return np.array(image, np.float32)


def _lit(rng: Rng, page: np.ndarray, made: Wild) -> np.ndarray:
    """The page as it looks in some light."""
    height, width = page.shape[:2]
    if made.happens(rng, 0.35, "textured"):
        page = with_texture(rng, page, rng.uniform(1, 7))
    if made.happens(rng, 0.3, "a shadow"):
        page = with_shadow(rng, page)
    if rng.random() < 0.3:
        page = page * (1 + 0.12 * clouds(rng, (height, width), max(8, int(max(height, width) * 0.6)))[..., np.newaxis])
    if made.happens(rng, 0.2, "light falls off"):
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        page = page * (1 - 0.25 * (x**2 + y**2))[..., np.newaxis]
    return page


def _taken(rng: Rng, image: Image.Image, paper_colour: Colour, height: int, made: Wild) -> Image.Image:
    """The page as a camera or a scanner sees it: a little askew, not quite in focus."""
    if made.happens(rng, 0.3, "askew"):
        around = DESK if rng.random() < 0.5 else _colour(0.9 * np.array(paper_colour))
        image = image.rotate(rng.uniform(-10, 10), Image.Resampling.BICUBIC, fillcolor=around)
    if made.happens(rng, 0.3, "blurred"):
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.002, 0.02) * height))
    return image


def _colour(numbers: np.ndarray) -> Colour:
    red, green, blue = np.clip(numbers, 0, 255).astype(int).tolist()
    return red, green, blue
