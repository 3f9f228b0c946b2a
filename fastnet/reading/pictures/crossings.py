"""Lines of a grid go on from one crossing to the next, also where shade, grain or a stroke hides them."""

from dataclasses import replace

import numpy as np

from .straight import Line

_GOES_ON = 0.2  # of how far a line stands out from what is beside it: there, it goes on
_SHORT = 6  # pixels: a crossing that is nearer is the line's end
_PALEST, _DRAWN = 0.3, 0.7  # times as dark as the line is so much of what it is prolonged by, at least
_ASIDE = 2  # pixels, by which it may bend on the way


def prolonged(lines: list[Line], crossing: list[Line], even: np.ndarray) -> list[Line]:
    """The lines across, each as far as it goes on from one of those down to the next, both ways.

    `even` tells how dark all is. What goes on over paper, from one stroke to the next, is no line and stays as it is.
    """
    last = even.shape[1] - 1
    reversed_columns = [replace(line, middle=last - line.middle) for line in crossing]
    forth = [_further(line, crossing, even) for line in lines]
    back = [_further(_mirrored(line, last), reversed_columns, even[:, ::-1]) for line in forth]
    longer = [_mirrored(line, last) for line in back]
    return [long if _is_drawn(long, line, even) else line for long, line in zip(longer, lines, strict=True)]


def _is_drawn(longer: Line, line: Line, even: np.ndarray) -> bool:
    """Whether most of what a line was prolonged by is about as dark as the line."""
    least = _PALEST * float(np.median(line.darkest(even)))
    is_dark = longer.darkest(even) >= least
    is_new = np.ones(len(is_dark), bool)
    is_new[line.start - longer.start : line.stop - longer.start] = False
    return not is_new.any() or float(is_dark[is_new].mean()) >= _DRAWN


def _mirrored(line: Line, last: int) -> Line:
    """The line with right and left exchanged, in a picture with that last column."""
    return Line(last + 1 - line.stop, line.middle[::-1], line.thickness)


def _further(line: Line, crossing: list[Line], even: np.ndarray) -> Line:
    """The line to the last crossing on its right that it reaches; between two of them it may be hidden.

    What does not stand out itself, as a row of print, goes nowhere.
    """
    least = _GOES_ON * _stands_out(line, np.arange(line.start, line.stop), line.middle, even)
    if least <= 0:
        return line
    row = line.at(np.array([line.stop])).round().astype(int)
    places = sorted(round(float(down.at(row)[0])) for down in crossing)
    seen_to, is_hidden = line.stop, False
    for place in places:
        columns = np.arange(line.stop, min(place + 1, even.shape[1]))
        newest = columns >= seen_to
        if np.count_nonzero(newest) < _SHORT:
            continue
        ways = [line.at(columns) + bend * np.linspace(0, 1, len(columns)) for bend in range(-_ASIDE, _ASIDE + 1)]
        clear, best = max(
            ((_stands_out(line, columns[newest], way[newest], even), way) for way in ways), key=lambda pair: pair[0]
        )
        if clear >= least:
            line, is_hidden = replace(line, middle=np.concatenate([line.middle, best])), False
        elif is_hidden:
            return line
        else:
            is_hidden = True
        seen_to = place + 1
    return line


def _stands_out(line: Line, columns: np.ndarray, middle: np.ndarray, even: np.ndarray) -> float:
    """How much darker the line is there than what is above and below, usually."""
    aside = int(np.ceil(line.thickness / 2)) + 3
    rows = middle.round().astype(int)
    darkest, above, below = (
        even[(rows + np.array(offsets)[:, np.newaxis]).clip(0, len(even) - 1), columns].max(axis=0).astype(int)
        for offsets in ((-1, 0, 1), (-aside,), (aside,))
    )
    return float(np.median(darkest - np.maximum(above, below)))
