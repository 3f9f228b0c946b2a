"""Readings made to fit what is known of them: the likeliest that fits is answered, and what it overrules is told.

A digit that is taken for another than it was read as is never sure: it fits, and yet the network saw something else.
Nor does fitting make a doubtful digit sure, as one wrong reading in ten fits a check.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fastnet.errors import DataError

from .constraints import Constraint
from .recognition import VERDICTS, DigitReading, Reading

NOTHING_FITS = "no reading fits"

_LEAST = np.finfo(np.float32).tiny  # of a probability: what the network rules out may be what fits


def fitted(reading: Reading, constraint: Constraint, classes: tuple[str, ...]) -> Reading:
    """The reading whose lines fit the constraint each; a line for which there is none stays, flagged.

    `classes` is what the model calls its classes; DataError if none of them is a digit.
    """
    columns = {
        int(name): number for number, name in enumerate(classes) if name.isascii() and len(name) == 1 and name.isdigit()
    }
    if not columns:
        raise DataError("the model knows no digits that a constraint could be about")
    if not reading.digits:
        return reading
    digits = [digit for line in reading.lines for digit in _fitted_line(line.digits, constraint, columns, classes)]
    return replace(reading.with_digits(tuple(digits)), constraint=constraint)


def _fitted_line(
    line: Sequence[DigitReading], constraint: Constraint, columns: dict[int, int], classes: tuple[str, ...]
) -> Sequence[DigitReading]:
    """The digits of a line as they fit.

    What was refused counts as a digit only where there are too few without it, and it is the smaller part of the line.
    Marks and empty cells, of which the network was not asked, are none; and where a pattern has something between its
    digits, such marks are no doubt, nor what was read as a 1 there, as a slash or a bracket is.
    """
    between = _separators_of(line, constraint)
    asked = [place for place, digit in enumerate(line) if digit.label and place not in between]
    known = [place for place in asked if line[place].digit is not None]
    for places in (known, asked) if 2 * len(known) > len(asked) else (known,):
        table = _probabilities(np.stack([line[place].probabilities for place in places]), columns) if places else None
        taken = None if table is None else constraint.likeliest(table)
        if taken:
            new = dict(zip(places, taken, strict=True))
            return [
                _taken_as(digit, columns[new[place]], classes) if place in new else _beside(digit, place in between)
                for place, digit in enumerate(line)
            ]
    return [_doubted(digit, NOTHING_FITS) if digit.label else digit for digit in line]


def _separators_of(line: Sequence[DigitReading], constraint: Constraint) -> set[int]:
    """The places of the marks in a line, if a pattern has something between its digits; also of what looks like a 1.

    That is one only where all signs of the line, from left to right, are what the pattern has there.
    """
    if not any(constraint.separators):
        return set()
    signs = [place for place, digit in enumerate(line) if digit.kind != "empty"]
    marks = {place for place in signs if not line[place].label}
    if len(signs) != len(constraint.separators):
        return marks
    between = {place for place, is_between in zip(signs, constraint.separators, strict=True) if is_between}
    return between if marks <= between and all(line[place].label in ("", "1") for place in between) else marks


def _beside(digit: DigitReading, is_mark: bool) -> DigitReading:
    """What stands beside the digits that were taken: no doubt, if it is a mark of the pattern."""
    return replace(digit, digit=None, probability=0.0, label="", kind="other", flags=()) if is_mark else digit


def _probabilities(of_classes: np.ndarray, columns: dict[int, int]) -> np.ndarray:
    """Of the ten digits, `(n, 10)`; those that the model does not know have none."""
    table = np.zeros((len(of_classes), 10))
    table[:, list(columns)] = np.maximum(of_classes[:, list(columns.values())], _LEAST)
    return table


def _taken_as(digit: DigitReading, number: int, classes: tuple[str, ...]) -> DigitReading:
    """The same mark as the class of that number."""
    if digit.digit == number:
        return digit
    read = digit.text or "no digit"
    second = next((other for other in digit.probabilities.argsort()[::-1].tolist() if other != number), None)
    return replace(
        _doubted(digit, f"read {read}, taken as {classes[number]}", "unsure"),
        digit=number,
        label=classes[number],
        probability=float(digit.probabilities[number]),
        kind="digit",
        second=second,
        second_label=None if second is None else classes[second],
        overruled=read,
    )


def _doubted(digit: DigitReading, reason: str, verdict: str = "") -> DigitReading:
    """The same digit with one more reason against it."""
    verdict = verdict or ("no digit" if digit.digit is None else "unsure")
    return replace(digit, flags=(verdict, reason, *(flag for flag in digit.flags if flag not in VERDICTS)))
