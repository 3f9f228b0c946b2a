"""Answers about pictures: which digits are there, how sure that is, and which pixels spoke for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice

import numpy as np

from fastnet.models.model import Model

from .doubts import TURNED, are_turned, doubts_about, marks_in_line
from .pictures import LeftOut as LeftOut
from .pictures import Limits as Limits
from .pictures import Part, Source, prepare
from .pictures import Stage as Stage

Box = tuple[int, int, int, int]

VERDICTS = ("unsure", "no digit")  # flags that say what becomes of an answer; the others say why


@dataclass(frozen=True, eq=False)
class DigitReading:
    """One digit of a picture. `digit` is None where the part looks like no digit at all, or is a mark, whose `pixels`
    are black and whose `label` is empty.

    `digit` and `second` are numbers of classes, places in `probabilities`; `label` and `second_label` are what these
    classes are called. The label is told whatever the doubts.
    """

    digit: int | None
    probability: float  # of the likeliest class
    probabilities: np.ndarray  # (10,)
    second: int | None  # the next guess; None for a model of one class
    flags: tuple[str, ...]
    box: Box  # x0, y0, x1, y1 in pixels of the upright picture; x1 and y1 are one past the last
    pixels: np.ndarray  # (28, 28) uint8, what the network saw
    label: str
    second_label: str | None
    line: int = 0  # the number of its line, from 0
    kind: str = "digit"  # "other" for what is none: a letter, a mark between digits

    @property
    def text(self) -> str:
        """What the digit is called; empty where it is none."""
        return "" if self.digit is None else self.label


@dataclass(frozen=True, eq=False)
class Line:
    """Digits that stand in one line, from left to right."""

    digits: tuple[DigitReading, ...]

    @property
    def text(self) -> str:
        """What its digits are called; with blanks between them where names are longer than one."""
        names = [part.text for part in self.digits if part.digit is not None]
        return ("" if all(len(name) == 1 for name in names) else " ").join(names)

    @property
    def box(self) -> Box:
        """Around all of its digits."""
        x0, y0, x1, y1 = zip(*(digit.box for digit in self.digits), strict=True)
        return min(x0), min(y0), max(x1), max(y1)


@dataclass(frozen=True, eq=False)
class Reading:
    """What a picture says. With several digits, the figures are those of the first one in reading order."""

    digits: tuple[DigitReading, ...]
    flags: tuple[str, ...]  # what speaks against the picture or against any of its digits
    stages: tuple[Stage, ...]  # the picture on its way to the network
    size: tuple[int, int]  # width and height of the upright picture, in which the boxes are
    digit: int | None
    probability: float
    probabilities: np.ndarray
    second: int | None
    label: str | None  # None, as the second one, where there is nothing to read
    second_label: str | None

    left_out: tuple[LeftOut, ...] = ()  # ink that was seen and is not read

    @property
    def lines(self) -> tuple[Line, ...]:
        """The digits line by line."""
        return tuple(Line(tuple(digits)) for _, digits in groupby(self.digits, lambda digit: digit.line))

    @property
    def text(self) -> str:
        """What the digits of each line are called; one line below the other."""
        return "\n".join(text for line in self.lines if (text := line.text))


def read(predictor: Model, source: Source, name: str | None = None, limits: Limits | None = None) -> Reading:
    """Find the digits of a picture and ask the predictor about each; see `Predictor.read`."""
    prepared = prepare(source, name, limits)
    digits = _with_marks(_turned(predictor, tuple(_digits_of(predictor, prepared.parts))), prepared.left_out)
    if not digits:
        n_classes = len(predictor.classes)
        unknown = np.full(n_classes, 1 / n_classes, np.float32)
        flags = "no digit", *prepared.flags
        return Reading(
            (), flags, prepared.stages, prepared.size, None, 0.0, unknown, None, None, None, prepared.left_out
        )
    first = next((digit for digit in digits if digit.digit is not None), digits[0])
    return Reading(
        digits,
        _all_doubts(prepared.flags, digits),
        prepared.stages,
        prepared.size,
        first.digit,
        first.probability,
        first.probabilities,
        first.second,
        first.label,
        first.second_label,
        prepared.left_out,
    )


def read_images(predictor: Model, images: np.ndarray) -> list[DigitReading]:
    """The answer about each image that is ready for the network, `(n, n_pixels)` as the predictor takes them."""
    parts = [Part((0, 0, 0, 0), pixels) for pixels in images]
    return _seen_at_once(predictor, parts)


def _all_doubts(of_picture: tuple[str, ...], digits: tuple[DigitReading, ...]) -> tuple[str, ...]:
    """What speaks against a picture and its digits, each once; "no digit" only if there is none at all."""
    flags = [*of_picture, *(flag for digit in digits for flag in digit.flags)]
    if not flags:
        return ()
    verdict = "no digit" if all(digit.digit is None for digit in digits) else "unsure"
    return tuple(dict.fromkeys([verdict, *(flag for flag in flags if flag not in VERDICTS)]))


def _digits_of(predictor: Model, parts: Sequence[Part]) -> Iterator[DigitReading]:
    """Each part as one digit; or as several that touch, if the model knows each and the whole less well."""
    seen = iter(_seen_at_once(predictor, [each for part in parts for each in (part, *part.pieces)]))
    for part in parts:
        whole, *pieces = islice(seen, 1 + len(part.pieces))
        known = pieces and not any(piece.flags for piece in pieces)
        if known and (whole.flags or min(piece.probability for piece in pieces) > whole.probability):
            yield from pieces
        else:
            yield whole


def _seen_at_once(predictor: Model, parts: Sequence[Part]) -> list[DigitReading]:
    """The answer to each, as one digit, from one forward pass for all."""
    if not parts:
        return []
    activations = predictor.forward(np.stack([part.pixels for part in parts]))
    probabilities = predictor.probabilities_of(activations.logits)
    doubts = doubts_about(predictor.calibration, activations, probabilities)
    return [_digit_reading(predictor.classes, *each) for each in zip(parts, probabilities, doubts, strict=True)]


def _digit_reading(
    classes: tuple[str, ...], part: Part, probabilities: np.ndarray, flags: tuple[str, ...]
) -> DigitReading:
    first, *others = probabilities.argsort()[::-1].tolist()
    second = others[0] if others else None
    return DigitReading(
        None if "no digit" in flags else first,
        float(probabilities[first]),
        probabilities,
        second,
        flags,
        part.box,
        part.pixels,
        classes[first],
        None if second is None else classes[second],
        part.line,
        "other" if "no digit" in flags else "digit",
    )


def _turned(predictor: Model, digits: tuple[DigitReading, ...]) -> tuple[DigitReading, ...]:
    """The same digits, each told to be doubtful where the picture seems to be turned."""
    if not are_turned(predictor, [digit.pixels for digit in digits if digit.pixels.any()]):
        return digits
    return tuple(_flagged(digit, TURNED) for digit in digits)


def _flagged(digit: DigitReading, flag: str) -> DigitReading:
    """The same digit, doubted for one reason more."""
    verdict = () if set(VERDICTS) & set(digit.flags) else ("unsure",)
    return replace(digit, flags=(*verdict, *digit.flags, flag))


def _with_marks(digits: tuple[DigitReading, ...], left_out: Sequence[LeftOut]) -> tuple[DigitReading, ...]:
    """The digits, and in their places the points and dashes that stand between them, line by line."""
    if not left_out:
        return digits
    all_of_them: list[DigitReading] = []
    for _, line in groupby(digits, lambda digit: digit.line):
        row = list(line)
        marks = [_mark(row[0], *found) for found in marks_in_line([digit.box for digit in row], left_out)]
        all_of_them += sorted([*row, *marks], key=lambda each: each.box[0] + each.box[2]) if marks else row
    return tuple(all_of_them)


def _mark(neighbour: DigitReading, left_out: LeftOut, flag: str) -> DigitReading:
    """A mark in the line of a digit."""
    n_classes, pixels = len(neighbour.probabilities), np.zeros_like(neighbour.pixels)
    unknown = np.full(n_classes, 1 / n_classes, np.float32)
    flags = ("no digit", flag)
    return DigitReading(None, 0.0, unknown, None, flags, left_out.box, pixels, "", None, neighbour.line, "other")
