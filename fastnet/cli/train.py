"""`fastnet train`: train a network, watch it, save it after each epoch; or go on with a run."""

import argparse
import dataclasses
import textwrap
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastnet.errors import OptionError
from fastnet.files import claim, claim_new, is_directory
from fastnet.interrupts import exit_status, stops
from fastnet.system import require_numba
from fastnet.training.recipe import RECIPES

from .options import (
    OPTIONS,
    add_command,
    add_data_option,
    add_recipe_options,
    as_options,
    given_options,
    percent,
    positive,
    show,
    tell,
    with_given_options,
)

if TYPE_CHECKING:
    from fastnet.training.pipeline import Outcome
    from fastnet.training.trainer import Training

EXAMPLES = """\
  fastnet train                                    the default network on MNIST, 40 epochs
  fastnet train --recipe best                      as small, more accurate: distorted digits, more epochs
  fastnet train --recipe best-large                the most accurate one, in half an hour
  fastnet train --hidden 256,128 --epochs 10       another network
  fastnet train --hidden none                      softmax regression
  fastnet train --rotation 5                       digits turned by up to 5 degrees, otherwise as they are
  fastnet train --data ~/fashion-mnist --seed 3    other images, another seed
  fastnet train --stop-after 10 --out runs/mine    the first 10 of 40 epochs, ...
  fastnet train --resume runs/mine                 ... and the rest, to the same bits as in one go
"""
SIGNALS = """\
Ctrl-C, SIGTERM and SIGHUP end the step, test, save and leave with status 130, 143 and 129; a second one ends at once.
"""
_MAKERS = {"calibration": "calibrate", "audit": "audit"}  # the commands
_TOGETHER = "\N{NO-BREAK SPACE}"


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(
        commands, "train", "train a network and save it", f"{EXAMPLES}\n{SIGNALS}\nrecipes:\n{_recipes()}"
    )
    add_data_option(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to save the run (default: a new one in runs/)")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with a run that stopped")
    parser.add_argument("--stop-after", type=positive, metavar="N", help="stop when N epochs are done, to resume later")
    parser.add_argument("--recipe", choices=RECIPES, metavar="NAME", help=f"{', '.join(RECIPES)} (default: seed)")
    add_recipe_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train; after a signal, save what there is, and tell by the exit code which one it was (130 for Ctrl-C)."""
    with ExitStack() as claims:
        training, directory = _prepare(args, claims)
        return _train(args, training, directory)


def _train(args: argparse.Namespace, training: "Training", directory: Path) -> int:
    from fastnet.training.pipeline import TrainingStage, train_and_save
    from fastnet.training.runs import made_from_weights

    from .progress import ProgressDisplay

    tell(_headline(training))
    outdated, place = made_from_weights(directory), directory.resolve()  # wherever the current directory goes
    display = ProgressDisplay(training)
    stopped_by: list[int] = []

    def stop(number: int) -> None:
        stopped_by.append(number)
        training.stop_requested = True

    with ExitStack() as until_saved, ExitStack() as until_tested:

        def begin(stage: TrainingStage) -> None:
            if stage is TrainingStage.COMPILING:
                tell("preparing the kernels")
            elif stage is TrainingStage.TRAINING:
                until_saved.enter_context(stops(stop))
                until_tested.enter_context(display)
            else:
                until_tested.close()
                if stopped_by:
                    tell("stopping; what there is will be saved")

        outcome = train_and_save(
            training,
            place,
            on_stage=begin,
            on_step=display.step,
            on_epoch=display.end_epoch,
            saves_after=lambda record: True,
            n_steps=args.stop_after * training.steps_per_epoch if args.stop_after else None,
        )
    result = {
        "run": str(directory),
        **dataclasses.asdict(outcome),
        "epochs": [dataclasses.asdict(record) for record in training.progress.history],
    }
    show(args, result, _summary(training, directory, outcome))
    if outdated:
        again = ", ".join(f"fastnet {_MAKERS[name]} {directory}" for name in outdated)
        tell(f"its {' and '.join(outdated)} went with the weights before, for which alone they were made: {again}")
    return exit_status(stopped_by[0]) if stopped_by else 0


def _recipes() -> str:
    """What each recipe with a name stands for, in options."""
    lines = []
    for name, recipe in RECIPES.items():
        options = (option.replace(" ", _TOGETHER) for option in as_options(recipe))
        text = f"  {name:12}" + (" ".join(options) or "the defaults")
        lines += textwrap.wrap(text, 110, subsequent_indent=" " * 14, break_on_hyphens=False)
    return "\n".join(lines).replace(_TOGETHER, " ")


def _prepare(args: argparse.Namespace, claims: ExitStack) -> tuple["Training", Path]:
    """The training to run, new or resumed, and where it is saved; no other may be saved there until `claims` close."""
    from fastnet.data.loading import BUNDLED, load_dataset
    from fastnet.training.runs import load_run, new_run_directory
    from fastnet.training.trainer import Training

    if args.resume:
        given = given_options(args)
        epochs = given.pop("epochs", None)
        if args.recipe:
            raise OptionError("--recipe cannot be changed when a run is resumed (--epochs can)")
        if given or args.out:
            names = ", ".join(OPTIONS[name].option for name in given) or "--out"
            raise OptionError(f"{names} cannot be changed when a run is resumed (--epochs can)")
        if is_directory(args.resume):
            claims.enter_context(claim(args.resume))
        training = load_run(args.resume, load_dataset(args.data) if args.data else None, epochs)
        if training.finished:
            raise OptionError(f"{args.resume} has all of its {training.recipe.epochs} epochs; --epochs N goes on to N")
        return training, args.resume.resolve()  # for `--resume .`: a save replaces the directory
    recipe = with_given_options(RECIPES[args.recipe or "seed"], args)
    source = args.data.absolute() if args.data else BUNDLED  # for a run that is resumed from elsewhere
    directory = args.out or claims.enter_context(new_run_directory(recipe))
    if args.out:
        claims.enter_context(claim_new(args.out, instead=", or --resume it"))
    if recipe.engine == "numba":
        require_numba("--engine reference")
    return Training(load_dataset(source), recipe), directory


def _headline(training: "Training") -> str:
    recipe = training.recipe
    layers = "-".join(str(size) for size in training.network.layer_sizes)
    n_train, n_validation = len(training.train_samples), len(training.validation_samples)
    epochs = "1 epoch" if recipe.epochs == 1 else f"{recipe.epochs} epochs"
    return (
        f"{layers} on {training.dataset.source}: {n_train:,} training and {n_validation:,} validation samples,"
        f" {epochs} of batches of {recipe.batch_size}, seed {recipe.seed}, engine {recipe.engine}"
    )


def _summary(training: "Training", directory: Path, outcome: "Outcome") -> str:
    lines = [f"test accuracy {percent(outcome.test_accuracy)} (loss {outcome.test_loss:.4f})", f"saved in {directory}"]
    if not training.finished:
        lines.append(f"go on with: fastnet train --resume {directory}")
    return "\n".join(lines)
