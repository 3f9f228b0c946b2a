"""Recipes: what makes no sense is refused with a sentence, and JSON gives back the same recipe."""

import dataclasses
import json
import math

import numpy as np
import pytest

from fastnet.errors import FastnetError, OptionError
from fastnet.training.recipe import ENGINES, Recipe
from fastnet.training.schedules import SCHEDULES

WHOLE_NUMBERS = {"epochs": 1, "batch_size": 1, "n_validation": 0, "seed": 0}  # with the least
NUMBERS = (
    "learning_rate",
    "warmup_epochs",
    "beta1",
    "beta2",
    "eps",
    "weight_decay",
    "label_smoothing",
    "dropout",
    "input_dropout",
    "l2",
)


def sentence_of(**fields):
    with pytest.raises(OptionError) as caught:
        Recipe(**fields)
    return str(caught.value)


def test_default_is_the_seed_network():
    recipe = Recipe()
    assert recipe.hidden == (512,)
    assert (recipe.epochs, recipe.batch_size, recipe.n_validation) == (40, 64, 5000)
    assert (recipe.engine, recipe.beta1, recipe.beta2, recipe.eps) == ("numba", 0.9, 0.999, 1e-8)


@pytest.mark.parametrize(
    "fields",
    [
        {"hidden": ()},
        {"hidden": (1,)},
        {"hidden": (300, 200, 100)},
        {"epochs": 1},
        {"batch_size": 1},
        {"n_validation": 0},
        {"seed": 0},
        {"seed": 2**64},
        {"warmup_epochs": 0},
        {"warmup_epochs": 0.5},
        {"warmup_epochs": 40},
        {"beta1": 0},
        {"beta2": 0.0},
        {"weight_decay": 0},
        {"clip_norm": 1},
        {"learning_rate": 1},
        {"learning_rate": np.float64(0.1)},
        *({"schedule": schedule} for schedule in SCHEDULES),
        *({"engine": engine} for engine in ENGINES),
    ],
    ids=str,
)
def test_what_makes_sense_is_taken(fields):
    recipe = Recipe(**fields)
    for name, value in fields.items():
        assert getattr(recipe, name) == value


@pytest.mark.parametrize("hidden", [512, "512", [512], (0,), (512, -1), (1.5,), ("512",), (True,), (None,), None])
def test_hidden_layers_that_are_none(hidden):
    fault = f"hidden layer sizes must be a tuple of whole numbers from 1, not {hidden!r}"
    assert sentence_of(hidden=hidden) == fault


@pytest.mark.parametrize("name", WHOLE_NUMBERS)
@pytest.mark.parametrize("value", [-1, 1.5, 2.0, "2", True, None, math.nan, math.inf])
def test_what_is_counted_must_be_a_whole_number(name, value):
    assert sentence_of(**{name: value}) == f"{name} must be a whole number from {WHOLE_NUMBERS[name]}, not {value!r}"


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
def test_nothing_to_do_is_refused(name):
    assert sentence_of(**{name: 0}) == f"{name} must be a whole number from 1, not 0"


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["0.5", None, (0.5,), 1j])
def test_what_is_measured_must_be_a_number(name, value):
    assert sentence_of(**{name: value}) == f"{name} must be a number, not {value!r}"


@pytest.mark.parametrize(
    ("name", "values", "fault"),
    [
        ("learning_rate", [0, -1e-3, math.nan], "the learning rate must be above 0"),
        ("warmup_epochs", [-0.1, math.nan], "warm-up must be at least 0"),
        ("warmup_epochs", [40.1, 1e9], "warm-up must be within the epochs"),
        ("beta1", [-0.1, 1, 1.5, math.nan], "beta1 must be at least 0 and below 1"),
        ("beta2", [-0.1, 1, 1.5, math.nan], "beta2 must be at least 0 and below 1"),
        ("eps", [0, -1e-8, math.nan], "eps must be above 0"),
        ("weight_decay", [-0.1, math.nan], "the weight decay must be at least 0"),
        ("label_smoothing", [-0.1, 1, math.nan], "label smoothing must be at least 0 and below 1"),
        ("dropout", [-0.1, 1, math.nan], "dropout must be at least 0 and below 1"),
        ("input_dropout", [-0.1, 1, math.nan], "input dropout must be at least 0 and below 1"),
        (
            "clip_norm",
            [0, -1, math.inf, math.nan, "1"],
            "the norm to clip gradients to must be a number above 0, or None",
        ),
        ("l2", [-0.1, math.nan], "the L2 penalty must be at least 0"),
        ("shuffle", [1, None, "yes"], "shuffle must be True or False"),
        ("schedule", ["", "step", "Linear", None, 1], "the schedule must be one of constant, linear, cosine"),
        ("engine", ["", "torch", "Numba", None, 1], "the engine must be one of numba, reference"),
    ],
)
def test_what_makes_no_sense_is_refused(name, values, fault):
    for value in values:
        assert sentence_of(**{name: value}).split("; did you mean")[0] == f"{fault}, not {value!r}"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("learning_rate", "the learning rate must be finite and above 0"),
        ("warmup_epochs", "warm-up must be finite and at least 0"),
        ("eps", "eps must be finite and above 0"),
        ("weight_decay", "the weight decay must be finite and at least 0"),
        ("l2", "the L2 penalty must be finite and at least 0"),
    ],
)
def test_what_is_infinite_is_refused(name, fault):
    assert sentence_of(**{name: math.inf}) == f"{fault}, not inf"


def test_the_nearest_choice_is_told():
    assert sentence_of(schedule="Linear").endswith(", not 'Linear'; did you mean linear?")


def test_refusal_is_a_value_error_and_a_fastnet_error():
    with pytest.raises(ValueError, match="epochs"):
        Recipe(epochs=0)
    with pytest.raises(FastnetError, match="epochs"):
        Recipe(epochs=0)


def test_recipe_does_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Recipe().epochs = 3


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        Recipe(hidden=(), n_validation=0, engine="reference"),
        Recipe((32, 16), 3, 7, 0.1 + 0.2, "cosine", 0.25, 0.5, 0.75, 1e-7, 1 / 3, 100, 2**70, "reference", 0.2),
    ],
    ids=["default", "softmax regression", "nothing as by default"],
)
def test_json_gives_back_the_same_recipe(recipe):
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


def test_json_holds_every_field():
    assert list(Recipe().to_json()) == [field.name for field in dataclasses.fields(Recipe)]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"epochs": 0}, "epochs must be a whole number from 1, not 0"),
        ({"batch_size": 64.5}, "batch_size must be a whole number from 1, not 64.5"),
        ({"epochs": "40"}, "epochs must be a whole number from 1, not '40'"),
        ({"hidden": 512}, "not a training recipe: "),
        ({"hidden": "512"}, r"hidden layer sizes must be a tuple of whole numbers from 1, not \('5', '1', '2'\)"),
        ({"friction": 0.5}, "not a training recipe: .*friction"),
    ],
    ids=str,
)
def test_json_of_no_recipe_is_refused(change, fault):
    with pytest.raises(OptionError, match=fault):
        Recipe.from_json({**Recipe().to_json(), **change})


def test_json_from_before_an_option_was_there_is_that_recipe():
    recipe = Recipe(hidden=(7,), seed=3)
    fields = recipe.to_json()
    for name in ("label_smoothing", "augmentation", "dropout", "input_dropout", "clip_norm", "l2", "shuffle"):
        del fields[name]
    assert Recipe.from_json(fields) == recipe


@pytest.mark.parametrize("fields", [None, [], "recipe", 3, {}, {"epochs": 3}], ids=str)
def test_json_of_another_kind_is_refused(fields):
    with pytest.raises(OptionError, match="not a training recipe: "):
        Recipe.from_json(fields)
