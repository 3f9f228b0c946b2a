"""A saved model's answers, loss and accuracy on samples, by the fast kernels or, without Numba, by the textbook."""

import dataclasses
from pathlib import Path

import numpy as np

from fastnet.data.samples import Samples
from fastnet.kernels import numba_is_installed
from fastnet.models.card import interval
from fastnet.models.fields import NULL
from fastnet.models.files import ModelFiles, read_model
from fastnet.models.network import Network

from .engine import make_engine
from .engine.base import Engine
from .recipe import Recipe


@dataclasses.dataclass(frozen=True)
class ClassScore:
    """How a model does on one class. What has nothing to be counted on is None."""

    name: str
    support: int  # samples of the class
    precision: float | None = dataclasses.field(metadata=NULL)  # share of what is answered so that is of the class
    recall: float | None = dataclasses.field(metadata=NULL)  # share of its samples that are answered so
    interval: tuple[float, ...] | None = dataclasses.field(metadata=NULL)  # Wilson's 95% of the recall


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """How a model does on `n` test samples: mean loss, accuracy with Wilson's 95% interval, and each class.

    Of a regression: R^2 instead of an accuracy. Classes are told where each sample has one.
    """

    n: int
    accuracy: float | None
    interval: tuple[float, ...] | None
    loss: float
    classes: tuple[ClassScore, ...] = ()
    r2: float | None = None


def evaluate_model(model: str | Path, samples: Samples) -> tuple[float, float]:
    """Return (mean loss, accuracy, or R^2 of a regression) of a model directory or shipped model over `samples`.

    ModelError for a model that is not sound, DataError for samples that it does not take.
    """
    files = read_model(model)
    samples = _as_trained(files, samples)
    return load_engine(files, samples).evaluate(samples)


def measure(files: ModelFiles, samples: Samples) -> Evaluation:
    """All figures of a model on `samples` without weights; DataError for samples that it does not take."""
    samples = _as_trained(files, samples)
    engine = load_engine(files, samples)
    loss, score = engine.evaluate(samples)
    if files.manifest.of_regression:
        return Evaluation(len(samples), None, None, loss, r2=score)
    accuracy, between = score, interval(score, len(samples))
    if samples.has_targets:
        return Evaluation(len(samples), accuracy, between, loss)
    classes = _class_scores(files.manifest.class_names, samples.labels, engine.predict(samples))
    return Evaluation(len(samples), accuracy, between, loss, classes)


def load_engine(files: ModelFiles, samples: Samples) -> Engine:
    """The fastest engine that is installed, with the parameters of a model, for such samples."""
    network = Network.zeros(files.layer_sizes, files.activation)
    network.set_parameters(files.parameters)
    engine = "numba" if numba_is_installed() else "reference"
    return make_engine(network, Recipe(engine=engine, activation=files.activation, loss=files.loss), samples)


def _as_trained(files: ModelFiles, samples: Samples) -> Samples:
    """The samples with uint8 pixels scaled as in the model's training."""
    is_scaled = samples.images.dtype == np.uint8
    return dataclasses.replace(samples, scale=files.pixel_scale) if is_scaled else samples


def _class_scores(names: tuple[str, ...], labels: np.ndarray, answers: np.ndarray) -> tuple[ClassScore, ...]:
    right = np.bincount(labels[labels == answers], minlength=len(names)).tolist()
    support, answered = (np.bincount(classes, minlength=len(names)).tolist() for classes in (labels, answers))
    return tuple(
        ClassScore(
            name,
            support[number],
            precision=right[number] / answered[number] if answered[number] else None,
            recall=right[number] / support[number] if support[number] else None,
            interval=interval(right[number] / support[number], support[number]) if support[number] else None,
        )
        for number, name in enumerate(names)
    )
