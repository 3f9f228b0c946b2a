"""The recipe of a training: every choice that, with the data, decides the trained weights; and those with a name."""

import dataclasses
import math
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from fastnet.data.augment import Augmentation
from fastnet.errors import OptionError
from fastnet.models.documents import Manifest

from .schedules import SCHEDULES

ENGINES = ("numba", "reference")
MOST = 10**6  # units of a layer, samples of a batch, epochs
_NUMBERS = (
    "learning_rate",
    "warmup_epochs",
    "beta1",
    "beta2",
    "eps",
    "weight_decay",
    "label_smoothing",
    "dropout",
    "input_dropout",
    "l2",
    "selectivity",
)


@dataclass(frozen=True)
class Recipe:
    """Network, optimizer and order of samples, by default the seed network's; OptionError for what makes no sense."""

    hidden: tuple[int, ...] = (512,)
    epochs: int = 40
    batch_size: int = 64
    learning_rate: float = 4e-3
    schedule: str = "linear"
    warmup_epochs: float = 1.0
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.1
    n_validation: int = 5000
    seed: int = 0
    engine: str = "numba"
    label_smoothing: float = 0.0
    shuffle: bool = True  # the samples, anew in each epoch
    l2: float = 0.0  # penalty in the loss: l2 / 2 * sum of the squared weights / weight of the mini-batch
    augmentation: Augmentation | None = None  # distorts the training images anew in each epoch
    dropout: float = 0.0  # share of hidden units that are 0 in a step
    input_dropout: float = 0.0  # share of pixels
    clip_norm: float | None = None  # the longest that a step's gradient, of all parameters together, may be
    selectivity: float = 1.0  # share of the samples of a pass that steps are taken on, those with a large loss mostly
    passes: int = 1  # over the training samples in an epoch, each shuffled and distorted anew

    def __post_init__(self) -> None:
        sizes_are_sound = isinstance(self.hidden, tuple) and all(_is_whole(size, 1) for size in self.hidden)
        _require(sizes_are_sound, "hidden layer sizes must be a tuple of whole numbers from 1", self.hidden)
        _require(max(self.hidden, default=1) <= MOST, f"hidden layer sizes must be at most {MOST}", self.hidden)
        for name, least in (("epochs", 1), ("passes", 1), ("batch_size", 1), ("n_validation", 0), ("seed", 0)):
            value = getattr(self, name)
            _require(_is_whole(value, least), f"{name} must be a whole number from {least}", value)
            _require(name == "seed" or value <= MOST, f"{name} must be at most {MOST}", value)
        for name in _NUMBERS:
            value = getattr(self, name)
            _require(_is_number(value), f"{name} must be a number", value)
        _require(0 < self.learning_rate < math.inf, "the learning rate must be above 0", self.learning_rate)
        _require(self.schedule in SCHEDULES, f"the schedule must be one of {', '.join(SCHEDULES)}", self.schedule)
        _require(0 <= self.warmup_epochs <= self.epochs, "warm-up must be within the epochs", self.warmup_epochs)
        _require(0 <= self.beta1 < 1, "beta1 must be at least 0 and below 1", self.beta1)
        _require(0 <= self.beta2 < 1, "beta2 must be at least 0 and below 1", self.beta2)
        _require(0 < self.eps < math.inf, "eps must be above 0", self.eps)
        _require(0 <= self.weight_decay < math.inf, "the weight decay must be at least 0", self.weight_decay)
        _require(0 <= self.label_smoothing < 1, "label smoothing must be at least 0 and below 1", self.label_smoothing)
        _require(0 <= self.l2 < math.inf, "the L2 penalty must be at least 0", self.l2)
        _require(0 <= self.dropout < 1, "dropout must be at least 0 and below 1", self.dropout)
        _require(0 <= self.input_dropout < 1, "input dropout must be at least 0 and below 1", self.input_dropout)
        _require(1 / MOST <= self.selectivity <= 1, f"selectivity must be from {1 / MOST:g} to 1", self.selectivity)
        clips = self.clip_norm is None or (_is_number(self.clip_norm) and 0 < self.clip_norm < math.inf)
        _require(clips, "the norm to clip gradients to must be a number above 0, or None", self.clip_norm)
        _require(self.engine in ENGINES, f"the engine must be one of {', '.join(ENGINES)}", self.engine)
        _require(isinstance(self.shuffle, bool), "shuffle must be True or False", self.shuffle)
        is_augmentation = self.augmentation is None or isinstance(self.augmentation, Augmentation)
        _require(is_augmentation, "augmentation must be an Augmentation or None", self.augmentation)

    def to_json(self) -> dict[str, Any]:
        """A dictionary that JSON can hold."""
        return {**dataclasses.asdict(self), "hidden": list(self.hidden)}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "Recipe":
        """The recipe that `to_json` described; OptionError where it is not one."""
        try:
            augmentation = fields.get("augmentation")
            if augmentation is not None:
                augmentation = Augmentation.from_json(augmentation)
            return cls(**{**fields, "hidden": tuple(fields["hidden"]), "augmentation": augmentation})
        except (AttributeError, KeyError, TypeError) as error:
            raise OptionError(f"not a training recipe: {error}") from error


def recipe_of(manifest: Manifest) -> Recipe | None:
    """The recipe that a model was trained by, None where its manifest does not tell."""
    with suppress(OptionError):
        return Recipe.from_json(manifest.recipe) if manifest.recipe else None
    return None


def _require(holds: bool, sentence: str, value: object) -> None:
    if not holds:
        raise OptionError(f"{sentence}, not {value!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, float) or (type(value) is int and abs(value) <= sys.float_info.max)


def _is_whole(value: object, least: int) -> bool:
    return type(value) is int and value >= least


# ---- For `fastnet train --recipe NAME`; docs/recipe.md tells how they were found -------------------------------------

SEED = Recipe()

# The seed network, on distorted digits: it doesn't know them by heart, so that more epochs go on to help.
BEST = Recipe(
    epochs=180,
    batch_size=128,
    learning_rate=4e-3,
    weight_decay=0.05,
    augmentation=Augmentation(),
)

FAST = dataclasses.replace(BEST, epochs=30)

# Three hidden layers, 3.2 million weights: more to learn with, so more to learn, for longer. Most digits are soon read
# well; steps are taken on the others.
BEST_LARGE = dataclasses.replace(
    BEST,
    hidden=(1500, 1000, 500),
    epochs=900,
    learning_rate=1e-3,
    dropout=0.1,
    selectivity=0.25,
    augmentation=Augmentation(rotation=12, scale=0.15, aspect=0.12, shear=12, shift=1.5, elastic=1.2),
)

RECIPES = {"seed": SEED, "fast": FAST, "best": BEST, "best-large": BEST_LARGE}
