"""Groups of parts, each of which may be a digit: their boxes, and the size that is usual among them."""

from dataclasses import dataclass

import numpy as np

from .sheet import Box

ALIKE = 1.5  # no size of the same kind is so many times another
FRAGMENT = 0.6  # of the usual digit: what is smaller both ways may belong to a neighbour
_FLAT = 2.5  # times as wide as high


@dataclass(frozen=True, eq=False)
class Group:
    """Parts that make one digit, and the box around them (x1 and y1 are one past the last).

    `apart` is what they are instead, if they are several digits.
    """

    labels: list[int]
    area: int
    x0: int
    y0: int
    x1: int
    y1: int
    apart: tuple["Group", ...] = ()

    @property
    def box(self) -> Box:
        """x0, y0, x1 and y1."""
        return self.x0, self.y0, self.x1, self.y1

    @property
    def width(self) -> int:
        """Columns of the box."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Rows of the box."""
        return self.y1 - self.y0

    @property
    def longer(self) -> int:
        """The longer side of the box."""
        return max(self.width, self.height)

    @property
    def shorter(self) -> int:
        """The shorter side of the box."""
        return min(self.width, self.height)

    @property
    def is_flat(self) -> bool:
        """Whether the box is far wider than high, as that of a dash or of the bar of a 5."""
        return self.width >= _FLAT * self.height

    def gaps(self, other: "Group") -> tuple[int, int]:
        """What lies between two, across and down; negative where they overlap."""
        return max(self.x0, other.x0) - min(self.x1, other.x1), max(self.y0, other.y0) - min(self.y1, other.y1)

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


def usual_height(groups: list[Group]) -> float:
    """The size that most of the ink has: the median of the sizes that are alike, where these add up to the most."""
    if not groups:
        return 0.0
    sizes = np.array([max(group.height, group.width / 1.5) for group in groups])
    ratio = sizes[:, np.newaxis] / sizes
    alike = (ratio <= ALIKE) & (ratio >= 1 / ALIKE)
    return float(np.median(sizes[alike[(alike @ sizes).argmax()]]))


def is_about(size: int, usual: float) -> bool:
    """Whether that is the size of what is usually so large."""
    return usual / ALIKE <= size <= usual * ALIKE
