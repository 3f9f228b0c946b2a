"""Knobs: what a declaration refuses and says, and that every one reaches the command line, the specs and the docs."""

import argparse
import dataclasses
import math
from pathlib import Path

import pytest

from benchmarks.studies import knobs as tables
from fastnet.classifier import FastNetClassifier
from fastnet.cli.options import add_recipe_options, as_options, with_given_options
from fastnet.dashboard.session.specs import recipe_facts
from fastnet.data.distortions import UNDISTORTED, Augmentation
from fastnet.errors import OptionError
from fastnet.estimator.base import KNOBS
from fastnet.knobs import check, knob, knobs
from fastnet.training.recipe import RECIPES, Recipe

DOCUMENT = Path(__file__).parents[1] / "docs" / "recipe.md"
# Not options: the strengths of the distortions are.
NO_OPTIONS = {"augmentation"}
OTHERS = Recipe(
    hidden=(7,),
    epochs=3,
    batch_size=5,
    learning_rate=0.3,
    schedule="cosine",
    warmup_epochs=0.5,
    beta1=0.5,
    beta2=0.75,
    eps=1e-5,
    weight_decay=0.3,
    n_validation=77,
    seed=4,
    engine="reference",
    label_smoothing=0.2,
    shuffle=False,
    l2=0.02,
    augmentation=Augmentation(),
    dropout=0.4,
    input_dropout=0.6,
    clip_norm=2.0,
    selectivity=0.5,
    passes=6,
    activation="tanh",
    loss="logistic",
    solver="sgd",
    momentum=0.5,
    nesterov=False,
    teacher="a-teacher",
    teacher_share=0.7,
    temperature=3.0,
    annealing=0.25,
    synthetic=0.3,
    last_strength=0.1,
)
STRENGTHS = Augmentation(rotation=7, scale=0.2, aspect=0.3, shear=4, shift=2, elastic=3, smoothness=5, thickness=0.5)
FIELDS = [(Recipe(), OTHERS, name) for name in knobs(Recipe)]
STRENGTH_FIELDS = [(UNDISTORTED, STRENGTHS, name) for name in knobs(Augmentation)]


@dataclasses.dataclass
class Settings:
    """One of each kind."""

    size: int = knob(3, "the size", "how large", least=1, most=9)
    sizes: tuple[int, ...] = knob((3,), "sizes", "how large", least=1, most=9)
    rate: float = knob(0.5, "the rate", "how fast", above=0, below=1)
    share: float = knob(0.5, "the share", "how much", unit="of all", least=0, most=1)
    limit: float | None = knob(None, "the limit", "how far", unit="pixels", above=0)
    word: str = knob("a", "the word", "which", choices=("a", "b"))
    name: str | None = knob(None, "the name", "whose")
    switch: bool = knob(True, "the switch", "whether")


def recipe_of(*options):
    parser = argparse.ArgumentParser()
    parser.add_argument("--recipe", default="plain")
    add_recipe_options(parser)
    args = parser.parse_args([word for option in options for word in option.split()])
    return with_given_options(RECIPES[args.recipe], args)


# ---- What a declaration says ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("size", 0, "size must be a whole number from 1, not 0"),
        ("size", 2.0, "size must be a whole number from 1, not 2.0"),
        ("size", True, "size must be a whole number from 1, not True"),
        ("size", 10, "the size must be at most 9, not 10"),
        ("sizes", (1, 0), "sizes must be a tuple of whole numbers from 1, not (1, 0)"),
        ("sizes", (1, 10), "sizes must be at most 9, not (1, 10)"),
        ("rate", "fast", "rate must be a number, not 'fast'"),
        ("rate", 0, "the rate must be above 0 and below 1, not 0"),
        ("rate", 1.0, "the rate must be above 0 and below 1, not 1.0"),
        ("rate", math.nan, "the rate must be above 0 and below 1, not nan"),
        ("share", 1.5, "the share must be a number from 0 to 1, not 1.5"),
        ("share", None, "the share must be a number from 0 to 1, not None"),
        ("limit", math.inf, "the limit must be a number above 0, or None, not inf"),
        ("word", "c", "the word must be one of a, b, not 'c'"),
        ("name", 1, "the name must be a name or None, not 1"),
        ("switch", 1, "the switch must be True or False, not 1"),
    ],
)
def test_what_is_not_accepted_is_told_in_a_sentence(name, value, sentence):
    check(Settings())
    with pytest.raises(OptionError) as caught:
        check(Settings(**{name: value}))
    assert str(caught.value) == sentence


def test_what_is_infinite_is_not_told_to_be_too_small():
    with pytest.raises(OptionError, match="the learning rate must be finite and above 0, not inf"):
        Recipe(learning_rate=math.inf)


def test_values_are_told_with_their_units():
    told = knobs(Settings)
    assert told["share"].amount(0.25) == "0.25 of all"
    assert (told["limit"].amount(1.0), told["limit"].amount(1.5), told["limit"].amount(None)) == (
        "1 pixel",
        "1.5 pixels",
        "none",
    )
    assert (told["sizes"].text((3, 4)), told["sizes"].text(())) == ("3,4", "none")
    assert told["rate"].title == "Rate"


def test_a_field_that_is_not_declared_as_a_knob_is_refused():
    @dataclasses.dataclass
    class Careless(Settings):
        forgotten: int = 3

    with pytest.raises(TypeError, match="label"):
        check(Careless())


# ---- Where each must appear -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [Recipe, Augmentation])
def test_every_knob_is_an_option_or_named_as_none(settings):
    parser = argparse.ArgumentParser()
    add_recipe_options(parser)
    options = {action.dest: action for action in parser._actions}
    for name, declared in knobs(settings).items():
        assert (name in options) != (name in NO_OPTIONS)
        if name in options:
            assert declared.option in options[name].option_strings
            assert declared.help in options[name].help


@pytest.mark.parametrize(("before", "after", "name"), FIELDS, ids=[name for *_, name in FIELDS])
def test_every_knob_of_a_recipe_is_in_the_specs(before, after, name):
    assert recipe_facts(dataclasses.replace(before, **{name: getattr(after, name)})) != recipe_facts(before)


@pytest.mark.parametrize(("before", "after", "name"), STRENGTH_FIELDS, ids=[name for *_, name in STRENGTH_FIELDS])
def test_every_strength_is_in_the_specs(before, after, name):
    changed = dataclasses.replace(before, **{name: getattr(after, name)})
    facts = dict(recipe_facts(Recipe(augmentation=changed)))
    assert knobs(Augmentation)[name].amount(getattr(after, name)) in facts["Distortions"]


def test_options_of_a_training_are_told_with_labels_and_units():
    facts = dict(recipe_facts(OTHERS))
    assert facts["L2 penalty"] == "0.02"
    assert facts["Norm to clip gradients to"] == "2"
    assert facts["Passes"] == "6"
    assert facts["Dropout"] == "0.4 of the hidden units"
    assert facts["Shuffle"] == "False"
    assert "rotation 10 degrees" in facts["Distortions"]


@pytest.mark.parametrize(("mark", "settings"), [*zip(tables.NAMES, (Recipe, Augmentation), strict=True)])
def test_the_table_in_the_docs_is_what_the_code_says(mark, settings):
    text = (
        DOCUMENT.read_text(encoding="utf-8").partition(f"<!-- {mark} -->\n")[2].partition(f"\n<!-- end {mark} -->")[0]
    )
    assert text == tables.table(settings), "python -m benchmarks knobs --write"
    for name in knobs(settings):
        assert f"| `{name}` |" in text


@pytest.mark.parametrize("name", KNOBS)
@pytest.mark.parametrize(
    "value", [-1, -1e-9, 0, 0.0, 1e-9, 0.5, 1 - 1e-9, 1, 1.0, 1.5, 10**6, 10**6 + 1, None, "linear", "x"]
)
def test_the_classifier_accepts_what_the_recipe_does(name, value):
    declared = knobs(Recipe)[KNOBS[name]]
    estimator = FastNetClassifier(**{name: value})
    if declared.fault(value):
        with pytest.raises(ValueError, match=f"The '{name}' parameter of FastNetClassifier must be"):
            estimator._validate_params()
    else:
        estimator._validate_params()


# ---- Options --------------------------------------------------------------------------------------------------------


OF_ADAM = {name: getattr(Recipe, name) for name in ("beta1", "beta2", "eps")}
OF_SGD = {name: getattr(Recipe, name) for name in ("momentum", "nesterov")}
OTHERS_BY = {
    "others by sgd": dataclasses.replace(OTHERS, **OF_ADAM),
    "others by Adam": dataclasses.replace(OTHERS, solver="adam", **OF_SGD),
    "by sgd": Recipe(solver="sgd"),  # with a rate and a weight decay that the option alone would not bring
}


@pytest.mark.parametrize("recipe", [*RECIPES.values(), *OTHERS_BY.values()], ids=[*RECIPES, *OTHERS_BY])
def test_a_recipe_is_what_its_options_make_of_the_default(recipe):
    assert recipe_of(*as_options(recipe)) == recipe


def test_options_that_would_change_nothing_are_not_named():
    assert recipe_of(*as_options(OTHERS)) == OTHERS_BY["others by sgd"]


def test_sgd_brings_a_rate_and_no_weight_decay_unless_they_are_told():
    assert recipe_of("--solver sgd") == Recipe(solver="sgd", learning_rate=0.1, weight_decay=0.0)
    told = recipe_of("--recipe fast", "--solver sgd", "--weight-decay 0.01")
    assert (told.learning_rate, told.weight_decay) == (0.1, 0.01)


def test_a_strength_alone_distorts_in_this_way_alone():
    expected = Augmentation(rotation=5, scale=0, aspect=0, shear=0, shift=0, elastic=0, thickness=0)
    assert recipe_of("--rotation 5") == Recipe(augmentation=expected)


def test_a_strength_takes_the_place_of_the_recipes():
    best = RECIPES["best"]
    expected = dataclasses.replace(best, augmentation=dataclasses.replace(best.augmentation, elastic=0))
    assert recipe_of("--recipe best", "--elastic 0") == expected


def test_without_strengths_nothing_is_distorted():
    assert recipe_of("--passes 2", "--l2 0.1", "--no-shuffle") == Recipe(passes=2, l2=0.1, shuffle=False)
