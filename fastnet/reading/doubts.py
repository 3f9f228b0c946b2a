"""What speaks against an answer: it may be wrong or no digit, the picture is turned, a mark stands beside digits."""

from collections.abc import Sequence

import numpy as np

from fastnet.models.calibration import Calibration
from fastnet.models.model import Model
from fastnet.models.network import Activations

from .pictures import UNLIKE, LeftOut
from .pictures.frames import EMPTY_FRAME
from .pictures.marks import SIGNS
from .pictures.sieve import TOO_PALE, TOO_SMALL

Box = tuple[int, int, int, int]

ANOTHER = "may be another digit"
TURNED, MARK_BETWEEN, MARK_BESIDE = "turned?", "a mark between digits", "a mark beside digits"
MAY_BE_PALE = "may be a pale digit"

_LIKELIER, _LIKELIER_AT_LEAST = 3.5, 1.5  # log odds by which a digit must be likelier turned, and the mean of many
_CERTAIN = 8.0  # log odds from which it makes no difference how certain a digit is
_AMONG_DIGITS = 1.5  # log odds by which a part of a line of digits is likelier one than a part alone
_LEAST_MARK, _LEAST_DASH = 0.1, 0.3  # of the digits' height: a mark between them, and a stroke before or behind them
_LEAST_DIGIT = 0.25  # ... what is too small for a digit but as high, before or behind them, may be one
_PLAIN = {**dict.fromkeys(SIGNS, ""), TOO_PALE: MAY_BE_PALE, EMPTY_FRAME: EMPTY_FRAME}  # reasons, with their own flags
_NO_MARKS = ("touches the edge", "too many")
_FLAT = 2.0  # times as wide as high, or more: a dash
_REACH = 1.2  # of the digits' height: how far before or behind them a dash belongs to them
_FRAMES_REACH = 2.5  # ... and an empty frame, which stands as far off as frames do from each other
_ABOVE, _BELOW = 0.1, 0.35  # of the digits' height: where the middle of a mark may be beyond their line


def doubts_about(
    calibration: Calibration | None, activations: Activations, probabilities: np.ndarray
) -> list[tuple[str, ...]]:
    """Verdict and reason for each answer that is doubted, by the model's calibration; nothing for the others."""
    if calibration is None:
        return [()] * len(probabilities)
    likeness, surest = calibration.likeness_of(activations.traits), probabilities.max(axis=1)
    return [_doubts(calibration, *each) for each in zip(likeness.tolist(), surest.tolist(), strict=True)]


def _doubts(calibration: Calibration, likeness: float, probability: float) -> tuple[str, ...]:
    if likeness < calibration.no_digit_below:
        return "no digit", UNLIKE
    if likeness < calibration.unsure_below:
        return "unsure", UNLIKE
    return ("unsure", ANOTHER) if probability < calibration.least_probability else ()


def may_be_digit(model: Model, pixels: np.ndarray) -> bool:
    """Whether what was refused, `(28, 28)`, is so little unlike a digit that it is one where digits are expected."""
    if model.calibration is None:
        return False
    return _mean_likeness(model, pixels[np.newaxis]) >= model.calibration.no_digit_below - _AMONG_DIGITS


def are_turned(model: Model, digits: Sequence[np.ndarray]) -> bool:
    """Whether these digits of a picture, `(28, 28)` each, are much likelier digits when all are turned the same way."""
    if model.calibration is None or not digits:
        return False
    upright = np.stack(digits)
    least = _mean_likeness(model, upright) + max(_LIKELIER / len(digits) ** 0.5, _LIKELIER_AT_LEAST)
    if least >= _CERTAIN:
        return False
    return any(_mean_likeness(model, np.rot90(upright, turn, (1, 2))) > least for turn in (1, 2, 3))


def _mean_likeness(model: Model, digits: np.ndarray) -> float:
    assert model.calibration is not None
    likeness = model.calibration.likeness_of(model.forward(digits).traits)
    return float(np.minimum(likeness, _CERTAIN).mean())


def marks_in_line(digits: Sequence[Box], left_out: Sequence[LeftOut]) -> list[tuple[LeftOut, str]]:
    """What was left out and stands in a line of digits as a point, a dash, a sign or a digit does, and what to say."""
    x0, y0, x1, y1 = (np.array(edge) for edge in zip(*digits, strict=True))
    height = float(np.median(y1 - y0))
    top, bottom = y0.min() - _ABOVE * height, y1.max() + _BELOW * height
    found = []
    for mark in left_out:
        left, upper, right, lower = mark.box
        longer, middle = max(right - left, lower - upper), (left + right) / 2
        is_plain, flag = mark.reason in _PLAIN, _PLAIN.get(mark.reason)
        reach = (_FRAMES_REACH if mark.reason == EMPTY_FRAME else _REACH) * height
        if mark.reason in _NO_MARKS or not top <= (upper + lower) / 2 <= bottom:
            continue
        is_in_digit = ((x0 <= middle) & (middle <= x1)).any()  # dirt, or a bit of it
        if not is_plain and (is_in_digit or longer > height):
            continue
        is_between = x0.min() < middle < x1.max()
        is_near = x0.min() - reach < middle < x1.max() + reach
        if is_between and (is_plain or longer >= _LEAST_MARK * height):
            found.append((mark, flag or MARK_BETWEEN))
        elif not is_between and is_near and (is_plain or _is_dash(mark.box, height) or _may_be_digit(mark, height)):
            found.append((mark, flag or MARK_BESIDE))
    return found


def _may_be_digit(mark: LeftOut, height: float) -> bool:
    """Whether what is too small among large digits may be a small one."""
    return mark.reason == TOO_SMALL and mark.box[3] - mark.box[1] >= _LEAST_DIGIT * height


def _is_dash(box: Box, height: float) -> bool:
    width = box[2] - box[0]
    return width >= _LEAST_DASH * height and width >= _FLAT * (box[3] - box[1])
