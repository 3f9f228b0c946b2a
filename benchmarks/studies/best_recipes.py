"""Changes to the recipes for distorted digits, on validation digits, written into docs/recipe.md (`make best-recipes`).

The test set is not opened here. Each trained network also reads other copies of its validation digits: some distorted
as `best` has it in training, which are many and so tell small differences, some by half as much again, some reduced
to 8 x 8 pixels and enlarged again, and 1, 4, 7 and 9 as other people write them. What was measured is kept in
build/best-recipes.json, so that a run that was stopped goes on; a trial counts as long as synthetic digits are what
they were then.
"""

import dataclasses
import hashlib
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.publishing import publish, study_parser
from fastnet.data.distortions import Augmentation
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Dataset, Samples
from fastnet.data.synthetic import SUITED, other_hands, with_synthetic
from fastnet.kernels.jit import get_threads
from fastnet.reading.pictures.mnist_form import to_mnist_form
from fastnet.training.engine import distorted
from fastnet.training.recipe import BEST_LARGE, FAST, PEOPLE, Recipe
from fastnet.training.trainer import Training

DOCUMENT = Path("docs/recipe.md")

SEEDS = range(10, 13)  # not those of the final figure
STRONGER = Augmentation(rotation=15, scale=0.15, aspect=0.15, shear=15, shift=2, elastic=1.3, smoothness=5)
N_COPIES = {"lightly": 10, "distorted": 4}  # of each validation digit
COLUMNS = {
    "accuracy": "validation accuracy",
    "lightly": "lightly distorted",
    "distorted": "distorted",
    "coarse": "8 x 8 pixels",
    "other_hands": "1, 4, 7, 9 of other hands",
}
MEASURED = Path("build/best-recipes.json")
N_MARKING = 2000  # digits that tell what synthetic digits are

Changes = dict[str, Any]

# Changes to a recipe, those in "augmentation" to its augmentation; epochs are fewer, so that trials are quick.
SHORT: Changes = {"epochs": 30}
MILD: dict[str, float] = {"elastic": 0.7, "shear": 5}
WEAK: dict[str, float] = {"rotation": 7, "scale": 0.07, "aspect": 0.07, "shear": 7, "shift": 0.7, "elastic": 0.7}
STRONG: dict[str, float] = {"rotation": 12, "scale": 0.15, "aspect": 0.12, "shear": 12, "shift": 1.5, "elastic": 1.2}
LIGHT: dict[str, float] = {"rotation": 6, "scale": 0.06, "aspect": 0.06, "shear": 6, "shift": 0.6, "elastic": 0.6}
DEEP: Changes = {"hidden": (1500, 1000, 500), "epochs": 170, "learning_rate": 1e-3}
TEACHER, PEOPLES_TEACHER = "mnist-best-large", "mnist-people-large"
WIDE: Changes = {"hidden": (2000, 1500, 1000, 500), "batch_size": 256, "learning_rate": 1e-3}
EARLIER = dataclasses.replace(FAST, epochs=180)  # what `best` was when its trials began from it
STUDIES: dict[str, tuple[Recipe, range, list[Changes]]] = {
    "best": (
        dataclasses.replace(EARLIER, **SHORT),
        SEEDS,
        [
            {},
            {"augmentation": None},
            {"learning_rate": 2e-3},
            {"weight_decay": 0.0},
            {"label_smoothing": 0.1},
            {"augmentation": {"elastic": 1.5}},
            {"augmentation": MILD},
            {"augmentation": {"smoothness": 4}},
            {"augmentation": {"thickness": 0.5}},
            {"epochs": 90},
        ],
    ),
    "best-large": (
        dataclasses.replace(EARLIER, **SHORT, hidden=(1024, 512)),
        SEEDS[:1],
        [
            {},
            {"hidden": (2048,)},
            {"label_smoothing": 0.1},
            {"learning_rate": 2e-3},
            {"augmentation": STRONG},
            {"learning_rate": 2e-3, "augmentation": STRONG},
        ],
    ),
    "best-large-long": (
        dataclasses.replace(
            EARLIER, hidden=(1024, 512), epochs=400, learning_rate=2e-3, augmentation=Augmentation(**STRONG)
        ),
        SEEDS[:1],
        [
            {"epochs": 270},
            {"selectivity": 0.25},
            {"selectivity": 0.25, "augmentation": {"elastic": 1.3, "smoothness": 4.5}},
            {"selectivity": 0.25, "dropout": 0.1},
            {**WIDE, "epochs": 40},
            {**WIDE, "epochs": 70, "selectivity": 0.25},
            {**DEEP, "selectivity": 0.25, "dropout": 0.1},
            {**DEEP, "selectivity": 0.25, "dropout": 0.2},
        ],
    ),
    "best-long": (
        EARLIER,
        range(10, 15),
        [
            {},
            {"augmentation": MILD},
            {"augmentation": WEAK},
            {"augmentation": MILD, "annealing": 0.2, "last_strength": 0.5},
            {"augmentation": MILD, "epochs": 400},
        ],
    ),
    "fast": (
        dataclasses.replace(FAST, epochs=10),
        range(10, 15),
        [
            {},
            {"epochs": 8},
            {"epochs": 12},
            {"annealing": 0.3},
            {"annealing": 0.3, "epochs": 12},
            {"batch_size": 256, "learning_rate": 6e-3},
            {"augmentation": LIGHT},
        ],
    ),
    "people": (
        dataclasses.replace(EARLIER, epochs=60),
        SEEDS,
        [
            {},
            {"synthetic": 0.1},
            {"synthetic": 0.2},
            {"synthetic": 0.4},
            {"synthetic": 0.2, "augmentation": {"thickness": 0.5}},
        ],
    ),
    "taught": (
        dataclasses.replace(EARLIER, epochs=60, teacher=TEACHER),
        range(1),  # whose validation digits the teacher was not trained on
        [
            {},
            {"teacher": None},
            {"teacher_share": 0.7},
            {"annealing": 0.2},
            {"temperature": 4},
            {"temperature": 4, "epochs": 180},
            {"temperature": 4, "annealing": 0.2},
            {"temperature": 4, "annealing": 0.2, "last_strength": 0.5},
            {"teacher": None, "annealing": 0.2},
            {"teacher": None, "epochs": 180},
            {"teacher": None, "epochs": 180, "annealing": 0.2},
        ],
    ),
    "people-taught": (
        dataclasses.replace(PEOPLE, epochs=60, teacher=PEOPLES_TEACHER, temperature=4.0),
        range(1),
        [
            {"teacher": None, "temperature": 1},
            {},
            {"teacher_share": 0.5},
            {"teacher": None, "temperature": 1, "epochs": 180},
            {"teacher_share": 0.5, "epochs": 180},
            {"epochs": 180},
        ],
    ),
    "batches": (
        PEOPLE,
        SEEDS,
        [
            {},
            {"batch_size": 512},
            {"batch_size": 512, "epochs": 360},
        ],
    ),
    "large-batches": (
        dataclasses.replace(BEST_LARGE, epochs=170),
        SEEDS[:1],
        [
            {},
            {"batch_size": 256},
            {"batch_size": 512, "learning_rate": 2e-3},
        ],
    ),
}


def main(argv: list[str]) -> None:
    """Train each candidate with each seed; print and optionally write the table."""
    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("--study", choices=STUDIES, action="append", help="its name; may be repeated (default: all)")
    args = parser.parse_args(argv)
    dataset = load_dataset()
    for name in args.study or STUDIES:
        recipe, seeds, candidates = STUDIES[name]
        figures = []
        for changes in candidates:
            figures.append(measured(dataset, changed(recipe, changes), seeds))
            print(row(changes, figures[-1], columns_of(figures[-1:])), file=sys.stderr, flush=True)
        columns = columns_of(figures)
        lines = [
            f"| change | {' | '.join(COLUMNS[column] for column in columns)} | seconds |",
            f"|---|{'--:|' * len(columns)}--:|",
            *(row(changes, each, columns) for changes, each in zip(candidates, figures, strict=True)),
        ]
        publish({name: "\n".join(lines)}, args.write)


def changed(recipe: Recipe, changes: Changes) -> Recipe:
    """The recipe with those changes; a dictionary under "augmentation" changes that."""
    augmentation = changes.get("augmentation", {})
    if augmentation is not None and recipe.augmentation is not None:
        augmentation = dataclasses.replace(recipe.augmentation, **augmentation)
    return dataclasses.replace(recipe, **{**changes, "augmentation": augmentation})


def measured(dataset: Dataset, recipe: Recipe, seeds: range) -> list[dict[str, float]]:
    """Each seed's figures, from the file where they are there."""
    known = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    figures, mark = [], mark_of_synthetic(dataset.train)
    for seed in seeds:
        recipe = dataclasses.replace(recipe, seed=seed)
        key = json.dumps({"synthetic digits": mark, **recipe.to_json()})
        if key not in known:
            known[key] = train(dataset, recipe)
            MEASURED.parent.mkdir(exist_ok=True)
            MEASURED.write_text(json.dumps(known, indent=1))
        figures.append(known[key])
    return figures


def mark_of_synthetic(samples: Samples) -> str:
    """What changes where other synthetic digits are made, and not with how their code is written."""
    made = with_synthetic(samples.take(np.arange(N_MARKING)), 1.0, np.random.default_rng(0))
    return hashlib.sha256(made.pixels.tobytes()).hexdigest()[:8]


def train(dataset: Dataset, recipe: Recipe) -> dict[str, float]:
    """Train; the accuracy on the validation split and on its other copies, and the seconds that the processors took.

    They are those of one of the threads, whatever else the machine does.
    """
    training = Training(dataset, recipe)
    training.compile_kernels()
    started = time.process_time()
    training.run()
    seconds = (time.process_time() - started) / get_threads()
    digits = training.validation_samples
    copies = {
        "accuracy": digits,
        "lightly": distorted_copies(digits, recipe, Augmentation(), N_COPIES["lightly"]),
        "distorted": distorted_copies(digits, recipe, STRONGER, N_COPIES["distorted"]),
        "coarse": coarse(digits),
        "other_hands": other_hands_of(digits),
    }
    return {
        **{name: training.engine.evaluate(samples)[1] for name, samples in copies.items()},
        "seconds": seconds,
    }


def distorted_copies(samples: Samples, recipe: Recipe, augmentation: Augmentation, n_copies: int) -> Samples:
    """So many distorted copies of each sample."""
    recipe = dataclasses.replace(recipe, augmentation=augmentation)
    parts = [distorted(samples, np.arange(len(samples)), recipe, epoch) for epoch in range(n_copies)]
    images, labels = (np.concatenate([getattr(part, name) for part in parts]) for name in ("images", "labels"))
    return Samples(images, labels, samples.scale)


def coarse(samples: Samples) -> Samples:
    """The samples as scikit-learn's `load_digits` were made, and brought into MNIST's form again.

    The ink is enlarged to 32 x 32 pixels, black or white, and each block of 4 x 4 becomes a grey level.
    """
    images = [to_mnist_form(np.asarray(enlarged(blocks_of_ink(image)))) for image in samples.pixels.reshape(-1, 28, 28)]
    return Samples(np.array(images).reshape(len(samples), -1), samples.labels, samples.scale)


def blocks_of_ink(image: np.ndarray) -> np.ndarray:
    """The 8 x 8 grey levels of a digit's ink, in the middle of a square."""
    rows, columns = (np.flatnonzero((image > 64).any(axis=axis)) for axis in (1, 0))
    ink = Image.fromarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = 32 / max(ink.size)
    size = max(1, round(ink.width * scale)), max(1, round(ink.height * scale))
    page = Image.new("L", (32, 32))
    page.paste(ink.resize(size, Image.Resampling.BICUBIC), ((32 - size[0]) // 2, (32 - size[1]) // 2))
    return np.asarray(page.point(lambda level: 255 * (level > 110)).reduce(4))


def enlarged(blocks: np.ndarray) -> Image.Image:
    return Image.fromarray(blocks).resize((64, 64), Image.Resampling.BICUBIC)


def other_hands_of(samples: Samples) -> Samples:
    """The digits among the samples that other people write otherwise, written so, always the same."""
    some = samples.take(np.flatnonzero(np.isin(samples.labels, SUITED[other_hands])))
    images = other_hands(some.pixels.reshape(-1, 28, 28).astype(np.float32), some.labels, np.random.default_rng(0))
    return dataclasses.replace(some, images=images.reshape(len(some), -1))


def columns_of(figures: list[list[dict[str, float]]]) -> list[str]:
    """The columns that all of a study's trials have figures for."""
    return [name for name in COLUMNS if all(name in figure for trial in figures for figure in trial)]


def row(changes: Changes, figures: list[dict[str, float]], columns: list[str]) -> str:
    """A line of the table."""
    means = [f"{statistics.mean(figure[name] for figure in figures):.2%}" for name in columns]
    if len(figures) > 1:
        means[0] += f" ± {statistics.stdev(figure['accuracy'] for figure in figures):.2%}"
    seconds = statistics.median(figure["seconds"] for figure in figures)
    return f"| {words(changes)} | {' | '.join(means)} | {seconds:.1f} |"


def words(changes: Changes) -> str:
    """The changes in words."""
    if changes.get("augmentation", {}) is None:
        return "no augmentation"
    flat = {**changes, **changes.get("augmentation", {})}
    flat.pop("augmentation", None)
    return ", ".join(f"{name.replace('_', ' ')} {told(value)}" for name, value in flat.items()) or "-"


def told(value: Any) -> str:
    """A value as the table has it."""
    if isinstance(value, tuple):
        return "-".join(map(str, value))
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
