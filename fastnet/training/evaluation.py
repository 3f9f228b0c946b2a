"""A saved model's answers, loss and accuracy on samples, by the fast kernels."""

import dataclasses
from pathlib import Path

import numpy as np

from fastnet.data.samples import Samples
from fastnet.models.files import ModelFiles, read_model
from fastnet.models.network import Network

from .engine.base import Engine
from .recipe import Recipe


def evaluate_model(model: str | Path, samples: Samples) -> tuple[float, float]:
    """Return (mean loss, accuracy) of a model directory or shipped model over `samples`, on the fast kernels.

    ModelError for a model that is not sound, DataError for samples that it does not take.
    """
    files = read_model(model)
    if samples.images.dtype == np.uint8:
        samples = dataclasses.replace(samples, scale=files.pixel_scale)
    return load_engine(files, samples).evaluate(samples)


def load_engine(files: ModelFiles, samples: Samples) -> Engine:
    """An engine with the parameters of a model, for such samples."""
    from .engine.fused import fused_engine

    network = Network.zeros(files.layer_sizes)
    network.set_parameters(files.parameters)
    return fused_engine(network, Recipe(), samples)
