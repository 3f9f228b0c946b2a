"""What correcting a model wins and what it costs, written into docs/models.md (`make corrections`).

Measured on validation digits, by which the figures of `Rehearsal` were chosen: the test set is not opened.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.publishing import publish, study_parser
from fastnet import weights
from fastnet.data.augment import augment
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Samples
from fastnet.models.files import ModelFiles, read_model
from fastnet.models.network import Network
from fastnet.training.correcting import REHEARSAL, Rehearsal, take_steps
from fastnet.training.recipe import recipe_of
from fastnet.training.trainer import validation_split

DOCUMENT = Path("docs/models.md")
MOST_WRONG = 40  # digits that a model is corrected by, each by itself
N_COPIES = 100  # of each, distorted
SEED = 2026  # of the choice, and of the copies
SEVERAL = 5  # digits at once

TRIALS = {
    "as chosen": REHEARSAL,
    "1 copy in a batch": replace(REHEARSAL, copies=1),
    "8 copies": replace(REHEARSAL, copies=8),
    "nothing rehearsed": replace(REHEARSAL, copies=REHEARSAL.batch_size),
    "rate 3e-5": replace(REHEARSAL, learning_rate=3e-5),
    "rate 1e-3": replace(REHEARSAL, learning_rate=1e-3),
    "until 50%": replace(REHEARSAL, learnt=0.5),
    "until 90%": replace(REHEARSAL, learnt=0.9),
    "until 98%": replace(REHEARSAL, learnt=0.98),
}


@dataclass(frozen=True)
class Result:
    """What one correction won and cost."""

    n_steps: int
    read: float  # share of the corrections that are read afterwards
    copies_read: float  # the same of distorted copies
    n_lost: int  # of the other validation digits
    n_won: int


def main(argv: list[str]) -> None:
    """Correct each model by each of its wrong validation digits; print and optionally write the table."""
    args = study_parser(__doc__, DOCUMENT).parse_args(argv)
    lines = [
        "| model | trial | digits | read then | distorted copies | steps | others lost | won | most lost by one |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for model in weights.names():
        trials = TRIALS if model == weights.SMALL else {"as chosen": REHEARSAL}
        lines += [row(model, name, results(model, rehearsal)) for name, rehearsal in trials.items()]
    lines.append(row(weights.SMALL, f"{SEVERAL} at once", results(weights.SMALL, REHEARSAL, SEVERAL)))
    publish({"corrections": "\n".join(lines)}, args.write)


def row(model: str, trial: str, measured: list[Result]) -> str:
    """The means over the corrections as a line of the table."""
    mean = {name: float(np.mean([vars(each)[name] for each in measured])) for name in vars(measured[0])}
    worst = max(each.n_lost - each.n_won for each in measured)
    return (
        f"| `{model}` | {trial} | {len(measured)} | {mean['read']:.0%} | {mean['copies_read']:.0%} |"
        f" {mean['n_steps']:.0f} | {mean['n_lost']:.1f} | {mean['n_won']:.1f} | {worst} |"
    )


def results(model: str, rehearsal: Rehearsal, at_once: int = 1) -> list[Result]:
    """One for each of the model's wrong validation digits, or for each few of them."""
    files = read_model(model)
    recipe = recipe_of(files.manifest)
    assert recipe
    train, validation = validation_split(load_dataset(), recipe)
    was_right = answers(Network.of(files.parameters, files.activation), validation) == validation.labels
    wrong = np.random.default_rng(SEED).permutation(np.flatnonzero(~was_right))[:MOST_WRONG]
    return [
        result(files, train, validation, was_right, wrong[start : start + at_once], rehearsal)
        for start in range(0, len(wrong) - at_once + 1, at_once)
    ]


def result(
    files: ModelFiles, train: Samples, validation: Samples, was_right: np.ndarray, rows: np.ndarray, how: Rehearsal
) -> Result:
    """What correcting the digits at `rows` does to these, to copies of them, and to the others."""
    trainer = take_steps(files, validation.take(rows), train, rehearsal=how)
    is_right = answers(trainer.network, validation) == validation.labels
    others = np.ones(len(validation), bool)
    others[rows] = False
    copies = validation.take(np.repeat(rows, N_COPIES))
    distorted = augment(copies.pixels.reshape(-1, 28, 28), seed=SEED).reshape(len(copies), -1)
    seen = Samples(distorted, copies.labels, copies.scale)
    return Result(
        trainer.progress.step,
        float(is_right[rows].mean()),
        float((answers(trainer.network, seen) == seen.labels).mean()),
        int((was_right & ~is_right)[others].sum()),
        int((~was_right & is_right)[others].sum()),
    )


def answers(network: Network, samples: Samples) -> np.ndarray:
    """The likeliest class of each."""
    likeliest: np.ndarray = network.forward(samples.pixels * np.float32(samples.scale)).logits.argmax(axis=1)
    return likeliest
