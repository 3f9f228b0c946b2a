"""Forms and grids as people fill them in, rendered from 28x28 digits: cells, combs, ledger lines, sudokus.

Every form follows from a random generator and the digits that it may take, so a suite is the same each time.
"""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from fastnet.data.samples import Samples

from .rendering import FONTS, Rng, encoded, paper, strokes, thin_strokes, with_noise, with_shadow, write

SHARE_EMPTY = 0.4
_Tone = tuple[int, int, int]
_Look = tuple[_Tone, _Tone, _Tone]  # paper, lines, ink

_LOOKS: tuple[_Look, ...] = (
    ((250, 250, 248), (20, 20, 24), (20, 20, 24)),
    ((250, 250, 248), (150, 150, 150), (30, 30, 40)),
    ((248, 248, 240), (90, 130, 210), (30, 40, 90)),
    ((240, 238, 230), (40, 60, 150), (60, 60, 64)),
    ((36, 40, 44), (150, 152, 150), (235, 235, 230)),
)
_TINTS: tuple[_Tone, ...] = (
    (205, 222, 240),
    (235, 215, 190),
    (215, 235, 215),
    (210, 210, 210),
    (245, 205, 205),
    (180, 200, 225),
    (255, 228, 150),
    (225, 225, 228),
)


@dataclass(frozen=True)
class FilledForm:
    """A picture of a form and what is in its fields, row by row; None for an empty one.

    A form without cells has rows of one field, and its empty rows leave no trace in an answer.
    """

    file: bytes
    rows: list[list[str | None]]
    has_cells: bool = True


Kind = Callable[[Rng, Samples], FilledForm]


class _Sheet:
    """A page on which cells are printed and filled in."""

    def __init__(self, rng: Rng, samples: Samples, size: tuple[int, int], look: _Look | None = None) -> None:
        self.rng, self._samples = rng, samples
        ground, self.of_lines, self.of_ink = look or _LOOKS[int(rng.integers(len(_LOOKS)))]
        self.page, self.ground = paper(size, ground), ground
        self.thickness = int(rng.integers(1, 5))
        self.pen = rng.uniform(2.5, 5) if rng.random() < 0.5 else None  # None for the strokes as they are

    def rule(self, x0: int, y0: int, x1: int, y1: int, thickness: int | None = None) -> None:
        """A line across or down, its middle from (x0, y0) to (x1, y1)."""
        thickness = thickness or self.thickness
        before = thickness // 2
        self.page[y0 - before : y1 - before + thickness, x0 - before : x1 - before + thickness] = self.of_lines

    def box(self, x: int, y: int, width: int, height: int) -> None:
        for across in (y, y + height):
            self.rule(x, across, x + width, across)
        for down in (x, x + width):
            self.rule(down, y, down, y + height)

    def write(
        self, x: int, y: int, width: int, height: int, n: int = 1, size: tuple[float, float] = (0.55, 0.8)
    ) -> str:
        """Write `n` digits into a cell, their height a share of the cell's; what they are."""
        most = 0.85 * width / n if n > 1 else width * max(0.85, size[1])
        inks, text = [], ""
        for _ in range(n):
            at = int(self.rng.integers(len(self._samples.labels)))
            image, tall = self._samples.pixels[at].reshape(28, 28), int(height * self.rng.uniform(*size))
            ink = thin_strokes(image, tall, self.pen) if self.pen else strokes(image, tall)
            if ink.shape[1] > most:
                tall = max(8, int(tall * most / ink.shape[1]))
                ink = thin_strokes(image, tall, self.pen) if self.pen else strokes(image, tall)
            inks.append(ink)
            text += str(self._samples.labels[at])
        gap = 0.12 * height if n > 1 else 0.0
        total = sum(ink.shape[1] for ink in inks) + gap * (n - 1)
        at_x = x + (width - total) * self.rng.uniform(0.3, 0.7)
        for ink in inks:
            write(
                self.page,
                ink,
                round(at_x),
                round(y + (height - ink.shape[0]) * self.rng.uniform(0.3, 0.7)),
                self.of_ink,
            )
            at_x += ink.shape[1] + gap
        return text

    def maybe(self, *place: int, n: int = 1, size: tuple[float, float] = (0.55, 0.8)) -> str | None:
        """Write into a cell, or leave it empty."""
        x, y, width, height = place
        return None if self.rng.random() < SHARE_EMPTY else self.write(x, y, width, height, n, size)

    def label(self, text: str, x: int, y: int, size: int = 22) -> None:
        image = Image.new("L", (self.page.shape[1], self.page.shape[0]))
        ImageDraw.Draw(image).text((x, y), text, 255, ImageFont.truetype(FONTS[0], size))
        write(self.page, np.asarray(image, np.float32) / 255, 0, 0, self.of_ink)

    def finished(self, rows: list[list[str | None]], has_cells: bool = True, turn: float = 1.0) -> FilledForm:
        """Turned a little, with the grain of a scan, as PNG or as a coarse JPEG."""
        page = with_noise(self.rng, self.page, self.rng.uniform(0, 5))
        image = Image.fromarray(page.clip(0, 255).astype(np.uint8))
        if self.rng.random() < 0.5:
            angle = self.rng.uniform(-turn, turn)
            image = image.rotate(angle, Image.Resampling.BICUBIC, fillcolor=self.ground)
        is_coarse = self.rng.random() < 0.4
        return FilledForm(encoded(image, "JPEG", quality=30) if is_coarse else encoded(image), rows, has_cells)


# ---- Kinds ----------------------------------------------------------------------------------------------------------


def strip(rng: Rng, samples: Samples, size: tuple[float, float] = (0.55, 0.8)) -> FilledForm:
    """One row of cells that touch."""
    n, side = int(rng.integers(4, 11)), int(rng.integers(40, 80))
    sheet = _Sheet(rng, samples, (n * side + 80, side + 80))
    row = []
    for column in range(n):
        sheet.box(40 + column * side, 40, side, side)
        row.append(sheet.maybe(40 + column * side, 40, side, side, size=size))
    return sheet.finished([row])


def crossing(rng: Rng, samples: Samples) -> FilledForm:
    """One row of cells whose digits are about as high as they, and run into the lines."""
    return strip(rng, samples, (0.85, 1.08))


def boxes_apart(rng: Rng, samples: Samples) -> FilledForm:
    """Rows of exam boxes, apart from each other."""
    n_rows, n, side = int(rng.integers(1, 4)), int(rng.integers(3, 8)), int(rng.integers(40, 80))
    step = side + int(rng.integers(8, 30))
    sheet = _Sheet(rng, samples, (n * step + 60, n_rows * step + 60))
    rows = []
    for y in range(40, 40 + n_rows * step, step):
        row = []
        for x in range(40, 40 + n * step, step):
            sheet.box(x, y, side, side)
            row.append(sheet.maybe(x, y, side, side))
        rows.append(row)
    return sheet.finished(rows)


def student_numbers(rng: Rng, samples: Samples) -> FilledForm:
    """Strips of cells with printed words above."""
    n_rows, n, width = int(rng.integers(2, 4)), int(rng.integers(6, 10)), int(rng.integers(34, 60))
    height = int(width * rng.uniform(1, 1.4))
    step = height + 60
    sheet = _Sheet(rng, samples, (n * width + 100, n_rows * step + 60))
    rows = []
    for y, name in zip(range(60, 60 + n_rows * step, step), ("Student number", "Room", "Date"), strict=False):
        sheet.label(name, 44, y - 34)
        row = []
        for x in range(40, 40 + n * width, width):
            sheet.box(x, y, width, height)
            row.append(sheet.maybe(x, y, width, height))
        rows.append(row)
    return sheet.finished(rows)


def _table(
    sheet: _Sheet, n_rows: int, n: int, width: int, height: int, digits: Iterable[int]
) -> list[list[str | None]]:
    rows: list[list[str | None]] = []
    choices = list(digits)
    for y in range(30, 30 + n_rows * height, height):
        row = []
        for x in range(30, 30 + n * width, width):
            sheet.box(x, y, width, height)
            row.append(sheet.maybe(x, y, width, height, n=int(sheet.rng.choice(choices))))
        rows.append(row)
    return rows


def answer_grid(rng: Rng, samples: Samples) -> FilledForm:
    """A table with one digit in a cell."""
    n_rows, n, side = int(rng.integers(3, 9)), int(rng.integers(3, 9)), int(rng.integers(36, 64))
    sheet = _Sheet(rng, samples, (n * side + 60, n_rows * side + 60))
    return sheet.finished(_table(sheet, n_rows, n, side, side, (1,)))


def amounts(rng: Rng, samples: Samples) -> FilledForm:
    """A table with amounts of two to five digits in its cells."""
    n_rows, n, height = int(rng.integers(3, 7)), int(rng.integers(2, 4)), int(rng.integers(40, 60))
    width = 4 * height
    sheet = _Sheet(rng, samples, (n * width + 60, n_rows * height + 60))
    return sheet.finished(_table(sheet, n_rows, n, width, height, range(2, 6)))


def _sudoku(rng: Rng, samples: Samples) -> tuple[_Sheet, list[list[str | None]]]:
    """Thick lines about blocks, thin ones between cells; printed digits and handwritten ones."""
    side = int(rng.integers(36, 60))
    margin = side
    sheet = _Sheet(rng, samples, (9 * side + 2 * margin, 9 * side + 2 * margin))
    thin = int(rng.integers(1, 3))
    for at in range(10):
        place, thickness = margin + at * side, thin if at % 3 else thin + int(rng.integers(1, 4))
        sheet.rule(margin, place, margin + 9 * side, place, thickness)
        sheet.rule(place, margin, place, margin + 9 * side, thickness)
    rows: list[list[str | None]] = []
    for y in range(margin, margin + 9 * side, side):
        row: list[str | None] = []
        for x in range(margin, margin + 9 * side, side):
            if rng.random() < 0.3:
                digit = str(rng.integers(1, 10))
                font = ImageFont.truetype(FONTS[0], round(0.62 * side))
                printed = Image.new("L", (side, side))
                ImageDraw.Draw(printed).text((side / 2, side / 2), digit, 255, font, "mm")
                write(sheet.page, np.asarray(printed, np.float32) / 255, x, y, sheet.of_ink)
                row.append(digit)
            else:
                row.append(sheet.write(x, y, side, side) if rng.random() < 0.4 else None)
        rows.append(row)
    return sheet, rows


def sudoku(rng: Rng, samples: Samples) -> FilledForm:
    """A scanned sudoku."""
    sheet, rows = _sudoku(rng, samples)
    return sheet.finished(rows)


def photographed_sudoku(rng: Rng, samples: Samples) -> FilledForm:
    """A sudoku photographed by hand: slightly turned and in perspective, with a shadow, grain and blur."""
    sheet, rows = _sudoku(rng, samples)
    page = with_shadow(rng, sheet.page)
    image = Image.fromarray(page.clip(0, 255).astype(np.uint8))
    width, height = image.size
    shifts = rng.uniform(-0.012, 0.012, (4, 2)) * width
    corners = np.array([(0, 0), (0, height), (width, height), (width, 0)]) + shifts
    ground = tuple(int(value) for value in page[2, 2].clip(0, 255))
    turned = image.rotate(rng.uniform(-4, 4), Image.Resampling.BICUBIC, fillcolor=ground)
    seen = turned.transform(
        image.size, Image.Transform.QUAD, corners.ravel().tolist(), Image.Resampling.BICUBIC, fillcolor=ground
    )
    blurred = np.asarray(seen.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1))), np.float32)
    grainy = with_noise(rng, blurred, rng.uniform(2, 6)).clip(0, 255).astype(np.uint8)
    return FilledForm(encoded(Image.fromarray(grainy), "JPEG", quality=60), rows)


def comb(rng: Rng, samples: Samples) -> FilledForm:
    """Cells that are open above: a line with uprights on it."""
    n, side = int(rng.integers(4, 10)), int(rng.integers(40, 70))
    sheet = _Sheet(rng, samples, (n * side + 80, 2 * side + 60))
    base, tall = 40 + side, int(side * rng.uniform(0.4, 0.8))
    sheet.rule(40, base, 40 + n * side, base)
    for column in range(n + 1):
        sheet.rule(40 + column * side, base - tall, 40 + column * side, base)
    return sheet.finished([[sheet.maybe(40 + column * side, base - side, side, side) for column in range(n)]])


def ledger(rng: Rng, samples: Samples) -> FilledForm:
    """Amounts on lines."""
    n_rows, height = int(rng.integers(3, 7)), int(rng.integers(50, 80))
    sheet = _Sheet(rng, samples, (500, n_rows * height + 80))
    rows: list[list[str | None]] = []
    for y in range(40, 40 + n_rows * height, height):
        sheet.rule(0, y + height, 500, y + height)
        rows.append([sheet.maybe(60, y + 2, 380, height - 4, n=int(rng.integers(2, 6)))])
    return sheet.finished(rows, has_cells=False)


def squared_paper(rng: Rng, samples: Samples) -> FilledForm:
    """Numbers written across squared paper with thick rulings, two squares high."""
    n_rows, side = int(rng.integers(1, 4)), int(rng.integers(26, 40))
    sheet = _Sheet(rng, samples, (20 * side, (3 * n_rows + 2) * side))
    for y in range(side // 2, sheet.page.shape[0] - 4, side):
        sheet.rule(0, y, sheet.page.shape[1], y)
    for x in range(side // 2, sheet.page.shape[1] - 4, side):
        sheet.rule(x, 0, x, sheet.page.shape[0])
    rows: list[list[str | None]] = [
        [sheet.write(2 * side, side + 3 * side * row, 16 * side, 2 * side, int(rng.integers(2, 6)), (0.8, 1.0))]
        for row in range(n_rows)
    ]
    return sheet.finished(rows, has_cells=False)


def askew(rng: Rng, samples: Samples) -> FilledForm:
    """A form on paper that lies up to 14 degrees askew and fills the picture."""
    form, image = _one_of(rng, samples, (strip, boxes_apart, student_numbers, answer_grid))
    angle = float(rng.choice([-1, 1]) * rng.uniform(4, 14))
    turned = image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=image.getpixel((0, 0)))
    return replace(form, file=encoded(turned, "JPEG", quality=80))


def small(rng: Rng, samples: Samples) -> FilledForm:
    """A form that was reduced: its cells are 14 to 32 pixels high."""
    form, image = _one_of(rng, samples, (strip, boxes_apart, comb))
    factor = rng.uniform(0.35, 0.4)
    size = round(image.width * factor), round(image.height * factor)
    return replace(form, file=encoded(image.resize(size, Image.Resampling.BOX)))


def panes(rng: Rng, samples: Samples) -> FilledForm:
    """Cells apart that have another tone than the page: white ones on a tint, or tinted ones on white."""
    tint, white = _TINTS[int(rng.integers(len(_TINTS)))], (252, 252, 250)
    ground, inside = (tint, white) if rng.random() < 0.5 else (white, tint)
    radius = rng.uniform(0, 0.3)

    def draw(canvas: ImageDraw.ImageDraw, sheet: _Sheet, box: tuple[int, int, int, int]) -> None:
        canvas.rounded_rectangle(box, radius * (box[2] - box[0]), fill=inside)

    return _drawn(rng, samples, draw, (ground, tint, (30, 30, 40)))


def round_corners(rng: Rng, samples: Samples) -> FilledForm:
    """Cells apart with round corners."""
    radius = rng.uniform(0.1, 0.3)

    def draw(canvas: ImageDraw.ImageDraw, sheet: _Sheet, box: tuple[int, int, int, int]) -> None:
        canvas.rounded_rectangle(box, radius * (box[2] - box[0]), outline=sheet.of_lines, width=sheet.thickness)

    return _drawn(rng, samples, draw)


def dashed(rng: Rng, samples: Samples) -> FilledForm:
    """Cells apart with dotted or dashed lines around them."""
    step = int(rng.integers(4, 12))
    dash = 2 if step < 7 else step * 6 // 10

    def draw(canvas: ImageDraw.ImageDraw, sheet: _Sheet, box: tuple[int, int, int, int]) -> None:
        x0, y0, x1, y1 = box
        for x in [*range(x0, x1 - dash, step), x1 - dash + 2]:  # the last one ends in the corner
            for y in (y0, y1):
                canvas.rectangle((x, y, x + dash - 1, y + 1), sheet.of_lines)
        for y in [*range(y0, y1 - dash, step), y1 - dash + 2]:
            for x in (x0, x1):
                canvas.rectangle((x, y, x + 1, y + dash - 1), sheet.of_lines)

    return _drawn(rng, samples, draw)


def _drawn(
    rng: Rng,
    samples: Samples,
    draw: Callable[[ImageDraw.ImageDraw, _Sheet, tuple[int, int, int, int]], None],
    look: _Look | None = None,
) -> FilledForm:
    """Rows of cells apart, each of which is drawn into its box."""
    n_rows, n, height = int(rng.integers(1, 4)), int(rng.integers(3, 9)), int(rng.integers(36, 76))
    width, gap = int(height * rng.uniform(0.8, 1.15)), int(rng.integers(6, 24))
    sheet = _Sheet(rng, samples, (n * (width + gap) + 80, n_rows * (height + gap + 8) + 80), look)
    places = [
        [(40 + column * (width + gap), 40 + row * (height + gap + 8)) for column in range(n)] for row in range(n_rows)
    ]
    page = Image.fromarray(sheet.page.astype(np.uint8))
    for x, y in (place for row in places for place in row):
        draw(ImageDraw.Draw(page), sheet, (x, y, x + width, y + height))
    sheet.page = np.asarray(page, np.float32).copy()
    return sheet.finished([[sheet.maybe(x, y, width, height) for x, y in row] for row in places])


def _one_of(rng: Rng, samples: Samples, kinds: tuple[Kind, ...]) -> tuple[FilledForm, Image.Image]:
    form = kinds[int(rng.integers(len(kinds)))](rng, samples)
    return form, Image.open(io.BytesIO(form.file)).convert("RGB")


FORMS: dict[str, Kind] = {
    "strip of cells": strip,
    "digits as high as their cells": crossing,
    "boxes apart": boxes_apart,
    "student numbers, printed words": student_numbers,
    "answer grid": answer_grid,
    "table of amounts": amounts,
    "sudoku": sudoku,
    "sudoku, photographed": photographed_sudoku,
    "comb, open above": comb,
    "ledger lines": ledger,
    "squared paper, thick lines": squared_paper,
    "lying askew": askew,
    "small": small,
    "cells of another tone": panes,
    "round corners": round_corners,
    "dotted and dashed lines": dashed,
}
