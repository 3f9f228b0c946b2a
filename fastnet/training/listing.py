"""What runs there are: the facts of each run or model below some directories, the newest last."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from fastnet.errors import ModelError
from fastnet.files import read_whole
from fastnet.models.calibration import CALIBRATION
from fastnet.models.documents import Manifest
from fastnet.models.fields import NULL
from fastnet.models.files import MANIFEST, read_manifest

from .recipe import RECIPES, Recipe, recipe_of

_AUDIT = Path("audit", "audit.json")


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """A run as it is listed. What is not known is None; of one that is damaged, all but the error that says why."""

    run: str  # its directory
    saved: float  # seconds since 1970
    layers: str | None = field(default=None, metadata=NULL)
    recipe: str | None = field(default=None, metadata=NULL)  # the name of one in RECIPES, whatever seed it ran with
    data: str | None = field(default=None, metadata=NULL)
    epochs: int | None = field(default=None, metadata=NULL)  # that are done
    planned: int | None = field(default=None, metadata=NULL)  # epochs of its recipe
    test_accuracy: float | None = field(default=None, metadata=NULL)
    test_r2: float | None = field(default=None, metadata=NULL)  # of a regression
    calibrated: bool = False
    audited: bool = False
    error: str | None = field(default=None, metadata=NULL)


def list_runs(places: Iterable[Path]) -> list[RunFacts]:
    """The facts of each run below the directories that are there, or that is one of them, by when it was saved."""
    found = [_facts(path) for place in places if place.is_dir() for path in _runs(place)]
    return sorted(found, key=lambda run: (run.saved, run.run))


def _runs(place: Path) -> list[Path]:
    if (place / MANIFEST).exists():
        return [place]
    return [path for path in place.iterdir() if path.is_dir() and not path.name.startswith(".")]


def _facts(directory: Path) -> RunFacts:
    try:
        return read_whole(directory, lambda: _facts_of(directory, read_manifest(directory)))
    except (ModelError, OSError) as error:
        return RunFacts(run=str(directory), saved=_time(directory), error=str(error))


def _facts_of(directory: Path, manifest: Manifest) -> RunFacts:
    recipe = recipe_of(manifest)
    return RunFacts(
        run=str(directory),
        saved=_time(directory / MANIFEST),
        layers=manifest.layers,
        recipe=_name(manifest),
        data=manifest.data.source if manifest.data else None,
        epochs=manifest.epochs,
        planned=recipe.epochs if recipe else None,
        test_accuracy=manifest.test.accuracy if manifest.test else None,
        test_r2=manifest.test.r2 if manifest.test else None,
        calibrated=(directory / CALIBRATION).is_file(),
        audited=(directory / _AUDIT).is_file(),
    )


def _name(manifest: Manifest) -> str | None:
    """The recipe's name; None for one that has none."""
    recipe = recipe_of(manifest)
    seedless = dataclasses.replace(recipe, seed=Recipe.seed) if recipe else None
    return next((name for name, known in RECIPES.items() if known == seedless), None)


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
