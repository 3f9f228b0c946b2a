"""Distorted training images: what is refused, what `augment` promises, and trainings that see them."""

import dataclasses

import numpy as np
import pytest

from fastnet import Augmentation, augment
from fastnet.data.samples import PIXEL_SCALE, Dataset, Samples
from fastnet.errors import DataError, OptionError
from fastnet.kernels import augment as augment_kernel
from fastnet.kernels import jit, reference
from fastnet.kernels.sparse_rows import SparseRows
from fastnet.training.engine import compile_kernels, distorted
from fastnet.training.recipe import ENGINES, Recipe
from fastnet.training.trainer import Training

from .engines import assert_same_parameters, whole_and_resumed

NOTHING = Augmentation(rotation=0, scale=0, aspect=0, shear=0, shift=0, elastic=0)
RECIPE = Recipe(
    hidden=(16,),
    epochs=3,
    batch_size=32,
    n_validation=88,
    warmup_epochs=0,
    augmentation=Augmentation(rotation=5, shift=0.5, elastic=0.5, smoothness=3, thickness=0.5),
)


@pytest.fixture
def squares():
    """600 training and 100 test samples of 6 x 6 pixels in 3 classes, told apart by which rows are bright."""
    rng = np.random.default_rng(0)

    def samples(n):
        labels = rng.integers(0, 3, n)
        images = rng.integers(0, 100, (n, 6, 6))
        images[np.arange(n), 2 * labels] += 100
        return Samples(images.reshape(n, 36).astype(np.uint8), labels, PIXEL_SCALE)

    return Dataset(samples(600), samples(100), "squares")


def images_of(dataset):
    return dataset.train.images.reshape(-1, 6, 6)


# ---- Strengths ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Augmentation)])
@pytest.mark.parametrize("value", [-1, 181, float("nan"), float("inf"), "1", None, True])
def test_strengths_that_make_no_sense_are_refused(name, value):
    with pytest.raises(OptionError, match=rf"^{name} must be a number from [01] to \d+, not "):
        Augmentation(**{name: value})


def test_recipe_keeps_its_augmentation_in_json():
    assert Recipe.from_json(RECIPE.to_json()) == RECIPE
    without = {name: value for name, value in RECIPE.to_json().items() if name != "augmentation"}
    assert Recipe.from_json(without).augmentation is None  # as recipes were before


@pytest.mark.parametrize("fields", [{"rotation": -1}, {"blur": 1}, [], "strong", 3], ids=str)
def test_json_of_no_augmentation_is_refused(fields):
    with pytest.raises(OptionError):
        Recipe.from_json({**RECIPE.to_json(), "augmentation": fields})


def test_recipe_refuses_other_things():
    with pytest.raises(OptionError, match="augmentation must be an Augmentation or None, not 'strong'"):
        Recipe(augmentation="strong")


# ---- augment --------------------------------------------------------------------------------------------------------


def test_no_strength_changes_nothing(squares):
    np.testing.assert_array_equal(augment(images_of(squares), NOTHING), images_of(squares))


@pytest.mark.parametrize(
    ("strength", "size"),
    [
        ({"rotation": 30}, 3),
        ({"scale": 0.5}, 3),
        ({"aspect": 0.5}, 1),
        ({"shear": 20}, 1),
        ({"shift": 2}, 3),
        ({"thickness": 1}, 3),
    ],
    ids=str,
)
def test_each_strength_changes_something(squares, strength, size):
    copies = augment(images_of(squares), dataclasses.replace(NOTHING, **strength)).astype(int)
    assert abs(copies - images_of(squares)).mean() > size


def test_copies_depend_on_row_seed_and_epoch_alone(squares, monkeypatch):
    images = images_of(squares)
    copies = augment(images, seed=2**70, epoch=3)
    monkeypatch.setattr(jit, "_threads", 3)
    rows = np.array([599, 0, 7, 7])
    np.testing.assert_array_equal(augment(images, seed=2**70, epoch=3, rows=rows), copies[rows])
    strided = np.repeat(images, 2, axis=2)[:, :, ::2]
    np.testing.assert_array_equal(augment(strided, seed=2**70, epoch=3), copies)
    for other in ({"seed": 2**70 + 1, "epoch": 3}, {"seed": 2**70, "epoch": 4}):
        assert (augment(images, **other) != copies).any(axis=(1, 2)).mean() > 0.99


@pytest.mark.parametrize(
    "images", [np.zeros((3, 36), np.uint8), np.zeros((3, 6, 6)), np.zeros((0, 6, 6), np.uint8)], ids=str
)
def test_images_that_cannot_be_distorted_are_refused(images):
    with pytest.raises(DataError, match=r"images to distort must be uint8 \(n, height, width\), not "):
        augment(images)


def test_images_that_are_too_large_are_refused():
    with pytest.raises(DataError, match=r"sides of at most 1000 pixels, not \(2, 1001\)"):
        augment(np.zeros((1, 2, 1001), np.uint8))
    assert augment(np.zeros((1, 2, 1000), np.uint8)).shape == (1, 2, 1000)


# ---- Trainings ------------------------------------------------------------------------------------------------------


def test_a_training_sees_what_augment_makes_of_its_samples(squares, monkeypatch):
    training = Training(squares, RECIPE)
    seen = []
    original = type(training.engine).train_steps

    def spy(self, samples, rows, *args):
        seen.append((samples.images[rows], samples.labels[rows]))
        return original(self, samples, rows, *args)

    monkeypatch.setattr(type(training.engine), "train_steps", spy)
    training.run(n_steps=16)
    train = training.train_samples
    copies = augment(train.images.reshape(-1, 6, 6), RECIPE.augmentation, RECIPE.seed, epoch=0).reshape(-1, 36)
    images, labels = (np.concatenate(parts) for parts in zip(*seen, strict=True))
    assert sorted(zip(images.tolist(), labels, strict=True)) == sorted(zip(copies.tolist(), train.labels, strict=True))


def test_each_epoch_sees_other_copies(squares):
    first, second = (distorted(squares.train, np.arange(600), RECIPE, epoch).images for epoch in (0, 1))
    assert (first != second).any(axis=1).all()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("step", [1, 16, 21])  # 16 steps an epoch
def test_resumed_training_ends_at_the_same_bits(squares, tmp_path, engine, step):
    recipe = dataclasses.replace(RECIPE, engine=engine)
    whole, second = whole_and_resumed(squares, recipe, step, tmp_path / "run")
    assert_same_parameters(whole, second)


def test_engines_see_the_same_copies_and_agree(squares, monkeypatch):
    calls = []
    original = reference.distort_images
    monkeypatch.setattr(reference, "distort_images", lambda *args: calls.append(args) or original(*args))
    losses = []
    for engine in ENGINES:
        losses.append([])
        Training(squares, dataclasses.replace(RECIPE, engine=engine)).run(on_step=losses[-1].append, n_steps=20)
    np.testing.assert_allclose(*losses, rtol=1e-4)
    assert len(calls) == 2  # one for each epoch of the reference's training


def test_the_last_epochs_see_weaker_distortions(squares, monkeypatch):
    strengths = []
    original = Augmentation.weakened
    monkeypatch.setattr(Augmentation, "weakened", lambda self, share: strengths.append(share) or original(self, share))
    Training(squares, dataclasses.replace(RECIPE, epochs=4, annealing=0.5, last_strength=0.25)).run()
    assert strengths == pytest.approx([1, 1, 0.625, 0.25])


def test_weakened_distortions_are_as_smooth():
    expected = Augmentation(rotation=5, scale=0.05, aspect=0.05, shear=5, shift=0.5, elastic=0.5, smoothness=6)
    assert Augmentation().weakened(0.5) == expected
    assert Augmentation().weakened(1.0) == Augmentation()


def test_annealing_without_distortions_is_refused(squares):
    with pytest.raises(OptionError, match="annealing is of distortions, and this training has none"):
        Training(squares, dataclasses.replace(RECIPE, augmentation=None, annealing=0.2))


def test_it_learns(squares):
    training = Training(squares, dataclasses.replace(RECIPE, epochs=30, learning_rate=1e-2))
    training.run()
    assert training.engine.evaluate(squares.test)[1] > 0.9


def test_preparation_compiles_the_distortion(squares):
    compile_kernels(squares.train, (36, 16, 3), RECIPE)
    before = len(augment_kernel._distort_images.signatures)
    Training(squares, RECIPE).run(n_steps=1)
    assert len(augment_kernel._distort_images.signatures) == before


@pytest.mark.parametrize("kind", ["not square", "floats", "sparse"])
def test_data_that_cannot_be_distorted_are_refused(dataset, squares, kind):
    if kind == "floats":
        dataset = Dataset(Samples(squares.train.images / np.float32(255), squares.train.labels, 1.0), squares.test, "")
    if kind == "sparse":
        train = Samples(SparseRows.from_dense(squares.train.images), squares.train.labels, PIXEL_SCALE)
        dataset = Dataset(train, squares.test, "")
    with pytest.raises(DataError, match=r"only uint8 images in a square can be distorted, not (float32|uint8) ones"):
        Training(dataset, RECIPE)
