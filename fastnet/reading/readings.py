"""What answers are made of: the digits of a picture, their lines, and the reading of all of it."""

from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from .constraints import Constraint
from .pictures import LeftOut, Stage

Box = tuple[int, int, int, int]

EMPTY_CELL = "_"
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
    kind: str = "digit"  # "empty" for a cell of a grid without ink; "other" for what is none: a letter, a mark
    column: int | None = None  # of the cell in its grid, from 0
    overruled: str | None = None  # what it was read as, where a constraint has it taken for another digit

    @property
    def text(self) -> str:
        """What the digit is called; empty where it is none, and `_` for an empty cell."""
        if self.kind == "empty":
            return EMPTY_CELL
        return "" if self.digit is None else self.label


@dataclass(frozen=True, eq=False)
class Line:
    """Digits that stand in one line, from left to right; or the cells of one row of a grid."""

    digits: tuple[DigitReading, ...]
    constraint: Constraint | None = None  # by which they were read

    @property
    def text(self) -> str:
        """What its digits are called; with blanks between them, or between cells, where any are longer than one."""
        names = [name for name in self.cells if name]
        text = ("" if all(len(name) == 1 for name in names) else " ").join(names)
        return self.constraint.written(text) if self.constraint else text

    @property
    def cells(self) -> tuple[str, ...]:
        """What is in each cell of the row; without a grid, each digit."""
        if self.digits[0].column is None:
            return tuple(digit.text for digit in self.digits)
        by_column = groupby(self.digits, lambda digit: digit.column)
        return tuple("".join(digit.text for digit in cell) for _, cell in by_column)

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
    constraint: Constraint | None = None  # what the digits were made to fit

    @property
    def lines(self) -> tuple[Line, ...]:
        """The digits line by line."""
        lines = groupby(self.digits, lambda digit: digit.line)
        return tuple(Line(tuple(digits), self.constraint) for _, digits in lines)

    @property
    def text(self) -> str:
        """What the digits of each line are called; one line below the other. Empty if all cells of a grid are."""
        if all(digit.kind == "empty" for digit in self.digits):
            return ""
        return "\n".join(text for line in self.lines if (text := line.text))

    @property
    def grid(self) -> tuple[tuple[str | None, ...], ...] | None:
        """The rows of a grid: what is in each of its cells, None where it is empty; None without a grid."""
        if not any(digit.column is not None for digit in self.digits):
            return None
        return tuple(tuple(None if cell == EMPTY_CELL else cell for cell in line.cells) for line in self.lines)

    def with_digits(self, digits: tuple[DigitReading, ...]) -> "Reading":
        """The same picture with other digits, at least one, and the figures and flags that follow."""
        first = first_of(digits)
        of_digits = {flag for digit in self.digits for flag in digit.flags}
        of_picture = tuple(flag for flag in self.flags if flag not in of_digits and flag not in VERDICTS)
        return replace(
            self,
            digits=digits,
            flags=all_doubts(of_picture, digits),
            digit=first.digit,
            probability=first.probability,
            probabilities=first.probabilities,
            second=first.second,
            label=first.label,
            second_label=first.second_label,
        )


def first_of(digits: tuple[DigitReading, ...]) -> DigitReading:
    """The one whose figures are the picture's."""
    return next((digit for digit in digits if digit.digit is not None), digits[0])


def all_doubts(of_picture: tuple[str, ...], digits: tuple[DigitReading, ...]) -> tuple[str, ...]:
    """What speaks against a picture and its digits, each once; "no digit" only if there is none at all."""
    flags = [*of_picture, *(flag for digit in digits for flag in digit.flags)]
    if all(digit.kind == "empty" for digit in digits):
        flags.append("blank")
    if not flags:
        return ()
    verdict = "no digit" if all(digit.digit is None for digit in digits) else "unsure"
    return tuple(dict.fromkeys([verdict, *(flag for flag in flags if flag not in VERDICTS)]))
