"""What people may want to know of a model, of how it came about and of what it runs on. Knows no widget."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from fastnet import __version__, system
from fastnet.models.files import count_parameters
from fastnet.reading.predictor import Predictor

Facts = list[tuple[str, str]]

DATA = "MNIST, by Yann LeCun, Corinna Cortes and Christopher J.C. Burges"
DATA_LICENCE = "Creative Commons Attribution-Share Alike 3.0"
LICENCE = "MIT"


def specifications(predictor: Predictor) -> dict[str, Facts]:
    """Sections of (name, value); what is not known is left out."""
    manifest = predictor.manifest
    sections = {
        "Architecture": _architecture(predictor),
        "Training": _recipe(manifest.get("recipe") or {}),
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


_OPTIONS = {
    "weight_decay": ("Weight decay", "{:g}, decoupled"),
    "label_smoothing": ("Label smoothing", "{:g}"),
    "dropout": ("Dropout", "{:.0%} of the hidden units"),
    "input_dropout": ("Dropout of pixels", "{:.0%}"),
}


def _recipe(recipe: dict[str, Any]) -> Facts:
    if not recipe:
        return []
    facts = [
        ("Optimizer", f"Adam, β1 {recipe['beta1']:g}, β2 {recipe['beta2']:g}, ε {recipe['eps']:g}"),
        ("Learning rate", f"{recipe['learning_rate']:g}, {recipe['schedule']} schedule{_warm_up(recipe)}"),
        ("Epochs", f"{recipe['epochs']} in batches of {recipe['batch_size']}"),
    ]
    facts += [(title, text.format(recipe[name])) for name, (title, text) in _OPTIONS.items() if recipe.get(name)]
    if recipe.get("selectivity", 1) < 1:
        facts.append(("Steps", f"on {recipe['selectivity']:.0%} of the digits, mostly those with a large loss"))
    facts.append(("Distortions", ", ".join(_distortions(recipe.get("augmentation") or {})) or "none"))
    facts.append(("Engine and seed", f"{recipe['engine']}, {recipe['seed']}"))
    return facts


def _warm_up(recipe: dict[str, Any]) -> str:
    epochs = recipe.get("warmup_epochs")
    return f", warm-up of {epochs:g} epoch{'s' * (epochs != 1)}" if epochs else ""


def _distortions(augmentation: dict[str, float]) -> Iterator[str]:
    for name, amount in augmentation.items():
        if amount:
            yield f"{name} {amount:g}"


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
    return [
        ("CPU", f"{get('cpu')}, {get('cpus')} CPUs, {get('lanes')} float32 lanes"),
        ("Threads", f"{get('threads')} ({get('threading_layer')})"),
        ("System", str(get("platform"))),
        ("Versions", ", ".join(f"{name} {version}" for name, version in versions)),
    ]
