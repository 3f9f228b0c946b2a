"""Seconds of training until the test set is read as well as one wants, into docs/speed.md (`make time-to-accuracy`).

For each aim, the recipe that reaches it soonest is chosen from a small search on images held out of the training set:
short schedules that end where the aim is just reached; and so for the default network alone. Each is then run from new
seeds on the whole training set, and the test set is opened once a run, at its end.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby, product
from pathlib import Path

from benchmarks.first_step import first_step
from benchmarks.publishing import machine_text, of_this_cpu, publish, study_parser
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Dataset
from fastnet.kernels import jit
from fastnet.timing.texts import load_average
from fastnet.training.recipe import FAST, PLAIN, Recipe
from fastnet.training.trainer import Training

DOCUMENT = Path("docs/speed.md")
AIMS = (0.98, 0.985, 0.99)
N_VALIDATION = 5000  # for each seed others: the final trainings have these to learn from, too
SEARCH_SEEDS = tuple(range(10, 15))  # not those of the final figures
FINAL_SEEDS = tuple(range(5))

# One hidden layer; Adam with a line down to 0 after a short warm-up. The rate grows with the batch. Distorted digits
# have the settings of the recipe `fast`, and weaken in the end (docs/recipe.md tells what was tried).
HIDDEN = (512, 1024)
RATES = {64: 4e-3, 128: 6e-3}  # by batch
QUICK = replace(FAST, annealing=0.3)
EPOCHS = (2, 3, 4, 6, 8, 10, 12, 14, 16, 24)


@dataclass(frozen=True)
class Trial:
    """A recipe with its mean accuracy and the seconds that its epochs take."""

    recipe: Recipe
    accuracy: float
    seconds: float


@dataclass(frozen=True)
class Result:
    """An aim, the recipe chosen for it, and its five runs: test accuracies and seconds."""

    aim: float
    recipe: Recipe
    accuracies: list[float]
    seconds: list[float]


def candidates() -> list[Recipe]:
    """All recipes of the search, those that differ in nothing but their epochs together."""
    bases = [
        Recipe(hidden=(hidden,), batch_size=batch, learning_rate=rate, warmup_epochs=0.5)
        for hidden, (batch, rate) in product(HIDDEN, RATES.items())
    ] + [replace(QUICK, hidden=(hidden,)) for hidden in HIDDEN]
    return [replace(base, epochs=epochs) for base, epochs in product(bases, EPOCHS)]


def but_epochs(recipe: Recipe) -> Recipe:
    """The recipe, as if it had one epoch: what an epoch costs depends on the rest."""
    return replace(recipe, epochs=1)


def search(dataset: Dataset, recipes: Iterable[Recipe], n_validation: int = N_VALIDATION) -> list[Trial]:
    """Train each recipe from each seed of the search; the seed draws the validation split, too.

    An epoch costs the same whatever the number of epochs, so its cost is the least that was seen: a disturbance must
    not decide which recipe is chosen.
    """
    accuracies: dict[Recipe, float] = {}
    epoch_seconds: dict[Recipe, float] = {}
    for recipe in recipes:
        histories = [
            train(dataset, replace(recipe, seed=seed, n_validation=n_validation)).progress.history
            for seed in SEARCH_SEEDS
        ]
        accuracies[recipe] = statistics.mean(history[-1].validation_accuracy or 0.0 for history in histories)
        key = but_epochs(recipe)
        least = min(record.seconds for history in histories for record in history)
        epoch_seconds[key] = min(least, epoch_seconds.get(key, least))
        print(f"{recipe_text(recipe)}: {accuracies[recipe]:.2%}, {least:.3f} s an epoch", file=sys.stderr)
    return [
        Trial(recipe, accuracy, recipe.epochs * epoch_seconds[but_epochs(recipe)])
        for recipe, accuracy in accuracies.items()
    ]


def choose(trials: list[Trial], aim: float) -> Recipe:
    """The recipe that reached the aim soonest; if none did, the most accurate."""
    enough = [trial for trial in trials if trial.accuracy >= aim]
    if enough:
        return min(enough, key=lambda trial: trial.seconds).recipe
    return max(trials, key=lambda trial: trial.accuracy).recipe


def chosen(trials: list[Trial], aim: float) -> list[Recipe]:
    """The choice among all, then that among trials of the default network, unless it is the same."""
    of_default_network = [trial for trial in trials if trial.recipe.hidden == PLAIN.hidden]
    return list(dict.fromkeys(choose(some, aim) for some in (trials, of_default_network)))


def final_runs(dataset: Dataset, recipe: Recipe, aim: float) -> Result:
    """Train from the final seeds on all training images; open the test set after each.

    Seconds are those on the clock on the wall, from the first weights to the last.
    """
    accuracies, seconds = [], []
    Training(dataset, replace(recipe, n_validation=0)).compile_kernels()
    for seed in FINAL_SEEDS:
        started = time.perf_counter()
        training = train(dataset, replace(recipe, seed=seed, n_validation=0))
        seconds.append(time.perf_counter() - started)
        accuracies.append(training.engine.evaluate(dataset.test)[1])
    return Result(aim, recipe, accuracies, seconds)


def train(dataset: Dataset, recipe: Recipe) -> Training:
    """A whole training."""
    training = Training(dataset, recipe)
    training.run()
    return training


# ---- Tables ---------------------------------------------------------------------------------------------------------


def results_table(results: list[Result], later: float, fresh: float) -> str:
    """A row for each aim; `later` and `fresh` are the seconds that a first step takes, which the last columns add."""
    lines = [
        "| aim | recipe | test accuracy | seconds | with loading kernels | with compiling them |",
        "|--:|---|--:|--:|--:|--:|",
    ]
    for result in results:
        mean, deviation = statistics.mean(result.accuracies), statistics.stdev(result.accuracies)
        aim = f"{result.aim:.1%}" if mean >= result.aim else f"{result.aim:.1%}, **not reached**"
        seconds = statistics.mean(result.seconds)
        lines.append(
            f"| {aim} | {recipe_text(result.recipe)} | {mean:.2%} ± {deviation:.2%} | {seconds:.2f} |"
            f" {seconds + later:.2f} | {seconds + fresh:.1f} |"
        )
    return "\n".join(
        [
            *lines,
            "",
            f"Mean of {len(FINAL_SEEDS)} seeds on {jit.get_threads()} threads. Adam,"
            f" weight decay {Recipe.weight_decay:g} ({FAST.weight_decay:g} on distorted digits),"
            " a short warm-up, then a line down to 0; distortions weaken over the last"
            f" {QUICK.annealing:.0%} of the epochs; all 60,000 images.",
        ]
    )


def search_table(trials: list[Trial]) -> str:
    """What was tried: a row for each network and batch, a column for each number of epochs."""
    lines = [
        f"| hidden | batch | rate | digits | {' | '.join(f'{epochs} epochs' for epochs in EPOCHS)} |",
        "|--:|--:|--:|---|" + "--:|" * len(EPOCHS),
    ]
    for recipe, row in groupby(trials, lambda trial: but_epochs(trial.recipe)):
        cells = " | ".join(f"{trial.accuracy:.2%}, {trial.seconds:.2f} s" for trial in row)
        digits = "distorted" if recipe.augmentation else "as they are"
        lines.append(f"| {recipe.hidden[0]} | {recipe.batch_size} | {recipe.learning_rate:g} | {digits} | {cells} |")
    return "\n".join(lines)


def recipe_text(recipe: Recipe) -> str:
    """What differs between the recipes, in words."""
    hidden = "-".join(str(size) for size in recipe.hidden)
    distorted = ", distorted digits" if recipe.augmentation else ""
    rate = f"rate {recipe.learning_rate:g}"
    return f"784-{hidden}-10, {recipe.epochs} epochs, batch {recipe.batch_size}, {rate}{distorted}"


def main(argv: list[str]) -> None:
    """Search, choose, run, print the tables; write them where asked."""
    parser = study_parser(__doc__, DOCUMENT)
    args = parser.parse_args(argv)
    load = load_average()  # before we add to it
    dataset = load_dataset()
    trials = search(dataset, candidates())
    results = [final_runs(dataset, recipe, aim) for aim in AIMS for recipe in chosen(trials, aim)]
    with tempfile.TemporaryDirectory() as cache_directory:
        fresh, later = (first_step(cache_directory)["step"] for _ in range(2))
    tables = {
        "time-to-accuracy": f"{results_table(results, later, fresh)} {machine_text(load)}",
        "time-to-accuracy-search": search_table(trials),
    }
    publish({of_this_cpu(name): table for name, table in tables.items()}, args.write)
