"""What people may want to know of a model, of how it came about and of what it runs on. Knows no widget."""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import pairwise

from fastnet import __version__, system
from fastnet.data.augment import Augmentation
from fastnet.models.documents import DataFacts, Environment, Manifest, Score
from fastnet.models.fields import read_fields
from fastnet.models.files import count_parameters
from fastnet.reading.predictor import Predictor
from fastnet.training.recipe import Recipe, recipe_of

Facts = list[tuple[str, str]]

DATA = "MNIST, by Yann LeCun, Corinna Cortes and Christopher J.C. Burges"
DATA_LICENCE = "Creative Commons Attribution-Share Alike 3.0"
LICENCE = "MIT"


def specifications(predictor: Predictor) -> dict[str, Facts]:
    """Sections of (name, value); what is not known is left out."""
    manifest = predictor.manifest
    sections = {
        "Architecture": _architecture(predictor),
        "Training": _recipe(recipe_of(manifest)),
        "Accuracy": _accuracy(manifest),
        "Data": _data(manifest.data or DataFacts()),
        "Trained on": _machine(manifest.environment or Environment()),
        "This server": _machine(read_fields(Environment, system.environment(), [])),
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


def _recipe(recipe: Recipe | None) -> Facts:
    if recipe is None:
        return []
    facts = [
        ("Optimizer", f"Adam, β1 {recipe.beta1:g}, β2 {recipe.beta2:g}, ε {recipe.eps:g}"),
        ("Learning rate", f"{recipe.learning_rate:g}, {recipe.schedule} schedule{_warm_up(recipe)}"),
        ("Epochs", f"{recipe.epochs} in batches of {recipe.batch_size}"),
    ]
    facts += [
        (title, text.format(getattr(recipe, name))) for name, (title, text) in _OPTIONS.items() if getattr(recipe, name)
    ]
    if recipe.selectivity < 1:
        facts.append(("Steps", f"on {recipe.selectivity:.0%} of the digits, mostly those with a large loss"))
    facts.append(("Distortions", ", ".join(_distortions(recipe.augmentation)) or "none"))
    facts.append(("Engine and seed", f"{recipe.engine}, {recipe.seed}"))
    return facts


def _warm_up(recipe: Recipe) -> str:
    epochs = recipe.warmup_epochs
    return f", warm-up of {epochs:g} epoch{'s' * (epochs != 1)}" if epochs else ""


def _distortions(augmentation: Augmentation | None) -> Iterator[str]:
    for name, amount in asdict(augmentation).items() if augmentation else ():
        if amount:
            yield f"{name} {amount:g}"


def _accuracy(manifest: Manifest) -> Facts:
    test = manifest.test or Score()
    figures = {
        "Test set": _formatted("{:.2%}", test.accuracy),
        "Test loss": _formatted("{:.4f}", test.loss),
        "Validation": _formatted("{:.2%}", manifest.validation_accuracy),
    }
    return [(name, figure) for name, figure in figures.items() if figure]


def _data(data: DataFacts) -> Facts:
    counts = {"train": data.n_train, "validation": data.n_validation, "test": data.n_test}
    told = {
        "Source": data.source,
        "Images": ", ".join(f"{n:,} for {part}" for part, n in counts.items() if n is not None),
        "SHA-256": _formatted("{:.16}…", data.sha256),
    }
    return [(name, text) for name, text in told.items() if text]


def _machine(environment: Environment) -> Facts:
    numbers = (_formatted("{} CPUs", environment.cpus), _formatted("{} float32 lanes", environment.lanes))
    threads = _formatted("{}", environment.threads) + _formatted(" ({})", environment.threading_layer)
    versions = {name: getattr(environment, name) for name in ("python", "numpy", "numba", "llvmlite")}
    told = {
        "CPU": ", ".join(text for text in (environment.cpu, *numbers) if text),
        "Threads": threads.strip(),
        "System": environment.platform,
        "Versions": ", ".join(f"{name.capitalize()} {version}" for name, version in versions.items() if version),
    }
    return [(name, text) for name, text in told.items() if text]


def _formatted(form: str, value: float | str | None) -> str:
    return "" if value is None else form.format(value)
