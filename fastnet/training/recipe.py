"""The recipe of a training: every choice that, with the data, decides the trained weights; and those with a name."""

import dataclasses
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from fastnet.data.distortions import Augmentation
from fastnet.errors import OptionError, told
from fastnet.kernels.kinds import ACTIVATIONS
from fastnet.knobs import check, knob
from fastnet.models.documents import Manifest
from fastnet.models.kinds import LOSSES, REGRESSIONS

from .schedules import SCHEDULES

ENGINES = ("numba", "reference")
SOLVERS = ("adam", "sgd")
# What suits gradient descent, while recipes are made for Adam: with `plain` and `fast`, rates from 0.05 to 0.2 came
# within 0.3 points of each other on validation digits, and lower ones did worse; with Adam's weight decay, `plain`
# stayed at 94%.
FOR_SGD: dict[str, Any] = {"learning_rate": 0.1, "weight_decay": 0.0}
MOST = 10**6  # units of a layer, samples of a batch, epochs


@dataclass(frozen=True)
class Recipe:
    """Network, optimizer and order of samples, by default the recipe `plain`; OptionError for what makes no sense."""

    hidden: tuple[int, ...] = knob(
        (512,), "hidden layer sizes", 'units of each hidden layer, such as 256,128, or "none"', least=1, most=MOST
    )
    epochs: int = knob(40, "epochs", "passes over the training samples", least=1, most=MOST)
    batch_size: int = knob(64, "the batch size", "samples a step", unit="samples", least=1, most=MOST)
    learning_rate: float = knob(4e-3, "the learning rate", "step size of Adam or sgd, at its peak", above=0)
    schedule: str = knob("linear", "the schedule", "constant, or falling to 0 as a line or a cosine", choices=SCHEDULES)
    warmup_epochs: float = knob(1.0, "warm-up", "epochs over which the rate rises at first", unit="epochs", least=0)
    beta1: float = knob(0.9, "beta1", "decay of Adam's first moment", least=0, below=1)
    beta2: float = knob(0.999, "beta2", "decay of Adam's second moment", least=0, below=1)
    eps: float = knob(1e-8, "eps", "added to Adam's denominator", above=0)
    weight_decay: float = knob(0.1, "the weight decay", "decoupled weight decay", least=0)
    n_validation: int = knob(
        5000, "the validation samples", "training samples set aside for validation", least=0, most=MOST
    )
    seed: int = knob(0, "the seed", "seed of all random numbers", least=0)
    engine: str = knob("numba", "the engine", "numba (the fast kernels) or reference (NumPy)", choices=ENGINES)
    label_smoothing: float = knob(0.0, "label smoothing", "share of a label that all classes get", least=0, below=1)
    shuffle: bool = knob(True, "shuffle", "take the samples in another order in each epoch")
    l2: float = knob(
        0.0, "the L2 penalty", "penalty of the loss: this / 2 * sum of squared weights / weight of the batch", least=0
    )
    augmentation: Augmentation | None = knob(None, "augmentation", "distorts the training images anew in each epoch")
    synthetic: float = knob(
        0.0,
        "synthetic digits",
        "digits made of others, as other people write and cameras show them, beside the true ones",
        unit="to each true one",
        least=0,
        most=1,
    )
    dropout: float = knob(
        0.0, "dropout", "share of hidden units dropped in a step", unit="of the hidden units", least=0, below=1
    )
    input_dropout: float = knob(
        0.0, "input dropout", "share of pixels dropped in a step", unit="of the pixels", least=0, below=1
    )
    clip_norm: float | None = knob(
        None, "the norm to clip gradients to", "longest gradient of a step, of all parameters together", above=0
    )
    selectivity: float = knob(
        1.0, "selectivity", "share of the samples, hard ones, to step on", unit="of the samples", least=1 / MOST, most=1
    )
    passes: int = knob(1, "passes", "passes that make an epoch, as for an endless stream", least=1, most=MOST)
    activation: str = knob("relu", "the activation", "what follows each hidden layer", choices=ACTIVATIONS)
    loss: str = knob(
        "cross_entropy",
        "the loss",
        "cross_entropy of classes, logistic of several labels, or squared_error or poisson of numbers",
        choices=LOSSES,
    )
    solver: str = knob("adam", "the solver", "adam, or sgd (gradient descent with momentum)", choices=SOLVERS)
    momentum: float = knob(0.9, "momentum", "share of its last step that sgd takes again", least=0, most=1)
    nesterov: bool = knob(True, "nesterov", "sgd looks ahead, as Nesterov's momentum does")
    teacher: str | None = knob(
        None, "the teacher", "a model whose answers are the targets; of several, with commas between, their mean"
    )
    teacher_share: float = knob(
        1.0, "the teacher's share", "share of a target that is the teacher's; the rest is the label's", least=0, most=1
    )
    temperature: float = knob(1.0, "the temperature", "what the teacher's logits are divided by", above=0)
    annealing: float = knob(
        0.0,
        "annealing",
        "share of the epochs, the last, in which distortions weaken",
        unit="of the epochs",
        least=0,
        most=1,
    )
    last_strength: float = knob(
        0.0, "the last strength", "share of the distortions' strength that annealing leaves", least=0, most=1
    )

    def __post_init__(self) -> None:
        check(self)
        if self.warmup_epochs > self.epochs:
            raise OptionError(f"warm-up must be within the epochs, not {self.warmup_epochs!r}")

    @property
    def is_regression(self) -> bool:
        """Whether the network answers numbers, not classes or labels."""
        return self.loss in REGRESSIONS

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


def sizes_of(text: str) -> tuple[int, ...]:
    """The sizes of hidden layers as people write them: "512", "512,256" or "none"; OptionError for any others."""
    if text.strip().lower() in ("", "none"):
        return ()
    with suppress(ValueError):
        sizes = tuple(int(size) for size in text.split(","))
        if all(1 <= size <= MOST for size in sizes):
            return sizes
    rule = f"hidden layers are sizes, whole numbers from 1 to {MOST:,} such as 512 or 256,128, or none"
    raise OptionError(f"{rule}, not {told(text, 80)!r}")


# ---- For `fastnet train --recipe NAME`; docs/recipe.md tells how they were found -------------------------------------

PLAIN = Recipe()

# The same network, on distorted digits: it doesn't know them by heart.
FAST = Recipe(
    epochs=30,
    batch_size=128,
    learning_rate=4e-3,
    weight_decay=0.05,
    augmentation=Augmentation(),
)

# So more epochs go on to help, and steps that are less at random do, too.
BEST = dataclasses.replace(FAST, epochs=360, batch_size=512)

# MNIST's test digits are sharp, and by people who write as those of the training digits do: others' are not. Of these,
# more are read after fewer epochs with steps that are more at random.
PEOPLE = dataclasses.replace(FAST, epochs=180, synthetic=0.1)

# Three hidden layers, 3.2 million weights: more to learn with, so more to learn, for longer. Most digits are soon read
# well; steps are taken on the others.
BEST_LARGE = dataclasses.replace(
    FAST,
    hidden=(1500, 1000, 500),
    epochs=900,
    learning_rate=1e-3,
    dropout=0.1,
    selectivity=0.25,
    augmentation=Augmentation(rotation=12, scale=0.15, aspect=0.12, shear=12, shift=1.5, elastic=1.2),
)

PEOPLE_LARGE = dataclasses.replace(BEST_LARGE, synthetic=PEOPLE.synthetic)

RECIPES = {
    "plain": PLAIN,
    "fast": FAST,
    "best": BEST,
    "people": PEOPLE,
    "best-large": BEST_LARGE,
    "people-large": PEOPLE_LARGE,
}

# What each is for.
SUMMARIES = {
    "plain": "the default: images as they are, so that it suits any data, and what all timings compare",
    "fast": "as quick with half the errors, for pictures of digits alone: they are distorted anew in each epoch",
    "best": "the same for longer, in larger steps: the most accurate of the small network on MNIST's digits",
    "people": "fast for longer, also on digits made as people write and cameras show them: for pictures of anybody's",
    "best-large": "three hidden layers and 3.2 million weights: the most accurate on MNIST's digits, in half an hour",
    "people-large": "the same, also on digits made as other people write and cameras show them",
}
