"""Digits unlike those that a model was trained on, written into docs/generalisation.md (`make generalisation`).

Nothing was fitted to these figures: they are measured on the weights that come with fastnet, by `Predictor` alone.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.corruptions import KINDS, SIDE, corrupted
from benchmarks.publishing import publish, study_parser
from fastnet import weights
from fastnet.data.augment import augment
from fastnet.data.distortions import Augmentation
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Samples
from fastnet.reading.predictor import Predictor
from fastnet.training.recipe import BEST

from .best_recipes import STRONGER

Figures = Callable[[Predictor], Iterator[tuple[str, float]]]

DOCUMENT = Path("docs/generalisation.md")
SEED = 2026  # of the distorted copies
HALVES = {
    "its first 5,000, by one half of the writers": slice(5000),
    "its last 5,000, by the others": slice(5000, None),
}
WHITE = 16  # the brightest pixel of load_digits


def main(argv: list[str]) -> None:
    """Measure each shipped model; print and optionally write the table."""
    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("--model", action="append", help="a model; may be repeated (default: those of fastnet)")
    args = parser.parse_args(argv)
    models = args.model or weights.names()
    predictors = {model: Predictor.load(model) for model in models}
    publish({name: table(of, predictors) for name, of in TABLES.items()}, args.write)


def table(figures: Figures, predictors: dict[str, Predictor]) -> str:
    """A column for each model."""
    columns = [dict(figures(predictor)) for predictor in predictors.values()]
    lines = [f"| digits | {' | '.join(f'`{model}`' for model in predictors)} |", "|---|" + "--:|" * len(columns)]
    lines += [f"| {name} | {' | '.join(f'{column[name]:.2%}' for column in columns)} |" for name in columns[0]]
    return "\n".join(lines)


def figures(predictor: Predictor) -> Iterator[tuple[str, float]]:
    """What is read right of each collection."""
    test = load_dataset().test
    yield "MNIST's test set", accuracy(predictor, test.pixels, test.labels)
    for name, half in HALVES.items():
        yield name, accuracy(predictor, test.pixels[half], test.labels[half])
    for name, strength in (("as `best` is trained", BEST.augmentation), ("half as strongly again", STRONGER)):
        yield f"the same, distorted {name}", accuracy(predictor, distorted(test, strength), test.labels)
    for name, show in WAYS.items():
        yield f"`load_digits`, {name}", coarse_digits_read(predictor, show)


def figures_of_corrupted(predictor: Predictor) -> Iterator[tuple[str, float]]:
    """What is read right of the test set, corrupted in each way."""
    test = load_dataset().test
    images = test.pixels.reshape(-1, SIDE, SIDE)
    found = {kind: accuracy(predictor, corrupted(images, kind, SEED), test.labels) for kind in KINDS}
    yield from found.items()
    yield "mean of the 15", float(np.mean(list(found.values())))
    yield "worst of the 15", min(found.values())


def accuracy(predictor: Predictor, images: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean(predictor.predict(images) == labels))


# ---- Collections ----------------------------------------------------------------------------------------------------


def distorted(samples: Samples, strength: Augmentation | None) -> np.ndarray:
    """A distorted copy of each image, always the same."""
    return augment(samples.pixels.reshape(-1, 28, 28), strength, SEED)


def coarse_digits_read(predictor: Predictor, show: Callable[[Image.Image], Image.Image], n: int | None = None) -> float:
    """The share of scikit-learn's 1,797 digits of 8 x 8 pixels that is read as that digit and nothing more."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    right = [
        predictor.read(show(enlargeable(image))).text == str(label)
        for image, label in zip(digits.images[:n], digits.target[:n], strict=True)
    ]
    return float(np.mean(right))


def enlargeable(image: np.ndarray) -> Image.Image:
    """Light ink on black, of 8 x 8 pixels."""
    return Image.fromarray((image * (255 / WHITE)).astype(np.uint8))


def dark_on_white(image: Image.Image) -> Image.Image:
    return image.point(lambda level: 255 - level)


WAYS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "enlarged to 64 x 64": lambda image: image.resize((64, 64), Image.Resampling.BICUBIC),
    "enlarged to 200 x 200, dark on white": lambda image: dark_on_white(image).resize(
        (200, 200), Image.Resampling.BICUBIC
    ),
    "each pixel a square of 14 x 14": lambda image: image.resize((112, 112), Image.Resampling.NEAREST),
    "enlarged to 28 x 28": lambda image: image.resize((28, 28), Image.Resampling.BICUBIC),
}
TABLES: dict[str, Figures] = {"generalisation": figures, "corruptions": figures_of_corrupted}
