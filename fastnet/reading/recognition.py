"""Answers about pictures: which digits are there, how sure that is, and which pixels spoke for it."""

from dataclasses import dataclass

import numpy as np

from fastnet.models.model import Model

from .pictures import Limits as Limits
from .pictures import Part, Source, prepare
from .pictures import Stage as Stage

Box = tuple[int, int, int, int]

VERDICTS = ("unsure", "no digit")  # flags that say what becomes of an answer; the others say why


@dataclass(frozen=True, eq=False)
class DigitReading:
    """One digit of a picture. `digit` is None where the part looks like no digit at all."""

    digit: int | None
    probability: float  # of the likeliest class
    probabilities: np.ndarray  # (10,)
    second: int | None  # the next guess
    flags: tuple[str, ...]
    box: Box  # x0, y0, x1, y1 in pixels of the upright picture; x1 and y1 are one past the last
    pixels: np.ndarray  # (28, 28) uint8, what the network saw


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

    @property
    def text(self) -> str:
        """All digits, in reading order."""
        return "".join(str(part.digit) for part in self.digits if part.digit is not None)


def read(predictor: Model, source: Source, name: str | None = None, limits: Limits | None = None) -> Reading:
    """Find the digits of a picture and ask the predictor about each; see `Predictor.read`."""
    prepared = prepare(source, name, limits)
    digits = tuple(digit for part in prepared.parts for digit in _answers(predictor, part))
    if not digits:
        nothing = np.full(10, 0.1, np.float32)
        return Reading((), ("no digit", *prepared.flags), prepared.stages, prepared.size, None, 0.0, nothing, None)
    first = next((digit for digit in digits if digit.digit is not None), digits[0])
    figures = first.digit, first.probability, first.probabilities, first.second
    return Reading(digits, _all_doubts(prepared.flags, digits), prepared.stages, prepared.size, *figures)


def _all_doubts(of_picture: tuple[str, ...], digits: tuple[DigitReading, ...]) -> tuple[str, ...]:
    """What speaks against a picture and its digits, each once; "no digit" only if there is none at all."""
    flags = [*of_picture, *(flag for digit in digits for flag in digit.flags)]
    if not flags:
        return ()
    verdict = "no digit" if all(digit.digit is None for digit in digits) else "unsure"
    return tuple(dict.fromkeys([verdict, *(flag for flag in flags if flag not in VERDICTS)]))


def _answers(predictor: Model, part: Part) -> list[DigitReading]:
    """The part as one digit; or as several that touch, if it knows each and the whole less well."""
    whole = _answer(predictor, part)
    pieces = [_answer(predictor, piece) for piece in part.pieces]
    known = pieces and not any(piece.flags for piece in pieces)
    if known and (whole.flags or min(piece.probability for piece in pieces) > whole.probability):
        return pieces
    return [whole]


def _answer(predictor: Model, part: Part) -> DigitReading:
    probabilities = predictor.predict_proba(part.pixels)[0]
    second, first = (int(label) for label in probabilities.argsort()[-2:])
    flags = _doubts(predictor, part.pixels)
    return DigitReading(
        None if "no digit" in flags else first,
        float(probabilities[first]),
        probabilities,
        second,
        flags,
        part.box,
        part.pixels,
    )


def _doubts(predictor: Model, pixels: np.ndarray) -> tuple[str, ...]:
    """What speaks against an answer, by the model's calibration."""
    calibration = predictor.calibration
    if calibration is None:
        return ()
    likeness = float(calibration.likeness_of(predictor.traits(pixels))[0])
    if likeness < calibration.no_digit_below:
        return "no digit", "unlike any digit"
    return ("unsure", "unlike any digit") if likeness < calibration.unsure_below else ()
