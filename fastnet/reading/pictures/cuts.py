"""What a picture is cut into: digits, and what was left out."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from fastnet.plurals import counted

from .sheet import Box


@dataclass(frozen=True, eq=False)
class Cut:
    """One digit: its box (x0, y0, x1, y1; x1 and y1 are one past the last), its ink there, and what else it may be.

    Each of `alternatives` is all of this ink as other digits, in reading order, which may have alternatives in turn.
    One that several alternatives share is one object, which the network sees once. `kind` is "digit", or "empty" for a
    cell of a grid without ink; `column` is the cell's, from 0; `below` is how many lines lower it stands than what it
    is an alternative of, in a cell 0. `flags` are what speaks against it, as people are told ("cut off by the edge").
    """

    box: Box
    own: np.ndarray
    alternatives: tuple[tuple["Cut", ...], ...] = ()
    kind: str = "digit"
    column: int | None = None
    below: int = 0
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """Ink that is not read: where it is, and why, as people are told ("too small")."""

    box: Box
    reason: str


def left_out_in_words(reasons: Iterable[str]) -> str:
    """How many parts were left out, and how many why: "3 parts left out: 2 too small, 1 touches the edge"."""
    counts = Counter(reasons)
    n = counts.total()
    why = ", ".join(_so_many(number, reason) for reason, number in counts.most_common())
    return f"{counted(n, 'part')} left out: {why}" if n else ""


def _so_many(n: int, reason: str) -> str:
    """So many parts with that reason, which is a noun with "a" or "an", or a predicate."""
    article, _, noun = reason.partition(" ")
    if article in ("a", "an"):
        ending = "" if n == 1 else "es" if noun.endswith("sh") else "s"
        return f"{n} {noun}{ending}"
    return f"{n} {reason if n == 1 else reason.replace('touches', 'touch')}"


@dataclass(frozen=True, eq=False)
class Found:
    """The digits on a picture, line by line in reading order; how many parts there were; what was left out.

    A line is empty that has but digits into which others may fall. The lines slant by `slope` rows a column; 0 where
    that is not sure.
    """

    lines: list[list[Cut]]
    n_parts: int
    left_out: list[LeftOut]
    slope: float = 0.0

    @property
    def cuts(self) -> list[Cut]:
        """All digits in reading order."""
        return [one for line in self.lines for one in line]
