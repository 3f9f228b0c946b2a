"""The test accuracy of a recipe over five seeds, for the README and the models that come with it (`make accuracy`)."""

import argparse
import dataclasses
import json
import statistics
import sys
from pathlib import Path

from fastnet.datasets import load_dataset
from fastnet.engine import compile_kernels
from fastnet.recipes import RECIPES
from fastnet.system import environment
from fastnet.training import Training

from .shipping import write_over_seeds
from .tables import write_between_marks


def main() -> None:
    """Train once a seed, open the test set once a training, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="how many (default: 5)")
    parser.add_argument("--recipe", choices=RECIPES, default="seed", help="its name (default: seed)")
    parser.add_argument("--write", action="store_true", help="write the figures into README and manifests")
    args = parser.parse_args()
    dataset = load_dataset()
    accuracies, seconds, totals = [], [], []
    training = Training(dataset, RECIPES[args.recipe])
    compile_kernels(training.train_samples, training.network.layer_sizes, training.recipe)
    for seed in range(args.seeds):
        training = Training(dataset, dataclasses.replace(RECIPES[args.recipe], seed=seed))
        training.run()
        _, accuracy = training.engine.evaluate(dataset.test)
        accuracies.append(accuracy)
        seconds.append(statistics.median(record.seconds for record in training.progress.history))
        totals.append(sum(record.seconds for record in training.progress.history))
        print(f"seed {seed}: {accuracy:.2%}", file=sys.stderr)
    mean, deviation = statistics.mean(accuracies), statistics.stdev(accuracies)
    machine = environment()
    result = {
        "accuracies": accuracies,
        "mean": mean,
        "standard_deviation": deviation,
        "median_epoch_seconds": statistics.median(seconds),
        "median_training_seconds": statistics.median(totals),
        "environment": machine,
    }
    print(json.dumps(result, indent=2))
    if args.write:
        layers = "-".join(str(size) for size in training.network.layer_sizes)
        text = (
            f"**{mean:.2%} ± {deviation:.2%}** on the test set: mean and standard deviation over {args.seeds} seeds"
            f" of the recipe `{args.recipe}` ({layers}, batch {training.recipe.batch_size},"
            f" {training.recipe.epochs} epochs of Adam),"
            f" {result['median_epoch_seconds']:.2f} s an epoch and {result['median_training_seconds']:.1f} s in all"
            f" (medians) on {machine['threads']} threads of"
            f" {machine['cpu']}, NumPy {machine['numpy']}, Numba {machine['numba']}."
        )
        write_between_marks(Path("README.md"), f"accuracy {args.recipe}", text)
        measured = {"recipe": training.recipe.to_json(), "data": {"sha256": dataset.sha256}}
        write_over_seeds(measured, accuracies)


if __name__ == "__main__":
    main()
