"""From a picture to the answer: which digits are there, how sure that is, and what speaks against it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from fastnet.errors import OptionError
from fastnet.models.model import Model

from .cutting import OTHER_CUT as OTHER_CUT
from .cutting import digits_of, seen_at_once
from .doubts import MARK_BETWEEN, TURNED, are_turned, marks_in_line, may_be_digit
from .pictures import LeftOut as LeftOut
from .pictures import Limits as Limits
from .pictures import Part, Source, prepare
from .pictures import Stage as Stage
from .pictures.mnist_form import SIDE
from .readings import EMPTY_CELL as EMPTY_CELL
from .readings import VERDICTS as VERDICTS
from .readings import Box as Box
from .readings import DigitReading as DigitReading
from .readings import Line as Line
from .readings import Reading as Reading
from .readings import all_doubts, first_of

_COMPANY = 2  # digits beyond doubt in a line: what stands beside so many is likelier a digit than what stands alone


def read(predictor: Model, source: Source, name: str | None = None, limits: Limits | None = None) -> Reading:
    """Find the digits of a picture and ask the predictor about each; see `Predictor.read`."""
    predictor.manifest.require_classes("reading pictures")
    if predictor.layer_sizes[0] != SIDE * SIDE:
        n_pixels = predictor.layer_sizes[0]
        raise OptionError(f"pictures are read by models that take {SIDE}x{SIDE} pixels, and this one takes {n_pixels}")
    prepared = prepare(source, name, limits)
    digits = _in_company(predictor, _line_by_line(digits_of(predictor, prepared.parts)))
    digits = _with_marks(_turned(predictor, digits), prepared.left_out)
    if not digits:
        n_classes = len(predictor.classes)
        unknown = np.full(n_classes, 1 / n_classes, np.float32)
        flags = "no digit", *prepared.flags
        return Reading(
            (), flags, prepared.stages, prepared.size, None, 0.0, unknown, None, None, None, prepared.left_out
        )
    first = first_of(digits)
    return Reading(
        digits,
        all_doubts(prepared.flags, digits),
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
    return [seen.digit for seen in seen_at_once(predictor, parts)]


def _line_by_line(digits: Iterator[DigitReading]) -> tuple[DigitReading, ...]:
    """The digits line after line, each from left to right, as some fell into several; lines are numbered on from 0."""
    ordered = sorted(digits, key=lambda digit: (digit.line, digit.box[0] if digit.column is None else digit.column))
    number = {line: n for n, line in enumerate(dict.fromkeys(digit.line for digit in ordered))}
    return tuple(replace(digit, line=number[digit.line]) for digit in ordered)


def _in_company(predictor: Model, digits: tuple[DigitReading, ...]) -> tuple[DigitReading, ...]:
    """The digits; what was refused among digits that are beyond doubt, and may be one, is answered with a guess."""
    plain = Counter(digit.line for digit in digits if digit.kind == "digit" and not digit.flags)
    return tuple(
        replace(digit, digit=int(digit.probabilities.argmax()), flags=("unsure", *digit.flags[1:]), kind="digit")
        if digit.kind == "other" and plain[digit.line] >= _COMPANY and may_be_digit(predictor, digit.pixels)
        else digit
        for digit in digits
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
    """The digits, and in their places the marks that stand between them, line by line, or cell by cell."""
    if not left_out:
        return digits
    all_of_them: list[DigitReading] = []
    for (_, column), some in groupby(digits, lambda digit: (digit.line, digit.column)):
        row = list(some)
        found = marks_in_line([digit.box for digit in row], left_out)
        marks = [_mark(row[0], mark, flag) for mark, flag in found if column is None or flag == MARK_BETWEEN]
        all_of_them += sorted([*row, *marks], key=lambda each: each.box[0] + each.box[2]) if marks else row
    return tuple(all_of_them)


def _mark(neighbour: DigitReading, left_out: LeftOut, flag: str) -> DigitReading:
    """A mark in the line of a digit."""
    n_classes, pixels = len(neighbour.probabilities), np.zeros_like(neighbour.pixels)
    unknown = np.full(n_classes, 1 / n_classes, np.float32)
    flags = ("no digit", flag)
    place = neighbour.line, "other", neighbour.column
    return DigitReading(None, 0.0, unknown, None, flags, left_out.box, pixels, "", None, *place)
