"""fastnet: a handwritten-digit network from first principles, trained fast on a CPU.

What is public is named here and told in docs/public.md; other modules may move. The names are loaded when they are
first used, so that `import fastnet` is quick and inference needs NumPy alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__ as __version__

if TYPE_CHECKING:
    from .audit import audit_model as audit_model
    from .audit import load_audit as load_audit
    from .audit import save_audit as save_audit
    from .callbacks import ProgressBar as ProgressBar
    from .classifier import FastNetClassifier as FastNetClassifier
    from .data.augment import augment as augment
    from .data.distortions import Augmentation as Augmentation
    from .data.loading import load_dataset as load_dataset
    from .data.samples import Dataset as Dataset
    from .data.samples import Samples as Samples
    from .errors import DataError as DataError
    from .errors import DivergedError as DivergedError
    from .errors import FastnetError as FastnetError
    from .errors import ModelError as ModelError
    from .errors import NoAuditError as NoAuditError
    from .errors import OptionError as OptionError
    from .errors import StaleAuditError as StaleAuditError
    from .models.exporting import export_model as export_model
    from .reading.batch import find_pictures as find_pictures
    from .reading.batch import read_pictures as read_pictures
    from .reading.constraints import Constraint as Constraint
    from .reading.predictor import Predictor as Predictor
    from .regressor import FastNetRegressor as FastNetRegressor
    from .training.correcting import Correction as Correction
    from .training.correcting import Rehearsal as Rehearsal
    from .training.correcting import correct_model as correct_model
    from .training.ensembling import save_ensemble as save_ensemble
    from .training.recipe import RECIPES as RECIPES
    from .training.recipe import Recipe as Recipe
    from .training.runs import load_run as load_run
    from .training.runs import save_run as save_run
    from .training.trainer import EpochRecord as EpochRecord
    from .training.trainer import Training as Training

_HOMES = {
    "Augmentation": "data.distortions",
    "Constraint": "reading.constraints",
    "Correction": "training.correcting",
    "DataError": "errors",
    "Dataset": "data.samples",
    "DivergedError": "errors",
    "EpochRecord": "training.trainer",
    "FastNetClassifier": "classifier",
    "FastNetRegressor": "regressor",
    "FastnetError": "errors",
    "ModelError": "errors",
    "NoAuditError": "errors",
    "OptionError": "errors",
    "Predictor": "reading.predictor",
    "ProgressBar": "callbacks",
    "RECIPES": "training.recipe",
    "Recipe": "training.recipe",
    "Rehearsal": "training.correcting",
    "Samples": "data.samples",
    "StaleAuditError": "errors",
    "Training": "training.trainer",
    "audit_model": "audit",
    "augment": "data.augment",
    "correct_model": "training.correcting",
    "export_model": "models.exporting",
    "find_pictures": "reading.batch",
    "load_audit": "audit",
    "load_dataset": "data.loading",
    "load_run": "training.runs",
    "read_pictures": "reading.batch",
    "save_audit": "audit",
    "save_ensemble": "training.ensembling",
    "save_run": "training.runs",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'fastnet' has no attribute {name!r}")
    return getattr(import_module(f"fastnet.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
