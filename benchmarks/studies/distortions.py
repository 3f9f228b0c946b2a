"""Draw distorted and synthetic digits for docs/recipe.md (`make pictures`): a kind a row."""

import dataclasses
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.publishing import study_parser
from fastnet import Augmentation, augment, load_dataset
from fastnet.data.synthetic import KINDS as SYNTHETIC
from fastnet.data.synthetic import SUITED
from fastnet.training.recipe import BEST

DISTORTED, MADE = Path("docs/distortions.png"), Path("docs/synthetic.png")
N_COPIES = 12
SHOWN = (7, 5, 13)  # a 3, a 2 and a 6 of the training set
KINDS = (("rotation",), ("scale",), ("aspect",), ("shear",), ("shift",), ("thickness",), ("elastic", "smoothness"))
THICKNESS = 0.5  # shown by itself where `best` does without


def draw(target: Path) -> None:
    """Each strength of `best` by itself, then all together; the first digit of a row is the original."""
    images = load_dataset().train.pixels.reshape(-1, 28, 28)
    strengths = BEST.augmentation or Augmentation()
    nothing = dataclasses.replace(strengths, **{name: 0 for (name, *_) in KINDS})
    alone = dataclasses.replace(strengths, thickness=strengths.thickness or THICKNESS)
    rows = [
        (", ".join(f"{name} {getattr(alone, name):g}" for name in kind), only(nothing, alone, kind), SHOWN[0])
        for kind in KINDS
    ] + [("all of best", strengths, shown) for shown in SHOWN]
    strips = []
    for title, augmentation, shown in rows:
        copies = augment(np.repeat(images[shown : shown + 1], N_COPIES, axis=0), augmentation)
        strips.append((title, np.hstack([images[shown], *copies])))
    draw_strips(strips, 7.1, target)


def draw_synthetic(target: Path) -> None:
    """For each kind a row of true digits, and below it what is made of them."""
    samples = load_dataset().train
    strips = []
    for kind in SYNTHETIC:
        shown = np.flatnonzero(np.isin(samples.labels, SUITED.get(kind, range(10))))[: 2 * N_COPIES]
        images = samples.pixels[shown].reshape(-1, 28, 28)
        made = kind(images.astype(np.float32), samples.labels[shown], np.random.default_rng(0))
        strips.append((kind.__name__.replace("_", " "), np.vstack([np.hstack([*images]), np.hstack([*made])])))
    draw_strips(strips, 4.6, target)


def draw_strips(strips: list[tuple[str, np.ndarray]], height: float, target: Path) -> None:
    """Strips of white ink below each other, each with its title, as dark ink on a picture so many inches high."""
    figure, grid = plt.subplots(len(strips), 1, figsize=(9, height), layout="constrained")
    for axes, (title, strip) in zip(grid, strips, strict=True):
        axes.imshow(255 - strip, cmap="gray", vmin=0, vmax=255)
        axes.set_ylabel(title, rotation=0, ha="right", va="center")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    figure.savefig(target, dpi=100)
    plt.close(figure)


def only(nothing: Augmentation, strengths: Augmentation, names: tuple[str, ...]) -> Augmentation:
    """The strengths of these names alone."""
    return dataclasses.replace(nothing, **{name: getattr(strengths, name) for name in names})


def main(argv: list[str]) -> None:
    """Draw both."""
    study_parser(__doc__).parse_args(argv)
    draw(DISTORTED)
    draw_synthetic(MADE)
