"""fastnet: a handwritten-digit network from first principles, trained fast on a CPU.

The names below are loaded when they are first used, so that `import fastnet` is quick and inference needs NumPy alone.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .augmentation import Augmentation as Augmentation
    from .augmenting import augment as augment
    from .classifier import FastNetClassifier as FastNetClassifier
    from .datasets import Dataset as Dataset
    from .datasets import Samples as Samples
    from .datasets import load_dataset as load_dataset
    from .inference import Predictor as Predictor
    from .recipe import Recipe as Recipe
    from .runs import load_run as load_run
    from .runs import save_run as save_run
    from .training import Training as Training

_HOMES = {
    "Augmentation": "augmentation",
    "Dataset": "datasets",
    "FastNetClassifier": "classifier",
    "Predictor": "inference",
    "Recipe": "recipe",
    "Samples": "datasets",
    "Training": "training",
    "augment": "augmenting",
    "load_dataset": "datasets",
    "load_run": "runs",
    "save_run": "runs",
}

__all__ = sorted(_HOMES)

# In a checkout, kernels/, dashboard/ and weights/ stand beside this folder; installed, they are inside it.
if (_checkout := Path(__file__).parents[1] / "kernels" / "reference.py").is_file():
    __path__.append(str(_checkout.parents[1]))


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'fastnet' has no attribute {name!r}")
    return getattr(import_module(f"fastnet.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
