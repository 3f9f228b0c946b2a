"""The models of a server: those that come with fastnet, and those that people trained on the page and gave a name."""

import re
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from fastnet import weights
from fastnet.errors import FastnetError, ModelError, OptionError
from fastnet.files import claim, whole_directory
from fastnet.models.documents import EpochRecord
from fastnet.models.files import MANIFEST, find_model, read_history, read_manifest
from fastnet.reading.predictor import Predictor

DIRECTORY = Path("models")
MOST_MODELS = 100  # that people may save

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,38}[A-Za-z0-9])?")
_PIXELS, _DIGITS = 28 * 28, 10  # what a model must take and tell to read drawings


class Library:
    """Models by name, read once for all sessions; saved ones are folders in `directory`. Any thread may ask."""

    def __init__(self, directory: Path = DIRECTORY):
        self._directory = directory
        self._lock = threading.Lock()
        self._predictors: dict[str, Predictor] = {}
        self._listeners: list[Callable[[str], None]] = []

    def names(self) -> list[str]:
        """The models that come with fastnet, then the saved ones that read digits of 28x28 pixels."""
        saved = [manifest.parent for manifest in sorted(self._directory.glob(f"*/{MANIFEST}"))]
        return [*weights.names(), *(folder.name for folder in saved if self._is_one(folder))]

    def folder(self, name: str) -> Path:
        """Where the model of that name is; ModelError if there is none."""
        if name in weights.names():
            return weights.DIRECTORY / name  # a bare name could mean a folder that happens to be here
        if not _NAME.fullmatch(name):
            raise ModelError(f"{name!r}: no such model")
        return find_model(self._directory.absolute() / name)

    def load(self, name: str) -> Predictor:
        """The model of that name; ModelError if it is not sound."""
        with self._lock:
            if name not in self._predictors:
                self._predictors[name] = Predictor.load(self.folder(name))
            return self._predictors[name]

    def history(self, name: str) -> tuple[EpochRecord, ...]:
        """The epochs of a model's training; none where they are not known."""
        try:
            return tuple(read_history(self.folder(name)))
        except ModelError:
            return ()

    def save(self, name: str, run: Path, may_replace: bool = False) -> None:
        """Make a model of a run under that name, and tell all who listen.

        OptionError for a name that cannot be one, or is taken unless it may be replaced; ModelError for a run whose
        network reads no digits.
        """
        if not _NAME.fullmatch(name):
            raise OptionError(
                "a name has 1 to 40 letters, digits, spaces, dots, hyphens or underscores, and begins and ends with a"
                " letter or digit"
            )
        sizes = read_manifest(run).layer_sizes
        if (sizes[0], sizes[-1]) != (_PIXELS, _DIGITS):
            raise ModelError(f"a network from {sizes[0]} pixels to {sizes[-1]} classes cannot read drawn digits")
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
        names = self.names()
        if name in weights.names() or ((self._directory / name).exists() and not may_replace):
            raise OptionError(f"there is a model {name!r} already; choose another name")
        if name not in names and len(names) - len(weights.names()) >= MOST_MODELS:
            raise OptionError(f"{MOST_MODELS} models have been saved here, and that is the most")

    def _is_one(self, folder: Path) -> bool:
        try:
            sizes = read_manifest(folder).layer_sizes
        except FastnetError:
            return False
        return bool(_NAME.fullmatch(folder.name)) and (sizes[0], sizes[-1]) == (_PIXELS, _DIGITS)
