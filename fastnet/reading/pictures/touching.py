"""Cut a part that is wide for one digit into the digits that may touch in it; the network chooses."""

import numpy as np

from .cuts import Cut

_WIDE = 1.25  # times as wide as high: it may be two digits that touch
_USUAL_WIDTH = 0.75  # of a digit's height
MOST_PIECES = 10


def pieces_of(own: np.ndarray, x0: int, y0: int) -> tuple[Cut, ...]:
    """A part that is wide for one digit, cut into as many as it may be, where there is least ink."""
    height, width = own.shape
    n = round(width / (_USUAL_WIDTH * height))
    if width < _WIDE * height or not 2 <= n <= MOST_PIECES or width < 4 * n:
        return ()
    ink = own.sum(axis=0)
    cuts = [0]
    for number in range(1, n):
        middle, reach = number * width // n, max(1, width // (4 * n))
        window = ink[middle - reach : middle + reach]
        cuts.append(middle - reach + int(np.flatnonzero(window == window.min()).mean()))
    pairs = zip(cuts, [*cuts[1:], width], strict=True)
    return tuple(_cropped(own[:, left:right], x0 + left, y0) for left, right in pairs if own[:, left:right].any())


def _cropped(own: np.ndarray, x0: int, y0: int) -> Cut:
    rows, columns = (np.flatnonzero(own.any(axis=axis)) for axis in (1, 0))
    top, bottom, left, right = (int(edge) for edge in (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1))
    return Cut((x0 + left, y0 + top, x0 + right, y0 + bottom), own[top:bottom, left:right])
