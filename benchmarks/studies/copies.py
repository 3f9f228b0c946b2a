"""One look at a digit against the mean over lightly distorted copies of it, into docs/recipe.md (`make copies`).

How strongly the copies are distorted, and how many there are, is chosen on the digits that the models' trainings set
aside, by the loss, which tells more than accuracy of few digits. Models with a plus between them answer together, by
their mean. The test set is opened for the choice alone, and for the one look it is compared with. Nothing in the
library reads so: it is as many times the work, and other people's digits gain nothing.

`--together` takes runs of one recipe instead, as `make records` leaves them. Each seed set other digits aside, so that
nothing is chosen: the test set is opened for one look and for what was chosen for `mnist-best-large`.
"""

from itertools import chain, product
from pathlib import Path

import numpy as np

from benchmarks.publishing import publish, study_parser
from fastnet.data.augment import augment_samples
from fastnet.data.distortions import Augmentation
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Dataset, Samples
from fastnet.kernels import fastest
from fastnet.models.model import Model
from fastnet.training.recipe import Recipe, recipe_of
from fastnet.training.trainer import validation_split

DOCUMENT = Path("docs/recipe.md")
MODELS = (("mnist-784-512-10-best",), ("mnist-best-large",), ("mnist-best-large", "mnist-people-large"))
STRENGTHS = (0.25, 0.5, 1.0)  # of those that `best` is trained with
NUMBERS = (8, 32)
SEED = 2026

HEADER = [
    "| model | copies | strength | validation accuracy | validation loss | test accuracy |",
    "|---|--:|--:|--:|--:|--:|",
]
Choice = tuple[float, int]  # strength, number of copies
ONE_LOOK: Choice = (0.0, 0)
CHOSEN: Choice = (0.5, 8)  # for mnist-best-large


def main(argv: list[str]) -> None:
    """Measure each choice for each model; print and optionally write the table. Or look at runs together."""
    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("--together", nargs="+", metavar="RUN", help="of these the mean, on the test set")
    args = parser.parse_args(argv)
    dataset = load_dataset()
    if args.together:
        models = [Model.load(run) for run in args.together]
        for choice in (ONE_LOOK, CHOSEN):
            print(f"{choice[1] or 'no'} copies: {figures(models, dataset.test, *choice)[0]:.2%}")
        return
    lines = list(HEADER)
    for names in MODELS:
        models = [Model.load(name) for name in names]
        digits = set_aside(dataset, models)
        found = {choice: figures(models, digits, *choice) for choice in [ONE_LOOK, *product(STRENGTHS, NUMBERS)]}
        chosen = min(found, key=lambda choice: found[choice][1])
        for choice, (accuracy, loss) in found.items():
            opened = choice in (ONE_LOOK, chosen)
            test = f"{figures(models, dataset.test, *choice)[0]:.2%}" if opened else ""
            strength, n_copies = choice
            name = " + ".join(f"`{name}`" for name in names)
            lines.append(f"| {name} | {n_copies or 'none'} | {strength:g} | {accuracy:.2%} | {loss:.4f} | {test} |")
    publish({"copies": "\n".join(lines)}, args.write)


def set_aside(dataset: Dataset, models: list[Model]) -> Samples:
    """The digits that the trainings of all these models set aside."""
    splits = set()
    for model in models:
        recipe = recipe_of(model.manifest)
        assert recipe
        splits.add((recipe.seed, recipe.n_validation))
    ((seed, n_validation),) = splits
    return validation_split(dataset, Recipe(seed=seed, n_validation=n_validation))[1]


def figures(models: list[Model], digits: Samples, strength: float, n_copies: int) -> tuple[float, float]:
    """Accuracy and mean loss of the mean of all models' probabilities of each digit and so many copies of it."""
    light, rows = Augmentation().weakened(strength), np.arange(len(digits))
    copies = (augment_samples(digits, rows, light, SEED, number, fastest()) for number in range(n_copies))
    looks = chain([digits], copies)
    probabilities = np.mean([model.predict_proba(look.pixels) for look in looks for model in models], axis=0)
    losses = -np.log(probabilities[rows, digits.labels])
    return float(np.mean(probabilities.argmax(axis=1) == digits.labels)), float(losses.mean())
