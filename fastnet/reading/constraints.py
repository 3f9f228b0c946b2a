"""What people know of digits before they are read (how many, a pattern, a range, a check), and what fits it best."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import NamedTuple

import numpy as np

from fastnet.errors import OptionError, did_you_mean, told

CONSTRAINTS = ("digits", "pattern", "range", "check")  # as options, parameters and fields are called
MOST_DIGITS = 100

_SEPARATORS = r"[ \-./:,;()+']"
_PLACE = r"#|[0-9]|\[(?:[0-9](?:-[0-9])?)+\]"
_ANY = tuple(range(10))

_Way = tuple[float, tuple[int, ...]]  # its logarithmic probability, and its digits
_NO_WAY: _Way = (-math.inf, (10,))  # what any is better than, unless its probability is 0


def _luhn(digit: int, place: int) -> int:
    return sum(divmod(2 * digit, 10)) if place % 2 else digit


def _ean(digit: int, place: int) -> int:
    return digit * (3 if place % 2 else 1)


# What a digit adds to a sum that ends in 0, by its place from the right.
CHECKS = {"luhn": _luhn, "ean": _ean}


class _State(NamedTuple):
    """What matters of the digits so far to those that follow."""

    is_least: bool  # whether they are those of the range's lower bound
    is_most: bool  # or of its upper one
    total: int  # of the check, modulo 10


@dataclass(frozen=True)
class Constraint:
    """What is known of the digits in a line; OptionError, one sentence, for what no line fits.

    `digits` is their number. `pattern` has `#` for any digit, `0` to `9` for itself, `[0-35]` for one of several, and
    between them what is written there and not read: blanks and `-./:,;()+'`. `range` is the least and the largest
    number, both included; it may be written with leading zeros, as long as the largest is. `check` is "luhn" (payment
    cards, IMEI) or "ean" (EAN, UPC, ISBN-13).
    """

    digits: int | None = None
    pattern: str | None = None
    range: tuple[int, int] | None = None
    check: str | None = None

    def __post_init__(self) -> None:
        if self.digits is not None and not (isinstance(self.digits, Integral) and 1 <= self.digits <= MOST_DIGITS):
            raise OptionError(
                f"the number of digits is a whole number from 1 to {MOST_DIGITS}, not {_given(self.digits)}"
            )
        if self.pattern is not None and not _is_pattern(self.pattern):
            rule = "# for any digit, digits, sets such as [0-35], and blanks or -./:,;()+' between them"
            raise OptionError(f"a pattern is made of {rule}, not {_given(self.pattern)}")
        if self.pattern is not None and not all(self._places):
            raise OptionError(
                f"a set in a pattern goes from a digit to one that is not smaller, not {_given(self.pattern)}"
            )
        if self.range is not None and not _are_bounds(self.range):
            raise OptionError(f"a range is two whole numbers, such as (0, 9999), not {_given(self.range)}")
        if self.range and not 0 <= self.range[0] <= self.range[1] < 10**MOST_DIGITS:
            raise OptionError(f"a range goes from a number to one that is not smaller, not {_span(self.range)}")
        if self.check is not None and self.check not in tuple(CHECKS):
            near = did_you_mean(str(self.check), CHECKS)
            raise OptionError(f"a check is one of {', '.join(CHECKS)}, not {_given(self.check)}{near}")
        if self.pattern is not None:
            self._require_length(len(self._places), f"the pattern {self.pattern!r}")
        if self.digits is not None:
            self._require_length(self.digits, "a number")

    @classmethod
    def parse(cls, texts: Mapping[str, str | None]) -> "Constraint | None":
        """What the words of a person or a program say, by the fields' names; None if they say nothing."""
        given = {name: text.strip() for name, text in texts.items() if text is not None}
        if not given:
            return None
        return cls(
            _whole(given["digits"]) if "digits" in given else None,
            given.get("pattern"),
            _bounds(given["range"]) if "range" in given else None,
            given["check"].lower() if "check" in given else None,
        )

    def likeliest(self, probabilities: np.ndarray) -> tuple[int, ...] | None:
        """Of all numbers that fit, the one that is likeliest by the probabilities of its digits; None if none fits.

        `probabilities` is `(n, 10)`, the digits being independent of each other; a digit of probability 0 is never
        taken. The best way to each state of the constraint is carried from digit to digit, so nothing is missed.
        """
        n = len(probabilities)
        if not self._takes(n):
            return None
        with np.errstate(divide="ignore"):
            logs = np.log(np.asarray(probabilities, np.float64))
        best: dict[_State, _Way] = {_State(True, True, 0): (0.0, ())}
        for place, allowed in enumerate(self._places or [_ANY] * n):
            reached: dict[_State, _Way] = {}
            for before, (score, digits) in best.items():
                for digit in allowed:
                    state = self._after(before, digit, place, n)
                    way = score + float(logs[place, digit]), (*digits, digit)
                    if state and way > reached.get(state, _NO_WAY):
                        reached[state] = way
            best = reached
        ends = [way for state, way in best.items() if state.total == 0]
        return max(ends)[1] if ends else None

    def written(self, digits: str) -> str:
        """The digits with what the pattern has between them; as they are where they do not fit it."""
        if self.pattern is None or not (digits.isascii() and digits.isdigit() and self._takes(len(digits))):
            return digits
        rest = iter(digits)
        return re.sub(_PLACE, lambda _: next(rest), self.pattern)

    @cached_property
    def separators(self) -> tuple[bool, ...]:
        """Of all that a pattern has but blanks, from left to right, whether it is no digit."""
        signs = re.findall(f"{_PLACE}|{_SEPARATORS}", self.pattern or "")
        return tuple(not re.fullmatch(_PLACE, sign) for sign in signs if sign != " ")

    def _takes(self, n: int) -> bool:
        """Whether there are numbers of n digits that fit, whatever the check says."""
        if n == 0 or (self.digits or n) != n or (self.pattern is not None and len(self._places) != n):
            return False
        return self.range is None or (self.range[0] < 10**n and n <= self._most_places)

    def _require_length(self, n: int, what: str) -> None:
        if n == 0:
            raise OptionError(f"{what} has no place for a digit")
        if self.digits is not None and n != self.digits:
            raise OptionError(f"the number of digits in {what} is {n}, not {self.digits}")
        if not self._takes(n):
            assert self.range
            raise OptionError(f"no number from {_span(self.range)} has that many digits: {n}")

    @property
    def _most_places(self) -> int:
        """Digits of a number of the range: of the largest, or more where their number is told."""
        assert self.range
        return max(len(str(self.range[1])), self.digits or 0, len(self._places))

    @cached_property
    def _places(self) -> list[tuple[int, ...]]:
        """The digits that each place of the pattern takes; empty without a pattern."""
        return [_digits_of(place) for place in re.findall(_PLACE, self.pattern or "")]

    def _after(self, state: _State, digit: int, place: int, n: int) -> _State | None:
        """The state behind one more digit; None if no number that fits begins so."""
        is_least, is_most, total = state
        if self.range:
            least, most = (int(str(bound).zfill(n)[place]) for bound in (self.range[0], min(self.range[1], 10**n - 1)))
            if (is_least and digit < least) or (is_most and digit > most):
                return None
            is_least, is_most = is_least and digit == least, is_most and digit == most
        if self.check:
            total = (total + CHECKS[self.check](digit, n - 1 - place)) % 10
        return _State(is_least, is_most, total)


# ---- Words ----------------------------------------------------------------------------------------------------------


def _is_pattern(given: object) -> bool:
    return isinstance(given, str) and bool(re.fullmatch(f"(?:{_PLACE}|{_SEPARATORS})+", given))


def _are_bounds(given: object) -> bool:
    return isinstance(given, (tuple, list)) and len(given) == 2 and all(isinstance(bound, Integral) for bound in given)


def _given(value: object) -> str:
    """What somebody gave, as Python writes it; of a long text the beginning."""
    return repr(told(value, 80)) if isinstance(value, str) else told(repr(value), 80)


def _digits_of(place: str) -> tuple[int, ...]:
    if place == "#":
        return _ANY
    spans = [(int(first), int(last or first)) for first, last in re.findall(r"([0-9])(?:-([0-9]))?", place)]
    if any(first > last for first, last in spans):
        return ()
    return tuple(sorted({digit for first, last in spans for digit in range(first, last + 1)}))


def _whole(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise OptionError(f"the number of digits is a whole number from 1 to {MOST_DIGITS}, not {told(text, 80)!r}")
    return int(text)


def _bounds(text: str) -> tuple[int, int]:
    found = re.fullmatch(rf"([0-9]{{1,{MOST_DIGITS}}})\s*[-\N{{EN DASH}}]\s*([0-9]{{1,{MOST_DIGITS}}})", text)
    if not found:
        raise OptionError(f"a range is two whole numbers, such as 0-9999, not {told(text, 80)!r}")
    return int(found[1]), int(found[2])


def _span(bounds: tuple[int, int]) -> str:
    return f"{bounds[0]} to {bounds[1]}"
