"""Knobs: fields of a dataclass that say what they accept, what they do, in which unit, and what people call them.

Each is declared once, where its value lives, as in `rate: float = knob(0.1, "the rate", "how fast", above=0)`. The
checks, the command line's options, the page's form and specs, the classifier's constraints and a table in the
documents come from there.
"""

import math
import operator
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from .errors import OptionError, did_you_mean


@dataclass(frozen=True)
class Knob:
    """A setting; `kind` is its type, `tuple` for one of whole numbers. `least` and `most` are accepted themselves."""

    name: str
    kind: type
    is_optional: bool
    default: Any
    label: str
    help: str
    unit: str = ""
    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The label where it stands alone."""
        label = self.label.removeprefix("the ")
        return label[0].upper() + label[1:]

    @property
    def option(self) -> str:
        """Its name on the command line."""
        return f"--{self.name.removeprefix('n_').replace('_', '-')}"

    @property
    def bounds(self) -> str:
        """Such as "at least 0 and below 1", or "from 0 to 1"; empty if there are none."""
        if self.least is not None and self.most is not None:
            return f"from {self.least} to {self.most}"
        return " and ".join(f"{words} {bound}" for words, _, bound in self._bounds())

    @property
    def accepted(self) -> str:
        """What it may be, such as "a whole number from 1" or "a number above 0, or None"."""
        kinds = {
            bool: "True or False",
            float: f"a number {self.bounds}",
            int: f"a whole number from {self.least}",
            str: f"one of {', '.join(self.choices)}" if self.choices else "a name",
            tuple: f"a tuple of whole numbers from {self.least}",
        }
        comma = "," if self.bounds else ""
        return kinds.get(self.kind, f"an {self.kind.__name__}") + f"{comma} or None" * self.is_optional

    def text(self, value: Any) -> str:
        """A value as people write it."""
        if isinstance(value, tuple):
            return ",".join(map(str, value)) or "none"
        return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)

    def amount(self, value: Any) -> str:
        """A value as people read it, with its unit."""
        if value is None or not self.unit:
            return self.text(value)
        unit = self.unit.removesuffix("s") if value == 1 and self.unit.isalpha() else self.unit
        return f"{self.text(value)} {unit}"

    def fault(self, value: Any) -> str:
        """What a value should have been, as a sentence without its end; empty if it is accepted."""
        if value is None and self.is_optional:
            return ""
        is_of_kind = self._is_of_kind(value)
        if is_of_kind and self._is_within(value):
            return ""
        if self.kind in (int, tuple) and is_of_kind:
            return f"{self.label} must be at most {self.most}"
        if self.kind is float and not self.is_optional and self.most is None:  # else one sentence says all
            finite = "finite and " * (value == math.inf and self.below is None)
            return f"{self.label} must be {finite}{self.bounds}" if is_of_kind else f"{self.name} must be a number"
        return f"{self.name if self.kind is int else self.label} must be {self.accepted}"

    def _is_of_kind(self, value: Any) -> bool:
        if self.kind is float:
            return isinstance(value, float) or (type(value) is int and abs(value) <= sys.float_info.max)
        if self.kind is int:
            return self._is_whole(value)
        if self.kind is tuple:
            return isinstance(value, tuple) and all(map(self._is_whole, value))
        return value in self.choices if self.choices else isinstance(value, self.kind)

    def _is_whole(self, value: Any) -> bool:
        return type(value) is int and (self.least is None or value >= self.least)

    def _is_within(self, value: Any) -> bool:
        numbers = value if self.kind is tuple else (value,) if self.kind in (int, float) else ()
        return all(
            number < math.inf and holds(number, bound) for number in numbers for _, holds, bound in self._bounds()
        )

    def _bounds(self) -> Iterator[tuple[str, Callable[[Any, Any], bool], float]]:
        for words, holds, bound in (
            ("at least", operator.ge, self.least),
            ("above", operator.gt, self.above),
            ("at most", operator.le, self.most),
            ("below", operator.lt, self.below),
        ):
            if bound is not None:
                yield words, holds, bound


def knob(default: Any, label: str, help: str, **more: Any) -> Any:
    """Declare a field of a dataclass as a knob; `more` is what else `Knob` holds, from `unit` on."""
    return field(default=default, metadata={"label": label, "help": help, **more})


def knobs(settings: Any) -> dict[str, Knob]:
    """The knobs of a dataclass by name; TypeError for a field that was not declared as one."""
    return {declared.name: _knob(declared) for declared in fields(settings)}


def check(settings: Any) -> None:
    """OptionError, in one sentence, for the first field of a dataclass that its knob does not accept."""
    for name, declared in knobs(type(settings)).items():
        value = getattr(settings, name)
        if fault := declared.fault(value):
            raise OptionError(f"{fault}, not {value!r}{did_you_mean(str(value), declared.choices)}")


def _knob(declared: Any) -> Knob:
    kinds = get_args(declared.type) if isinstance(declared.type, UnionType) else (declared.type,)
    kind = get_origin(kinds[0]) or kinds[0]
    return Knob(declared.name, kind, NoneType in kinds, declared.default, **declared.metadata)
