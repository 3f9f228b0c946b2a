"""Test accuracies of the recipes with a name, over several seeds, for docs/recipe.md and the models (`make records`).

All of them take hours. Each training is a run of its own under build/records, saved as it goes: who stops this and
starts it again loses a minute. The test set is opened once a training, at its end. With `--write` the page, which has
three of them to choose from, gets the figures too; with `--ship` it gets the document's, and nothing is trained.
`--whole` trains on all digits, as for a figure alone: what comes along needs the digits that were set aside, to be
calibrated by.
"""

import dataclasses
import json
import re
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.publishing import between_marks, publish, study_parser
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Dataset
from fastnet.errors import FastnetError
from fastnet.models.documents import Manifest
from fastnet.models.files import MANIFEST, read_history, read_manifest
from fastnet.plurals import counted
from fastnet.system import environment
from fastnet.training.pipeline import train_and_save
from fastnet.training.recipe import RECIPES, Recipe
from fastnet.training.runs import load_run
from fastnet.training.trainer import EpochRecord, Training

from .shipping import write_over_seeds

DOCUMENT = Path("docs") / "recipe.md"
SHIPPED = Path("dashboard/assets/recipes.json")
_ROW = re.compile(
    r"^\| `(?P<name>[\w-]+)` \|.*\*\*(?P<percent>[\d.]+)%\*\*.* (?P<seconds>[\d,]+) s \| (?P<machine>[^|]+) \|$",
    re.MULTILINE,
)

RUNS = Path("build/records")
N_SEEDS = {"best-large": 3, "people-large": 3}  # 5 of the others
SECONDS_BETWEEN_SAVES = 60


def main(argv: list[str]) -> None:
    """Train each recipe with each seed, as far as that was not done before; print and optionally write the table.

    Rows of recipes that are not trained stay as they are, if the software is the same.
    """
    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("--recipe", choices=RECIPES, action="append", help="its name; may be repeated (default: all)")
    parser.add_argument("--seeds", type=int, help="how many of each (default: 5; of the large ones 3)")
    parser.add_argument("--epochs", type=int, help="instead of each recipe's own, to try this out")
    parser.add_argument("--whole", action="store_true", help="set no digits aside; into a table of its own")
    parser.add_argument("--ship", action="store_true", help="give the page the document's figures, and train nothing")
    args = parser.parse_args(argv)
    if args.ship:
        ship()
        return
    dataset = load_dataset()
    table, suffix = ("records-whole", "-whole") if args.whole else ("records", "")
    rows, all_runs = rows_that_stand(between_marks(DOCUMENT, table), footer()), []
    for name in args.recipe or RECIPES:
        recipe = dataclasses.replace(RECIPES[name], epochs=args.epochs or RECIPES[name].epochs)
        if args.whole:
            recipe = dataclasses.replace(recipe, n_validation=0)
        seeds = range(args.seeds or N_SEEDS.get(name, 5))
        runs = [finished(dataset, name + suffix, recipe, seed) for seed in seeds]
        rows[name] = row(name, recipe, runs)
        all_runs.append(runs)
    text = "\n".join([*HEADER, *(rows[name] for name in RECIPES if name in rows), "", footer()])
    publish({table: text}, args.write)
    if args.write and not args.whole:
        ship()
        for runs in all_runs:
            manifests = [read_manifest(run) for run in runs]
            if len(runs) > 1:
                write_over_seeds(manifests[0], accuracies(manifests))


def ship() -> None:
    """Give the page what the document tells."""
    figures = figures_of(DOCUMENT.read_text(encoding="utf-8"))
    SHIPPED.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def figures_of(document: str) -> dict[str, Any]:
    """Of each recipe in the document's table: the test accuracy, the seconds, and the machine that took them."""
    table = document.partition("<!-- records -->")[2].partition("<!-- end records -->")[0]
    return {
        row["name"]: {
            "accuracy": round(float(row["percent"]) / 100, 6),
            "seconds": int(row["seconds"].replace(",", "")),
            "machine": row["machine"],
        }
        for row in _ROW.finditer(table)
    }


# ---- Trainings ------------------------------------------------------------------------------------------------------


def finished(dataset: Dataset, name: str, recipe: Recipe, seed: int) -> Path:
    """The run of that recipe and seed, which is trained to its end if it was not."""
    recipe = dataclasses.replace(recipe, seed=seed)
    directory = RUNS / f"{name}-{seed}"
    training = taken_up(dataset, recipe, directory)
    if training.finished and (directory / MANIFEST).exists() and read_manifest(directory).test:
        return directory
    saved = time.monotonic()

    def is_due(record: EpochRecord) -> bool:
        nonlocal saved
        if time.monotonic() - saved <= SECONDS_BETWEEN_SAVES:
            return False
        saved = time.monotonic()
        tell(f"{name}, seed {seed}: epoch {record.epoch} of {recipe.epochs}, {record.seconds:.2f} s")
        return True

    outcome = train_and_save(training, directory, saves_after=is_due)
    tell(f"{name}, seed {seed}: {outcome.test['accuracy']:.2%} of the test set")
    return directory


def taken_up(dataset: Dataset, recipe: Recipe, directory: Path) -> Training:
    """The training that was saved there, if it is one of this recipe; else a new one."""
    try:
        training = load_run(directory, dataset)
    except FastnetError:
        return Training(dataset, recipe)
    return training if training.recipe == recipe else Training(dataset, recipe)


def tell(text: str) -> None:
    print(time.strftime("%H:%M"), text, file=sys.stderr, flush=True)


# ---- The table ------------------------------------------------------------------------------------------------------

HEADER = [
    "| recipe | network | batch | epochs | test accuracy | seeds | an epoch | in all | on |",
    "|---|---|--:|--:|--:|--:|--:|--:|---|",
]


def rows_that_stand(table: str, now: str) -> dict[str, str]:
    """The rows of the document's table by recipe, if the software was that of those that have this footer."""
    return {match["name"]: match[0] for match in _ROW.finditer(table)} if now in table else {}


def row(name: str, recipe: Recipe, runs: list[Path]) -> str:
    """A line of the table, from what the runs say."""
    manifests = [read_manifest(run) for run in runs]
    shares = accuracies(manifests)
    seconds = [[record.seconds for record in read_history(run)] for run in runs]
    spread = f" ± {statistics.stdev(shares):.2%}" if len(runs) > 1 else ""
    return (
        f"| `{name}` | {manifests[0].layers} | {recipe.batch_size} | {recipe.epochs} |"
        f" **{statistics.mean(shares):.2%}**{spread} | {len(runs)} |"
        f" {statistics.median(statistics.median(epochs) for epochs in seconds):.2f} s |"
        f" {statistics.median(sum(epochs) for epochs in seconds):,.0f} s | {machine()} |"
    )


def accuracies(manifests: list[Manifest]) -> list[float]:
    """On the test set, where they are known."""
    scores = [manifest.test.accuracy for manifest in manifests if manifest.test]
    return [accuracy for accuracy in scores if accuracy is not None]


def machine() -> str:
    """What trains here."""
    here = environment()
    return f"{counted(here['threads'], 'thread')} of {here['cpu']}"


def footer() -> str:
    here = environment()
    return (
        f"Mean and standard deviation over the seeds, each opening the test set once; times are medians."
        f" NumPy {here['numpy']}, Numba {here['numba']}."
    )
