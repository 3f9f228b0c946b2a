"""Training on more than memory holds: epochs of many passes, and images that stay in their file."""

import dataclasses
import tracemalloc

import numpy as np
import pytest

from fastnet import Augmentation
from fastnet.data.samples import PIXEL_SCALE, Dataset, Samples
from fastnet.training.recipe import Recipe
from fastnet.training.trainer import Training

from .engines import assert_same_parameters, whole_and_resumed

SIDE = 8
RECIPE = Recipe(
    hidden=(16,),
    epochs=6,
    batch_size=32,
    n_validation=0,
    warmup_epochs=0,
    augmentation=Augmentation(rotation=5, shift=0.5, elastic=0.5, smoothness=3),
)


def samples(n, dtype=np.uint8):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, n)
    images = rng.integers(0, 100, (n, SIDE, SIDE))
    images[np.arange(n), 2 * labels] += 100
    scale = 1.0 if dtype == np.float32 else PIXEL_SCALE
    return Samples((images.reshape(n, -1) * (PIXEL_SCALE / scale)).astype(dtype), labels, scale)


@pytest.mark.parametrize("augmentation", [None, RECIPE.augmentation])
def test_an_epoch_of_three_passes_is_three_epochs(augmentation):
    data = Dataset(samples(500), samples(100), "squares")
    short = Training(data, dataclasses.replace(RECIPE, augmentation=augmentation))
    long = Training(data, dataclasses.replace(RECIPE, augmentation=augmentation, epochs=2, passes=3))
    seen = []
    short.run()
    long.run(on_step=lambda loss: seen.append(long.n_seen))
    assert_same_parameters(short, long)
    assert long.n_per_epoch == 1500
    assert set(seen) == {500, 1000, 0}  # its 16 steps a pass are taken at once
    losses = [record.train_loss for record in short.progress.history]
    expected = [np.mean(losses[:3]), np.mean(losses[3:])]
    np.testing.assert_allclose([record.train_loss for record in long.progress.history], expected)


@pytest.mark.parametrize("step", [10, 16, 37, 48])  # 16 steps a pass, 48 an epoch
def test_a_run_of_many_passes_is_taken_up_to_the_same_bits(tmp_path, step):
    data = Dataset(samples(500), samples(100), "squares")
    recipe = dataclasses.replace(RECIPE, epochs=2, passes=3)
    whole, second = whole_and_resumed(data, recipe, step, tmp_path / "run")
    assert_same_parameters(whole, second)
    assert [record.train_accuracy for record in second.progress.history] == [
        record.train_accuracy for record in whole.progress.history
    ]


@pytest.mark.parametrize(
    ("dtype", "augmentation"), [(np.uint8, RECIPE.augmentation), (np.uint8, None), (np.float32, None)]
)
def test_images_stay_in_their_file(tmp_path, dtype, augmentation):
    """A training's own memory is far below the images': nothing copies them, and the bits are those of an array."""
    in_memory = samples(100_000, dtype)
    np.save(tmp_path / "images.npy", in_memory.images)
    in_file = dataclasses.replace(in_memory, images=np.load(tmp_path / "images.npy", mmap_mode="r"))
    recipe = dataclasses.replace(RECIPE, epochs=1, batch_size=1000, augmentation=augmentation)
    n_bytes, trainings = in_memory.images.nbytes, []
    for train in (in_memory, in_file):
        trainings.append(Training(Dataset(train, samples(100, dtype), "squares"), recipe))
        trainings[-1].run(n_steps=1)  # which compiles
        tracemalloc.start()
        trainings[-1].run(n_steps=10)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < n_bytes / 2
    assert np.shares_memory(trainings[1].train_samples.images, in_file.images)
    assert_same_parameters(*trainings)
