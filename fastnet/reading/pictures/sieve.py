"""What may be a digit on a picture, what was left out, and which sides of the picture it touches."""

from collections.abc import Callable

import numpy as np

from .cuts import LeftOut
from .groups import Group
from .sheet import Box

TOO_SMALL, TOO_PALE, AT_EDGE = "too small", "too pale", "touches the edge"  # reasons that several rules have

_MOST_TOLD = 300  # parts that were left out
_TOLD_SIDE = 3  # pixels: nobody asks about smaller ones
_TIGHT = 0.04  # of the picture's side: ink that leaves less on both sides was cut out so on purpose


class Edges:
    """The four sides of a picture, and which of them a group touches."""

    def __init__(self, box: Box) -> None:
        self.box = box

    def touched(self, group: Group) -> tuple[bool, bool, bool, bool]:
        """Whether a group touches the left, upper, right and lower side."""
        x0, y0, x1, y1 = self.box
        return group.x0 <= x0, group.y0 <= y0, group.x1 >= x1, group.y1 >= y1

    def cut_off(self, groups: list[Group]) -> set[Group]:
        """Those that the edge cuts off: they touch it, in a picture that was not cut out close on purpose.

        That is one whose ink reaches, or nearly reaches, a side and the opposite one.
        """
        if not groups:
            return set()
        x0, y0, x1, y1 = self.box
        room = (
            min(group.x0 for group in groups) - x0,
            min(group.y0 for group in groups) - y0,
            x1 - max(group.x1 for group in groups),
            y1 - max(group.y1 for group in groups),
        )
        is_tight = [max(room[n], room[n + 2]) <= 1 + _TIGHT * side for n, side in enumerate((x1 - x0, y1 - y0))]
        return {
            group
            for group in groups
            if any(touches and not is_tight[side % 2] for side, touches in enumerate(self.touched(group)))
        }


class Sieve:
    """Groups that may be digits, and those that were left out, with the reason.

    `labels` has the part of each pixel, -1 on paper.
    """

    def __init__(self, groups: list[Group], labels: np.ndarray, edges: Edges) -> None:
        self.groups = groups
        self.labels = labels
        self.edges = edges
        self._left_out: list[LeftOut] = []

    def own(self, group: Group) -> np.ndarray:
        """The ink of a group, in its box."""
        return np.isin(self.labels[group.y0 : group.y1, group.x0 : group.x1], group.labels)

    def leave_out(self, reason: str, is_out: Callable[[Group], bool]) -> None:
        """Leave out the groups of which that is true."""
        self.keep_only(reason, [group for group in self.groups if not is_out(group)])

    def keep_only(self, reason: str, kept: list[Group]) -> None:
        """Leave out all groups but these."""
        known = set(kept)
        self._left_out += [LeftOut(group.box, reason) for group in self.groups if group not in known]
        self.groups = kept

    def told(self) -> list[LeftOut]:
        """What people may ask about: no grain, and the largest if there is very much."""
        side = [max(each.box[2] - each.box[0], each.box[3] - each.box[1]) for each in self._left_out]
        order = sorted(range(len(side)), key=lambda i: -side[i])[:_MOST_TOLD]
        return [self._left_out[i] for i in sorted(order) if side[i] >= _TOLD_SIDE]
