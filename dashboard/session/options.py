"""What people chose for a training, as they typed it, and what is wrong with it, field by field. Knows no widget."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import param

from fastnet.data.distortions import Augmentation
from fastnet.errors import OptionError
from fastnet.models.files import count_parameters
from fastnet.training.recipe import ENGINES, RECIPES, SEED, Recipe

MOST_EPOCHS = 1000
MOST_BATCH_SIZE = 1024  # one step of the reference engine stays well below the second within which it must stop
MOST_PARAMETERS = 4_000_000
_PIXELS, _CLASSES = 28 * 28, 10


class Options(param.Parameterized):
    """The fields of the form. A recipe fills them all in; then each can be changed."""

    preset: Any = param.Selector(objects=list(RECIPES), default="seed", label="Start from recipe")
    engine: Any = param.Selector(objects=list(ENGINES), default="numba", label="Engine")
    hidden = param.String(label="Hidden layers")
    epochs = param.String(label="Epochs")
    batch_size = param.String(label="Batch size")
    learning_rate = param.String(label="Learning rate")
    seed = param.String(label="Seed")
    distorts = param.Boolean(label="Distort the digits anew each epoch")
    problems: Any = param.Dict(default={}, doc="A sentence for each field that cannot be read.")

    def read(self) -> Recipe | None:
        """The recipe that was chosen; None if something is wrong with it, see `problems`."""
        values, problems = {}, {}
        for name, (parse, check) in _FIELDS.items():
            try:
                values[name] = parse(getattr(self, name))
                replace(SEED, **{name: values[name]})
                check(values[name])
            except OptionError as error:
                problems[name] = str(error).replace(f"{name} must", f"{name.replace('_', ' ')} must")
        self.problems = problems
        if problems:
            return None
        recipe = RECIPES[self.preset]
        distortions = (recipe.augmentation or Augmentation()) if self.distorts else None
        return replace(recipe, engine=self.engine, augmentation=distortions, **values)

    @param.depends("preset", watch=True, on_init=True)
    def _fill_in(self) -> None:
        recipe = RECIPES[self.preset]
        self.param.update(
            hidden=",".join(map(str, recipe.hidden)),
            epochs=str(recipe.epochs),
            batch_size=str(recipe.batch_size),
            learning_rate=f"{recipe.learning_rate:g}",
            seed=str(recipe.seed),
            distorts=recipe.augmentation is not None,
        )

    @param.depends("hidden", "epochs", "batch_size", "learning_rate", "seed", watch=True)
    def _check(self) -> None:
        self.read()


def _sizes(text: str) -> tuple[int, ...]:
    if text.strip().lower() in ("", "none"):
        return ()
    try:
        return tuple(int(size) for size in text.split(","))
    except ValueError as error:
        raise OptionError('hidden layers are sizes such as "512" or "256,128", or "none"') from error


def _number(kind: type) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            return text  # the recipe says what it should have been

    return parse


def _at_most(most: int) -> Callable[[Any], None]:
    def check(value: int) -> None:
        if value > most:
            raise OptionError(f"at most {most:,} on this page, not {value:,}")

    return check


def _check_parameters(hidden: tuple[int, ...]) -> None:
    n = count_parameters((_PIXELS, *hidden, _CLASSES))
    if n > MOST_PARAMETERS:
        raise OptionError(f"at most {MOST_PARAMETERS:,} weights and biases on this page, not {n:,}")


def _anything(value: Any) -> None:
    pass


_FIELDS: dict[str, tuple[Callable[[str], Any], Callable[[Any], None]]] = {
    "hidden": (_sizes, _check_parameters),
    "epochs": (_number(int), _at_most(MOST_EPOCHS)),
    "batch_size": (_number(int), _at_most(MOST_BATCH_SIZE)),
    "learning_rate": (_number(float), _anything),
    "seed": (_number(int), _anything),
}
