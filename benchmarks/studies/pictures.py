"""Draw the learning curves of a model that comes along, and what is made of digits (`make pictures`)."""

import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from benchmarks.publishing import study_parser
from fastnet import weights

from . import distortions

MODEL = "mnist-784-512-10-best"
TARGET = Path("docs/learning-curves.png")
TRAIN, VALIDATION = "#0072B2", "#D55E00"  # told apart with any colour vision (Okabe & Ito)


def draw_learning_curves(history: list[dict[str, Any]], target: Path) -> None:
    """Loss, error and learning rate over the epochs."""
    epochs = [record["epoch"] for record in history]
    figure, (losses, errors, rates) = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
    for part, colour in (("train", TRAIN), ("validation", VALIDATION)):
        losses.semilogy(epochs, [record[f"{part}_loss"] for record in history], color=colour, label=part)
        error = [max(100 * (1 - record[f"{part}_accuracy"]), 1e-3) for record in history]
        errors.semilogy(epochs, error, color=colour, label=part)
    rates.plot(epochs, [record["learning_rate"] for record in history], color="#555555")
    for axes, title in ((losses, "loss"), (errors, "error, %"), (rates, "learning rate")):
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    losses.legend(frameon=False)
    figure.savefig(target, dpi=110)
    plt.close(figure)


def main(argv: list[str]) -> None:
    """Draw them, and the distorted and synthetic digits of docs/recipe.md."""
    study_parser(__doc__).parse_args(argv)
    distortions.main([])
    history = json.loads((weights.DIRECTORY / MODEL / "history.json").read_text(encoding="utf-8"))
    draw_learning_curves(history, TARGET)
