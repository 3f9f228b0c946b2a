"""The model card: `MODEL_CARD.md`, what a model is and how far it may be trusted, for people and for Hugging Face.

Every figure is the manifest's or the calibration's; what they don't hold is not said. The sections follow Mitchell et
al. 2019, "Model Cards for Model Reporting"; the head is the YAML that Hugging Face reads. Needs NumPy alone.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CARD = "MODEL_CARD.md"

_Z = 1.959964  # of a 95% interval of the normal distribution

_MNIST = "mnist"
_USE_OF_MNIST = (
    "To read handwritten digits: grey 28x28 pictures in MNIST's form (white ink on black, centred by mass), or through"
    " fastnet's picture pipeline photographs and scans of digits. To teach, to compare kernels, to build on. Where a"
    " misread digit costs someone something, let a person check the answers."
)
_LICENCE_OF_MNIST = "The data, MNIST, are under CC BY-SA 3.0 (Yann LeCun, Corinna Cortes, Christopher J.C. Burges)."


def model_card(manifest: dict[str, Any], calibration: dict[str, Any] | None = None) -> str:
    """The card of the model that a manifest describes, with what `calibration.json` holds, if it has one."""
    facts = Facts(manifest)
    head = "".join(f"{key}: {json.dumps(value)}\n" for key, value in _head(facts).items())
    sections = {
        f"{facts.layers} on {facts.data_name}": _description(facts),
        "Intended use": [_USE_OF_MNIST if facts.is_mnist else _use(facts)],
        "Data": _table(_data(facts)),
        "Recipe": _table(_recipe(facts)),
        "Accuracy": [*_table(_accuracy(facts)), _spread(facts)],
        "Calibration": _calibration(calibration or {}),
        "Limits": _limits(facts, calibration),
        "Licence": _licence(facts),
    }
    text = f"---\n{head}---\n"
    for number, (title, lines) in enumerate(sections.items()):
        if lines:
            text += f"\n{'##' if number else '#'} {title}\n\n" + "\n".join(lines).rstrip() + "\n"
    return text


class Facts:
    """A manifest that may lack anything: what is not there is None."""

    def __init__(self, manifest: dict[str, Any]):
        self._manifest = manifest

    def get(self, *path: str) -> Any:
        """What stands at the end of a path of keys, None if there is nothing."""
        value: Any = self._manifest
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def number(self, *path: str) -> Any:
        """The same, if it is a number."""
        value = self.get(*path)
        return value if type(value) in (int, float) else None

    @property
    def layers(self) -> str:
        """Such as 784-512-10."""
        return "-".join(str(size) for size in self._manifest["layer_sizes"])

    @property
    def is_mnist(self) -> bool:
        """Whether it was trained on the data that comes with fastnet."""
        return self.get("data", "source") == _MNIST

    @property
    def data_name(self) -> str:
        """What the data set is called; of a path the last part, the rest is nobody's business."""
        return "MNIST" if self.is_mnist else Path(str(self.get("data", "source") or "unnamed data")).name


def interval(share: float, n: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share that was counted on `n` samples (Wilson 1927)."""
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return centre - reach, centre + reach


# ---- Sections -------------------------------------------------------------------------------------------------------


def _head(facts: Facts) -> dict[str, Any]:
    head: dict[str, Any] = {"library_name": "fastnet", "tags": ["fastnet", "mlp", "numba", "numpy"]}
    if licence := facts.get("license"):
        head["license"] = str(licence).lower()
    if facts.is_mnist:
        head["pipeline_tag"] = "image-classification"
        head["datasets"] = ["ylecun/mnist"]
    accuracy = facts.number("test", "accuracy")
    if accuracy is not None:
        head["metrics"] = ["accuracy"]
    if accuracy is not None and facts.is_mnist:
        result = {
            "task": {"type": "image-classification"},
            "dataset": {"name": "MNIST", "type": "ylecun/mnist", "split": "test"},
            "metrics": [{"type": "accuracy", "value": accuracy}],
        }
        head["model-index"] = [{"name": f"fastnet {facts.layers}", "results": [result]}]
    return head


def _description(facts: Facts) -> list[str]:
    parameters, version = facts.number("n_parameters"), facts.get("fastnet_version")
    counted = f" of {parameters:,} weights and biases" if parameters else ""
    by = f", trained by fastnet {version}" if version else ""
    return [
        f"A fully connected network{counted}, layer sizes {facts.layers}, with a ReLU between its layers and a softmax"
        f" at the end{by}."
    ]


def _use(facts: Facts) -> str:
    n_classes = facts.get("layer_sizes")[-1]
    return f"To tell {n_classes} classes apart, on samples that are made and scaled as those of {facts.data_name}."


def _data(facts: Facts) -> Iterator[tuple[str, Any]]:
    if facts.get("data"):
        yield "data set", facts.data_name
    for name in ("n_train", "n_validation", "n_test"):
        if (n := facts.number("data", name)) is not None:
            yield f"samples: {name.removeprefix('n_')}", f"{n:,}"
    yield "SHA-256 of the training set", facts.get("data", "sha256")
    yield "pixels are multiplied by", facts.get("pixel_scale")


def _recipe(facts: Facts) -> Iterator[tuple[str, Any]]:
    recipe = facts.get("recipe")
    for name, value in recipe.items() if isinstance(recipe, dict) else ():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {strength}" for key, strength in value.items())
        yield name, ", ".join(map(str, value)) or "none" if isinstance(value, list) else value
    yield "epochs done", facts.get("epochs")
    if cpu := facts.get("environment", "cpu"):
        threads = facts.get("environment", "threads")
        yield "trained on", f"{threads} threads of {cpu}" if threads else cpu
    versions = [(name, facts.get("environment", name)) for name in ("python", "numpy", "numba")]
    yield "versions", ", ".join(f"{name} {version}" for name, version in versions if version) or None


def _accuracy(facts: Facts) -> Iterator[tuple[str, Any]]:
    accuracy, n_test = facts.number("test", "accuracy"), facts.number("data", "n_test")
    if accuracy is not None:
        counted = ""
        if n_test:
            low, high = interval(accuracy, n_test)
            counted = f" of {n_test:,} samples (95% interval of such a count: {low:.2%} to {high:.2%})"
        yield "test accuracy", f"{accuracy:.2%}{counted}"
    if (loss := facts.number("test", "loss")) is not None:
        yield "test loss", f"{loss:.4f}"
    if (accuracy := facts.number("validation_accuracy")) is not None:
        yield "validation accuracy, last epoch", f"{accuracy:.2%}"
    n_seeds, mean, deviation = (facts.number("test_over_seeds", name) for name in ("seeds", "mean", "std"))
    if None not in (n_seeds, mean, deviation):
        yield f"test accuracy over {n_seeds} seeds", f"{mean:.2%} ± {deviation:.2%} (mean, standard deviation)"


def _spread(facts: Facts) -> str:
    if facts.get("test_over_seeds"):
        return "The model is one of those that its recipe gives; the mean over seeds says what to expect of another."
    return "These are the figures of one training: how far they depend on its seed was not measured."


def _calibration(calibration: dict[str, Any]) -> list[str]:
    facts = Facts(calibration)
    names = ("validation_ece", "validation_ece_calibrated", "digits_kept", "nondigits_refused")
    before, after, kept, refused = (facts.number("measured", name) for name in names)
    if None in (before, after, kept, refused):
        return []
    return [
        f"On the validation samples: the logits are divided by {calibration['temperature']:.3f}, which takes the"
        f" expected calibration error from {before:.2%} to {after:.2%}; {kept:.2%} of the digits are answered without"
        f" doubt, and {refused:.2%} of drawn things that are no digits are refused."
    ]


def _limits(facts: Facts, calibration: dict[str, Any] | None) -> list[str]:
    n_classes = facts.get("layer_sizes")[-1]
    lines = [
        f"- It knows {n_classes} classes, and its probabilities go to one of them whatever it is shown"
        + ("; the calibration says when not to believe them." if calibration else "; it has no calibration.")
    ]
    if facts.get("test"):
        lines.append("- The figures hold for samples made as those of its data set; on others expect less.")
    else:
        lines.append("- It was not measured on a test set.")
    planned, done = facts.number("recipe", "epochs"), facts.number("epochs")
    if planned and done is not None and done < planned:
        lines.append(f"- Its training is not complete: {done} of {planned} epochs.")
    lines.append("- How it fares for groups of people, or against samples made to mislead it, was not measured.")
    return lines


def _licence(facts: Facts) -> list[str]:
    licence = facts.get("license")
    lines = [f"The model is under the {licence} licence." if licence else "The manifest states no licence."]
    return [*lines, *([_LICENCE_OF_MNIST] if facts.is_mnist else [])]


def _table(rows: Iterator[tuple[str, Any]]) -> list[str]:
    """A table in Markdown of the rows that have a value; no lines at all if none has."""
    lines = [f"| {name} | {value} |" for name, value in rows if value is not None]
    return ["| | |", "|---|---|", *lines, ""] if lines else []
