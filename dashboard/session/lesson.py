"""One visitor's lesson: which network, which step, and which of its weights is looked at. Knows no widget."""

import secrets

from fastnet.errors import OptionError

from ..server.allowance import Allowance
from ..worker.lesson_figures import MOST_STEPS, UNITS, Question, StepFigures, Weight

AT_ONCE = (1, 10)  # steps that are taken at a click
MOST_AT_ONCE, PER_SECOND = 60, 8  # questions of one visitor
_FIRST = Weight(0, 14 * 28 + 14, 0)  # from the middle of the image


class Lesson:
    """Before the first step there are no figures; a visitor asks one question at a time."""

    def __init__(self) -> None:
        self._allowance = Allowance(MOST_AT_ONCE, PER_SECOND)
        self.is_waiting = False
        self.begin_anew(UNITS[1])

    def begin_anew(self, units: int) -> None:
        """A fresh network with so many hidden units, drawn anew; OptionError for a number that is not offered."""
        if units not in UNITS:
            raise OptionError(f"a lesson's network has {', '.join(map(str, UNITS))} hidden units")
        self.units, self.seed, self.step = units, secrets.randbits(31), 0
        self.weight = _FIRST
        self.figures: StepFigures | None = None

    def question_after(self, n: int) -> Question:
        """What to ask after `n` more steps; OptionError where that is too much."""
        if n not in AT_ONCE:
            raise OptionError(f"a lesson goes on by {' or '.join(map(str, AT_ONCE))} steps")
        if self.step == MOST_STEPS:
            raise OptionError(
                f"a lesson ends after {MOST_STEPS} steps; start anew, or train a network in the tab Train"
            )
        return self._question(min(self.step + n, MOST_STEPS), self.weight)

    def question_about(self, weight: Weight) -> Question:
        """What to ask about another weight after the same step; OptionError where the network has none there."""
        if not weight.is_in(self.units) or not self.step:
            raise OptionError(f"a network of {self.units} hidden units has no such weight")
        return self._question(self.step, weight)

    def _question(self, step: int, weight: Weight) -> Question:
        if self.is_waiting or not self._allowance.take():
            raise OptionError("one question at a time, and a few a second; wait a little")
        return Question(self.units, self.seed, step, weight)

    def take_in(self, question: Question, figures: StepFigures) -> None:
        """The answer, unless the lesson has begun anew meanwhile."""
        if (question.units, question.seed) == (self.units, self.seed):
            self.step, self.weight, self.figures = question.step, question.weight, figures
