"""Pictures of digits as people make them, rendered from 28x28 digits: pens, papers, light, cameras, files.

Every picture follows from its digit(s) and a random generator, so a suite is the same each time it is rendered.
"""

import io
import math
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from fastnet.plurals import counted

Rng = np.random.Generator
BLACK, WHITE = (20, 20, 24), (250, 250, 248)
FONTS = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSansMono-Bold.ttf", "LiberationSans-Italic.ttf")
LETTERS = "ACEFHJKMNPRTUVWXYadefhkmnrtuvwxy"  # without those that look like a digit, in one hand or another
ORIENTATION = 274  # the EXIF tag


# ---- Strokes: how much of each pixel is covered with ink, from 0 to 1 -----------------------------------------------


def strokes(digit: np.ndarray, height: int) -> np.ndarray:
    """The digit as written, its ink `height` pixels high (less, if it is very wide)."""
    return _sharpened(_cropped(_enlarged(digit), height))


def thin_strokes(digit: np.ndarray, height: int, width: float) -> np.ndarray:
    """The digit drawn with a pen of that width, along the middle of its strokes."""
    line = thinned(_enlarged(digit) > 0.55)  # so that small loops stay open
    scale = line.any(axis=1).sum() / height
    radius = max(0.5, width * scale / 2)
    return _sharpened(_cropped(_thickened(line.astype(np.float32), radius), height))


def thick_strokes(digit: np.ndarray, height: int, more: float) -> np.ndarray:
    """The digit with strokes that are wider by a share `more` of its height on both sides."""
    large = _enlarged(digit)
    return _sharpened(_cropped(_thickened(np.pad(large, 12), more * large.any(axis=1).sum()), height))


def thinned(mask: np.ndarray) -> np.ndarray:
    """The middle line of a mask (Zhang & Suen 1984)."""
    mask = np.pad(mask, 1)
    while True:
        before = mask
        for first in (True, False):
            p = [np.roll(mask, shift, (0, 1)) for shift in _AROUND]
            count = np.sum(p, axis=0)
            changes = sum((~p[i] & p[(i + 1) % 8]).astype(int) for i in range(8))
            n, e, s, w = p[0], p[2], p[4], p[6]
            corner = (n & e & s) | (e & s & w) if first else (n & e & w) | (n & s & w)
            mask = mask & ~((count >= 2) & (count <= 6) & (changes == 1) & ~corner)
        if np.array_equal(mask, before):
            return mask[1:-1, 1:-1]


_AROUND = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))  # neighbours from above, clockwise


def _enlarged(digit: np.ndarray) -> np.ndarray:
    size = (4 * digit.shape[1], 4 * digit.shape[0])
    large = Image.fromarray(digit.astype(np.float32) / 255).resize(size, Image.Resampling.BICUBIC)
    enlarged: np.ndarray = np.clip(np.asarray(large), 0, 1)
    return enlarged


def _cropped(ink: np.ndarray, height: int) -> np.ndarray:
    rows, columns = (np.flatnonzero((ink > 0.4).any(axis=axis)) for axis in (1, 0))
    ink = np.pad(ink, 2)[rows[0] : rows[-1] + 5, columns[0] : columns[-1] + 5]
    scale = min(height / ink.shape[0], 1.3 * height / ink.shape[1])
    height, width = (max(1, round(n * scale)) for n in ink.shape)
    reduce = Image.Resampling.BOX if height < ink.shape[0] else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(ink).resize((width, height), reduce))


def _sharpened(ink: np.ndarray) -> np.ndarray:
    steep = max(1.0, ink.shape[0] / 60)
    sharpened: np.ndarray = np.clip((ink - 0.45) * steep + 0.5 if ink.shape[0] > 60 else ink, 0, 1)
    return sharpened


def _thickened(ink: np.ndarray, radius: float) -> np.ndarray:
    reach = math.ceil(radius)
    padded = np.pad(ink, reach)
    result = ink.copy()
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            cover = np.clip(radius + 0.5 - math.hypot(dx, dy), 0, 1)
            part = padded[reach + dy : reach + dy + ink.shape[0], reach + dx : reach + dx + ink.shape[1]]
            np.maximum(result, cover * part, out=result)
    return result


# ---- Pages ----------------------------------------------------------------------------------------------------------


def paper(size: tuple[int, int], colour: tuple[int, int, int]) -> np.ndarray:
    """A plain page, float32 (height, width, 3); size is (width, height)."""
    return np.broadcast_to(np.array(colour, np.float32), (size[1], size[0], 3)).copy()


def write(page: np.ndarray, ink: np.ndarray, x: int, y: int, colour: tuple[int, int, int]) -> None:
    """Lay ink on the page, its upper left corner at (x, y)."""
    height, width = ink.shape
    place = page[y : y + height, x : x + width]
    place += ink[..., np.newaxis] * (np.array(colour, np.float32) - place)


def clouds(rng: Rng, shape: tuple[int, ...], cell: int) -> np.ndarray:
    """Smooth noise of about unit variance, with spots of `cell` pixels."""
    rows, columns = (max(2, math.ceil(n / cell)) for n in shape[:2])
    spots = Image.fromarray(rng.standard_normal((rows, columns)).astype(np.float32))
    return np.asarray(spots.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


def with_texture(rng: Rng, page: np.ndarray, depth: float) -> np.ndarray:
    """Fibres and stains of paper."""
    texture = np.sum([clouds(rng, page.shape, cell) for cell in (2, 6, 40)], axis=0)
    textured: np.ndarray = page + depth * texture[..., np.newaxis]
    return textured


def with_shadow(rng: Rng, page: np.ndarray) -> np.ndarray:
    """Light that falls off to one side, and the soft-edged shadow of a hand or phone."""
    height, width = page.shape[:2]
    angle = rng.uniform(0, 2 * math.pi)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    along = x * math.cos(angle) + y * math.sin(angle)
    fall = 1 - rng.uniform(0.1, 0.25) * (along + 1) / 2
    edge = np.clip((along - rng.uniform(-0.6, 0.6)) / rng.uniform(0.05, 0.4), 0, 1)
    shaded: np.ndarray = page * (fall * (1 - rng.uniform(0.25, 0.5) * edge))[..., np.newaxis].astype(np.float32)
    return shaded


def with_noise(rng: Rng, page: np.ndarray, deviation: float) -> np.ndarray:
    """The grain of a sensor."""
    return page + rng.normal(0, deviation, page.shape).astype(np.float32)


def with_rules(page: np.ndarray, gap: int, colour: tuple[int, int, int], squares: bool = False) -> np.ndarray:
    """Ruled or squared paper."""
    page = page.copy()
    thickness = max(1, gap // 30)
    for start in range(gap // 2, page.shape[0], gap):
        page[start : start + thickness] = colour
    for start in range(gap // 2, page.shape[1], gap) if squares else ():
        page[:, start : start + thickness] = colour
    return page


def picture(page: np.ndarray) -> Image.Image:
    """The page as a picture."""
    return Image.fromarray(np.clip(page, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The picture as a file."""
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


# ---- Conditions: one digit -> a file --------------------------------------------------------------------------------


def on_page(
    rng: Rng,
    ink: np.ndarray,
    colour: tuple[int, int, int] = BLACK,
    ground: np.ndarray | tuple[int, int, int] = WHITE,
    side: int = 400,
) -> np.ndarray:
    """Ink somewhere about the middle of a page."""
    page = ground.copy() if isinstance(ground, np.ndarray) else paper((side, side), ground)
    room_y, room_x = (max(0, n - m) for n, m in zip(page.shape[:2], ink.shape, strict=True))
    write(page, ink, int(room_x * rng.uniform(0.35, 0.65)), int(room_y * rng.uniform(0.35, 0.65)), colour)
    return page


def black_on_white(rng: Rng, digit: np.ndarray) -> bytes:
    return encoded(picture(on_page(rng, strokes(digit, 220))))


def white_on_black(rng: Rng, digit: np.ndarray) -> bytes:
    return encoded(picture(on_page(rng, strokes(digit, 220), WHITE, BLACK)))


def thin_pen(rng: Rng, digit: np.ndarray) -> bytes:
    return encoded(picture(on_page(rng, thin_strokes(digit, 260, rng.uniform(2, 6)))))


def thick_marker(rng: Rng, digit: np.ndarray) -> bytes:
    return encoded(picture(on_page(rng, thick_strokes(digit, 260, rng.uniform(0.02, 0.05)))))


def off_centre(rng: Rng, digit: np.ndarray) -> bytes:
    ink = strokes(digit, 100)
    page = paper((500, 400), WHITE)
    write(page, ink, int(rng.choice([8, 492 - ink.shape[1]])), int(rng.choice([8, 292])), BLACK)
    return encoded(picture(page))


def tiny(rng: Rng, digit: np.ndarray) -> bytes:
    ink = strokes(digit, int(rng.integers(28, 60)))
    page = paper((1000, 1000), WHITE)
    row, column = rng.integers(20, 900, 2)
    write(page, ink, int(row), int(column), BLACK)
    return encoded(picture(page))


def fills_the_frame(rng: Rng, digit: np.ndarray) -> bytes:
    ink = np.pad(thick_strokes(digit, 280, rng.uniform(0, 0.04)), int(rng.integers(2, 14)))
    colours = [BLACK, WHITE] if rng.random() < 0.5 else [WHITE, BLACK]
    page = paper((ink.shape[1], ink.shape[0]), colours[1])
    write(page, ink, 0, 0, colours[0])
    return encoded(picture(page))


def blue_on_yellow(rng: Rng, digit: np.ndarray) -> bytes:
    page = on_page(rng, thin_strokes(digit, 240, rng.uniform(5, 9)), (40, 60, 170), (246, 226, 110))
    return encoded(picture(with_noise(rng, page, 3)))


def red_on_green(rng: Rng, digit: np.ndarray) -> bytes:
    """Two colours of nearly the same brightness."""
    return encoded(picture(with_noise(rng, on_page(rng, strokes(digit, 220), (214, 70, 60), (90, 140, 90)), 3)))


def chalk(rng: Rng, digit: np.ndarray) -> bytes:
    ink = thin_strokes(digit, 260, rng.uniform(10, 18))
    ink = ink * np.clip(0.8 + 0.35 * clouds(rng, ink.shape, 2), 0, 1)
    board = with_texture(rng, paper((420, 420), (44, 66, 56)), 5)
    return encoded(picture(with_noise(rng, on_page(rng, ink, (226, 228, 220), board), 5)), "JPEG", quality=70)


def pencil(rng: Rng, digit: np.ndarray) -> bytes:
    ink = thin_strokes(digit, 240, rng.uniform(4, 7))
    ink = ink * np.clip(0.75 + 0.25 * clouds(rng, ink.shape, 3), 0, 1)
    page = on_page(rng, ink, (140, 140, 144), with_texture(rng, paper((400, 400), (238, 236, 230)), 2))
    return encoded(picture(with_noise(rng, page, 3)))


def textured_paper(rng: Rng, digit: np.ndarray) -> bytes:
    ground = with_texture(rng, paper((400, 400), (222, 208, 180)), 7)
    return encoded(picture(on_page(rng, strokes(digit, 220), (50, 44, 40), ground)))


def shadow(rng: Rng, digit: np.ndarray) -> bytes:
    page = with_shadow(rng, on_page(rng, thin_strokes(digit, 220, rng.uniform(6, 14)), (46, 46, 60), (232, 230, 224)))
    return encoded(picture(with_noise(rng, page, 2)))


def noise(rng: Rng, digit: np.ndarray) -> bytes:
    return encoded(picture(with_noise(rng, on_page(rng, strokes(digit, 220), (40, 40, 40), (215, 215, 215)), 22)))


def small_jpeg(rng: Rng, digit: np.ndarray) -> bytes:
    return encoded(picture(on_page(rng, strokes(digit, 70), side=110)), "JPEG", quality=15)


def ruled(rng: Rng, digit: np.ndarray) -> bytes:
    ground = with_rules(paper((420, 420), WHITE), int(rng.integers(60, 110)), (120, 150, 210))
    return encoded(picture(on_page(rng, thin_strokes(digit, 200, rng.uniform(6, 12)), (30, 34, 60), ground)))


def squared(rng: Rng, digit: np.ndarray) -> bytes:
    ground = with_rules(paper((420, 420), WHITE), int(rng.integers(40, 70)), (110, 130, 140), squares=True)
    return encoded(picture(on_page(rng, thin_strokes(digit, 200, rng.uniform(7, 12)), (20, 24, 40), ground)))


def transparent(rng: Rng, digit: np.ndarray) -> bytes:
    """Ink, black or white, on a transparent ground."""
    cover = on_page(rng, strokes(digit, 220), (255, 255, 255), (0, 0, 0))[..., 0].astype(np.uint8)
    image = Image.new("RGB", cover.shape[::-1], BLACK if rng.random() < 0.5 else WHITE)
    image.putalpha(Image.fromarray(cover))
    return encoded(image)


def turned_by_the_camera(rng: Rng, digit: np.ndarray) -> bytes:
    page = paper((300, 420), WHITE)
    turned = picture(on_page(rng, strokes(digit, 220), BLACK, page))
    exif = Image.Exif()
    exif[ORIENTATION], angle = ((6, 90), (8, 270), (3, 180))[int(rng.integers(3))]
    return encoded(turned.rotate(angle, expand=True), "JPEG", quality=85, exif=exif)


def phone(rng: Rng, digit: np.ndarray) -> bytes:
    """A photograph by hand: light, grain, a little blur, held not quite straight."""
    ground = with_texture(rng, paper((640, 480), (228, 224, 214)), 3)
    page = on_page(rng, thin_strokes(digit, 200, rng.uniform(6, 14)), (44, 48, 80), ground)
    image = picture(with_noise(rng, with_shadow(rng, page), 5)).filter(ImageFilter.GaussianBlur(1.2))
    image = image.rotate(rng.uniform(-7, 7), Image.Resampling.BICUBIC).crop((60, 50, 580, 430))
    return encoded(image, "JPEG", quality=60)


def page_on_a_desk(rng: Rng, digit: np.ndarray) -> bytes:
    desk = with_texture(rng, paper((640, 520), (72, 52, 40)), 6)
    sheet = on_page(rng, strokes(digit, 180), (40, 40, 60), (236, 234, 228), side=int(rng.integers(360, 440)))
    y, x = (int(rng.integers(20, n - m - 20)) for n, m in zip(desk.shape[:2], sheet.shape[:2], strict=True))
    desk[y : y + sheet.shape[0], x : x + sheet.shape[1]] = sheet
    return encoded(picture(with_noise(rng, desk, 3)), "JPEG", quality=80)


def low_quality_jpeg(rng: Rng, digit: np.ndarray) -> bytes:
    return encoded(picture(on_page(rng, strokes(digit, int(rng.integers(40, 160))), side=220)), "JPEG", quality=10)


def out_of_focus(rng: Rng, digit: np.ndarray) -> bytes:
    page = on_page(rng, thick_strokes(digit, 130, rng.uniform(0, 0.03)), side=220)
    return encoded(picture(page).filter(ImageFilter.GaussianBlur(rng.uniform(3, 7))))


def thumbnail(rng: Rng, digit: np.ndarray) -> bytes:
    """A digit of 8 to 24 pixels, as in a small picture of a screen."""
    side = int(rng.integers(10, 29))
    ink = strokes(digit, 170)
    page = on_page(rng, ink, side=max(210, ink.shape[1] + 20))
    return encoded(picture(page).resize((side, side), Image.Resampling.BOX))


def soft_crop(rng: Rng, digit: np.ndarray) -> bytes:
    """A small picture cut out close to its digit, and enlarged again."""
    ink = np.pad(strokes(digit, 14), 2)
    page = paper((ink.shape[1], ink.shape[0]), WHITE)
    write(page, ink, 0, 0, BLACK)
    scale = int(rng.integers(4, 10))
    return encoded(picture(page).resize((scale * ink.shape[1], scale * ink.shape[0]), Image.Resampling.BICUBIC))


def inverted(file: bytes) -> bytes:
    """The same picture with light and dark exchanged."""
    return encoded(ImageOps.invert(Image.open(io.BytesIO(file)).convert("RGB")))


DIGITS: dict[str, Callable[[Rng, np.ndarray], bytes]] = {
    "black on white": black_on_white,
    "white on black": white_on_black,
    "thin pen": thin_pen,
    "thick marker": thick_marker,
    "off-centre": off_centre,
    "tiny on a large page": tiny,
    "fills the frame": fills_the_frame,
    "blue ballpoint on yellow": blue_on_yellow,
    "red on green, equally bright": red_on_green,
    "chalk on a board": chalk,
    "pencil": pencil,
    "textured paper": textured_paper,
    "shadow": shadow,
    "noise": noise,
    "small JPEG, quality 15": small_jpeg,
    "ruled paper": ruled,
    "squared paper": squared,
    "transparent ground": transparent,
    "turned by the camera": turned_by_the_camera,
    "phone photograph": phone,
    "page on a dark desk": page_on_a_desk,
    "JPEG, quality 10": low_quality_jpeg,
    "out of focus": out_of_focus,
    "10x10 to 28x28 pixels": thumbnail,
    "small and enlarged": soft_crop,
}


# ---- Lines: several digits -> a file --------------------------------------------------------------------------------


def in_a_row(rng: Rng, inks: list[np.ndarray], gap: float = 0.15) -> np.ndarray:
    """The strokes of several digits side by side, not touching, on a base line that wavers."""
    height = max(ink.shape[0] for ink in inks)
    gaps = [int(height * rng.uniform(gap, 3 * gap)) for _ in inks]
    row = np.zeros((int(1.3 * height), sum(ink.shape[1] for ink in inks) + sum(gaps)), np.float32)
    x = 0
    for ink, space in zip(inks, gaps, strict=True):
        y = int(rng.uniform(0, row.shape[0] - ink.shape[0]))
        row[y : y + ink.shape[0], x : x + ink.shape[1]] = ink
        x += ink.shape[1] + space
    return row


def line(rng: Rng, digits: np.ndarray) -> bytes:
    row = in_a_row(rng, [strokes(digit, int(rng.integers(80, 110))) for digit in digits])
    return encoded(picture(on_page(rng, row, ground=paper((row.shape[1] + 120, 260), WHITE))))


def pen_line(rng: Rng, digits: np.ndarray) -> bytes:
    width = rng.uniform(4, 9)
    row = in_a_row(rng, [thin_strokes(digit, int(rng.integers(70, 110)), width) for digit in digits])
    ground = with_texture(rng, paper((row.shape[1] + 120, 260), (246, 240, 214)), 3)
    page = with_shadow(rng, on_page(rng, row, (40, 60, 170), ground))
    return encoded(picture(with_noise(rng, page, 3)), "JPEG", quality=75)


def ruled_line(rng: Rng, digits: np.ndarray) -> bytes:
    row = in_a_row(rng, [thin_strokes(digit, int(rng.integers(70, 100)), 6) for digit in digits])
    ground = with_rules(paper((row.shape[1] + 120, 300), WHITE), 75, (120, 150, 210))
    return encoded(picture(on_page(rng, row, (30, 34, 60), ground)))


def column(rng: Rng, digits: np.ndarray) -> bytes:
    page = paper((300, 130 * len(digits) + 40), WHITE)
    for number, digit in enumerate(digits):
        write(page, strokes(digit, int(rng.integers(70, 95))), int(rng.integers(80, 130)), 30 + 130 * number, BLACK)
    return encoded(picture(page))


LINES: dict[str, Callable[[Rng, np.ndarray], bytes]] = {
    "line, black on white": line,
    "line, ballpoint in a shadow": pen_line,
    "line on ruled paper": ruled_line,
    "column": column,
}


def slanting_line(rng: Rng, digits: np.ndarray, degrees: int, is_ruled: bool) -> bytes:
    """A line on a page that is turned by so much, either way."""
    if is_ruled:
        inks, colour = [thin_strokes(digit, int(rng.integers(70, 100)), 6) for digit in digits], (30, 34, 60)
    else:
        inks, colour = [strokes(digit, int(rng.integers(80, 110))) for digit in digits], BLACK
    row = in_a_row(rng, inks)
    side = int(1.3 * row.shape[1]) + 400
    page = paper((side, side), WHITE)
    page = with_rules(page, 75, (120, 150, 210)) if is_ruled else page
    write(page, row, (side - row.shape[1]) // 2, (side - row.shape[0]) // 2, colour)
    turned = picture(page).rotate(degrees * rng.choice([-1, 1]), Image.Resampling.BICUBIC, fillcolor=WHITE)
    half_width = row.shape[1] / 2 + 60
    half_height = row.shape[0] / 2 + 40 + half_width * math.sin(math.radians(degrees))
    middle = side / 2
    return encoded(turned.crop((middle - half_width, middle - half_height, middle + half_width, middle + half_height)))


SLANTING: dict[str, Callable[[Rng, np.ndarray], bytes]] = {
    f"{'on ruled paper, ' if is_ruled else ''}slanting by {degrees} degrees": partial(
        slanting_line, degrees=degrees, is_ruled=is_ruled
    )
    for is_ruled in (False, True)
    for degrees in (5, 10, 15)
}


# ---- Touching digits: two of them -> a file ------------------------------------------------------------------------


def touching(rng: Rng, digits: np.ndarray, overlap: int) -> bytes:
    """Two digits on one base line, whose boxes overlap by so many widths of a stroke (by half of the narrower one at
    most), or farther, until their ink touches.
    """
    height = int(rng.integers(70, 110))
    left, right = (strokes(digit, int(height * rng.uniform(0.9, 1.05))) for digit in digits)
    stroke = 2 * (left > 0.5).sum() / _outline(left > 0.5)
    height, widths = max(left.shape[0], right.shape[0]), (left.shape[1], right.shape[1])
    left, right = (np.pad(ink, ((height - ink.shape[0], 0), (0, 0))) for ink in (left, right))
    shared = min(round(overlap * stroke), min(widths) // 2)
    while True:
        x = widths[0] - shared
        row = np.zeros((2, height, x + widths[1]), np.float32)
        row[0, :, : widths[0]], row[1, :, x:] = left, right
        if (row.min(axis=0) > 0.4).any() or shared >= min(widths):
            return encoded(picture(on_page(rng, row.max(axis=0), side=300)))
        shared += 1


def _outline(mask: np.ndarray) -> int:
    """How many pixels of a mask have a neighbour outside."""
    inner = np.pad(mask, 1)
    inner = mask & inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:]
    return int(mask.sum() - inner.sum())


TOUCHING: dict[str, Callable[[Rng, np.ndarray], bytes]] = {
    f"touching, overlap of {counted(n, 'stroke')}": partial(touching, overlap=n) for n in (1, 2, 3, 4)
}


# ---- What is no digit -----------------------------------------------------------------------------------------------


def letter(rng: Rng) -> bytes:
    font = ImageFont.truetype(str(rng.choice(FONTS)), int(rng.integers(90, 220)))
    image = Image.new("L", (340, 340), 250)
    ImageDraw.Draw(image).text((170, 170), str(rng.choice(list(LETTERS))), 20, font, "mm")
    return encoded(image.rotate(rng.uniform(-8, 8), Image.Resampling.BICUBIC, fillcolor=250))


def scribble(rng: Rng) -> bytes:
    image = Image.new("L", (400, 400), 250)
    points = 200 + np.cumsum(rng.normal(0, 70, (int(rng.integers(12, 30)), 2)), axis=0) * 0.6
    points = np.clip(points, 20, 380)
    ImageDraw.Draw(image).line([tuple(point) for point in points], 20, int(rng.integers(4, 12)), joint="curve")
    return encoded(image)


def texture(rng: Rng) -> bytes:
    cell = int(rng.integers(2, 60))
    grey = 128 + 60 * clouds(rng, (300, 300), cell) + rng.normal(0, rng.uniform(0, 30), (300, 300))
    return encoded(Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)))


def blank(rng: Rng) -> bytes:
    page = with_texture(rng, paper((300, 300), (230, 228, 220)), 2)
    return encoded(picture(with_noise(rng, with_shadow(rng, page), 3)), "JPEG", quality=80)


def blank_ruled(rng: Rng) -> bytes:
    lines = with_rules(
        paper((600, 450), (245, 245, 240)), int(rng.integers(20, 80)), (150, 170, 210), rng.random() < 0.5
    )
    return encoded(picture(with_noise(rng, with_shadow(rng, lines), 3)), "JPEG", quality=80)


def blank_sheet_on_a_desk(rng: Rng) -> bytes:
    desk = with_texture(rng, paper((640, 520), (72, 52, 40)), 6)
    desk[60:460, 100:520] = (236, 234, 228)
    return encoded(picture(with_noise(rng, with_shadow(rng, desk), 3)), "JPEG", quality=80)


def blank_in_deep_shadow(rng: Rng) -> bytes:
    page = with_shadow(rng, with_shadow(rng, paper((600, 450), (228, 224, 214))))
    return encoded(picture(with_noise(rng, page, 4)), "JPEG", quality=int(rng.integers(10, 90)))


def blank_folded(rng: Rng) -> bytes:
    page, fold = paper((500, 400), (230, 228, 220)), int(rng.integers(150, 350))
    page[:, fold - 3 : fold + 3] -= 25
    page[:, fold:] *= 0.93
    return encoded(picture(with_noise(rng, page, 3)), "JPEG", quality=80)


NON_DIGITS: dict[str, Callable[[Rng], bytes]] = {
    "letters": letter,
    "scribbles": scribble,
    "textures": texture,
    "blank paper": blank,
    "blank paper in deep shadow": blank_in_deep_shadow,
    "blank ruled or squared paper": blank_ruled,
    "blank folded paper": blank_folded,
    "blank sheet on a desk": blank_sheet_on_a_desk,
}
