"""Answers about pictures: which digits are there, how sure that is, and which pixels spoke for it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from fastnet.models.calibration import Calibration
from fastnet.models.model import Model
from fastnet.models.network import Activations

from .constraints import Constraint
from .doubts import TURNED, are_turned, doubts_about, marks_in_line
from .pictures import LeftOut as LeftOut
from .pictures import Limits as Limits
from .pictures import Part, Source, prepare
from .pictures import Stage as Stage

Box = tuple[int, int, int, int]

EMPTY_CELL = "_"

# How ink that may be cut in several ways is read; fitted on rendered pairs and single digits of the training set.
_OF_PROBABILITY, _OF_LIKENESS = 2.0, 0.6  # weights in the score of a digit
_PLAINLY_LIKE = 3.0  # likeness above the limit of `unsure`, at which half of it is lost
_CUT, _CUT_OF_NARROW = 0.5, 3.0  # what each cut costs of what is wider than high, and of what is not
_DOUBTED = 2.0  # what it costs a cut that the model does not know all of its pieces
_CLEAR = 2.0  # how far the best score is from the next, for what was cut or is wide ...
_CLEAR_IF_WHOLE = 0.3  # ... and for others
_POOR = -1.2  # closer cuts are tried where no score comes up to that, nor likeness alone has it for the whole, ...
_CLOSER_CUT = 1.0  # ... each of which costs so much: the best of very many is often a good one by chance
_RATHER_ONE = 1.0  # by so much more must they be likelier than one digit: most ink is one
_MOST_CLOSER = 8  # parts of a picture that are looked at so: where there are more, they are hardly digits
OTHER_CUT = "may be other digits that touch"
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
        first = _first_of(digits)
        of_digits = {flag for digit in self.digits for flag in digit.flags}
        of_picture = tuple(flag for flag in self.flags if flag not in of_digits and flag not in VERDICTS)
        return replace(
            self,
            digits=digits,
            flags=_all_doubts(of_picture, digits),
            digit=first.digit,
            probability=first.probability,
            probabilities=first.probabilities,
            second=first.second,
            label=first.label,
            second_label=first.second_label,
        )


def read(predictor: Model, source: Source, name: str | None = None, limits: Limits | None = None) -> Reading:
    """Find the digits of a picture and ask the predictor about each; see `Predictor.read`."""
    predictor.manifest.require_classes("reading pictures")
    prepared = prepare(source, name, limits)
    digits = _with_marks(_turned(predictor, tuple(_digits_of(predictor, prepared.parts))), prepared.left_out)
    if not digits:
        n_classes = len(predictor.classes)
        unknown = np.full(n_classes, 1 / n_classes, np.float32)
        flags = "no digit", *prepared.flags
        return Reading(
            (), flags, prepared.stages, prepared.size, None, 0.0, unknown, None, None, None, prepared.left_out
        )
    first = _first_of(digits)
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


def _first_of(digits: tuple[DigitReading, ...]) -> DigitReading:
    """The one whose figures are the picture's."""
    return next((digit for digit in digits if digit.digit is not None), digits[0])


def read_images(predictor: Model, images: np.ndarray) -> list[DigitReading]:
    """The answer about each image that is ready for the network, `(n, n_pixels)` as the predictor takes them."""
    parts = [Part((0, 0, 0, 0), pixels) for pixels in images]
    return [seen.digit for seen in _seen_at_once(predictor, parts)]


def _all_doubts(of_picture: tuple[str, ...], digits: tuple[DigitReading, ...]) -> tuple[str, ...]:
    """What speaks against a picture and its digits, each once; "no digit" only if there is none at all."""
    flags = [*of_picture, *(flag for digit in digits for flag in digit.flags)]
    if all(digit.kind == "empty" for digit in digits):
        flags.append("blank")
    if not flags:
        return ()
    verdict = "no digit" if all(digit.digit is None for digit in digits) else "unsure"
    return tuple(dict.fromkeys([verdict, *(flag for flag in flags if flag not in VERDICTS)]))


@dataclass(frozen=True, eq=False)
class _Seen:
    """The answer about a part as one digit, and a score by which cuts are compared (the higher, the likelier).

    `of_likeness` is what its likeness to a digit has of the score; 0 without a calibration.
    """

    digit: DigitReading
    score: float
    of_likeness: float


def _digits_of(predictor: Model, parts: Sequence[Part]) -> Iterator[DigitReading]:
    """What each part is best read as: one digit, or those of one of its alternatives."""
    if all(part.kind == "empty" for part in parts):
        yield from (_empty_cell(predictor.classes, part) for part in parts)
        return
    all_parts: dict[int, Part] = {}
    for part in parts:
        _gather(part, all_parts)
    answers = dict(zip(all_parts, _seen_at_once(predictor, list(all_parts.values())), strict=True))
    best: dict[int, _Path] = {}
    n_closer = 0
    for part in parts:
        if part.kind == "empty":
            yield _empty_cell(predictor.classes, part)
            continue
        path = _best_path(part, answers, best)
        is_poor = max(path.score, answers[id(part)].of_likeness) < _POOR
        if part.closer and is_poor and n_closer < _MOST_CLOSER:
            n_closer += 1
            path = _closer_look(predictor, path, part.closer())
        yield from path.readings()


def _closer_look(predictor: Model, path: "_Path", pairs: Sequence[tuple[Part, ...]]) -> "_Path":
    """The likeliest of a path and of what else the ink may be as two digits; there are so many that it is a guess."""
    seen = _seen_at_once(predictor, [part for pair in pairs for part in pair])
    paths, cost = [path], _CLOSER_CUT + _RATHER_ONE * (len(path.digits) == 1)
    for left, right in zip(seen[::2], seen[1::2], strict=True):
        digits = left.digit, right.digit
        paths.append(_Path(digits, left.score + right.score - cost - _cost_of_doubts(digits)))
    best = max(paths, key=lambda each: each.score)
    return replace(best, runner_up=best.score) if best is not path else path


@dataclass(frozen=True, eq=False)
class _Path:
    """Digits that some ink is read as, the score of that, and the best score of another text."""

    digits: tuple[DigitReading, ...]
    score: float
    runner_up: float = -math.inf

    @property
    def text(self) -> str:
        return "".join(digit.text for digit in self.digits)

    def readings(self) -> Iterator[DigitReading]:
        """The digits; flagged, if another text is nearly as likely."""
        x0, y0, x1, y1 = self.digits[0].box
        least = _CLEAR if len(self.digits) > 1 or x1 - x0 > y1 - y0 else _CLEAR_IF_WHOLE
        for digit in self.digits:
            is_clear = digit.flags or self.score - self.runner_up >= least
            yield digit if is_clear else replace(digit, flags=("unsure", OTHER_CUT))


def _best_path(part: Part, answers: dict[int, _Seen], best: dict[int, _Path]) -> _Path:
    """The likeliest of what a part may be; `best` holds those of the parts that are known already."""
    if id(part) not in best:
        seen = answers[id(part)]
        paths = [_Path((seen.digit,), seen.score)]
        x0, y0, x1, y1 = part.box
        cost = _CUT if x1 - x0 > y1 - y0 else _CUT_OF_NARROW
        for other in part.alternatives:
            digits: tuple[DigitReading, ...] = ()
            score, losses = -cost * (len(other) - 1), [math.inf]
            for each in other:
                path = _best_path(each, answers, best)
                digits, score = digits + path.digits, score + path.score
                losses.append(path.score - path.runner_up)
            score -= _cost_of_doubts(digits)
            paths.append(_Path(digits, score, score - min(losses)))
        first = max(paths, key=lambda path: path.score)
        others = [first.runner_up, *(path.score for path in paths if path.text != first.text)]
        best[id(part)] = replace(first, runner_up=max(others))
    return best[id(part)]


def _cost_of_doubts(digits: tuple[DigitReading, ...]) -> float:
    return _DOUBTED * any(digit.flags for digit in digits)


def _gather(part: Part, known: dict[int, Part]) -> None:
    """Add the part and all that it may be instead by their `id`, each once: many ways lead to those that are shared."""
    if part.kind == "empty" or id(part) in known:
        return
    known[id(part)] = part
    for other in part.alternatives:
        for each in other:
            _gather(each, known)


def _empty_cell(classes: tuple[str, ...], part: Part) -> DigitReading:
    n = len(classes)
    unknown = np.full(n, 1 / n, np.float32)
    return DigitReading(
        None, 0.0, unknown, None, (), part.box, part.pixels, "", None, part.line, part.kind, part.column
    )


def _seen_at_once(predictor: Model, parts: Sequence[Part]) -> list[_Seen]:
    """The answer to each, as one digit, from one forward pass for all."""
    if not parts:
        return []
    activations = predictor.forward(np.stack([part.pixels for part in parts]))
    probabilities = predictor.probabilities_of(activations.logits)
    doubts = doubts_about(predictor.calibration, activations, probabilities)
    digits = [_digit_reading(predictor.classes, *each) for each in zip(parts, probabilities, doubts, strict=True)]
    of_probability = _OF_PROBABILITY * np.log(probabilities.max(axis=1))
    of_likeness = np.zeros(len(parts))
    if predictor.calibration:
        of_likeness += _OF_LIKENESS * _log_of_being_digits(predictor.calibration, activations)
    scores = (of_probability + of_likeness).tolist()
    return [_Seen(*each) for each in zip(digits, scores, of_likeness.tolist(), strict=True)]


def _log_of_being_digits(calibration: Calibration, activations: Activations) -> np.ndarray:
    """How likely each is a digit at all (log)."""
    log_odds = calibration.likeness_of(activations.traits) - calibration.unsure_below - _PLAINLY_LIKE
    likely: np.ndarray = -np.logaddexp(0, -log_odds)
    return likely


def _digit_reading(
    classes: tuple[str, ...], part: Part, probabilities: np.ndarray, flags: tuple[str, ...]
) -> DigitReading:
    first, *others = probabilities.argsort()[::-1].tolist()
    if part.flags:
        flags = tuple(dict.fromkeys([*(flags or ("unsure",)), *part.flags]))
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
        "other" if "no digit" in flags else part.kind,
        part.column,
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
        is_of_cells = row[0].column is not None
        found = [] if is_of_cells else marks_in_line([digit.box for digit in row], left_out)
        marks = [_mark(row[0], *each) for each in found]
        all_of_them += sorted([*row, *marks], key=lambda each: each.box[0] + each.box[2]) if marks else row
    return tuple(all_of_them)


def _mark(neighbour: DigitReading, left_out: LeftOut, flag: str) -> DigitReading:
    """A mark in the line of a digit."""
    n_classes, pixels = len(neighbour.probabilities), np.zeros_like(neighbour.pixels)
    unknown = np.full(n_classes, 1 / n_classes, np.float32)
    flags = ("no digit", flag)
    return DigitReading(None, 0.0, unknown, None, flags, left_out.box, pixels, "", None, neighbour.line, "other")
