"""Make the page's animation, a Lottie file (`make animation`): a 4 is drawn, and a small network reads it.

Frame 0 shows what the last frame shows, so that it loops, and so that its end can stand still in its place.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.documents import study_parser

TARGET = Path("dashboard") / "assets" / "reading.lottie.json"
WIDTH, HEIGHT, RATE, END = 480, 220, 30, 180

# The class is what the page's stylesheet colours; elsewhere the colour beside it shows.
INK, ACCENT = ("ink", (0.11, 0.13, 0.16)), ("accent", (0.04, 0.38, 0.66))

STROKES = (  # of a 4, in shares of the paper: corners of smooth curves
    [(0.36, 0.14), (0.31, 0.36), (0.22, 0.58), (0.48, 0.60), (0.80, 0.56)],
    [(0.62, 0.30), (0.60, 0.60), (0.57, 0.90)],
)
PAPER_AT, PAPER_SIDE = (18, 30), 160
COLUMNS = [[(x, HEIGHT / 2 + gap * (row - (n - 1) / 2)) for row in range(n)] for x, n, gap in
           ((232, 6, 32), (322, 7, 28), (412, 10, 20))]  # fmt: skip
LIT = ((1, 2, 4), (0, 2, 3, 5), (4,))  # the units that answer to a 4

Point = tuple[float, float]
Colour = tuple[str, tuple[float, float, float]]  # as INK
Item = dict[str, Any]


def animation() -> Item:
    """The whole file; what comes first lies on top."""
    return {
        "v": "5.7.0",
        "nm": "A network reads a digit",
        "fr": RATE,
        "ip": 0,
        "op": END,
        "w": WIDTH,
        "h": HEIGHT,
        "layers": [
            layer("answer", [digit((432, COLUMNS[2][4][1] - 14), 28, ACCENT, 3)], opacity=appears(122, 134)),
            layer("units that answer", lit_units()),
            layer("signals", signals()),
            layer("digit", drawn_strokes(), opacity=fades()),
            layer("network and paper", [*resting_units(), connections(), paper()]),
        ],
    }


def layer(name: str, shapes: list[Item], opacity: Item | None = None) -> Item:
    """A layer that is there from the first frame to the last."""
    transform = {"a": still([0, 0]), "p": still([0, 0]), "s": still([100, 100]), "r": still(0)}
    return {
        **{"ty": 4, "nm": name, "ip": 0, "op": END, "st": 0},
        "ks": {**transform, "o": opacity or still(100)},
        "shapes": shapes,
    }


# ---- What is drawn --------------------------------------------------------------------------------------------------


def paper() -> Item:
    """The sheet that the digit is written on."""
    x, y = (corner + PAPER_SIDE / 2 for corner in PAPER_AT)
    size = still([PAPER_SIDE, PAPER_SIDE])
    return group([{"ty": "rc", "p": still([x, y]), "s": size, "r": still(12)}, stroke(INK, 1.5, 22), fill(INK, 4)])


def drawn_strokes() -> list[Item]:
    """The digit, written stroke by stroke."""
    times = ((24, 50), (56, 68))
    strokes = zip(STROKES, times, strict=True)
    return [
        group([curve(placed(points, PAPER_AT, PAPER_SIDE)), trim(end=written(*when)), stroke(INK, 12)])
        for points, when in strokes
    ]


def digit(at: Point, side: float, colour: Colour, width: float) -> Item:
    """The same digit, small."""
    return group([*(curve(placed(points, at, side)) for points in STROKES), stroke(colour, width)])


def resting_units() -> list[Item]:
    """All units, as rings."""
    return [group([disc(unit, 6 - 0.6 * column), stroke(INK, 1.5, 34)]) for column, units in enumerate(COLUMNS)
            for unit in units]  # fmt: skip


def connections() -> Item:
    """All connections, faint."""
    lines = [curve([start, end]) for left, right in pairwise(COLUMNS)
             for start in left for end in right]  # fmt: skip
    return group([*lines, stroke(INK, 1.2, 7)])


def lit_units() -> list[Item]:
    """The units that answer, layer after layer; they swell a little when they do."""
    units = []
    for column, start in enumerate((66, 92, 116)):
        for number, row in enumerate(LIT[column]):
            unit, begin = COLUMNS[column][row], start + 3 * number
            radius = 8.5 if column == 2 else 6
            swells = moving(*((t, [s, s]) for t, s in ((0, 100), (16, 100), (17, 40), (begin, 40), (begin + 7, 118),
                                                      (begin + 12, 100))))  # fmt: skip
            shown = appears(begin, begin + 6)
            units.append(group([disc((0, 0), radius), fill(ACCENT)], at=unit, scale=swells, opacity=shown))
    return units


def signals() -> list[Item]:
    """What runs along the connections between units that answer, and stays faintly visible."""
    lines = []
    for column, start in enumerate((72, 98)):
        for number, left in enumerate(LIT[column]):
            for right in LIT[column + 1]:
                begin = start + 3 * number
                line = curve([COLUMNS[column][left], COLUMNS[column + 1][right]])
                lines.append(
                    group([line, trim(end=written(begin, begin + 18)), stroke(ACCENT, 2, 60)], opacity=fades())
                )
    return lines


# ---- Lottie's parts -------------------------------------------------------------------------------------------------


def group(items: list[Item], at: Point = (0, 0), scale: Item | None = None, opacity: Item | None = None) -> Item:
    """Shapes with what paints them, and where they are."""
    where = {"a": still([0, 0]), "p": still(list(at)), "r": still(0)}
    return {
        "ty": "gr",
        "it": [*items, {"ty": "tr", **where, "s": scale or still([100, 100]), "o": opacity or still(100)}],
    }


def disc(at: Point, radius: float) -> Item:
    """A circle."""
    return {"ty": "el", "p": still(list(at)), "s": still([2 * radius, 2 * radius])}


def curve(points: Sequence[Point]) -> Item:
    """A smooth open path through the points (Catmull & Rom)."""
    ends = [points[0], *points, points[-1]]
    slopes = [((x1 - x0) / 6, (y1 - y0) / 6) for (x0, y0), (x1, y1) in zip(ends, ends[2:], strict=False)]
    into = [[round(-x, 2), round(-y, 2)] for x, y in slopes]
    out = [[round(x, 2), round(y, 2)] for x, y in slopes]
    vertices = [[round(x, 2), round(y, 2)] for x, y in points]
    return {"ty": "sh", "ks": still({"c": False, "v": vertices, "i": into, "o": out})}


def placed(points: Sequence[Point], at: Point, side: float) -> list[Point]:
    """Shares of a square as places in the picture."""
    return [(at[0] + side * x, at[1] + side * y) for x, y in points]


def stroke(colour: Colour, width: float, opacity: float = 100) -> Item:
    """A round pen."""
    name, rgb = colour
    return {"ty": "st", "cl": name, "c": still(list(rgb)), "w": still(width), "o": still(opacity), "lc": 2, "lj": 2}


def fill(colour: Colour, opacity: float = 100) -> Item:
    """One colour."""
    name, rgb = colour
    return {"ty": "fl", "cl": name, "c": still(list(rgb)), "o": still(opacity), "r": 1}


def trim(end: Item) -> Item:
    """The path as far as it is written."""
    return {"ty": "tm", "s": still(0), "e": end, "o": still(0)}


# ---- Time -----------------------------------------------------------------------------------------------------------


def still(value: Any) -> Item:
    """A value that does not change."""
    return {"a": 0, "k": value}


def moving(*keys: tuple[float, Sequence[float]]) -> Item:
    """Values at frames, with a gentle start and end between them."""
    ease = {"o": {"x": 0.4, "y": 0}, "i": {"x": 0.4, "y": 1}}
    *before, (end, last) = keys
    return {"a": 1, "k": [*({"t": t, "s": value, **ease} for t, value in before), {"t": end, "s": last}]}


def fades() -> Item:
    """The opacity of what has gone before the next digit is written."""
    return moving((0, [100]), (14, [0]), (18, [0]), (19, [100]), (END, [100]))


def appears(begin: float, end: float) -> Item:
    """The opacity of what fades with the rest and comes again."""
    return moving((0, [100]), (14, [0]), (begin, [0]), (end, [100]), (END, [100]))


def written(begin: float, end: float) -> Item:
    """How much of a path is written, in percent: all, until it has faded; then it grows."""
    return moving((0, [100]), (16, [100]), (17, [0]), (begin, [0]), (end, [100]), (END, [100]))


def main(argv: list[str]) -> None:
    """Write the file."""
    study_parser(__doc__).parse_args(argv)
    TARGET.write_text(json.dumps(animation(), separators=(",", ":")) + "\n", encoding="utf-8")
