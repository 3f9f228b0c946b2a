"""Find a sheet of paper, or a slate, that lies on something else: a filled quadrilateral inside the picture."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .ink import otsu
from .labelling import Runs, label_runs

Box = tuple[int, int, int, int]  # x0, y0, x1, y1; x1 and y1 are one past the last

_TWO_GROUPS = 0.75  # of the variance is between the sheet and what it lies on
_IN_SHADE = 0.6  # ... if part of the sheet is in the shade
_LEAST_SHARE, _LEAST_WRITTEN = 0.12, 0.02  # of the picture, and if it is light and there are digits on it
_STRAIGHT = 0.85  # of the box, that nearly all rows and columns of the sheet reach across
_MARGIN = 0.04  # of the box, left out on each side: the sheet may lie a little askew
_REACHED = 0.3  # of a side of the picture is sheet at most, if it touches several: with its corners alone
_MOST_BORDER = 0.5  # of the picture's border is as the sheet: else it is a box on that paper
_SIBLING, _FILLED = 0.3, 0.5  # of the largest part's box, and of its own: another cell of a form
_ALIKE, _ALIKE_IF_SMALL = 0.93, 0.86  # in common with the quadrilateral between its corners: a sheet that lies askew
_MOSTLY_PAPER = 0.6  # of a sheet is of its own tone: lines and strokes enclose paper


@dataclass(frozen=True, eq=False)
class Sheet:
    """A sheet's corners in the picture and whether it is light.

    `corners` is (4, 2), x and y, clockwise from the upper left one; `box` is its inside, if it lies straight. One
    that is so small that it may be something else `must_have_digits` on it.
    """

    corners: np.ndarray
    box: Box | None
    is_light: bool
    must_have_digits: bool

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, the mean of the sides that face each other."""
        sides = np.hypot(*(np.roll(self.corners, -1, axis=0) - self.corners).T)
        return round(float(sides[0] + sides[2]) / 2), round(float(sides[1] + sides[3]) / 2)

    def straightened(self, image: Image.Image) -> tuple[Image.Image, np.ndarray]:
        """The inside of the sheet seen from above, and the matrix (3, 3) that takes its pixels into the picture."""
        width, height = self.size
        left, top = _MARGIN * width, _MARGIN * height
        outline = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - (left, top)
        plane = homography(outline, self.corners)
        size = max(1, round(width - 2 * left)), max(1, round(height - 2 * top))
        how = Image.Transform.PERSPECTIVE
        return image.transform(size, how, tuple(plane.ravel()[:8]), Image.Resampling.BILINEAR), plane


def turned(image: Image.Image, slope: float) -> tuple[Image.Image, np.ndarray]:
    """A picture turned level, where lines fall by so many rows a column, and the matrix as `straightened` has it.

    Its new corners have the usual colour of the picture's border.
    """
    width, height = image.size
    cos, sin = 1 / math.hypot(1, slope), slope / math.hypot(1, slope)
    size = math.ceil(width * cos + height * abs(sin)), math.ceil(height * cos + width * abs(sin))
    turn = np.array([[cos, -sin], [sin, cos]])
    plane = np.eye(3)
    plane[:2, :2] = turn
    plane[:2, 2] = np.array(image.size) / 2 - turn @ (np.array(size) / 2)
    pixels = np.asarray(image)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colour = np.median(border, axis=0).astype(int)
    how, fill = Image.Transform.AFFINE, int(colour) if colour.ndim == 0 else tuple(colour.tolist())
    return image.transform(size, how, tuple(plane[:2].ravel()), Image.Resampling.BICUBIC, fillcolor=fill), plane


def homography(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The matrix (3, 3) of the perspective that takes four points (4, 2) to four others."""
    rows, values = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(values)), 1).reshape(3, 3)


def box_seen(box: tuple[float, float, float, float], plane: np.ndarray) -> tuple[float, float, float, float]:
    """The box around a box after a perspective."""
    x0, y0, x1, y1 = box
    x, y, w = plane @ np.array([[x0, x1, x1, x0], [y0, y0, y1, y1], [1, 1, 1, 1]])
    x, y = x / w, y / w
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def find_sheet(coarse_copy: Image.Image, size: tuple[int, int]) -> Sheet | None:
    """The sheet that a picture of that size shows, if there is one, in its pixels."""
    small = np.asarray(coarse_copy.convert("L"), np.float32)
    threshold, separation = otsu(small)
    if separation < _IN_SHADE:
        return None
    guesses = [(threshold, True), (threshold, False)] if separation >= _TWO_GROUPS else []
    guesses.append((otsu(small[small <= threshold])[0], True))  # between the sheet's part in the shade and a dark desk
    scale = np.array(size) / (small.shape[1], small.shape[0])
    for level, is_light in guesses:
        sheet = _quadrilateral((small > level) == is_light, scale, is_light)
        if sheet is not None:
            return sheet
    return None


def _quadrilateral(mask: np.ndarray, scale: np.ndarray, is_light: bool) -> Sheet | None:
    """The largest part of a mask, if it is a large quadrilateral and the only one, and no shade that fills a side.

    It may go on beyond one side of the picture, or touch several with its corners.
    """
    border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    if border.mean() > _MOST_BORDER:
        return None
    runs = label_runs(mask)
    if not len(runs.row):
        return None
    areas, boxes = runs.area, runs.box
    largest = int(areas.argmax())
    its = runs.label == largest
    x0, y0, x1, y1 = boxes[largest].tolist()
    least = (_LEAST_WRITTEN if is_light else _LEAST_SHARE) * mask.size
    if (x1 - x0) * (y1 - y0) < least or _has_siblings(areas, boxes):
        return None
    is_small = (x1 - x0) * (y1 - y0) < _LEAST_SHARE * mask.size
    part = np.zeros_like(mask)
    part[mask] = np.repeat(its, runs.length)
    reached = [float(side.mean()) for side in (part[0], part[-1], part[:, 0], part[:, -1])]
    if np.count_nonzero(reached) > 1 and max(reached) > _REACHED:
        return None
    part = part[y0:y1, x0:x1]
    corners = _corners(runs, its)
    straight = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    alike = _ALIKE_IF_SMALL if is_small else _ALIKE
    askew = (abs(corners - straight) / (x1 - x0, y1 - y0)).max() > _MARGIN
    if askew and _area(corners) >= least and _agreement(part, corners - (x0, y0)) >= alike:
        return Sheet(corners * scale, None, is_light, is_small)
    if part.mean() < _MOSTLY_PAPER or not (_is_straight(part) and _is_straight(part.T)):
        return None
    margin = _MARGIN * np.array([x1 - x0, y1 - y0])
    (left, top), (right, bottom) = (straight[0] + margin) * scale, (straight[2] - margin) * scale
    return Sheet(straight * scale, (round(left), round(top), round(right), round(bottom)), is_light, is_small)


def _agreement(part: np.ndarray, corners: np.ndarray) -> float:
    """How much a part and the quadrilateral between its corners have in common, of both; 0 if it is mostly hollow."""
    inside = Image.new("1", part.shape[::-1])
    ImageDraw.Draw(inside).polygon([tuple(corner) for corner in corners.tolist()], 1)
    quadrilateral = np.asarray(inside)
    if part.sum() < _MOSTLY_PAPER * quadrilateral.sum():
        return 0.0
    filled = np.maximum.accumulate(part, axis=1) & np.maximum.accumulate(part[:, ::-1], axis=1)[:, ::-1]
    return float((filled & quadrilateral).sum() / (filled | quadrilateral).sum())


def _has_siblings(areas: np.ndarray, boxes: np.ndarray) -> bool:
    """Whether other parts are like the largest one: then they are cells of a form, not a sheet."""
    of_boxes = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    is_like = (areas >= _SIBLING * areas.max()) & (areas >= _FILLED * of_boxes)
    return int(is_like.sum()) > 1


def _corners(runs: Runs, its: np.ndarray) -> np.ndarray:
    """The points of a part that lie farthest out in the four diagonal directions, clockwise from the upper left."""
    row, start, stop = runs.row[its], runs.start[its], runs.stop[its]
    points = np.array([np.tile([start, stop], (2, 1)).ravel(), np.repeat([row, row + 1], 2, axis=0).ravel()]).T
    (x, y) = points.T
    return points[[(x + y).argmin(), (x - y).argmax(), (x + y).argmax(), (x - y).argmin()]].astype(np.float64)


def _area(corners: np.ndarray) -> float:
    x, y = corners.T
    return max(1.0, abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2)


def _spans(part: np.ndarray) -> np.ndarray:
    """How far each row reaches from its first pixel to its last."""
    first, last = part.argmax(axis=1), part[:, ::-1].argmax(axis=1)
    spans: np.ndarray = np.where(part.any(axis=1), part.shape[1] - first - last, 0)
    return spans


def _is_straight(part: np.ndarray) -> bool:
    """Whether nearly all rows reach from one side of the box to the other."""
    return float(np.mean(_spans(part) >= _STRAIGHT * part.shape[1])) >= 0.9
