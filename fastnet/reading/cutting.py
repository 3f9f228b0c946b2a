"""Which digits some ink is: the likeliest way through all the pieces that it may be cut into."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fastnet.data.samples import DIGITS
from fastnet.models.calibration import Calibration
from fastnet.models.model import Model
from fastnet.models.network import Activations
from fastnet.models.probabilities import softmax

from .doubts import doubts_about
from .pairs import log_probabilities
from .pictures import UNLIKE, Part
from .readings import DigitReading

OTHER_CUT = "may be other digits that touch"

# How ink that may be cut in several ways is read; fitted on rendered pairs and single digits of the training set.
_OF_PROBABILITY, _OF_LIKENESS = 2.0, 0.6  # weights in the score of a digit
_PLAINLY_LIKE = 3.0  # likeness above the limit of `unsure`, at which half of it is lost
_CUT, _CUT_OF_NARROW = 0.5, 3.0  # what each cut costs of what is wider than high, and of what is not
_CUTS_BETWEEN_LINES = -2.0  # ... and all of them of digits above each other: the pieces of one are hardly digits
_DOUBTED = 2.0  # what it costs a cut that the model does not know all of its pieces
_CLEAR = 2.0  # how far the best score is from the next, for what was cut or is wide ...
_CLEAR_IF_WHOLE = 0.3  # ... and for others
_PLAIN = -0.1  # what has a better score is what it seems to be; else two digits that touch are thought of, ...
_RATHER_ONE = 5.0  # ... and must be likelier by so much (log) than one digit, whichever that is
_DOUBTFUL = 3.0  # where they are so near to that, it is unsure which
_SURE = -0.45  # how likely a pair must be (log) where the whole is like no digit: letters may be taken for some pair
_LIKELY = math.log(0.7)  # what is unlike any digit and no pair is likelier than this, may as well be no digits
_MOST_PAIRS = 20  # of a picture: where there are more, they are hardly digits


@dataclass(frozen=True, eq=False)
class Seen:
    """The answer about a part as one digit, and a score by which cuts are compared (the higher, the likelier)."""

    digit: DigitReading
    score: float


def digits_of(predictor: Model, parts: Sequence[Part]) -> Iterator[DigitReading]:
    """What each part is best read as: one digit, or those of one of its alternatives."""
    if all(part.kind == "empty" for part in parts):
        yield from (_empty_cell(predictor.classes, part) for part in parts)
        return
    all_parts: dict[int, Part] = {}
    for part in parts:
        _gather(part, all_parts)
    answers = dict(zip(all_parts, seen_at_once(predictor, list(all_parts.values())), strict=True))
    best: dict[int, _Path] = {}
    paths = [None if part.kind == "empty" else _best_path(part, answers, best) for part in parts]
    pairs = _pairs(predictor, parts, paths, answers)
    for part, path in zip(parts, paths, strict=True):
        if path is None:
            yield _empty_cell(predictor.classes, part)
        else:
            yield from pairs.get(id(part), path).readings()


def _pairs(
    predictor: Model, parts: Sequence[Part], paths: Sequence["_Path | None"], answers: dict[int, Seen]
) -> dict[int, "_Path"]:
    """What is to be said of parts that may be two digits that touch, by their `id`."""
    asked = [
        part
        for part, path in zip(parts, paths, strict=True)
        if path and part.as_pair and len(path.digits) <= 2 and path.score < _PLAIN and not _may_be_lines(part)
    ][:_MOST_PAIRS]
    if not asked or predictor.classes != DIGITS:
        return {}
    likely = log_probabilities(np.stack([part.as_pair() for part in asked if part.as_pair]))
    said = {}
    for part, logs in zip(asked, likely, strict=True):
        seen = answers[id(part)]
        if "no digit" in seen.digit.flags and logs.max() < _SURE:
            continue
        of_two, of_one = logs[:-10].reshape(10, 10), logs[-10:]
        lead = of_two.max() - np.logaddexp.reduce(of_one) - _RATHER_ONE
        is_unlike = UNLIKE in seen.digit.flags and of_two.max() < _LIKELY
        flags = ("unsure", UNLIKE if is_unlike else OTHER_CUT)
        if lead > 0 and (two := _as_two(predictor, part, of_two, flags)):
            said[id(part)] = two
        elif lead <= 0:
            said[id(part)] = _Path((seen.digit,), seen.score, seen.score if lead > -_DOUBTFUL else -math.inf)
    return said


def _as_two(predictor: Model, part: Part, likely: np.ndarray, flags: tuple[str, ...]) -> "_Path | None":
    """The likeliest two digits, `likely` being (10, 10), in the cut where each looks most like it; it is a guess."""
    cuts = part.closer() if part.closer else ()
    if not cuts:
        return None
    label = np.unravel_index(likely.argmax(), likely.shape)
    images = np.stack([piece.pixels for cut in cuts for piece in cut])
    seen = np.log(np.maximum(predictor.predict_proba(images), 1e-9)).reshape(len(cuts), 2, 10)
    pieces = cuts[int((seen[:, 0, label[0]] + seen[:, 1, label[1]]).argmax())]
    given = softmax(np.stack([likely[:, label[1]], likely[label[0]]]))  # each as the other is
    digits = tuple(
        _digit_reading(predictor.classes, piece, probabilities, flags)
        for piece, probabilities in zip(pieces, given, strict=True)
    )
    return _Path(digits, 0.0)


@dataclass(frozen=True, eq=False)
class _Path:
    """Digits that some ink is read as, the score of that, and the best score of another text."""

    digits: tuple[DigitReading, ...]
    score: float
    runner_up: float = -math.inf

    @property
    def text(self) -> str:
        return "".join(digit.text for digit in self.digits)

    @property
    def is_of_lines(self) -> bool:
        """Whether its digits stand above each other."""
        return self.digits[0].line < self.digits[-1].line

    def readings(self) -> Iterator[DigitReading]:
        """The digits; flagged, if another text is nearly as likely."""
        x0, y0, x1, y1 = self.digits[0].box
        least = _CLEAR if len(self.digits) > 1 or x1 - x0 > y1 - y0 else _CLEAR_IF_WHOLE
        if self.is_of_lines:
            least = -_CUTS_BETWEEN_LINES  # they must be likelier without that, too
        for digit in self.digits:
            is_clear = digit.flags or self.score - self.runner_up >= least
            yield digit if is_clear else replace(digit, flags=("unsure", OTHER_CUT))


def _best_path(part: Part, answers: dict[int, Seen], best: dict[int, _Path]) -> _Path:
    """The likeliest of what a part may be; `best` holds those of the parts that are known already."""
    if id(part) not in best:
        seen = answers[id(part)]
        paths = [_Path((seen.digit,), seen.score)]
        x0, y0, x1, y1 = part.box
        cost = _CUT if x1 - x0 > y1 - y0 else _CUT_OF_NARROW
        for other in part.alternatives:
            cost_of_cuts = _CUTS_BETWEEN_LINES if _is_of_lines(part, other) else cost * (len(other) - 1)
            digits: tuple[DigitReading, ...] = ()
            score, losses = -cost_of_cuts, [math.inf]
            for each in other:
                path = _best_path(each, answers, best)
                digits, score = digits + path.digits, score + path.score
                losses.append(path.score - path.runner_up)
            score -= _cost_of_doubts(digits)
            paths.append(_Path(digits, score, score - min(losses)))
        first = max(paths, key=lambda path: path.score)
        others = [first.runner_up, *(path.score for path in paths if path.text != first.text)]
        if len(first.digits) == 1 and any(path.is_of_lines and _are_known(path.digits) for path in paths):
            others.append(first.score)  # pieces of one digit are hardly digits; where they are, who can tell?
        best[id(part)] = replace(first, runner_up=max(others))
    return best[id(part)]


def _may_be_lines(part: Part) -> bool:
    """Whether a part may be digits above each other."""
    return any(_is_of_lines(part, other) for other in part.alternatives)


def _is_of_lines(part: Part, other: Sequence[Part]) -> bool:
    """Whether what a part may be instead are digits above each other."""
    return other[-1].line != part.line


def _are_known(digits: tuple[DigitReading, ...]) -> bool:
    """Whether none was refused."""
    return all(digit.digit is not None for digit in digits)


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


def seen_at_once(predictor: Model, parts: Sequence[Part]) -> list[Seen]:
    """The answer to each, as one digit, from one forward pass for all."""
    if not parts:
        return []
    activations = predictor.forward(np.stack([part.pixels for part in parts]))
    probabilities = predictor.probabilities_of(activations.logits)
    doubts = doubts_about(predictor.calibration, activations, probabilities)
    digits = [_digit_reading(predictor.classes, *each) for each in zip(parts, probabilities, doubts, strict=True)]
    scores = _OF_PROBABILITY * np.log(probabilities.max(axis=1))
    if predictor.calibration:
        scores = scores + _OF_LIKENESS * _log_of_being_digits(predictor.calibration, activations)
    return [Seen(*each) for each in zip(digits, scores.tolist(), strict=True)]


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
