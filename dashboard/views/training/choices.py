"""The playful form: three recipes to choose from, with the seconds that each takes and the mistakes that it leaves."""

import json
from functools import cache
from typing import Any

import param
from panel.custom import JSComponent

from fastnet.training.recipe import RECIPES

from ...session.training_state import TrainingState
from ..parts import ASSETS, STYLES, script
from .form import buttons_view, problem_view

CHOICES = {  # recipe: its name here, and what it does
    "plain": ("Quick", f"It looks at the same digits again and again, {RECIPES['plain'].epochs} times."),
    "fast": ("Good", "Each time, the digits are turned, slanted and bent a little: nothing can be learned by heart."),
    "best": ("Best", f"The same with patience: {RECIPES['best'].epochs} times over."),
}
_FIRST = "fast"


class ChoicesView(JSComponent):
    """Radio buttons, a recipe each."""

    choices = param.List(doc="Recipe, name, and two sentences of each.")
    chosen: Any = param.Selector(default=_FIRST, objects=list(CHOICES), check_on_set=True, doc="The chosen recipe.")
    measured = param.String(doc="Where the figures come from.")

    _esm = script("choices.js")

    def __init__(self) -> None:
        figures = {recipe: shipped()[recipe] for recipe in CHOICES}
        costs = {recipe: cost(each["accuracy"], each["seconds"]) for recipe, each in figures.items()}
        machines = " and on ".join(sorted({each["machine"] for each in figures.values()}))
        super().__init__(
            choices=[[recipe, *words, costs[recipe]] for recipe, words in CHOICES.items()],
            measured=f"Times as measured on {machines}; another computer may take longer.",
            stylesheets=[STYLES],
            sizing_mode="stretch_width",
            margin=(0, 10),
        )


def choices_view(state: TrainingState) -> list[Any]:
    """The choices, buttons, and why there is no training."""
    choices = ChoicesView()
    return [choices, buttons_view(state, lambda: state.options.choose(choices.chosen)), problem_view(state)]


@cache
def shipped() -> dict[str, Any]:
    """The figures of docs/recipe.md; `make records` writes both."""
    figures: dict[str, Any] = json.loads((ASSETS / "recipes.json").read_text(encoding="utf-8"))
    return figures


def cost(accuracy: float, seconds: int) -> str:
    """What a training takes, and what it leaves."""
    time = f"{seconds} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"
    return f"About {time}, then {mistakes(accuracy)}."


def mistakes(accuracy: float) -> str:
    """An accuracy in words."""
    return f"{round(10_000 * (1 - accuracy)):,} mistakes in 10,000"
