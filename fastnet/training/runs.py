"""Run directories: a training's model, history and checkpoint, written whole after each epoch and taken up again.

A run is a model directory (see `fastnet.models.files`) with two files more: `history.json`, the figures of each epoch,
and `checkpoint.npz`, Adam's moments. The manifest holds recipe, data set and progress.
"""

import dataclasses
import hashlib
import io
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, count
from pathlib import Path

import numpy as np

from fastnet import system
from fastnet.data.promised import read_npz
from fastnet.data.samples import Dataset
from fastnet.errors import ClaimedError, DataError, ModelError, OptionError, damage_told_as
from fastnet.files import claim, read_whole, sweep, whole_directory
from fastnet.models.calibration import BELONGS_TO_CALIBRATION, CALIBRATION
from fastnet.models.card import CARD
from fastnet.models.data import data_of
from fastnet.models.documents import (
    FORMAT_VERSION,
    FORMAT_VERSION_OF_KINDS,
    RUNS,
    DataFacts,
    Environment,
    Manifest,
    Score,
)
from fastnet.models.fields import read_fields
from fastnet.models.files import (
    CHECKPOINT,
    HISTORY,
    MANIFEST,
    ModelFiles,
    find_model,
    read_bytes,
    read_history,
    read_model,
    write_history,
    write_model,
)
from fastnet.version import __version__

from .recipe import Recipe
from .trainer import Progress, Training

_MOMENTS = ("m", "v")  # prefixes of Adam's two moments in the checkpoint
_SAVES_OF_WHAT_IS_REMOVED = 5  # that are tried, before its absence is an error
_MADE_FROM_WEIGHTS = {"calibration": CALIBRATION, "audit": "audit"}


@contextmanager
def new_run_directory(recipe: Recipe, parent: Path = RUNS) -> Iterator[Path]:
    """Claim a path that does not exist yet, named after the time, the hidden layers and the seed.

    What killed processes left beside it is swept: no other will ever claim their names.
    """
    sweep(parent)
    layers = "-".join(str(size) for size in recipe.hidden) or "linear"
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{layers}-seed{recipe.seed}"
    for path in chain([parent / name], (parent / f"{name}-{number}" for number in count(2))):
        with ExitStack() as claims:
            try:
                claims.enter_context(claim(path, "--out"))
            except ClaimedError:
                continue
            if not path.exists():
                yield path
                return


def save_run(training: Training, directory: Path, test: dict[str, float] | None = None) -> None:
    """Write the run as it stands; `test` holds the final figures on the test set.

    What is in the directory of an earlier save and is no part of a run, such as notes, stays there; what was made from
    earlier weights goes (see `made_from_weights`). A directory that was removed is made again. OptionError for a
    training with kernels of one's own: whoever read it would compute with others.
    """
    if training.own_kernels:
        raise OptionError(
            f"a training with a kernel of one's own ({', '.join(training.own_kernels)}) is no run that can be saved:"
            " whoever read it would compute with fastnet's; its weights are in training.network"
        )
    for _ in range(_SAVES_OF_WHAT_IS_REMOVED):
        with suppress(FileNotFoundError):  # it was removed while it was written
            _save_run(training, directory, test)
            return
    _save_run(training, directory, test)


def _save_run(training: Training, directory: Path, test: dict[str, float] | None) -> None:
    with whole_directory(directory, keep=_is_foreign) as new:
        checkpoint = _checkpoint_bytes(training)
        (new / CHECKPOINT).write_bytes(checkpoint)
        sums = hashlib.sha256(checkpoint).hexdigest(), write_history(new, training.progress.history)
        manifest = _manifest(training, test, *sums)
        write_model(new, training.network.parameters(), manifest)


def made_from_weights(directory: Path) -> tuple[str, ...]:
    """What was made from the weights of a run and fits no others: of "calibration" and "audit", those that it has."""
    return tuple(name for name, place in _MADE_FROM_WEIGHTS.items() if (directory / place).exists())


def load_run(
    directory: Path, dataset: Dataset | None = None, epochs: int | None = None, teacher: str | None = None
) -> Training:
    """The training that `save_run` wrote, ready to go on to the same bits as if it had never stopped.

    The data set is loaded from where the run had it, unless given; it must be the same samples. `epochs` replaces the
    recipe's number of epochs, and `teacher` the place of its teacher, which must have the same weights. ModelError,
    DataError or OptionError where the run cannot go on.
    """
    return read_whole(find_model(directory), lambda: _load_run(directory, dataset, epochs, teacher))


def _load_run(directory: Path, dataset: Dataset | None, epochs: int | None, teacher: str | None) -> Training:
    files = read_model(directory)
    manifest, manifest_path = files.manifest, files.directory / MANIFEST
    recipe, progress, data = _described(files)
    if epochs is not None:
        recipe = dataclasses.replace(recipe, epochs=epochs)
    if teacher is not None:
        if recipe.teacher is None:
            raise OptionError(f"{directory}: was trained without a teacher")
        recipe = dataclasses.replace(recipe, teacher=teacher)
    dataset = dataset or data_of(files)
    if dataset.sha256 != data.sha256:
        raise DataError(f"{dataset.source}: is not the training set of {directory}, whose SHA-256 is {data.sha256}")
    training = Training(dataset, recipe)
    teachers = training.teachers.origins if training.teachers else ()
    if [each.sha256 for each in teachers] != [each.sha256 for each in manifest.teachers or ()]:
        raise ModelError(f"{recipe.teacher}: its weights are not those that have taught {directory} so far")
    if (training.network.layer_sizes, dataset.pixel_scale) != (files.layer_sizes, files.pixel_scale):
        raise ModelError(f"{manifest_path}: layer_sizes and pixel_scale do not follow from its recipe and data")
    n_epochs, n_more = divmod(progress.step, training.steps_per_epoch)
    if len(progress.history) not in ((n_epochs,) if n_more else (n_epochs - 1, n_epochs)):
        raise ModelError(f"{manifest_path}: {progress.step} steps are not {len(progress.history)} epochs of history")
    if progress.step > training.n_steps:
        raise OptionError(f"{directory} has already been trained for more than {recipe.epochs} epochs")
    training.network.set_parameters(files.parameters)
    _read_checkpoint(files.directory, manifest.checkpoint_sha256, training)
    training.progress = progress
    training.origin = manifest.origin
    return training


def _described(files: ModelFiles) -> tuple[Recipe, Progress, DataFacts]:
    """What a manifest says of a training; ModelError unless it is enough for the training to go on."""
    path, manifest = files.directory / MANIFEST, files.manifest
    unfit = "does not describe a training that could go on"
    for fault in manifest.faults:
        if fault.startswith(("recipe", "progress", "data")):
            raise ModelError(f"{path}: {unfit} ({fault})")
    recipe, saved, data = manifest.recipe, manifest.progress, manifest.data
    if recipe is None or saved is None or data is None:
        lacking = "recipe" if recipe is None else "progress" if saved is None else "data"
        raise ModelError(f"{path}: lacks {lacking!r}, so it {unfit}")
    progress = Progress(saved.step, saved.loss_sum, saved.n_correct, saved.seconds, read_history(files.directory))
    try:
        return Recipe.from_json(recipe), progress, data
    except OptionError as error:
        raise ModelError(f"{path}: {unfit} ({error})") from error


def _manifest(
    training: Training, test: dict[str, float] | None, checkpoint_sha256: str, history_sha256: str
) -> Manifest:
    """All of the manifest but the arrays."""
    dataset, history, recipe = training.dataset, training.progress.history, training.recipe
    is_of_before = (recipe.activation, recipe.loss, dataset.table) == (Recipe.activation, Recipe.loss, None)
    return Manifest(
        format_version=FORMAT_VERSION if is_of_before else FORMAT_VERSION_OF_KINDS,
        activation=None if is_of_before else recipe.activation,
        loss=None if is_of_before else recipe.loss,
        table=dataset.table,
        fastnet_version=__version__,
        layer_sizes=training.network.layer_sizes,
        classes=dataset.classes or None,
        pixel_scale=dataset.pixel_scale,
        n_parameters=sum(array.size for array in training.network.parameters().values()),
        recipe=training.recipe.to_json(),
        origin=training.origin,
        teachers=training.teachers.origins if training.teachers else None,
        data=DataFacts(
            source=dataset.source,
            sha256=dataset.sha256,
            n_train=len(training.train_samples),
            n_validation=len(training.validation_samples),
            n_test=len(dataset.test),
            label=dataset.label,
            transposed=dataset.transposed,
            corrections=dataset.corrections,
            target=dataset.table.target if dataset.table else None,
        ),
        progress=training.progress.saved(),
        epochs=len(history),
        validation_accuracy=history[-1].validation_accuracy if history else None,
        test=Score.of(test) if test else None,
        environment=read_fields(Environment, system.environment(), []),
        checkpoint_sha256=checkpoint_sha256,
        history_sha256=history_sha256,
    )


def _is_foreign(name: str) -> bool:
    """Whether a file or folder of that name is no part of a run, nor of what was made from its weights."""
    parts = {MANIFEST, CARD, HISTORY, CHECKPOINT, *_MADE_FROM_WEIGHTS.values(), *BELONGS_TO_CALIBRATION}
    return name not in parts and not re.fullmatch(r"[Wb]\d+\.npy", name)


def _checkpoint_bytes(training: Training) -> bytes:
    moments = {
        f"{prefix}_{name}": array
        for prefix, network in zip(_MOMENTS, training.engine.moments, strict=True)
        for name, array in network.parameters().items()
    }
    buffer = io.BytesIO()
    np.savez(buffer, **moments)  # type: ignore[arg-type]
    return buffer.getvalue()


def _read_checkpoint(directory: Path, sha256: str | None, training: Training) -> None:
    """Set Adam's moments from the checkpoint file."""
    path = directory / CHECKPOINT
    content = read_bytes(path, sha256, most_bytes=2 * len(_checkpoint_bytes(training)))
    with damage_told_as(ModelError, f"{path}: does not hold Adam's moments for this network"):
        arrays, _ = read_npz(io.BytesIO(content), str(path), None, most_bytes=len(_checkpoint_bytes(training)))
        for prefix, network in zip(_MOMENTS, training.engine.moments, strict=True):
            network.set_parameters({name: arrays[f"{prefix}_{name}"] for name in network.parameters()})
    if not all(
        np.isfinite(array).all() for network in training.engine.moments for array in network.parameters().values()
    ):
        raise ModelError(f"{path}: holds NaN or infinite numbers")
