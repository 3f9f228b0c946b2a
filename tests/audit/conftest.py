"""A small network on small pictures, and its audit."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from fastnet.audit import audit_model
from fastnet.data.samples import PIXEL_SCALE, Dataset, Samples
from fastnet.training.recipe import Recipe
from fastnet.training.runs import save_run
from fastnet.training.trainer import Training


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """1,397 training and 400 test digits of 8x8 pixels."""
    images, labels = load_digits(return_X_y=True)
    images, labels = (images * 15).astype(np.uint8), labels.astype(np.int64)
    train, test = (Samples(images[part], labels[part], PIXEL_SCALE) for part in (slice(400, None), slice(400)))
    return Dataset(train, test, "small digits")


@pytest.fixture(scope="session")
def model(digits, tmp_path_factory):
    """64-32-16-10, trained for two epochs: some answers are wrong."""
    directory = tmp_path_factory.mktemp("models") / "small"
    training = Training(digits, Recipe(hidden=(32, 16), epochs=2, batch_size=32, n_validation=100))
    training.run()
    save_run(training, directory)
    return directory


@pytest.fixture(scope="session")
def audit(model, digits):
    return audit_model(model, digits, n_points=150)
