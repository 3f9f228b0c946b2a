"""Teachers: trained models whose answers to what a training sees are its targets, in the place of the labels.

A large network tells a small one more than a label does: which other classes a sample is like, and how sure one can be
(Hinton et al. 2015, "Distilling the Knowledge in a Neural Network"). Here a teacher sees the very copy that its student
sees, distorted alike, and nothing that it answers is kept (Beyer et al. 2022, "Knowledge distillation: A good teacher
is patient and consistent").
"""

import dataclasses
from pathlib import Path

import numpy as np

from fastnet import weights
from fastnet.data.samples import Samples
from fastnet.errors import OptionError
from fastnet.models.documents import Origin
from fastnet.models.files import ModelFiles, find_model, read_model
from fastnet.models.network import Network
from fastnet.models.probabilities import softmax

from .engine import make_engine
from .engine.base import Engine
from .recipe import Recipe

_BETWEEN = ","


class Teachers:
    """The teacher that a recipe names, or several, for samples like these; they answer `batch_size` at a time.

    Batches are the student's, so that an answer does not depend, in its last bits, on where a training was resumed.
    ModelError for a model that is not sound, OptionError for one that does not fit, or for smoothed labels that no
    target has a share of.
    """

    def __init__(self, recipe: Recipe, samples: Samples, n_classes: int, batch_size: int):
        if recipe.loss != "cross_entropy":
            raise OptionError(f"a teacher is for the loss cross_entropy, and not for {recipe.loss}")
        if recipe.label_smoothing and recipe.teacher_share == 1:
            raise OptionError("label smoothing is of labels, and no target has any where the teacher's share is 1")
        self._recipe, self._n_classes = recipe, n_classes
        self.models = [read_model(name) for name in _names(recipe.teacher or "")]
        self._engines: list[Engine] = []
        for files in self.models:
            _check(files, samples.n_features, n_classes)
            self._engines.append(_engine(files, recipe.engine, samples, batch_size))

    @property
    def origins(self) -> tuple[Origin, ...]:
        """What the student's manifest tells of them."""
        return tuple(files.origin for files in self.models)

    def taught(self, samples: Samples) -> Samples:
        """The samples with soft targets: the mean of what the teachers answer, with the label's share of it."""
        no_labels = np.zeros((len(samples), self._n_classes), np.float32)
        asked = dataclasses.replace(samples, labels=no_labels, soft_targets=None)
        share, temperature = self._recipe.teacher_share, np.float32(self._recipe.temperature)
        targets = np.mean([softmax(engine.predict(asked) / temperature) for engine in self._engines], axis=0)
        if share < 1:
            targets = share * targets + (1 - share) * self._softened(samples.labels)
        return dataclasses.replace(samples, soft_targets=targets)

    def _softened(self, labels: np.ndarray) -> np.ndarray:
        """The labels as targets, with the recipe's smoothing."""
        smoothing = self._recipe.label_smoothing
        targets = np.full((len(labels), self._n_classes), smoothing / self._n_classes, np.float32)
        targets[np.arange(len(labels)), labels] += 1 - smoothing
        return targets


def located(teacher: str) -> str:
    """The names of a recipe's teacher as they are found from any directory.

    OptionError where one is empty, ModelError where there is no such model.
    """
    return _BETWEEN.join(map(_located, _names(teacher)))


def _names(teacher: str) -> list[str]:
    """The names of a recipe's teacher, without the spaces around them; OptionError where one is empty."""
    names = [name.strip() for name in teacher.split(_BETWEEN)]
    if not all(names):
        raise OptionError(f"the teacher must be a model, or several with commas between, not {teacher!r}")
    return names


def _located(name: str) -> str:
    directory = find_model(name)
    comes_along = directory != Path(name) and directory.parent == weights.DIRECTORY
    return name if comes_along else str(directory.absolute())


def _engine(files: ModelFiles, engine: str, samples: Samples, batch_size: int) -> Engine:
    """An engine that answers the logits of a model: that of a regression, which answers its outputs as they are."""
    network = Network.zeros(files.layer_sizes, files.activation)
    network.set_parameters(files.parameters)
    recipe = Recipe(engine=engine, activation=files.activation, loss="squared_error", batch_size=batch_size)
    return make_engine(network, recipe, samples)


def _check(files: ModelFiles, n_features: int, n_classes: int) -> None:
    """OptionError for a model that answers no classes, or other ones, or of other samples."""
    if files.loss != "cross_entropy":
        raise OptionError(f"{files.directory}: cannot teach classes, as it was trained with the loss {files.loss}")
    theirs, ours = (files.layer_sizes[0], files.layer_sizes[-1]), (n_features, n_classes)
    if theirs != ours:
        knows, needs = (f"{n} features in {n_outputs} classes" for n, n_outputs in (theirs, ours))
        raise OptionError(f"{files.directory}: cannot teach samples of {needs}, as it knows {knows}")
