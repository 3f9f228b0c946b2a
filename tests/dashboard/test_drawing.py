"""From strokes to a picture."""

import numpy as np
import pytest

from fastnet.dashboard.session.drawing import HEIGHT, MOST_POINTS, MOST_STROKES, WIDTH, read_strokes, render
from fastnet.errors import DataError


def stroke(*points: float, erases: bool = False) -> dict:
    return {"points": list(points), "erases": erases}


def test_empty_paper_is_white():
    paper = render([])
    assert paper.shape == (HEIGHT, WIDTH)
    assert paper.dtype == np.uint8
    assert (paper == 255).all()


def test_a_dot_is_a_disc_as_wide_as_the_pen():
    drawn = render(read_strokes([stroke(0.5, 0.5, 0.1)])) == 0
    assert drawn.sum() == pytest.approx(np.pi / 4 * (0.1 * HEIGHT) ** 2, rel=0.15)
    assert drawn[HEIGHT // 2, WIDTH // 2]


def test_a_line_reaches_from_point_to_point():
    drawn = render(read_strokes([stroke(0.25, 0.5, 0.05, 0.75, 0.5, 0.05)])) == 0
    assert drawn[HEIGHT // 2, WIDTH // 4 : 3 * WIDTH // 4].all()
    assert np.flatnonzero(drawn.any(axis=1)).size == pytest.approx(0.05 * HEIGHT, abs=2)


def test_pressure_changes_the_width():
    drawn = render(read_strokes([stroke(0.2, 0.5, 0.02, 0.5, 0.5, 0.02, 0.6, 0.5, 0.2, 0.8, 0.5, 0.2)])) == 0
    assert drawn[:, round(0.8 * WIDTH)].sum() > 5 * drawn[:, round(0.2 * WIDTH)].sum()


def test_the_eraser_takes_away_what_lies_below_it_only():
    line = stroke(0.1, 0.5, 0.05, 0.9, 0.5, 0.05)
    drawn = render(read_strokes([line, stroke(0.5, 0.5, 0.2, erases=True), stroke(0.5, 0.5, 0.01)])) == 0
    assert drawn[HEIGHT // 2, round(0.2 * WIDTH)]
    assert not drawn[HEIGHT // 2, round(0.5 * WIDTH) + 6]
    assert drawn[HEIGHT // 2, WIDTH // 2]


def test_what_is_far_outside_costs_nothing():
    strokes = read_strokes([stroke(-1e30, 1e30, 1e30, 1e30, -1e30, -1e30)])
    assert np.abs(strokes[0].points).max() <= 2
    render(strokes)


def test_a_stroke_without_points_draws_nothing():
    assert (render(read_strokes([stroke()])) == 255).all()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_refused(number):
    with pytest.raises(DataError, match="NaN or infinite"):
        read_strokes([stroke(0.5, number, 0.1)])


@pytest.mark.parametrize(
    "part",
    [
        None,
        3,
        [],
        {"points": [0.5, 0.5, 0.1]},
        {"points": [0.5, 0.5, 0.1], "erases": 1},
        {"points": "0.5", "erases": False},
        stroke(0.5, 0.5),
        stroke([0.5], 0.5, 0.1),
        stroke("a", "b", "c"),
        stroke({}, {}, {}),
    ],
)
def test_what_is_no_stroke_is_refused(part):
    with pytest.raises(DataError, match="not a list of x, y and width"):
        read_strokes([part])


def test_there_are_limits():
    with pytest.raises(DataError, match="300 strokes"):
        read_strokes([stroke()] * (MOST_STROKES + 1))
    halves = [stroke(*[0.5] * 3 * (MOST_POINTS // 2 + 1))] * 2
    with pytest.raises(DataError, match="10,000 points"):
        read_strokes(halves)
    with pytest.raises(DataError):
        read_strokes([stroke(*[0.5] * 3 * (MOST_POINTS + 1))])
