"""One look at a digit against the mean over lightly distorted copies of it, into docs/recipe.md (`make copies`).

How strongly the copies are distorted, and how many there are, is chosen on the digits that the models' trainings set
aside, by the loss, which tells more than accuracy of few digits. The test set is opened for the choice alone. Nothing
in the library reads so: it is as many times the work, and other people's digits gain nothing.
"""

from itertools import product
from pathlib import Path

import numpy as np

from benchmarks.publishing import publish, study_parser
from fastnet.data.augment import augment_samples
from fastnet.data.distortions import Augmentation
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Samples
from fastnet.kernels import fastest
from fastnet.models.model import Model
from fastnet.training.recipe import recipe_of
from fastnet.training.trainer import validation_split

DOCUMENT = Path("docs/recipe.md")
MODELS = ("mnist-784-512-10-best", "mnist-best-large")
STRENGTHS = (0.25, 0.5, 1.0)  # of those that `best` is trained with
NUMBERS = (8, 32)
SEED = 2026

HEADER = [
    "| model | copies | strength | validation accuracy | validation loss | test accuracy |",
    "|---|--:|--:|--:|--:|--:|",
]
Choice = tuple[float, int]  # strength, number of copies
ONE_LOOK: Choice = (0.0, 0)


def main(argv: list[str]) -> None:
    """Measure each choice for each model; print and optionally write the table."""
    args = study_parser(__doc__, DOCUMENT).parse_args(argv)
    dataset = load_dataset()
    lines = list(HEADER)
    for name in MODELS:
        model = Model.load(name)
        recipe = recipe_of(model.manifest)
        assert recipe
        digits = validation_split(dataset.train, recipe)[1]
        found = {choice: figures(model, digits, *choice) for choice in [ONE_LOOK, *product(STRENGTHS, NUMBERS)]}
        chosen = min(found, key=lambda choice: found[choice][1])
        for choice, (accuracy, loss) in found.items():
            opened = choice in (ONE_LOOK, chosen)
            test = f"{figures(model, dataset.test, *choice)[0]:.2%}" if opened else ""
            strength, n_copies = choice
            lines.append(f"| `{name}` | {n_copies or 'none'} | {strength:g} | {accuracy:.2%} | {loss:.4f} | {test} |")
    publish({"copies": "\n".join(lines)}, args.write)


def figures(model: Model, digits: Samples, strength: float, n_copies: int) -> tuple[float, float]:
    """Accuracy and mean loss of the mean of the probabilities of each digit and so many copies of it."""
    light, rows = Augmentation().weakened(strength), np.arange(len(digits))
    probabilities = model.predict_proba(digits.pixels)
    for number in range(n_copies):
        probabilities += model.predict_proba(augment_samples(digits, rows, light, SEED, number, fastest()).pixels)
    losses = -np.log(probabilities[rows, digits.labels] / (n_copies + 1))
    return float(np.mean(probabilities.argmax(axis=1) == digits.labels)), float(losses.mean())
