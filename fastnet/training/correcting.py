"""Correct a model: steps on images that a person named, beside samples of its training, which keep the rest.

Steps on these images alone would make the model forget ("catastrophic interference", McCloskey & Cohen 1989); others
rehearsed between them prevent that (Ratcliff 1990).
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fastnet.data.samples import Dataset, Samples
from fastnet.errors import DataError, ModelError
from fastnet.files import claim_new, whole_directory
from fastnet.kernels import numba_is_installed
from fastnet.knobs import check, knob
from fastnet.models.data import training_data_of
from fastnet.models.documents import Score
from fastnet.models.files import ModelFiles, read_model, write_model
from fastnet.models.network import Network
from fastnet.models.probabilities import softmax
from fastnet.seeds import SeedUse, rng
from fastnet.version import __version__

from .evaluation import load_engine
from .recipe import MOST, Recipe
from .trainer import State, Trainer, validation_split

STEPS_AT_A_TIME = 4  # between two looks at the answers


@dataclass(frozen=True)
class Rehearsal:
    """How a model is corrected. The defaults were chosen for MNIST, on validation digits, see docs/models.md.

    Few and small inputs may need a higher learning rate. OptionError for what makes no sense.
    """

    learning_rate: float = knob(1e-4, "the learning rate", "step size of Adam, which is constant", above=0)
    batch_size: int = knob(128, "the batch size", "samples a step", unit="samples", least=1, most=MOST)
    copies: int = knob(
        2, "the copies", "of each image in a mini-batch, at most a quarter of it; the rest are rehearsed", least=1
    )
    most_steps: int = knob(400, "the steps", "most that are taken", unit="steps", least=1, most=MOST)
    learnt: float = knob(
        0.95, "the probability", "of its class with which an image is learnt, enough for similar ones", above=0, below=1
    )

    def __post_init__(self) -> None:
        check(self)

    def n_copies(self, n_images: int) -> int:
        """Copies of that many images in a mini-batch."""
        return min(self.copies * n_images, max(self.copies, self.batch_size // 4))


REHEARSAL = Rehearsal()


@dataclass(frozen=True)
class Correction:
    """What it took to correct a model, and what it cost on the test set."""

    n_steps: int
    is_learnt: bool  # whether each image is told its class with a probability of `Rehearsal.learnt`
    before: Score
    after: Score
    n_test: int  # samples of the test set
    n_lost: int  # test samples that were answered rightly before, and are not now
    n_won: int  # the reverse


def correct_model(
    model: str | Path,
    images: np.ndarray,
    labels: np.ndarray,
    out: str | Path,
    data: Dataset | None = None,
    engine: str | None = None,
    rehearsal: Rehearsal = REHEARSAL,
) -> Correction:
    """Take a few steps on images whose classes a person told, and write the model that this makes to `out`.

    `images` are `(n, n_features)` or `(n, height, width)` of the type of the model's training set (of MNIST uint8),
    `labels` the numbers of their classes. `data` is that training set, if it is not any more where it was, and `engine`
    one of `ENGINES`, by default the fastest that is installed. The same arguments give the same weights; what was made
    of the earlier weights, calibration and audit, is not taken along. OptionError where `out` exists, or the data are
    not those of the model; ModelError for one that does not tell its training, or is an ensemble; DataError for other
    images; DivergedError where the learning rate is too high for them.
    """
    files = read_model(model)
    files.manifest.require_classes("correcting")
    with claim_new(Path(out)):
        dataset = training_data_of(files, data)
        corrections = _as_samples(images, labels, dataset)
        trainer = take_steps(files, corrections, training_samples(files, dataset), engine, rehearsal)
        engines = load_engine(files, dataset.test), trainer.engine
        was_right, is_right = (each.predict(dataset.test) == dataset.test.labels for each in engines)
        before, after = (Score(accuracy, loss) for loss, accuracy in (each.evaluate(dataset.test) for each in engines))
        _write(Path(out), files, trainer.network, after, len(corrections))
    return Correction(
        trainer.progress.step,
        are_learnt(trainer.network, corrections, rehearsal.learnt),
        before,
        after,
        len(dataset.test),
        n_lost=int((was_right & ~is_right).sum()),
        n_won=int((is_right & ~was_right).sum()),
    )


def take_steps(
    files: ModelFiles,
    corrections: Samples,
    samples: Samples,
    engine: str | None = None,
    rehearsal: Rehearsal = REHEARSAL,
) -> Trainer:
    """The training of a model on corrections among `samples`, which ends as soon as they are learnt."""
    recipe = _recipe(files, engine, rehearsal)
    network = Network.zeros(files.layer_sizes, files.activation)
    network.set_parameters(files.parameters)
    mixed = _mixed(corrections, samples, rehearsal, rng(recipe.seed, SeedUse.CORRECTION))
    trainer = Trainer(mixed, samples.take(np.arange(0)), files.layer_sizes[-1], recipe, State(network))
    while not trainer.finished and not are_learnt(trainer.network, corrections, rehearsal.learnt):
        trainer.run(n_steps=trainer.progress.step + STEPS_AT_A_TIME)
    return trainer


def training_samples(files: ModelFiles, dataset: Dataset) -> Samples:
    """Those of the data set that a model was trained on, not those set aside for its validation."""
    return validation_split(dataset, _recipe_of_training(files))[0]


def _recipe_of_training(files: ModelFiles) -> Recipe:
    if files.manifest.members:
        raise ModelError(f"{files.directory}: is an ensemble, which no training made; correct its members")
    if files.manifest.recipe is None:
        raise ModelError(f"{files.directory}: its manifest does not tell the recipe of its training")
    return Recipe.from_json(files.manifest.recipe)


def _recipe(files: ModelFiles, engine: str | None, rehearsal: Rehearsal) -> Recipe:
    """Adam's steps and nothing else, on images that are distorted as the model knows it from its training."""
    trained = _recipe_of_training(files)
    return Recipe(
        hidden=trained.hidden,
        epochs=1,
        batch_size=rehearsal.batch_size,
        learning_rate=rehearsal.learning_rate,
        schedule="constant",
        warmup_epochs=0,
        weight_decay=0,
        n_validation=0,
        seed=trained.seed,
        engine=engine or ("numba" if numba_is_installed() else "reference"),
        shuffle=False,
        augmentation=trained.augmentation,
        activation=files.activation,
    )


def _mixed(corrections: Samples, samples: Samples, rehearsal: Rehearsal, draws: np.random.Generator) -> Samples:
    """The mini-batches of all steps, one after the other: each begins with copies of the corrections, in turn.

    Samples are drawn as often as they weigh.
    """
    rows = np.arange(rehearsal.most_steps * rehearsal.batch_size)
    each = np.arange(len(samples))
    chances = None if samples.weights is None else samples.weight_of_each(each) / samples.total_weight()
    drawn = draws.choice(each, len(rows), p=chances)
    images, labels = samples.pixels[drawn], samples.labels[drawn]
    is_copy = rows % rehearsal.batch_size < rehearsal.n_copies(len(corrections))
    turns = np.arange(is_copy.sum()) % len(corrections)
    images[is_copy], labels[is_copy] = corrections.pixels[turns], corrections.labels[turns]
    return Samples(images, labels, samples.scale)


def are_learnt(network: Network, corrections: Samples, probability: float) -> bool:
    """Whether the network tells each image its class with at least that probability."""
    pixels = corrections.pixels * np.float32(corrections.scale)
    probabilities = softmax(network.forward(pixels).logits)
    return bool((probabilities[np.arange(len(corrections)), corrections.labels] >= probability).all())


def _as_samples(images: np.ndarray, labels: np.ndarray, dataset: Dataset) -> Samples:
    """The corrections as samples of the data set; DataError where they could be none."""
    images, labels, known = np.asarray(images), np.asarray(labels), dataset.train
    is_fit = images.ndim in (2, 3) and images.size == len(images) * known.n_features > 0
    if not is_fit or images.dtype != known.pixels.dtype:
        raise DataError(
            f"images to correct must be one or more of {known.n_features} {known.pixels.dtype} pixels, as in"
            f" {dataset.source}, not {images.dtype} of shape {images.shape}"
        )
    if not np.isfinite(images).all():
        raise DataError("images to correct must be finite numbers")
    flat, n_classes = np.ascontiguousarray(images.reshape(len(images), -1)), dataset.n_classes
    if labels.shape != (len(flat),) or labels.dtype.kind not in "iu" or not np.isin(labels, range(n_classes)).all():
        raise DataError(f"each of the {len(flat)} images takes the number of its class, from 0 to {n_classes - 1}")
    return Samples(flat, labels.astype(np.int64), known.scale)


def _write(out: Path, files: ModelFiles, network: Network, test: Score, n_corrections: int) -> None:
    manifest = dataclasses.replace(
        files.manifest,
        fastnet_version=__version__,
        origin=files.origin,
        corrections=(files.manifest.corrections or 0) + n_corrections,
        progress=None,
        validation_accuracy=None,
        test=test,
        environment=None,
        checkpoint_sha256=None,
        history_sha256=None,
        test_over_seeds=None,
    )
    with whole_directory(out) as new:
        write_model(new, network.parameters(), manifest)
