"""Groups of a picture are brought into lines, and these into reading order."""

import pytest

from fastnet.reading.pictures.groups import Group
from fastnet.reading.pictures.rows import in_lines

WIDTH, HEIGHT = 20, 30


def groups_at(*places):
    return [Group([number], 100, x, y, x + WIDTH, y + HEIGHT) for number, (x, y) in enumerate(places)]


@pytest.mark.parametrize(
    ("places", "lines"),
    [
        ([(0, 0), (30, 0), (60, 0), (90, 20)], [[0, 1, 2, 3]]),  # the last is lower by two thirds, and beside them
        ([(0, 0), (30, 0), (60, 0), (70, 20)], [[0, 1, 2], [3]]),  # ... and below one of them
        ([(0, 0), (30, 0), (60, 0), (90, 24)], [[0, 1, 2], [3]]),  # ... hardly beside them any more
        ([(0, 20), (30, 0), (60, 0)], [[0, 1, 2]]),  # the first
        ([(30, 40), (0, 40), (30, 0), (0, 0)], [[3, 2], [1, 0]]),
    ],
)
def test_what_lies_beside_a_line_is_of_it_where_its_rows_are_shared(places, lines):
    groups = groups_at(*places)
    assert [[group.labels[0] for group in line] for line in in_lines(groups, 0.0)] == lines
