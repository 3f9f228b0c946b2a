"""The model card: `MODEL_CARD.md`, what a model is and how far it may be trusted, for people and for Hugging Face.

Every figure is the manifest's or the calibration's; what they don't hold is not said. The sections follow Mitchell et
al. 2019, "Model Cards for Model Reporting"; the head is the YAML that Hugging Face reads. Needs NumPy alone.
"""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fastnet.plurals import counted

from .documents import CalibrationDocument, DataFacts, Environment, Manifest, Member, Origin, OverSeeds, Score

CARD = "MODEL_CARD.md"

_Z = 1.959964  # of a 95% interval of the normal distribution

_BETWEEN = {"relu": "a ReLU", "tanh": "a tanh", "logistic": "a logistic function", "identity": "nothing"}
_END = {
    "cross_entropy": "a softmax",
    "logistic": "a logistic function",
    "squared_error": "its numbers as they are",
    "poisson": "an exponential",
}
_MNIST = "mnist"
_USE_OF_MNIST = (
    "To read handwritten digits: grey 28x28 pictures in MNIST's form (white ink on black, centred by mass), or through"
    " fastnet's picture pipeline photographs and scans of digits. To teach, to compare kernels, to build on. Where a"
    " misread digit costs someone something, let a person check the answers."
)
_LICENCE_OF_MNIST = "The data, MNIST, are under CC BY-SA 3.0 (Yann LeCun, Corinna Cortes, Christopher J.C. Burges)."


Row = tuple[str, object]


def model_card(manifest: Manifest, calibration: CalibrationDocument | None = None) -> str:
    """The card of the model that a manifest describes, with what `calibration.json` holds, if it has one."""
    head = "".join(f"{key}: {json.dumps(value)}\n" for key, value in _head(manifest).items())
    sections = {
        _title(manifest): _description(manifest),
        "Intended use": [_USE_OF_MNIST if _is_mnist(manifest) else _use(manifest)],
        "Data": _table(_data(manifest)),
        "Recipe": _table(_recipe(manifest)),
        "Accuracy": [*_table(_accuracy(manifest)), _spread(manifest)],
        "Calibration": _calibration(calibration),
        "Limits": _limits(manifest, calibration),
        "Licence": _licence(manifest),
    }
    text = f"---\n{head}---\n"
    for number, (title, lines) in enumerate(sections.items()):
        if lines:
            text += f"\n{'##' if number else '#'} {title}\n\n" + "\n".join(lines).rstrip() + "\n"
    return text


def note_of_synthetic(recipe: dict[str, Any] | None, n_train: int) -> str:
    """What stands beside the number of training samples of a recipe, if some of them are synthetic."""
    share = (recipe or {}).get("synthetic")
    if not isinstance(share, int | float) or not 0 < share <= 1:
        return ""
    return f" (about {n_train - round(n_train / (1 + share)):,} of them synthetic)"  # of classes that suit a kind


def data_name(manifest: Manifest) -> str:
    """What the data set is called; of a path the last part, the rest is nobody's business."""
    source = manifest.data.source if manifest.data else None
    return "MNIST" if source == _MNIST else Path(source or "unnamed data").name


def _title(manifest: Manifest) -> str:
    """What a model is called: many have the same layers; the data, the training and where it began tell them apart."""
    recipe, n = manifest.recipe or {}, manifest.epochs
    synthetic = " and synthetic digits" if recipe.get("synthetic") else ""
    epochs = f", {counted(n, 'epoch')}" if n is not None else ""
    distorted = ", distorted" if recipe.get("augmentation") else ""
    members = f", an ensemble of {len(manifest.members)}" if manifest.members else ""
    began = f", from {names_of([manifest.origin])}" if manifest.origin else ""
    taught = f", taught by {names_of(manifest.teachers)}" if manifest.teachers else ""
    seed = f", seed {recipe['seed']}" if recipe.get("seed") else ""
    return f"{manifest.layers} on {data_name(manifest)}{synthetic}{epochs}{distorted}{began}{taught}{seed}{members}"


def _is_mnist(manifest: Manifest) -> bool:
    """Whether it was trained on the data that comes with fastnet."""
    return manifest.data is not None and manifest.data.source == _MNIST


def names_of(models: Sequence[Origin | Member] | None) -> str | None:
    """The names of the models that taught another, or are its members; None if there are none."""
    return ", ".join(model.model or "a model without a name" for model in models or ()) or None


def interval(share: float, n: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share that was counted on `n` samples (Wilson 1927)."""
    share = min(share, 1.0)
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return centre - reach, centre + reach


# ---- Sections -------------------------------------------------------------------------------------------------------


def _head(manifest: Manifest) -> dict[str, object]:
    head: dict[str, object] = {"library_name": "fastnet", "tags": ["fastnet", "mlp", "numba", "numpy"]}
    if manifest.license:
        head["license"] = manifest.license.lower()
    if _is_mnist(manifest):
        head["pipeline_tag"] = "image-classification"
        head["datasets"] = ["ylecun/mnist"]
    accuracy = _score(manifest).accuracy
    if accuracy is not None:
        head["metrics"] = ["accuracy"]
    if accuracy is not None and _is_mnist(manifest):
        result = {
            "task": {"type": "image-classification"},
            "dataset": {"name": "MNIST", "type": "ylecun/mnist", "split": "test"},
            "metrics": [{"type": "accuracy", "value": accuracy}],
        }
        head["model-index"] = [{"name": f"fastnet {_title(manifest)}", "results": [result]}]
    return head


def _score(manifest: Manifest) -> Score:
    return manifest.test or Score()


def _description(manifest: Manifest) -> list[str]:
    counted = f" of {manifest.n_parameters:,} weights and biases" if manifest.n_parameters else ""
    made = "put together" if manifest.members else "trained"
    by = f", {made} by fastnet {manifest.fastnet_version}" if manifest.fastnet_version else ""
    between, end = _BETWEEN[manifest.activation or "relu"], _END[manifest.loss or "cross_entropy"]
    return [
        f"A fully connected network{counted}, layer sizes {manifest.layers}, with {between} between its layers and"
        f" {end} at the end{by}.",
        *_ensemble(manifest),
    ]


def _ensemble(manifest: Manifest) -> Iterator[str]:
    members = manifest.members or ()
    if not members:
        return
    yield ""
    yield (
        f"It is an ensemble: the mean of the calibrated logits of {names_of(members)}, which stand side by side in its"
        " layers."
    )
    n = sum(member.n_parameters or 0 for member in members)
    if n < (manifest.n_parameters or 0):
        yield f"Of its weights and biases {n:,} are theirs; the others, from one of them to another, are 0."


def _use(manifest: Manifest) -> str:
    n = manifest.layer_sizes[-1]
    what = {"cross_entropy": f"tell {n} classes apart", "logistic": f"tell which of {n} labels hold"}.get(
        manifest.loss or "cross_entropy", "predict a number" if n == 1 else f"predict {n} numbers"
    )
    return f"To {what}, on samples that are made and scaled as those of {data_name(manifest)}."


def _data(manifest: Manifest) -> Iterator[Row]:
    data = manifest.data or DataFacts()
    if manifest.data:
        yield "data set", data_name(manifest)
    for name, n in (("train", data.n_train), ("validation", data.n_validation), ("test", data.n_test)):
        if n is not None:
            yield f"samples: {name}", f"{n:,}{note_of_synthetic(manifest.recipe, n) if name == 'train' else ''}"
    yield "SHA-256 of the training set", data.sha256
    yield "pixels are multiplied by", manifest.pixel_scale


def _recipe(manifest: Manifest) -> Iterator[Row]:
    for name, value in (manifest.recipe or {}).items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {strength}" for key, strength in value.items())
        if name == "teacher":  # whose path is nobody's business
            continue
        yield name, ", ".join(map(str, value)) or "none" if isinstance(value, list) else value
    yield "started from", manifest.origin.model if manifest.origin else None
    yield "taught by", names_of(manifest.teachers)
    yield "epochs done", manifest.epochs
    yield "images corrected afterwards", manifest.corrections
    environment = manifest.environment or Environment()
    if environment.cpu:
        threads = f"{counted(environment.threads, 'thread')} of " if environment.threads else ""
        yield "trained on", f"{threads}{environment.cpu}"
    versions = {"python": environment.python, "numpy": environment.numpy, "numba": environment.numba}
    yield "versions", ", ".join(f"{name} {version}" for name, version in versions.items() if version) or None


def _accuracy(manifest: Manifest) -> Iterator[Row]:
    score, n_test = _score(manifest), manifest.data.n_test if manifest.data else None
    if score.accuracy is not None:
        of_samples = ""
        if n_test:
            low, high = interval(score.accuracy, n_test)
            of_samples = f" of {n_test:,} samples (95% interval of such a count: {low:.2%} to {high:.2%})"
        yield "test accuracy", f"{score.accuracy:.2%}{of_samples}"
    if score.r2 is not None:
        yield "test R^2", f"{score.r2:.4f}"
    if score.loss is not None:
        yield "test loss", f"{score.loss:.4f}"
    if manifest.validation_accuracy is not None:
        yield "validation accuracy, last epoch", f"{manifest.validation_accuracy:.2%}"
    match manifest.test_over_seeds:
        case OverSeeds(seeds=int(n), mean=int() | float() as mean, std=int() | float() as deviation):
            yield f"test accuracy over {n} seeds", f"{mean:.2%} ± {deviation:.2%} (mean, standard deviation)"


def _spread(manifest: Manifest) -> str:
    if manifest.members:
        return "These are the figures of this ensemble: how far they depend on its members' seeds was not measured."
    if manifest.test_over_seeds:
        return "The model is one of those that its recipe gives; the mean over seeds says what to expect of another."
    return "These are the figures of one training: how far they depend on its seed was not measured."


def _calibration(calibration: CalibrationDocument | None) -> list[str]:
    names = ("validation_ece", "validation_ece_calibrated", "digits_kept", "nondigits_refused")
    if calibration is None or not calibration.measured.keys() >= set(names):
        return []
    before, after, kept, refused = (calibration.measured[name] for name in names)
    logits = (
        f"divided by {calibration.temperature:.3f}, which takes the expected calibration error from {before:.2%} to"
    )
    if calibration.temperature == 1:
        logits = "taken as they are, with an expected calibration error of"
    return [
        f"On the validation samples: the logits are {logits} {after:.2%}; {kept:.2%} of the digits are answered without"
        f" doubt, and {refused:.2%} of drawn things that are no digits are refused."
    ]


def _limits(manifest: Manifest, calibration: CalibrationDocument | None) -> list[str]:
    lines = ["- It answers whatever it is shown, also what is like nothing that it was trained on."]
    if (manifest.loss or "cross_entropy") == "cross_entropy":
        lines = [
            f"- It knows {manifest.layer_sizes[-1]} classes, and its probabilities go to one of them whatever it is"
            " shown"
            + ("; the calibration says when not to believe them." if calibration else "; it has no calibration.")
        ]
    if manifest.test:
        lines.append("- The figures hold for samples made as those of its data set; on others expect less.")
    else:
        lines.append("- It was not measured on a test set.")
    planned, done = (manifest.recipe or {}).get("epochs"), manifest.epochs
    if isinstance(planned, int) and done is not None and done < planned:
        lines.append(f"- Its training is not complete: {done} of {planned} epochs.")
    lines.append("- How it fares for groups of people, or against samples made to mislead it, was not measured.")
    return lines


def _licence(manifest: Manifest) -> list[str]:
    licence = manifest.license
    lines = [f"The model is under the {licence} licence." if licence else "The manifest states no licence."]
    return [*lines, *([_LICENCE_OF_MNIST] if _is_mnist(manifest) else [])]


def _table(rows: Iterator[Row]) -> list[str]:
    """A table in Markdown of the rows that have a value; no lines at all if none has."""
    lines = [f"| {name} | {value} |" for name, value in rows if value is not None]
    return ["| | |", "|---|---|", *lines, ""] if lines else []
