"""A saved model's loss and accuracy on a data set."""

import dataclasses
from pathlib import Path

import numpy as np

from .datasets import Samples
from .engine import make_engine
from .errors import OptionError
from .model_files import read_model
from .network import Network
from .recipe import Recipe


def evaluate_model(model: str | Path, samples: Samples) -> tuple[float, float]:
    """Return (mean loss, accuracy) of a model directory or shipped model over `samples`, on the fast kernels.

    ModelError for a model that is not sound, OptionError for samples that it does not take.
    """
    files = read_model(model)
    n_features, *_, n_classes = files.layer_sizes
    if samples.n_features != n_features or samples.labels.max() >= n_classes:
        raise OptionError(
            f"{model} takes images of {n_features} pixels in {n_classes} classes, and not"
            f" {samples.n_features} pixels with labels up to {samples.labels.max()}"
        )
    if samples.images.dtype == np.uint8:
        samples = dataclasses.replace(samples, scale=files.pixel_scale)
    network = Network.zeros(files.layer_sizes)
    network.set_parameters(files.parameters)
    return make_engine(network, Recipe(), samples).evaluate(samples)
