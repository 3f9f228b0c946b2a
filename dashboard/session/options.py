"""What people chose for a training, as they typed it, and what is wrong with it, field by field. Knows no widget."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import param

from fastnet.data.distortions import Augmentation
from fastnet.errors import OptionError
from fastnet.knobs import Knob, knobs
from fastnet.models.files import count_parameters
from fastnet.training.recipe import FOR_SGD, PLAIN, RECIPES, Recipe, sizes_of

ENGINE_TITLES = {"numba": "Numba", "reference": "NumPy"}  # what people choose between
MOST_EPOCHS = 1000
MOST_BATCH_SIZE = 1024  # one step of the reference engine stays well below the second within which it must stop
MOST_PARAMETERS = 4_000_000
MOST_LAYERS = 10  # a thousand of one unit each have few parameters, and take the process hours to make ready
MOST_SEED = 2**63 - 1
MOST_CHARACTERS = 100  # of a field
_PIXELS, _CLASSES = 28 * 28, 10
_KNOBS = knobs(Recipe)


def _typed(name: str) -> Any:
    knob = _KNOBS[name]
    return param.String(label=knob.title, doc=knob.help[0].upper() + knob.help[1:])


def _chosen(name: str) -> Any:
    knob = _KNOBS[name]
    return param.Selector(objects=list(knob.choices), default=knob.default, label=knob.title)


class Options(param.Parameterized):
    """The fields of the form. A recipe fills them all in; then each can be changed."""

    preset: Any = param.Selector(objects=list(RECIPES), default="plain", label="Start from recipe")
    engine: Any = _chosen("engine")
    activation: Any = _chosen("activation")
    solver: Any = _chosen("solver")
    hidden = _typed("hidden")
    epochs = _typed("epochs")
    batch_size = _typed("batch_size")
    learning_rate = _typed("learning_rate")
    seed = _typed("seed")
    distorts = param.Boolean(label="Distort the digits anew each epoch")
    problems: Any = param.Dict(default={}, doc="A sentence for each field that cannot be read.")

    def read(self) -> Recipe | None:
        """The recipe that was chosen; None if something is wrong with it, see `problems`."""
        values, problems = {}, {}
        for name, check in FIELDS.items():
            try:
                values[name] = _parse(_KNOBS[name], _of_sane_length(getattr(self, name)))
                replace(PLAIN, **{name: values[name]})
                check(values[name])
            except OptionError as error:
                problems[name] = str(error).replace(f"{name} must", f"{_KNOBS[name].label} must")
        self.problems = problems
        if problems:
            return None
        recipe = RECIPES[self.preset]
        distortions = (recipe.augmentation or Augmentation()) if self.distorts else None
        chosen = {name: getattr(self, name) for name in CHOICES}
        if self.solver == "sgd":
            values = {**FOR_SGD, **values}
        return replace(recipe, augmentation=distortions, **chosen, **values)

    def choose(self, preset: str) -> None:
        """Fill in all fields from a recipe, whatever was typed before."""
        self.preset = preset
        self._fill_in()
        self.engine = RECIPES[preset].engine

    @param.depends("preset", watch=True, on_init=True)
    def _fill_in(self) -> None:
        recipe = RECIPES[self.preset]
        texts = {name: _KNOBS[name].text(getattr(recipe, name)) for name in FIELDS}
        chosen = {name: getattr(recipe, name) for name in CHOICES if name != "engine"}
        self.param.update(**texts, **chosen, distorts=recipe.augmentation is not None)

    @param.depends("solver", watch=True)
    def _offer_rate(self) -> None:
        """The learning rate of one solver does not suit the other."""
        rate = FOR_SGD["learning_rate"] if self.solver == "sgd" else RECIPES[self.preset].learning_rate
        self.learning_rate = _KNOBS["learning_rate"].text(rate)

    @param.depends("hidden", "epochs", "batch_size", "learning_rate", "seed", watch=True)
    def _check(self) -> None:
        self.read()


def _of_sane_length(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise OptionError(f"at most {MOST_CHARACTERS} characters, not {len(text):,}")
    return text


def _parse(knob: Knob, text: str) -> Any:
    if knob.kind is tuple:
        return sizes_of(text)
    try:
        return knob.kind(text)
    except ValueError:
        return text  # the recipe says what it should have been


def _at_most(most: int) -> Callable[[Any], None]:
    def check(value: int) -> None:
        if value > most:
            raise OptionError(f"at most {most:,} on this page, not {value:,}")

    return check


def _check_parameters(hidden: tuple[int, ...]) -> None:
    if len(hidden) > MOST_LAYERS:
        raise OptionError(f"at most {MOST_LAYERS} hidden layers on this page, not {len(hidden):,}")
    n = count_parameters((_PIXELS, *hidden, _CLASSES))
    if n > MOST_PARAMETERS:
        raise OptionError(f"at most {MOST_PARAMETERS:,} weights and biases on this page, not {n:,}")


def _anything(value: Any) -> None:
    pass


# The fields that are chosen from a list.
CHOICES = ("engine", "activation", "solver")

# The fields that are typed, and what this page demands of them beyond a recipe.
FIELDS: dict[str, Callable[[Any], None]] = {
    "hidden": _check_parameters,
    "epochs": _at_most(MOST_EPOCHS),
    "batch_size": _at_most(MOST_BATCH_SIZE),
    "learning_rate": _anything,
    "seed": _at_most(MOST_SEED),
}
