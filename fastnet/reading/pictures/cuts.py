"""What a picture is cut into: digits, the groups of parts that they are made of, and what was left out."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .sheet import Box


@dataclass(frozen=True, eq=False)
class Cut:
    """One digit: its box (x0, y0, x1, y1; x1 and y1 are one past the last), its ink there, and how to part it.

    `pieces` are what it would fall into if it were several digits that touch; empty if it is too narrow for that.
    """

    box: Box
    own: np.ndarray
    pieces: tuple["Cut", ...] = ()


@dataclass
class Group:
    """Parts that make one digit, and the box around them (x1 and y1 are one past the last)."""

    labels: list[int]
    area: int
    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        """Columns of the box."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Rows of the box."""
        return self.y1 - self.y0

    def joined(self, other: "Group") -> "Group":
        """Both as one."""
        return Group(
            self.labels + other.labels,
            self.area + other.area,
            min(self.x0, other.x0),
            min(self.y0, other.y0),
            max(self.x1, other.x1),
            max(self.y1, other.y1),
        )


@dataclass(frozen=True)
class LeftOut:
    """Ink that is not read: where it is, and why, as people are told ("too small")."""

    box: Box
    reason: str


def left_out_in_words(reasons: Iterable[str]) -> str:
    """How many parts were left out, and how many why: "3 parts left out: 2 too small, 1 touches the edge"."""
    counts = Counter(reasons)
    n = counts.total()
    why = ", ".join(_counted(number, reason) for reason, number in counts.most_common())
    return f"{n} {'part' if n == 1 else 'parts'} left out: {why}" if n else ""


def _counted(n: int, reason: str) -> str:
    """So many parts with that reason, which is a noun with "a", or a predicate."""
    if reason.startswith("a "):
        ending = "" if n == 1 else "es" if reason.endswith("sh") else "s"
        return f"{n} {reason.removeprefix('a ')}{ending}"
    return f"{n} {reason if n == 1 else reason.replace('touches', 'touch')}"


@dataclass(frozen=True, eq=False)
class Found:
    """The digits on a picture, line by line in reading order; how many parts there were; what was left out."""

    lines: list[list[Cut]]
    n_parts: int
    left_out: list[LeftOut]

    @property
    def cuts(self) -> list[Cut]:
        """All digits in reading order."""
        return [one for line in self.lines for one in line]
