"""Long thin straight lines on a mask, also slanting and bent a little, and how they are taken out of it."""

from dataclasses import dataclass

import numpy as np

from .labelling import label_runs, places_in, runs_of

_STEEPEST = 0.14  # rows for each column: 8 degrees
_BENT = 0.01  # of its length: a line's usual distance from straight
_MAY_BEND = 100  # pixels: a shorter line is straight
_LONG_RUN = 8  # pixels, that a line has in a row: strokes that touch or cross it are shorter there
_BREAK = 4  # pixels: a line goes on after as many without ink
_MOST_PIECES = 1000  # of all lines one way: where there are more, they are of grain or specks
_FILLED = 0.7  # of a longer gap is ink, where something crosses the line or it is pale
_ECHO_THIN, _ECHO_PALE, _ECHO_NEAR = 0.25, 0.5, 3.0  # of a line's thickness, darkness; thicknesses from its middle
_DARKER = 1.4  # times as dark as the line: that is ink on the line


@dataclass(frozen=True, eq=False)
class Line:
    """A line across: its first column, its middle in each column from there on (rows, in fractions), its thickness."""

    start: int
    middle: np.ndarray
    thickness: float

    @property
    def slope(self) -> float:
        """Rows for each column, on the whole."""
        return float(self.middle[-1] - self.middle[0]) / max(1, len(self.middle) - 1)

    @property
    def stop(self) -> int:
        """One past the last column."""
        return self.start + len(self.middle)

    def drawn(self, shape: tuple[int, ...], more: float = 0.0, longer: int = 0) -> np.ndarray:
        """The mask of the line, so much thicker on both sides, and longer at both ends."""
        mask = np.zeros(shape, bool)
        columns = np.arange(max(0, self.start - longer), min(shape[1], self.stop + longer))
        middle = self.at(columns)
        half = self.thickness / 2 + more
        reach = int(np.ceil(half))
        for offset in range(-reach, reach + 1):
            rows = np.round(middle).astype(int) + offset
            inside = (np.abs(rows - middle) <= half) & (rows >= 0) & (rows < shape[0])
            mask[rows[inside], columns[inside]] = True
        return mask

    def at(self, columns: np.ndarray) -> np.ndarray:
        """The line's middle in some columns, also before and behind it."""
        within = np.clip(columns - self.start, 0, len(self.middle) - 1)
        middle: np.ndarray = self.middle[within] + self.slope * (columns - self.start - within)
        return middle

    def darkest(self, even: np.ndarray, aside: int = 1) -> np.ndarray:
        """How dark it is in each column, up to so many pixels aside; `even` tells how dark all is."""
        rows = self.middle.round().astype(int) + np.arange(-aside, aside + 1)[:, np.newaxis]
        darkest: np.ndarray = even[rows.clip(0, len(even) - 1), np.arange(self.start, self.stop)].max(axis=0)
        return darkest


def with_true_ends(line: Line, along: np.ndarray) -> Line:
    """The line from where to where it is at least half as dark as it usually is; twice as long at most.

    `along` tells how dark all is, on the average of some columns, by which a line seems
    longer, or is lost where others cross.
    """
    columns = np.arange(line.start, line.stop)
    darkness = _darkness(line, along, columns)
    least = float(np.quantile(darkness, 0.25)) / 2  # a digit on it makes much of it darker
    inner = np.flatnonzero(darkness >= least)
    first, last, n = line.start + int(inner[0]), line.start + int(inner[-1]), len(columns) // 2
    before = _n_dark(line, along, first - 1 - np.arange(n), least)
    behind = _n_dark(line, along, last + 1 + np.arange(n), least)
    columns = np.arange(first - before, last + 1 + behind)
    return Line(first - before, line.at(columns), line.thickness)


def without_echoes(lines: list[Line], even: np.ndarray) -> list[Line]:
    """The lines without far thinner and paler ones close beside others: JPEG leaves such ripples along an edge."""
    if len(lines) < 2:
        return lines
    start, stop, thickness = np.array([(line.start, line.stop, line.thickness) for line in lines]).T
    darkness = np.array([np.median(line.darkest(even)) for line in lines])

    def is_echo(line: Line, its_darkness: float) -> bool:
        columns = np.array([line.start, line.stop - 1])
        is_far_more = (line.thickness <= _ECHO_THIN * thickness) & (its_darkness <= _ECHO_PALE * darkness)
        overlap = np.minimum(stop, line.stop) - np.maximum(start, line.start)
        may_be_its = np.flatnonzero(is_far_more & (2 * overlap >= len(line.middle)))
        middle = float(line.at(columns).mean())
        return any(abs(float(lines[i].at(columns).mean()) - middle) <= _ECHO_NEAR * thickness[i] for i in may_be_its)

    return [line for line, dark in zip(lines, darkness, strict=True) if not is_echo(line, dark)]


def _n_dark(line: Line, along: np.ndarray, columns: np.ndarray, least: float) -> int:
    """For how many of the columns, from the first on, the line is so dark."""
    columns = columns[(columns >= 0) & (columns < along.shape[1])]
    is_dark = _darkness(line, along, columns) >= least
    return len(columns) if is_dark.all() else int(is_dark.argmin())


def _darkness(line: Line, along: np.ndarray, columns: np.ndarray) -> np.ndarray:
    rows = line.at(columns).round().astype(int) + np.arange(-1, 2)[:, np.newaxis]
    darkness: np.ndarray = along[rows.clip(0, len(along) - 1), columns].max(axis=0)
    return darkness


def lines_across(mask: np.ndarray, thickest: float, least: int) -> list[Line]:
    """The lines of a mask that are no thicker and no shorter; for those down, give the mask's transpose."""
    flat = _runs_between(_runs_between(mask, _LONG_RUN, mask.shape[1]).T, 1, thickest).T
    pieces = sorted(_pieces(flat, max(4, least // 4)), key=lambda piece: piece.start)
    if len(pieces) > _MOST_PIECES:
        return []
    lines = _put_together(pieces, mask)
    return [_smooth(line) for line in lines if len(line.middle) >= least and _is_straight(line.middle)]


def _put_together(pieces: list[Line], mask: np.ndarray) -> list[Line]:
    """The lines that pieces are of, from left to right."""
    lines: list[Line] = []
    ends = np.zeros((len(pieces), 4))  # of each line, all that tells where it goes on
    for piece in pieces:
        near = np.flatnonzero(_goes_there(ends[: len(lines)], piece))
        at = next((int(i) for i in near if _is_inked(lines[i], piece, mask)), len(lines))
        if at < len(lines):
            lines[at] = _joined(lines[at], piece)
        else:
            lines.append(piece)
        ends[at] = lines[at].stop, lines[at].middle[-1], lines[at].slope, lines[at].thickness
    return lines


def _runs_between(mask: np.ndarray, least: float, most: float) -> np.ndarray:
    """The runs of a mask's rows that are so long."""
    row, start, stop = runs_of(mask)
    fits = (stop - start >= least) & (stop - start <= most)
    row, start, length = row[fits], start[fits], (stop - start)[fits]
    kept = np.zeros(mask.shape, bool)
    kept[np.repeat(row, length), places_in(start, length)] = True
    return kept


def _pieces(flat: np.ndarray, least: int) -> list[Line]:
    """The parts of a mask that are straight, flat and no shorter."""
    runs = label_runs(flat)
    if not len(runs.row):
        return []
    length = runs.length
    order = np.argsort(runs.label_of_pixels, kind="stable")
    rows = np.repeat(runs.row, length)[order]
    columns = places_in(runs.start, length)[order]
    ends = runs.area.cumsum()
    pieces = []
    for first, end in zip(np.append(0, ends[:-1]), ends, strict=True):
        if end - first < least:
            continue
        its_rows, its_columns = rows[first:end], columns[first:end]
        left = its_columns.min()
        counts = np.bincount(its_columns - left)
        if len(counts) < least or (counts == 0).any():
            continue
        middle = np.bincount(its_columns - left, its_rows) / counts
        thickness = float(np.median(counts))
        if len(counts) >= 2 * thickness and _is_straight(middle):
            pieces.append(Line(int(left), middle, thickness))
    return pieces


def _is_straight(middle: np.ndarray) -> bool:
    x = np.arange(len(middle)) - (len(middle) - 1) / 2
    slope = float(x @ middle / (x @ x))
    distance = float(np.median(np.abs(middle - middle.mean() - slope * x)))
    return abs(slope) <= _STEEPEST and distance <= max(1.0, _BENT * len(middle))


def _smooth(line: Line) -> Line:
    """The line, bent evenly at most: where it follows a stroke that touches it, it goes straight on."""
    x = np.linspace(-1, 1, len(line.middle))
    near, curve = np.ones(len(x), bool), line.middle
    for _ in range(3):
        curve = np.polynomial.Polynomial.fit(x[near], line.middle[near], 2 if len(x) > _MAY_BEND else 1, [-1, 1])(x)
        distance = abs(line.middle - curve)
        before, near = near, distance <= max(1.0, 2 * float(np.median(distance)))
        if np.array_equal(near, before):
            break
    return Line(line.start, np.where(near, line.middle, curve), line.thickness)


def _goes_there(ends: np.ndarray, piece: Line) -> np.ndarray:
    """Which lines would come to where a piece begins; their ends are (n, 4): stop, row, slope, thickness."""
    stop, row, slope, thickness = ends.T
    gap = piece.start - stop
    thin, thick = np.minimum(thickness, piece.thickness), np.maximum(thickness, piece.thickness)
    near = thick / 2 + 1 + 0.03 * np.minimum(gap, 60)
    is_near = abs(row + slope * (gap + 1) - piece.middle[0]) <= near
    goes_there: np.ndarray = is_near & (gap >= 0) & (thick <= 2 * thin + 1)
    return goes_there


def _is_inked(line: Line, piece: Line, mask: np.ndarray) -> bool:
    """Whether there is no more than a small break, or ink, from a line's end to a piece."""
    gap = piece.start - line.stop
    if gap <= _BREAK:
        return True
    columns = np.arange(line.stop, piece.start)
    rows = np.linspace(line.middle[-1], piece.middle[0], gap).round().astype(int)
    near_by = np.arange(-1, 2)[:, np.newaxis]
    return bool(mask[(rows + near_by).clip(0, len(mask) - 1), columns].any(axis=0).mean() >= _FILLED)


def _joined(line: Line, piece: Line) -> Line:
    gap = np.linspace(line.middle[-1], piece.middle[0], piece.start - line.stop + 2)[1:-1]
    longer, shorter = (line, piece) if len(line.middle) >= len(piece.middle) else (piece, line)
    thickness = (longer.thickness * len(longer.middle) + shorter.thickness * len(shorter.middle)) / (
        len(longer.middle) + len(shorter.middle)
    )
    return Line(line.start, np.concatenate([line.middle, gap, piece.middle]), thickness)


def without_lines(mask: np.ndarray, even: np.ndarray, across: list[Line], down: list[Line]) -> np.ndarray:
    """The mask without some lines; where a stroke crosses one, or is darker, it stays whole.

    `even` tells how dark all is.
    """
    drawn = drawn_lines(mask.shape, across, down, more=1.0)
    strokes = mask & ~drawn
    result: np.ndarray = strokes.copy()
    _mend(result, mask, strokes, even, across)
    _mend(result.T, mask.T, strokes.T, even.T, down)
    return result


def drawn_lines(
    shape: tuple[int, ...], across: list[Line], down: list[Line], more: float = 0.0, longer: int = 0
) -> np.ndarray:
    """The mask of all lines."""
    mask = np.zeros(shape, bool)
    for line in across:
        mask |= line.drawn(shape, more, longer)
    for line in down:
        mask |= line.drawn(shape[::-1], more, longer).T
    return mask


def _mend(result: np.ndarray, mask: np.ndarray, strokes: np.ndarray, even: np.ndarray, lines: list[Line]) -> None:
    """Put back the ink on a line in the columns where a stroke goes on at both sides, or that is darker."""
    height = len(mask)
    for line in lines:
        columns = np.arange(line.start, line.stop)
        half = line.thickness / 2 + 1
        top = np.ceil(line.middle - half).astype(int)
        bottom = np.floor(line.middle + half).astype(int) + 1
        above, below = (
            np.where((rows >= 0) & (rows < height), strokes[rows.clip(0, height - 1), columns], False)
            for rows in (top - 1, bottom)
        )
        slant = int(np.ceil(line.thickness / 2)) + 1  # a stroke may cross at 45 degrees
        crossed = _widened(above, slant) & _widened(below, slant)
        band = top + np.arange((bottom - top).max())[:, np.newaxis]
        inside = (band < bottom) & (band >= 0) & (band < height)
        band = band.clip(0, height - 1)
        darkness = np.where(inside, even[band, columns], 0).max(axis=0).astype(float)
        darker = (darkness > _DARKER * np.median(darkness)) & (above | below)
        back = inside & (crossed | darker | (above | below) & _widened(crossed, 1)) & mask[band, columns]
        result[band[back], np.broadcast_to(columns, band.shape)[back]] = True


def _widened(flags: np.ndarray, reach: int) -> np.ndarray:
    """Whether any flag is up to `reach` places away."""
    counts = np.convolve(flags, np.ones(2 * reach + 1, int), "same")
    near: np.ndarray = counts[: len(flags)] > 0
    return near
