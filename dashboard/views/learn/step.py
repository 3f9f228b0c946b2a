"""One training step, slowly: what it does to one weight, on the NumPy reference and on the Numba kernels."""

import base64
from functools import partial
from itertools import pairwise
from typing import Any

import param
from panel.custom import JSComponent

from fastnet.errors import OptionError
from fastnet.plurals import counted

from ...session.lesson import Lesson
from ...session.store import Store
from ...worker.lesson_figures import UNITS, Question, StepFigures, Weight, WeightFigures
from ..parts import aside, one_message, script
from .sources import sources
from .styles import STYLES

ENGINES = ("NumPy reference", "Numba kernels")
Row = tuple[str, str, list[str]]  # a part of the step, a quantity, and it on each engine and their difference

_BUSY = "this machine is being measured, and steps would blur the figures; try again when that is done"


class StepView(JSComponent):
    """Buttons, the loss so far, and the four parts of the last step with a weight's numbers."""

    units = param.Integer(doc="Hidden units of the network.")
    choices = param.List(default=list(UNITS), doc="How many there may be.")
    step = param.Integer(doc="The last step; 0 before the first.")
    weight = param.List(doc="Layer, input and unit of the weight that is looked at.")
    rows = param.List(doc="Part, quantity, and its figures.")
    losses = param.List(doc="Of each step so far, as the reference has it.")
    batch = param.Dict(default={}, doc="The mini-batch: pixels in base64, labels, and how many were answered rightly.")
    filter = param.List(doc="The first layer's weights of the unit that is looked at.")
    agreement = param.String(doc="How far the two networks are from each other.")
    sources = param.Dict(doc="The code of each part, of both engines.")
    problem = param.String()

    _esm = script("pixels.js", "signs.js", "code.js", "step.js")

    def __init__(self, store: Store) -> None:
        super().__init__(sources=sources(), stylesheets=[STYLES], sizing_mode="stretch_width", margin=(0, 10))
        self._store = store
        self._lesson = Lesson()
        self._show()

    def _handle_msg(self, data: Any) -> None:
        try:
            match data:
                case {"steps": int(n)}:
                    self._ask(self._lesson.question_after(n))
                case {"weight": [int(), int(), int()] as weight}:  # also true and false, which index otherwise
                    self._ask(self._lesson.question_about(Weight(*map(int, weight))))
                case {"anew": int(units)}:
                    self._lesson.begin_anew(units)
                    self._tell("")
                case _:
                    self._tell("")
        except OptionError as error:
            self._tell(str(error))

    def _ask(self, question: Question) -> None:
        if self._store.shared.is_measured:
            raise OptionError(_BUSY)
        lessons = self._store.shared.lessons
        self._lesson.is_waiting = True
        aside(partial(_answer, lessons.ask, question), partial(self._take_in, question), lessons.executor)

    def _take_in(self, question: Question, answer: StepFigures | OptionError) -> None:
        self._lesson.is_waiting = False
        if isinstance(answer, StepFigures):
            self._lesson.take_in(question, answer)
        self._tell(str(answer) if isinstance(answer, OptionError) else "")

    def _tell(self, problem: str) -> None:
        with one_message(self):
            self.problem = problem
            self._show()

    def _show(self) -> None:
        lesson, figures = self._lesson, self._lesson.figures
        shown: dict[str, Any] = {"units": lesson.units, "step": lesson.step, "weight": list(lesson.weight)}
        if figures is None:
            self.param.update(**shown, rows=[], losses=[], batch={}, filter=[], agreement="")
        else:
            self.param.update(
                **shown,
                rows=rows_of(figures, lesson.weight),
                losses=figures.losses[0],
                batch={
                    "pixels": base64.b64encode(figures.images).decode(),
                    "labels": figures.labels,
                    "right": figures.n_right,
                },
                filter=figures.filter,
                agreement=_agreement(figures),
            )


def _answer(ask: Any, question: Question) -> StepFigures | OptionError:
    try:
        figures: StepFigures = ask(question)
        return figures
    except OptionError as error:
        return error


def rows_of(figures: StepFigures, weight: Weight) -> list[Row]:
    """The quantities of each part of a step."""

    def row(part: str, name: str, values: list[float]) -> Row:
        return part, name, [*(f"{value:.7g}" for value in values), *(_difference(a, b) for a, b in pairwise(values))]

    def of_weight(part: str, name: str, quantity: Any) -> Row:
        return row(part, name, [quantity(each) for each in figures.weights])

    answers = "the unit's answer" if weight.layer == 0 else "the output's logit"
    return [
        of_weight("forward", "what comes in, x", lambda w: w.x),
        of_weight("forward", "the weight, w", lambda w: w.before),
        of_weight("forward", answers, lambda w: w.out),
        row("loss", "mean loss of the 64", [losses[-1] for losses in figures.losses]),
        of_weight("gradient", "gradient, g", lambda w: w.gradient),
        of_weight("adam", "m", lambda w: w.moments[0]),
        of_weight("adam", "v", lambda w: w.moments[1]),
        of_weight("adam", "the step", _step),
        of_weight("adam", "the weight after it", lambda w: w.after),
    ]


def _step(weight: WeightFigures) -> float:
    return weight.after - weight.before


def _difference(a: float, b: float) -> str:
    return f"{abs(a - b):.1e}" if a != b else "0"


def _agreement(figures: StepFigures) -> str:
    if figures.farthest is None:
        return "Numba is not installed here, so that the reference stands alone."
    steps = counted(figures.step, "step")
    return f"After {steps}, no parameter of the two networks differs by more than {figures.farthest:.1e}."
