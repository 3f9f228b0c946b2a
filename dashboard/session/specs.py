"""What people may want to know of a model, of how it came about and of what it runs on. Knows no widget."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from fastnet import __version__, system
from fastnet.data.distortions import Augmentation
from fastnet.errors import OptionError
from fastnet.knobs import knobs
from fastnet.models.files import count_parameters
from fastnet.reading.predictor import Predictor
from fastnet.training.recipe import Recipe

Facts = list[tuple[str, str]]

DATA = "MNIST, by Yann LeCun, Corinna Cortes and Christopher J.C. Burges"
DATA_LICENCE = "Creative Commons Attribution-Share Alike 3.0"
LICENCE = "MIT"


def specifications(predictor: Predictor) -> dict[str, Facts]:
    """Sections of (name, value); what is not known is left out."""
    manifest = predictor.manifest
    sections = {
        "Architecture": _architecture(predictor),
        "Training": recipe_facts(_recipe_of(manifest)),
        "Accuracy": _accuracy(manifest),
        "Data": _data(manifest.get("data") or {}),
        "Trained on": _machine(manifest.get("environment") or {}),
        "This server": _machine(system.environment()),
        "Licences": [("fastnet", f"{LICENCE}, version {__version__}"), ("Data", f"{DATA}: {DATA_LICENCE}")],
    }
    return {title: facts for title, facts in sections.items() if facts}


def layers(predictor: Predictor) -> list[tuple[str, str]]:
    """The network from its pixels to its answer: the number of units of each layer, and what they are."""
    sizes = predictor.layer_sizes
    names = ["pixels", *["ReLU"] * (len(sizes) - 2), "softmax"]
    return [(f"{size:,}", name) for size, name in zip(sizes, names, strict=True)]


def _architecture(predictor: Predictor) -> Facts:
    products = " + ".join(f"{n_in:,} x {n_out:,} + {n_out:,}" for n_in, n_out in pairwise(predictor.layer_sizes))
    return [
        ("Kind", "multilayer perceptron, float32"),
        ("Parameters", f"{count_parameters(predictor.layer_sizes):,} = {products}"),
        ("Loss", "cross-entropy of the softmax"),
    ]


# Knobs that share a line with others.
_TOLD_TOGETHER = {
    *("beta1", "beta2", "eps", "weight_decay", "learning_rate", "schedule", "warmup_epochs"),
    *("epochs", "batch_size", "augmentation", "engine", "seed"),
}


def _recipe_of(manifest: dict[str, Any]) -> Recipe | None:
    """The recipe of a training that is known and makes sense."""
    try:
        return Recipe.from_json(manifest.get("recipe") or {})
    except OptionError:
        return None


def recipe_facts(recipe: Recipe | None) -> Facts:
    """What there is to know of a training: what one line tells together, and all else that is not the default."""
    if recipe is None:
        return []
    told = knobs(Recipe)
    warm_up = f", warm-up of {told['warmup_epochs'].amount(recipe.warmup_epochs)}" if recipe.warmup_epochs else ""
    return [
        ("Optimizer", f"Adam, β1 {recipe.beta1:g}, β2 {recipe.beta2:g}, ε {recipe.eps:g}"),
        ("Weight decay", f"{recipe.weight_decay:g}, decoupled"),
        ("Learning rate", f"{recipe.learning_rate:g}, {recipe.schedule} schedule{warm_up}"),
        ("Epochs", f"{recipe.epochs} in batches of {recipe.batch_size}"),
        *(
            (knob.title, knob.amount(value))
            for name, knob in told.items()
            if name not in _TOLD_TOGETHER and (value := getattr(recipe, name)) != knob.default
        ),
        ("Distortions", ", ".join(_distortions(recipe.augmentation)) or "none"),
        ("Engine and seed", f"{recipe.engine}, {recipe.seed}"),
    ]


def _distortions(augmentation: Augmentation | None) -> Iterator[str]:
    for name, knob in knobs(Augmentation).items() if augmentation else ():
        if strength := getattr(augmentation, name):
            yield f"{knob.label} {knob.amount(strength)}"


def _accuracy(manifest: dict[str, Any]) -> Facts:
    facts = []
    if test := manifest.get("test"):
        facts += [("Test set", f"{test['accuracy']:.2%}"), ("Test loss", f"{test['loss']:.4f}")]
    if manifest.get("validation_accuracy") is not None:
        facts.append(("Validation", f"{manifest['validation_accuracy']:.2%}"))
    return facts


def _data(data: dict[str, Any]) -> Facts:
    if not data:
        return []
    counts = ", ".join(f"{data[f'n_{part}']:,} for {part}" for part in ("train", "validation", "test"))
    return [("Source", str(data["source"])), ("Images", counts), ("SHA-256", f"{data['sha256'][:16]}…")]


def _machine(environment: dict[str, Any]) -> Facts:
    if not environment:
        return []
    get = environment.get
    versions = ((name.capitalize(), get(name)) for name in ("python", "numpy", "numba", "llvmlite"))
    lanes = f", {get('lanes')} float32 lanes" if get("lanes") else ""  # unknown where Numba is not installed
    return [
        ("CPU", f"{get('cpu')}, {get('cpus')} CPUs{lanes}"),
        *([("Threads", f"{get('threads')} ({get('threading_layer')})")] if get("threads") else []),
        ("System", str(get("platform"))),
        ("Versions", ", ".join(f"{name} {version}" for name, version in versions)),
    ]
