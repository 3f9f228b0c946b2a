"""fastnet's estimators beside scikit-learn's MLPs, and skorch's, on others' data, written into docs/classifier.md
(`make other-data`).

Five-fold cross-validation with equal parameters, each estimator in a process of its own with the threads that are best
for it, fold by fold in turn. Small data sets are split several times. skorch takes part where it is installed.
"""

import statistics
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import estimators
from benchmarks.estimators import DATA
from benchmarks.publishing import machine_text, publish, study_parser
from fastnet.plurals import counted
from fastnet.timing.rivals.process import Entrant, RivalProcess, best_trial
from fastnet.timing.texts import load_average, time_text

DOCUMENT = Path("docs/classifier.md")
ESTIMATORS = estimators.__file__
FOLDS = 5
NAMES = ("fastnet", "scikit-learn", *(["skorch"] if find_spec("skorch") else []))


@dataclass(frozen=True)
class Result:
    """What one estimator did on one data set, a number a fold."""

    threads: int
    seconds: list[float]
    prediction_seconds: list[float]
    scores: list[float]  # accuracies, or R^2 of a regression
    epochs: list[int]
    memory: int


def measure(data: str, n_threads: int, repeats: int | None) -> tuple[list[int], dict[str, Result]]:
    """The shape of a data set, and the results of all estimators."""
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
    keys = ("seconds", "prediction_seconds", "score", "epochs")
    seconds, predictions, scores, epochs = ([answer[key] for answer in answers] for key in keys)
    return Result(threads, seconds, predictions, scores, epochs, memory)


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
    others = NAMES[1:]
    lines = [
        "| data | samples x features, classes or numbers | accuracy or R²: "
        + " | ".join(NAMES)
        + " | difference to scikit-learn | a fit: "
        + " | ".join(NAMES)
        + " | faster by than "
        + " | ".join(others)
        + " | predicting the fold: faster by than "
        + " | ".join(others)
        + f" | peak memory: {', '.join(NAMES)} |",
        "|---|---|" + "--:|" * (2 * len(NAMES) + 2 * len(others) + 2),
    ]
    lines += [_row(data, shape, of_all) for data, (shape, of_all) in results.items()]
    return "\n".join(lines)


def _row(data: str, shape: list[int], of_all: dict[str, Result]) -> str:
    ours, theirs = of_all["fastnet"], of_all["scikit-learn"]
    is_regression = DATA[data].is_regression
    seconds = {name: statistics.median(result.seconds) for name, result in of_all.items()}
    predictions = {name: statistics.median(result.prediction_seconds) for name, result in of_all.items()}
    cells = [
        DATA[data].title,
        f"{shape[0]:,} x {shape[1]:,}, {shape[2]}",
        *(_spread(of_all[name].scores, is_regression) for name in NAMES),
        _difference(ours.scores, theirs.scores, is_regression),
        *(_time(seconds[name], of_all[name]) for name in NAMES),
        *(f"{each[name] / each['fastnet']:.1f}x" for each in (seconds, predictions) for name in NAMES[1:]),
        ", ".join(f"{of_all[name].memory / 2**20:,.0f} MiB" for name in NAMES),
    ]
    return f"| {' | '.join(cells)} |"


def _spread(scores: list[float], is_regression: bool) -> str:
    mean, deviation = statistics.mean(scores), statistics.stdev(scores)
    return f"{mean:.3f} ± {deviation:.3f}" if is_regression else f"{mean:.2%} ± {deviation:.2%}"


def _difference(ours: list[float], theirs: list[float], is_regression: bool) -> str:
    """The mean difference on the same folds, in points of accuracy or of R², and its standard error."""
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    mean, error = statistics.mean(differences), statistics.stdev(differences) / len(differences) ** 0.5
    return f"{mean:+.4f} ± {error:.4f}" if is_regression else f"{100 * mean:+.2f} ± {100 * error:.2f}"


def _time(seconds: float, result: Result) -> str:
    epochs = f"{statistics.median(result.epochs):g} epochs"
    return f"{time_text(seconds)} ({epochs}, {counted(result.threads, 'thread')})"


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
