"""Learning-rate schedules: where they start and end, how they warm up, and that they only ever go one way."""

import math
from itertools import pairwise

import pytest

from fastnet.training.schedules import SCHEDULES, learning_rate_at, strength_of_pass

FALLING = ("linear", "cosine")
PEAK = 0.02


def rates(schedule, n_steps=100, n_warmup_steps=0):
    return [learning_rate_at(step, n_steps, PEAK, schedule, n_warmup_steps) for step in range(n_steps)]


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("n_warmup_steps", [0, 1, 10])
def test_peak_is_reached_and_never_passed(schedule, n_warmup_steps):
    curve = rates(schedule, n_warmup_steps=n_warmup_steps)
    assert max(curve) == PEAK
    assert curve[n_warmup_steps] == PEAK
    assert all(0 < rate <= PEAK for rate in curve)


def test_constant_stays():
    assert set(rates("constant")) == {PEAK}


@pytest.mark.parametrize("schedule", FALLING)
def test_falling_schedules_fall_at_every_step(schedule):
    assert all(after < before for before, after in pairwise(rates(schedule)))


@pytest.mark.parametrize("schedule", FALLING)
@pytest.mark.parametrize("n_warmup_steps", [0, 20])
def test_falling_schedules_are_at_half_the_peak_halfway_and_at_0_behind_the_last_step(schedule, n_warmup_steps):
    halfway = n_warmup_steps + (100 - n_warmup_steps) // 2
    assert learning_rate_at(halfway, 100, PEAK, schedule, n_warmup_steps) == pytest.approx(PEAK / 2)
    assert learning_rate_at(100, 100, PEAK, schedule, n_warmup_steps) == pytest.approx(0, abs=1e-12)


def test_linear_takes_equal_steps():
    assert rates("linear", n_steps=4) == pytest.approx([PEAK, 0.75 * PEAK, 0.5 * PEAK, 0.25 * PEAK])


def test_cosine_is_half_a_cosine():
    expected = [PEAK * 0.5 * (1 + math.cos(math.pi * quarter / 4)) for quarter in range(4)]
    assert rates("cosine", n_steps=4) == pytest.approx(expected)


def test_cosine_stays_high_for_longer_and_is_lower_at_the_end():
    linear, cosine = rates("linear"), rates("cosine")
    assert cosine[25] > linear[25]
    assert cosine[75] < linear[75]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_warm_up_rises_in_equal_steps_from_above_0_to_the_peak(schedule):
    curve = rates(schedule, n_warmup_steps=5)
    assert curve[:5] == pytest.approx([0.2 * PEAK, 0.4 * PEAK, 0.6 * PEAK, 0.8 * PEAK, PEAK])


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_warm_up_may_last_for_the_whole_training(schedule):
    curve = rates(schedule, n_steps=4, n_warmup_steps=4)
    assert curve == pytest.approx([0.25 * PEAK, 0.5 * PEAK, 0.75 * PEAK, PEAK])


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_training_of_one_step_takes_it_at_the_peak(schedule):
    assert rates(schedule, n_steps=1) == [PEAK]


def test_distortions_weaken_along_a_line_in_the_last_passes():
    strengths = [strength_of_pass(number, 10, 0.4, 0.2) for number in range(10)]
    assert strengths == pytest.approx([1, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2])
    assert [strength_of_pass(number, 4, 1.0, 0.0) for number in range(4)] == pytest.approx([0.75, 0.5, 0.25, 0])


def test_without_annealing_distortions_stay_as_they_are():
    assert {strength_of_pass(number, 7, 0.0, 0.0) for number in range(7)} == {1.0}
