"""`fastnet train`: train a network, watch it, save it after each epoch; or go on with a run."""

import argparse
import dataclasses
import shlex
import textwrap
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastnet.errors import OptionError, did_you_mean
from fastnet.files import claim, claim_new, real_path
from fastnet.interrupts import exit_status, stops
from fastnet.models.card import names_of, note_of_synthetic
from fastnet.packages import EXTRAS, missing_of
from fastnet.plurals import counted
from fastnet.system import require_numba
from fastnet.training.recipe import PLAIN, RECIPES, SUMMARIES, Recipe

from .options import (
    OPTIONS,
    add_command,
    add_data_options,
    add_recipe_options,
    as_options,
    fitting_recipe,
    given_data,
    given_options,
    given_path,
    percent,
    positive,
    program,
    require_labels_for,
    show,
    tell,
    with_given_options,
)
from .waiting import waiting

if TYPE_CHECKING:
    from fastnet.training.pipeline import Outcome
    from fastnet.training.trainer import Training

EXAMPLES = """\
  fastnet train                                    the default network on MNIST, 40 epochs
  fastnet train --recipe best                      as small, more accurate: distorted digits, more epochs
  fastnet train --recipe best-large                the most accurate on MNIST's digits, in half an hour
  fastnet train --recipe people-large              for pictures of anybody's digits: what reads by default
  fastnet train --recipe best --teacher mnist-best-large
                                                   taught by a model: its answers are learnt, not the labels
  fastnet train --hidden 256,128 --epochs 10       another network
  fastnet train --hidden none                      softmax regression
  fastnet train --rotation 5                       digits turned by up to 5 degrees, otherwise as they are
  fastnet train --data ~/fashion-mnist --seed 3    other images, another seed
  fastnet train --data train.csv                   Kaggle's: a label and 784 pixels a row
  fastnet train --data ~/houses.csv --target price a table of numbers: one column from the others
  fastnet train --from runs/mine --data ~/mine     on from the weights of a model, on other images
  fastnet train --from runs/mine --corrections corrections.csv --learning-rate 1e-4 --epochs 5
                                                   ... on what it got wrong and you corrected, beside MNIST
  fastnet train --stop-after 10 --out runs/mine    the first 10 of 40 epochs, ...
  fastnet train --resume runs/mine                 ... and the rest, to the same bits as in one go
"""
SIGNALS = """\
Ctrl-C, SIGTERM and SIGHUP end the step, test, save and leave with status 130, 143 and 129; a second one ends at once.
"""
_MAKERS = {"calibration": "calibrate", "audit": "audit"}  # the commands
_GENTLE_RATE = "1e-4"  # with which corrections are learnt, too
_TOGETHER = "\N{NO-BREAK SPACE}"


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "train",
        "train a network and save it",
        f"{EXAMPLES}\n{SIGNALS}\nrecipes:\n{_recipes()}",
        instead="data are given as --data SOURCE, a recipe as --recipe NAME, a run to go on with as --resume RUN",
    )
    add_data_options(parser)
    parser.add_argument(
        "--out", type=given_path, metavar="DIR", help="where to save the run (default: a new one in runs/)"
    )
    parser.add_argument(
        "--from", dest="initial", metavar="MODEL", help="start from the weights of a model, for other data"
    )
    parser.add_argument(
        "--corrections",
        type=given_path,
        metavar="CSV",
        help="train on these, too: what a page of predict --review saved",
    )
    parser.add_argument("--resume", type=given_path, metavar="RUN", help="go on with a run that stopped")
    parser.add_argument("--stop-after", type=positive, metavar="N", help="stop when N epochs are done, to resume later")
    parser.add_argument(
        "--recipe",
        nargs="?",
        type=_recipe_name,
        const="",
        metavar="NAME",
        help=f"{', '.join(RECIPES)} (default: plain)",
    )
    parser.add_argument(
        "--no-calibration", action="store_true", help="save a model that answers whatever it is shown, without doubt"
    )
    add_recipe_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train; after a signal, save what there is, and tell by the exit code which one it was (130 for Ctrl-C)."""
    with ExitStack() as claims:
        with waiting("loading the data"):
            training, directory = _prepare(args, claims)
        return _train(args, training, directory)


def _train(args: argparse.Namespace, training: "Training", directory: Path) -> int:
    from fastnet.training.pipeline import TrainingStage, train_and_save
    from fastnet.training.runs import made_from_weights

    from .progress import ProgressDisplay

    tell(_headline(training))
    outdated, place = made_from_weights(directory), real_path(directory)  # wherever the current directory goes
    display = ProgressDisplay(training, args.stop_after or training.recipe.epochs)
    stopped_by: list[int] = []

    def stop(number: int) -> None:
        stopped_by.append(number)
        training.stop_requested = True

    with ExitStack() as until_saved, ExitStack() as until_next_stage:

        def begin(stage: TrainingStage) -> None:
            until_next_stage.close()
            if stage is TrainingStage.TRAINING:
                until_saved.enter_context(stops(stop))
                until_next_stage.enter_context(display)
                return
            if stopped_by:
                tell("stopping; what there is will be saved")
            until_next_stage.enter_context(waiting(stage.value))

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
        **{f"test_{name}": figure for name, figure in outcome.test.items()},
        "interrupted": outcome.interrupted,
        "epochs": [dataclasses.asdict(record) for record in training.progress.history],
    }
    show(args, result, _summary(directory, outcome))  # before a calibration, which may be interrupted
    if not (args.no_calibration or outcome.interrupted or training.dataset.table):
        if not stopped_by:
            outdated = _calibrated(training, directory, place, outdated)
        elif lacking := _calibration_lacking(training, directory):
            tell(lacking)
    if outdated:
        again = ", ".join(f"{program()} {_MAKERS[name]} {directory}" for name in outdated)
        tell(f"its {' and '.join(outdated)} went with the weights before, for which alone they were made: {again}")
    tell(_next_steps(training, directory))
    return exit_status(stopped_by[0]) if stopped_by else 0


def _calibrated(training: "Training", directory: Path, place: Path, outdated: tuple[str, ...]) -> tuple[str, ...]:
    """Calibrate the run, or tell why it cannot be; what is still made for other weights, of what was before."""
    from fastnet.reading.fitting import calibrate_run

    began = time.monotonic()
    try:
        with waiting("saved; calibrating on the validation digits"):
            calibration = calibrate_run(training, place)
    except OptionError as error:
        tell(f"it was not calibrated, and answers whatever it is shown: {error}")
        return outdated
    except KeyboardInterrupt:
        if lacking := _calibration_lacking(training, directory):
            tell(lacking)
        raise
    kept, refused = (percent(calibration.measured[name]) for name in ("digits_kept", "nondigits_refused"))
    tell(
        f"calibrated in {time.monotonic() - began:.0f} s: {kept} of the validation digits are answered without doubt;"
        f" of pictures that show no digit, {refused} are refused"
    )
    return tuple(name for name in outdated if name != "calibration")


def _calibration_lacking(training: "Training", directory: Path) -> str:
    """The sentence about a trained run that is not calibrated yet; empty where it is, or cannot be."""
    from fastnet.reading.fitting import obstacle_to_calibration
    from fastnet.training.runs import made_from_weights

    if "calibration" in made_from_weights(directory) or obstacle_to_calibration(training.dataset, training.recipe):
        return ""
    return f"not calibrated yet, it answers whatever it is shown: {program()} calibrate {shlex.quote(str(directory))}"


def _recipe_name(text: str) -> str:
    """The name of a recipe; without one, the error tells all about each."""
    if not text:
        raise argparse.ArgumentTypeError(f"which one?\n{_recipes()}")
    if text not in RECIPES:
        raise argparse.ArgumentTypeError(
            f"there is no recipe {text!r}, but {', '.join(RECIPES)}{did_you_mean(text, RECIPES)}"
        )
    return text


def _recipes() -> str:
    """What each recipe with a name is for, and what it stands for, in options."""
    lines, left = [], max(map(len, RECIPES)) + 2
    indent = " " * (left + 2)
    for name, recipe in RECIPES.items():
        options = (option.replace(" ", _TOGETHER) for option in as_options(recipe))
        lines.append(f"  {name:{left}}{SUMMARIES[name]}")
        text = " ".join(options)
        lines += textwrap.wrap(text, 110, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
    return "\n".join(lines).replace(_TOGETHER, " ")


def _prepare(args: argparse.Namespace, claims: ExitStack) -> tuple["Training", Path]:
    """The training to run, new or resumed, and where it is saved; no other may be saved there until `claims` close."""
    from fastnet.data.loading import load_dataset
    from fastnet.models.files import CHECKPOINT, find_own_model
    from fastnet.training.runs import load_run, new_run_directory
    from fastnet.training.teaching import located
    from fastnet.training.trainer import Training

    if args.resume:
        given = given_options(args)
        epochs, teacher = (given.pop(name, None) for name in ("epochs", "teacher"))
        if args.recipe:
            raise OptionError("--recipe cannot be changed when a run is resumed (--epochs can)")
        if given or args.out or args.initial:
            names = ", ".join(OPTIONS[name].option for name in given) or ("--out" if args.out else "--from")
            raise OptionError(f"{names} cannot be changed when a run is resumed (--epochs can)")
        directory = find_own_model(args.resume, f"start from its weights: --from {args.resume}")
        claims.enter_context(claim(directory))
        training = load_run(directory, given_data(args), epochs, located(teacher) if teacher is not None else None)
        if training.finished:
            done = f"{args.resume} has all of its {counted(training.recipe.epochs, 'epoch')}; --epochs N goes on to N"
            raise OptionError("; ".join(filter(None, (done, _calibration_lacking(training, directory)))))
        _require_within(args.stop_after, training.recipe.epochs)
        n_epochs = len(training.progress.history)
        if args.stop_after and args.stop_after <= n_epochs:
            raise OptionError(
                f"{args.resume} has {counted(n_epochs, 'epoch')} already, and --stop-after counts those, too"
            )
        place = real_path(directory)
        is_inside = Path.cwd().is_relative_to(place)  # as with `--resume .`: a save replaces that
        return training, place if is_inside else directory
    recipe = with_given_options(_with_network_of(args.initial, RECIPES[args.recipe or "plain"]), args)
    if recipe.teacher is not None:
        # For a run that is resumed from elsewhere.
        recipe = dataclasses.replace(recipe, teacher=located(recipe.teacher))
    require_labels_for(recipe, args)
    _require_within(args.stop_after, recipe.epochs)
    directory = args.out or claims.enter_context(new_run_directory(recipe))
    if args.out:
        is_run = (args.out / CHECKPOINT).exists()
        claims.enter_context(claim_new(args.out, instead=", or --resume it" if is_run else ""))
    if recipe.engine == "numba":
        require_numba("--engine reference")
    dataset = given_data(args, recipe.loss if args.initial else None) or load_dataset()
    training = Training(dataset, fitting_recipe(recipe, dataset, args), args.initial)
    if args.initial and "learning_rate" not in given_options(args):
        tell(
            f"the learning rate, {recipe.learning_rate:g}, suits random weights, and may undo what {args.initial} has"
            f" learnt: a lower one, such as --learning-rate {_GENTLE_RATE}, keeps more of it"
        )
    return training, directory


def _require_within(stop_after: int | None, n_epochs: int) -> None:
    """OptionError for a training that is to be stopped after more epochs than it has."""
    if stop_after and stop_after > n_epochs:
        epochs = counted(n_epochs, "epoch")
        raise OptionError(f"--stop-after {stop_after} is past the {epochs} of the training; --epochs N trains for more")


def _with_network_of(initial: str | None, recipe: Recipe) -> Recipe:
    """The recipe for a network that starts from the weights of a model, if one is given."""
    from fastnet.models.files import find_model, read_manifest

    if initial is None:
        return recipe
    manifest = read_manifest(find_model(initial))
    return dataclasses.replace(
        recipe,
        hidden=manifest.layer_sizes[1:-1],
        activation=manifest.activation or Recipe.activation,
        loss=manifest.loss or Recipe.loss,
    )


def _headline(training: "Training") -> str:
    recipe = training.recipe
    layers = "-".join(str(size) for size in training.network.layer_sizes)
    n_train, n_validation = len(training.train_samples), len(training.validation_samples)
    synthetic = note_of_synthetic(recipe.to_json(), n_train)
    teachers = f", taught by {names_of(training.teachers.origins)}" if training.teachers else ""
    return (
        f"{layers} on {training.dataset.source}:"
        f" {n_train:,} training{synthetic} and {n_validation:,} validation samples,"
        f" {counted(recipe.epochs, 'epoch')} of batches of {recipe.batch_size},"
        f" seed {recipe.seed}, engine {recipe.engine}{teachers}"
    )


def _summary(directory: Path, outcome: "Outcome") -> str:
    test = outcome.test
    score = f"R^2 {test['r2']:.4f}" if "r2" in test else f"accuracy {percent(test['accuracy'])}"
    return f"test {score} (loss {test['loss']:.4f})\nsaved in {directory}"


def _next_steps(training: "Training", directory: Path) -> str:
    """How to go on, in commands as they can be typed here."""
    from fastnet.data.loading import BUNDLED

    fastnet, run = program(), shlex.quote(str(directory))
    if not training.finished:
        return f"go on with: {fastnet} train --resume {run}"
    if training.dataset.table:
        return f"next: {fastnet} predict TABLE --model {run}; {fastnet} evaluate {run} --data TABLE"
    is_mnist = training.dataset.source == BUNDLED
    commands = [f"{fastnet} predict PICTURE --model {run}" if is_mnist else f"{fastnet} evaluate {run}"]
    commands += [f"{fastnet} audit {run}"] if not missing_of(*EXTRAS["audit"]) else []
    commands += [f"{fastnet} dashboard"] if not missing_of(*EXTRAS["dashboard"]) else []
    steps = f"next: {'; '.join(commands)}"
    if not (is_mnist and training.recipe == PLAIN):
        return steps
    return f"{steps}\nhalf the errors in about the same time, by distorted digits: {fastnet} train --recipe fast"
