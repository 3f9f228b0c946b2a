"""`FastNetClassifier` beside scikit-learn's `MLPClassifier` on others' data, written into docs/classifier.md
(`make other-data`).

Five-fold cross-validation with equal parameters, each estimator in a process of its own with the threads that are best
for it, fold by fold in turn. Small data sets are split several times.
"""

import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import estimators
from benchmarks.estimators import DATA
from benchmarks.publishing import machine_text, publish, study_parser
from fastnet.timing.rivals.process import Entrant, RivalProcess, best_trial
from fastnet.timing.texts import load_average, time_text

DOCUMENT = Path("docs/classifier.md")
ESTIMATORS = estimators.__file__
FOLDS = 5
NAMES = ("fastnet", "scikit-learn")


@dataclass(frozen=True)
class Result:
    """What one estimator did on one data set, a number a fold."""

    threads: int
    seconds: list[float]
    accuracies: list[float]
    epochs: list[int]
    memory: int


def measure(data: str, n_threads: int, repeats: int | None) -> tuple[list[int], dict[str, Result]]:
    """The shape of a data set, and the results of both estimators."""
    settings = {name: settings_of(name, data, n_threads) for name in NAMES}
    rivals = {name: RivalProcess(ESTIMATORS, settings[name]) for name in NAMES}
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in NAMES}
    try:
        for rival in rivals.values():
            rival.ask("warm")
        for number in range(FOLDS * (repeats or DATA[data].repeats)):
            for name, rival in rivals.items():
                answers[name].append(rival.ask("fold", number=number, folds=FOLDS))
        shape = rivals["fastnet"].ask("shape")["shape"]
        memory = {name: rival.ask("peak_memory")["bytes"] for name, rival in rivals.items()}
    finally:
        for rival in rivals.values():
            rival.close()
    return shape, {name: result_of(answers[name], settings[name]["threads"], memory[name]) for name in NAMES}


def result_of(answers: list[dict[str, Any]], threads: int, memory: int) -> Result:
    """The answers of all folds."""
    seconds, accuracies, epochs = ([answer[key] for answer in answers] for key in ("seconds", "accuracy", "epochs"))
    return Result(threads, seconds, accuracies, epochs, memory)


def settings_of(name: str, data: str, n_threads: int) -> dict[str, Any]:
    """The settings of an estimator with the threads that are best for it, found in short trials."""
    entrant = Entrant(
        name,
        ESTIMATORS,
        settings={"estimator": name, "data": data},
        options={"threads": sorted({n_threads, 1}, reverse=True)},
    )
    settings, _ = best_trial(entrant, [{"ask": "trial"}], lambda line: print(line, file=sys.stderr))
    return settings


def table(results: dict[str, tuple[list[int], dict[str, Result]]]) -> str:
    """A row for each data set."""
    lines = [
        "| data | samples x features, classes | accuracy: fastnet | scikit-learn | difference | a fit: fastnet |"
        " scikit-learn | faster by | peak memory: fastnet, scikit-learn |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for data, (shape, both) in results.items():
        ours, theirs = (both[name] for name in NAMES)
        seconds = [statistics.median(result.seconds) for result in (ours, theirs)]
        n_samples, n_features, n_classes = shape
        memory = ", ".join(f"{result.memory / 2**20:,.0f} MiB" for result in (ours, theirs))
        lines.append(
            f"| {DATA[data].title} | {n_samples:,} x {n_features:,}, {n_classes} | {_spread(ours.accuracies)} |"
            f" {_spread(theirs.accuracies)} | {_difference(ours.accuracies, theirs.accuracies)} |"
            f" {_time(seconds[0], ours)} | {_time(seconds[1], theirs)} | {seconds[1] / seconds[0]:.1f}x | {memory} |"
        )
    return "\n".join(lines)


def _spread(accuracies: list[float]) -> str:
    return f"{statistics.mean(accuracies):.2%} ± {statistics.stdev(accuracies):.2%}"


def _difference(ours: list[float], theirs: list[float]) -> str:
    """The mean difference on the same folds, and its standard error."""
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    error = statistics.stdev(differences) / len(differences) ** 0.5
    return f"{100 * statistics.mean(differences):+.2f} ± {100 * error:.2f}"


def _time(seconds: float, result: Result) -> str:
    epochs = f"{statistics.median(result.epochs):g} epochs"
    return f"{time_text(seconds)} ({epochs}, {result.threads} thread{'s' * (result.threads > 1)})"


def main(argv: list[str]) -> None:
    """Measure, print the table, write it where asked."""
    from fastnet.kernels import jit

    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("--data", choices=DATA, nargs="+", default=list(DATA), help="which (default: all)")
    parser.add_argument("--repeats", type=int, metavar="N", help="times that the data are split into five folds")
    args = parser.parse_args(argv)
    load = load_average()
    results = {}
    for data in args.data:
        results[data] = measure(data, jit.get_threads(), args.repeats)
        print(table({data: results[data]}).splitlines()[-1], file=sys.stderr)
    text = f"{table(results)}\n\n{machine_text(load)}"
    publish({"other data": text}, args.write)
