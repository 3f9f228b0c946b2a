"""fastnet: a handwritten-digit network from first principles, trained fast on a CPU.

The names below are loaded when they are first used, so that `import fastnet` is quick and inference needs NumPy alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__ as __version__

if TYPE_CHECKING:
    from .classifier import FastNetClassifier as FastNetClassifier
    from .data.augment import Augmentation as Augmentation
    from .data.augment import augment as augment
    from .data.loading import load_dataset as load_dataset
    from .data.samples import Dataset as Dataset
    from .data.samples import Samples as Samples
    from .reading.predictor import Predictor as Predictor
    from .training.recipe import Recipe as Recipe
    from .training.runs import load_run as load_run
    from .training.runs import save_run as save_run
    from .training.trainer import Training as Training

_HOMES = {
    "Augmentation": "data.augment",
    "Dataset": "data.samples",
    "FastNetClassifier": "classifier",
    "Predictor": "reading.predictor",
    "Recipe": "training.recipe",
    "Samples": "data.samples",
    "Training": "training.trainer",
    "augment": "data.augment",
    "load_dataset": "data.loading",
    "load_run": "training.runs",
    "save_run": "training.runs",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'fastnet' has no attribute {name!r}")
    return getattr(import_module(f"fastnet.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
