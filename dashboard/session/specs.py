"""What people may want to know of a model, of how it came about and of what it runs on. Knows no widget."""

from collections.abc import Iterator
from itertools import pairwise

from fastnet import __version__, system
from fastnet.data.distortions import Augmentation
from fastnet.knobs import knobs
from fastnet.models.card import names_of
from fastnet.models.documents import DataFacts, Environment, Manifest, Score
from fastnet.models.fields import read_fields
from fastnet.models.files import count_parameters
from fastnet.reading.predictor import Predictor
from fastnet.training.recipe import Recipe, recipe_of

Facts = list[tuple[str, str]]

DATA = "MNIST, by Yann LeCun, Corinna Cortes and Christopher J.C. Burges"
DATA_LICENCE = "Creative Commons Attribution-Share Alike 3.0"
LICENCE = "MIT"


def specifications(predictor: Predictor, tells_of_server: bool = True) -> dict[str, Facts]:
    """Sections of (name, value); what is not known is left out, and what this server is where that is not told."""
    manifest = predictor.manifest
    sections = {
        "Architecture": _architecture(predictor),
        "Training": recipe_facts(recipe_of(manifest)),
        "Accuracy": _accuracy(manifest),
        "Data": _data(manifest.data or DataFacts()),
        "Trained on": _machine(manifest.environment or Environment()),
        "This server": _machine(read_fields(Environment, system.environment(), [])) if tells_of_server else [],
        "Licences": [("fastnet", f"{LICENCE}, version {__version__}"), ("Data", f"{DATA}: {DATA_LICENCE}")],
    }
    return {title: facts for title, facts in sections.items() if facts}


def layers(predictor: Predictor) -> list[tuple[str, str]]:
    """The network from its pixels to its answer: the number of units of each layer, and what they are."""
    sizes, activation = predictor.layer_sizes, predictor.network.activation
    hidden = "ReLU" if activation == "relu" else activation
    names = ["pixels", *[hidden] * (len(sizes) - 2), "softmax"]
    return [(f"{size:,}", name) for size, name in zip(sizes, names, strict=True)]


def _architecture(predictor: Predictor) -> Facts:
    products = " + ".join(f"{n_in:,} x {n_out:,} + {n_out:,}" for n_in, n_out in pairwise(predictor.layer_sizes))
    return [
        ("Kind", "multilayer perceptron, float32"),
        ("Parameters", f"{count_parameters(predictor.layer_sizes):,} = {products}"),
        ("Loss", "cross-entropy of the softmax"),
        *([("Ensemble of", members)] if (members := names_of(predictor.manifest.members)) else []),
    ]


# Knobs that share a line with others.
_TOLD_TOGETHER = {
    *("beta1", "beta2", "eps", "weight_decay", "learning_rate", "schedule", "warmup_epochs"),
    *("solver", "epochs", "batch_size", "augmentation", "engine", "seed"),
}


def recipe_facts(recipe: Recipe | None) -> Facts:
    """What there is to know of a training: what one line tells together, and all else that is not the default."""
    if recipe is None:
        return []
    told = knobs(Recipe)
    warm_up = f", warm-up of {told['warmup_epochs'].amount(recipe.warmup_epochs)}" if recipe.warmup_epochs else ""
    adam = f"Adam, β1 {recipe.beta1:g}, β2 {recipe.beta2:g}, ε {recipe.eps:g}"
    return [
        ("Optimizer", adam if recipe.solver == "adam" else "SGD"),
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


def _accuracy(manifest: Manifest) -> Facts:
    test = manifest.test or Score()
    figures = {
        "Test set": _formatted("{:.2%}", test.accuracy),
        "Test R^2": _formatted("{:.4f}", test.r2),
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
