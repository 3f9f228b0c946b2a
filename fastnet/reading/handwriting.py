"""What was written into a form, without what was printed: the lines go, and strokes that cross them are mended."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from .pictures.labelling import label_runs, long_runs, runs_of

_PAPER_PIXELS = 60_000  # light changes slowly: a small copy tells it
_LEAST_INK = 24  # of 255: what contrasts less is no ink
_NOISES = 5.0  # ... and by fewer standard deviations of the paper's grain
_SPREAD = 0.0012  # of the page's longer side: the soft edges of print, and what is left of its place
_LONG_ACROSS, _LONG_DOWN = 0.5, 0.97  # of a box: straight lines in it that are so long are printed; a stem is shorter
_THICKEST = 0.18  # of a box's height
_GAP = 2  # pixels in a line
_AROUND = 0.25  # of a box's height, beyond it: its own lines are seen whole there, and tails that leave it
_LEAST_STROKE = 0.22  # of a box's height: what is smaller both ways is a speck
_MARGIN = 0.3  # of a box's height, of white around what is read


@dataclass(frozen=True, eq=False)
class Page:
    """A page of a form: how dark each pixel is, uint8 from 0 for paper; from where on that is ink; what is printed."""

    depth: np.ndarray
    least: float
    printed: np.ndarray | None = None  # bool, by the empty form


def page_of(picture: Image.Image, blank: Image.Image | None = None) -> Page:
    """The page that a straightened picture of mode L shows; `blank`, of the same size, says what is printed."""
    depth = _depth(picture)
    least = _least_ink(depth)
    if blank is None:
        return Page(depth.clip(0, 255).astype(np.uint8), least)
    empty = _depth(blank)
    spread = 1 + math.ceil(_SPREAD * max(empty.shape))
    return Page(depth.clip(0, 255).astype(np.uint8), least, _spread(empty > _least_ink(empty), spread))


def likeness_to_blank(page: Page) -> float:
    """By how much more of what is printed on the empty form is dark here than of the rest: 1 where it is that form."""
    assert page.printed is not None
    core = ~_spread(~page.printed, 1 + math.ceil(_SPREAD * max(page.depth.shape)))  # without what was spread
    seen = _spread(page.depth > page.least, 1)
    return float(seen[core].mean() - seen[~page.printed].mean()) if core.any() else 1.0


def writing_in(page: Page, box: tuple[float, ...]) -> np.ndarray | None:
    """What is written in a box of the page, dark on white, uint8, with white around it; None where there is nothing.

    A stroke that leaves the box is seen whole as far as it is near; what lies mostly outside belongs to another one.
    """
    height, width = page.depth.shape
    x0, y0, x1, y1 = round(box[0] * width), round(box[1] * height), round(box[2] * width), round(box[3] * height)
    x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)
    around = math.ceil(_AROUND * (y1 - y0))
    left, top, right, bottom = (
        max(0, x0 - around),
        max(0, y0 - around),
        min(width, x1 + around),
        min(height, y1 + around),
    )
    depth = page.depth[top:bottom, left:right]
    inside = x0 - left, y0 - top, x1 - left, y1 - top
    if page.printed is None:
        lines = _straight_lines(depth > page.least, inside)
    else:
        lines = page.printed[top:bottom, left:right]
    bare = _mended(depth, lines)
    ink = _own(np.where(bare > page.least, bare, 0), inside)
    if ink is None:
        return None
    return 255 - np.pad(ink, math.ceil(_MARGIN * (y1 - y0)))


# ---- Ink on paper ---------------------------------------------------------------------------------------------------


def _depth(picture: Image.Image) -> np.ndarray:
    """How far each pixel is from the paper around it, 255 for black; float32."""
    factor = max(1, math.ceil(math.sqrt(picture.width * picture.height / _PAPER_PIXELS)))
    small = picture.reduce((min(factor, picture.width), min(factor, picture.height)))
    paper = small.filter(ImageFilter.MaxFilter(11)).filter(ImageFilter.BoxBlur(5))
    light = np.asarray(paper.resize(picture.size, Image.Resampling.BILINEAR), np.float32)
    depth: np.ndarray = (light - np.asarray(picture, np.float32)) * (255 / np.maximum(light, 32))
    return depth


def _least_ink(depth: np.ndarray) -> float:
    """From which depth on a pixel is ink, by the grain of the paper."""
    sample = depth[:: max(1, depth.shape[0] // 300), :: max(1, depth.shape[1] // 300)]
    middle, lighter = np.quantile(sample, (1 / 2, 1 / 6))
    return max(_LEAST_INK, float(middle + _NOISES * (middle - lighter)))


# ---- Printed lines --------------------------------------------------------------------------------------------------


def _straight_lines(mask: np.ndarray, inside: tuple[int, int, int, int]) -> np.ndarray:
    """The lines across a box, and those down that reach from one side to the other: no digit is as long."""
    x0, y0, x1, y1 = inside
    thickest = max(3, round(_THICKEST * (y1 - y0)))
    across = _lines_across(mask, _LONG_ACROSS * (x1 - x0), thickest)
    rows = np.flatnonzero(across.any(axis=1))
    tall = float(y1 - y0)
    if len(rows) and rows[-1] - rows[0] > tall / 2:
        tall = min(tall, float(rows[-1] - rows[0]))
    lines: np.ndarray = across | _lines_across(mask.T, _LONG_DOWN * tall, thickest).T
    return lines


def _lines_across(mask: np.ndarray, least: float, thickest: int) -> np.ndarray:
    """The rows' runs that are so long, small gaps closed and with a row to each side, where they make thin lines."""
    lines = long_runs(_spread(mask, 1, axis=0), least, _GAP)
    is_thin = _run_lengths(lines) <= thickest + 2
    return lines & is_thin


def _run_lengths(mask: np.ndarray) -> np.ndarray:
    """For each pixel how long the run down its column is that it is in; 0 outside of the mask."""
    _, start, stop = runs_of(mask.T)
    lengths = np.zeros(mask.T.shape, np.int64)
    lengths[mask.T] = np.repeat(stop - start, stop - start)
    down: np.ndarray = lengths.T
    return down


def _mended(depth: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """The ink without the lines, but where a stroke goes on on both sides of one: it is drawn across."""
    if not lines.any():
        return depth
    bare = np.where(lines, 0, depth)
    across = _closed(bare, _reach(lines))
    down = _closed(bare.T, _reach(lines.T)).T
    return np.where(lines, np.maximum(across, down), depth)


def _reach(lines: np.ndarray) -> int:
    """How thick lines across are: what is usual, and some pixels more."""
    lengths = _run_lengths(lines)
    thin = lengths[(lengths > 0) & (lengths < 0.3 * len(lines))]
    return 1 + int(np.median(thin)) if len(thin) else 0


def _closed(values: np.ndarray, reach: int) -> np.ndarray:
    """Grey closing down the columns: gaps of up to `reach` pixels between dark ones are filled."""
    if not reach:
        return values
    wide = np.pad(values, ((reach, reach), (0, 0)))
    most = np.lib.stride_tricks.sliding_window_view(wide, reach + 1, axis=0).max(axis=-1)
    closed: np.ndarray = np.lib.stride_tricks.sliding_window_view(most, reach + 1, axis=0).min(axis=-1)
    return closed


def _spread(mask: np.ndarray, reach: int, axis: int | None = None) -> np.ndarray:
    """The mask, wider by `reach` pixels on all sides, or along one axis."""
    for along in (0, 1) if axis is None else (axis,):
        edges = [(reach, reach) if along == each else (0, 0) for each in (0, 1)]
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(mask, edges), 2 * reach + 1, along)
        mask = np.any(windows, axis=-1, keepdims=True)[..., 0]
    return mask


# ---- Whose ink ------------------------------------------------------------------------------------------------------


def _own(ink: np.ndarray, inside: tuple[int, int, int, int]) -> np.ndarray | None:
    """The ink of parts that lie mostly in the box; None where none of them is large enough for a stroke."""
    x0, y0, x1, y1 = inside
    mask = ink > 0
    runs = label_runs(mask)
    if not len(runs.row):
        return None
    within = (runs.stop.clip(x0, x1) - runs.start.clip(x0, x1)) * ((runs.row >= y0) & (runs.row < y1))
    box = runs.box
    side = (box[:, 2:] - box[:, :2]).max(axis=1)
    is_own = np.bincount(runs.label, within) > runs.area / 2
    if not (is_own & (side >= _LEAST_STROKE * (y1 - y0))).any():
        return None
    kept = np.zeros_like(mask)
    kept[mask] = is_own[runs.label_of_pixels]
    return np.where(kept, ink, 0).astype(np.uint8)
