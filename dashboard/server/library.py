"""The models of a server: those that come with fastnet, those that people trained on the page and gave a name, and the
newest runs of the command line, whose names begin with `runs/`."""

import re
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from fastnet import weights
from fastnet.errors import FastnetError, ModelError, OptionError
from fastnet.files import claim, whole_directory
from fastnet.models.calibration import CALIBRATION
from fastnet.models.documents import EpochRecord, Manifest
from fastnet.models.files import MANIFEST, find_model, read_history, read_manifest
from fastnet.reading.predictor import Predictor

DIRECTORY, RUNS = Path("models"), Path("runs")
MOST_MODELS = 100  # that people may save
MOST_RUNS = 20  # that are offered

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,38}[A-Za-z0-9])?")
_RUN = re.compile(r"runs/([A-Za-z0-9][A-Za-z0-9 ._-]{0,99})")
_PIXELS, _DIGITS = 28 * 28, tuple("0123456789")  # what a model must take and tell to read drawings

_State = tuple[int, ...]


class Library:
    """Models by name, read once for all sessions until they are made anew; any thread may ask.

    Saved ones are folders in `directory`, runs in `runs`.
    """

    def __init__(self, directory: Path = DIRECTORY, runs: Path = RUNS):
        self._directory = directory
        self._runs = runs
        self._lock = threading.Lock()
        self._predictors: dict[str, tuple[_State, Predictor]] = {}
        self._listeners: list[Callable[[str], None]] = []
        self._read: dict[Path, tuple[_State, bool]] = {}  # whether what was in a folder then reads digits

    def names(self) -> list[str]:
        """The models that come with fastnet, the newest runs, the saved ones; all read digits of 28x28 pixels."""
        return [*weights.names(), *self._run_names(), *self._saved_names()]

    def folder(self, name: str) -> Path:
        """Where the model of that name is; ModelError if there is none."""
        if name in weights.names():
            return weights.DIRECTORY / name  # a bare name could mean a folder that happens to be here
        if run := _RUN.fullmatch(name):
            return find_model(self._runs.absolute() / run[1])
        if not _NAME.fullmatch(name):
            raise ModelError(f"{name!r}: no such model")
        return find_model(self._directory.absolute() / name)

    def load(self, name: str) -> Predictor:
        """The model of that name; ModelError if it is not sound."""
        folder = self.folder(name)
        state = _state(folder)
        with self._lock:
            known, predictor = self._predictors.get(name, (None, None))
            if predictor is None or known != state:
                predictor = Predictor.load(folder)
                self._predictors[name] = state, predictor
            return predictor

    def history(self, name: str) -> tuple[EpochRecord, ...]:
        """The epochs of a model's training; none where they are not known."""
        try:
            return tuple(read_history(self.folder(name)))
        except ModelError:
            return ()

    def save(self, name: str, run: Path, may_replace: bool = False) -> None:
        """Make a model of a run under that name, and tell all who listen.

        OptionError for a name that cannot be one, or is taken unless it may be replaced; ModelError for a run whose
        network reads no digits, or calls its classes otherwise.
        """
        if not _NAME.fullmatch(name):
            raise OptionError(
                "a name has 1 to 40 letters, digits, spaces, dots, hyphens or underscores, and begins and ends with a"
                " letter or digit"
            )
        manifest = read_manifest(run)
        if not _tells_digits(manifest):
            n_pixels, classes = manifest.layer_sizes[0], manifest.class_names
            named = f", from {classes[0]} to {classes[-1]}," if manifest.classes else ""
            raise ModelError(
                f"a network from {n_pixels} pixels to {len(classes)} classes{named} cannot read drawn digits"
            )
        with self._lock:
            with claim(self._directory / name):  # another server may have the same models
                self._check_is_free(name, may_replace)
                with whole_directory(self._directory / name) as new:
                    shutil.copytree(run, new, dirs_exist_ok=True)
            self._predictors.pop(name, None)
            listeners = list(self._listeners)
        for listener in listeners:
            listener(name)

    def listen(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Have the listener called with the name of each model that is saved, in any thread; returns what ends that."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return end

    def _check_is_free(self, name: str, may_replace: bool) -> None:
        if name in weights.names() or ((self._directory / name).exists() and not may_replace):
            raise OptionError(f"there is a model {name!r} already; choose another name")
        saved = self._saved_names()
        if name not in saved and len(saved) >= MOST_MODELS:
            raise OptionError(f"{MOST_MODELS} models have been saved here, and that is the most")

    def _saved_names(self) -> list[str]:
        folders = sorted(manifest.parent for manifest in self._directory.glob(f"*/{MANIFEST}"))
        return [folder.name for folder in folders if _NAME.fullmatch(folder.name) and self._reads_digits(folder)]

    def _run_names(self) -> list[str]:
        """The newest first; one under way counts from its first save."""
        folders = [manifest.parent for manifest in self._runs.glob(f"*/{MANIFEST}")]
        found: list[str] = []
        for folder in sorted(folders, key=_state, reverse=True):
            if len(found) == MOST_RUNS:
                break
            name = f"runs/{folder.name}"
            if _RUN.fullmatch(name) and self._reads_digits(folder):
                found.append(name)
        return found

    def _reads_digits(self, folder: Path) -> bool:
        """Whether the model there takes the pixels of a drawing and tells digits; of a damaged one, it is said once."""
        state = _state(folder)
        known, answer = self._read.get(folder, (None, False))
        if known != state:
            try:
                answer = _tells_digits(read_manifest(folder))
            except FastnetError as error:
                answer = False
                print(f"not offered: {error}", file=sys.stderr, flush=True)
            self._read[folder] = state, answer
        return answer


def _tells_digits(manifest: Manifest) -> bool:
    """Whether a model takes the pixels of a drawing and calls its classes as the digits, in their order."""
    return (manifest.layer_sizes[0], manifest.class_names) == (_PIXELS, _DIGITS)


def _state(folder: Path) -> _State:
    """What changes when the model is made anew or calibrated: when its files were written, the manifest's first."""
    return tuple(_written(folder / name) for name in (MANIFEST, CALIBRATION))


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # it has no such file, or none any more
        return 0
