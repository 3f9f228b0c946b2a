"""The models of a server: those that come with fastnet, those that people trained on the page and gave a name, and the
newest runs of the command line, whose names begin with `runs/`."""

import contextlib
import hashlib
import hmac
import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from fastnet import weights
from fastnet.errors import FastnetError, ModelError, OptionError
from fastnet.files import claim, copy_files, whole_directory
from fastnet.models.documents import EpochRecord, Manifest
from fastnet.models.files import MANIFEST, find_model, read_history, read_manifest
from fastnet.models.model import state_of
from fastnet.reading.predictor import Predictor

from ..worker.sentences import for_visitors
from .quotas import FOR_READERS, Quotas, Role
from .texts import shortened

DIRECTORY, RUNS = Path("models"), Path("runs")
MOST_RUNS = 20  # that are offered

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,38}[A-Za-z0-9])?")
_RUN = re.compile(r"runs/([A-Za-z0-9][A-Za-z0-9 ._-]{0,99})")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # on Windows
_KEY = re.compile(r"[0-9a-f]{32}")
_ADVICE = "delete one that you saved, or ask whoever runs the server for more room"
_OWNER = "owner"  # the file that tells whose a model is
_PIXELS, _DIGITS = 28 * 28, tuple("0123456789")  # what a model must take and tell to read drawings

_State = tuple[int, ...]


class Library:
    """Models by name, read once for all sessions until they are made anew; any thread may ask.

    Saved ones are folders in `directory`, runs in `runs`. `role` says who may save and delete, `quotas` how much. Who
    owns a model is what `owner_of` makes of a key that a browser keeps.
    """

    def __init__(
        self, directory: Path = DIRECTORY, runs: Path = RUNS, quotas: Quotas | None = None, role: Role = Role.OWNERS
    ):
        self._directory = directory
        self._runs = runs
        self._quotas = quotas or Quotas()
        self._role = role
        self._lock = threading.Lock()
        self._predictors: dict[str, tuple[_State, Predictor]] = {}
        self._listeners: list[Callable[[str], None]] = []
        self._visitors: dict[str, str] = {}  # who saved a model since the server began, by the model's name
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
            raise ModelError(f"{shortened(name)!r}: no such model")
        return find_model(self._directory.absolute() / name)

    def load(self, name: str) -> Predictor:
        """The model of that name; ModelError if it is not sound, OptionError if it is none of classes."""
        folder = self.folder(name)
        state = state_of(folder)
        with self._lock:
            known, predictor = self._predictors.get(name, (None, None))
            if predictor is None or known != state:
                predictor = Predictor.load(folder)
                predictor.manifest.require_classes("this page")
                self._predictors[name] = state, predictor
            return predictor

    def told(self, error: BaseException, others: Mapping[str, str] | None = None) -> str:
        """One of `FORESEEN` in a sentence for visitors: each model by its name, wherever it lies; also `others`."""
        prefixes = {weights.DIRECTORY: "", self._directory.absolute(): "", self._runs.absolute(): "runs/"}
        names = {f"{folder}{os.sep}": prefix for folder, prefix in prefixes.items()}
        return for_visitors(error, {**names, **(others or {})})

    def history(self, name: str) -> tuple[EpochRecord, ...]:
        """The epochs of a model's training; none where they are not known."""
        try:
            return tuple(read_history(self.folder(name)))
        except ModelError:
            return ()

    def save(
        self, name: str, run: Path, may_replace: bool = False, owner: str = "", visitor: str | None = None
    ) -> None:
        """Make a model of a run under that name, and tell all who listen. `visitor` is the address it is asked from.

        OptionError for a name that cannot be one, or is taken unless the owner may replace it, and where the quotas or
        the role do not allow it; ModelError for a run whose network reads no digits, or calls its classes otherwise.
        """
        self._require_role("saves")
        if self._role is Role.MAKERS and not owner:
            raise OptionError("the page has not told yet whose model it is; reload it, and try again")
        _check_name(name)
        manifest = read_manifest(run)
        if not _tells_digits(manifest):
            n_pixels, classes = manifest.layer_sizes[0], manifest.class_names
            named = f", from {classes[0]} to {classes[-1]}," if manifest.classes else ""
            raise ModelError(
                f"a network from {n_pixels} pixels to {len(classes)} classes{named} cannot read drawn digits"
            )
        with self._lock, claim(self._directory / name):  # another server may have the same models
            self._check_is_free(name, may_replace and self.may_delete(name, owner))
            self._check_there_is_room(name, run, owner, visitor)
            with whole_directory(self._directory / name) as new:
                copy_files(run, new)
                (new / _OWNER).write_text(owner, encoding="ascii")
            self._visitors[name] = visitor or ""
        self._tell(name)

    def may_delete(self, name: str, owner: str) -> bool:
        """Whether the owner may delete the model of that name: never one that comes with fastnet, and no run."""
        return name in self.deletable(owner)

    def deletable(self, owner: str) -> list[str]:
        """The saved models that the owner may delete."""
        if self._role is Role.READERS:
            return []
        saved = [name for name in self._saved_names() if not (self._directory / name).is_symlink()]
        return saved if self._role is Role.OWNERS else [name for name in saved if self._is_of(name, owner)]

    def delete(self, name: str, owner: str) -> None:
        """Delete a saved model, and tell all who listen; OptionError for one that the owner may not delete."""
        self._require_role("deletes")
        with self._lock:
            if not self.may_delete(name, owner):
                raise OptionError(f"there is no model {shortened(name)!r} that this browser saved")
            with claim(self._directory / name):
                gone = self._directory / f".{name}.deleted"
                shutil.rmtree(gone, ignore_errors=True)
                (self._directory / name).rename(gone)  # at once; what follows takes its time
            self._visitors.pop(name, None)
            shutil.rmtree(gone, ignore_errors=True)
        self._tell(name)

    def listen(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Have the listener called with the name of each model that is saved or deleted, in any thread.

        Returns what ends that.
        """
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return end

    def _tell(self, name: str) -> None:
        with self._lock:
            self._predictors.pop(name, None)
            listeners = list(self._listeners)
        for listener in listeners:
            listener(name)

    def _require_role(self, act: str) -> None:
        if self._role is Role.READERS:
            raise OptionError(f"{FOR_READERS}: nobody {act} models on it")

    def _check_is_free(self, name: str, may_replace: bool) -> None:
        there = [path.name for path in self._directory.iterdir()] if self._directory.is_dir() else []
        taken = [other for other in (*weights.names(), *there) if other.casefold() == name.casefold()]
        if taken and not (may_replace and taken == [name]):  # some systems know no capitals
            raise OptionError(f"there is a model {taken[0]!r} already; choose another name")

    def _check_there_is_room(self, name: str, run: Path, owner: str, visitor: str | None) -> None:
        others = [other for other in self._saved_names() if other != name]
        if len(others) >= self._quotas.models:
            raise OptionError(f"{self._quotas.models} models have been saved here, and that is the most; {_ADVICE}")
        own = [other for other in others if self._role is Role.MAKERS and self._is_of(other, owner)]
        if len(own) >= self._quotas.models_each:
            raise OptionError(f"you have saved {len(own)} models, and that is the most; delete one of them first")
        near = [other for other in others if visitor and self._visitors.get(other) == visitor]  # a key is soon made
        if self._role is Role.MAKERS and len(near) >= self._quotas.models_each_address:
            raise OptionError(f"{len(near)} models have been saved from your address, and that is the most; {_ADVICE}")
        there, more = sum(_megabytes(self._directory / other) for other in others), _megabytes(run)
        if there + more > self._quotas.models_megabytes:
            raise OptionError(
                f"the saved models fill {there:,.0f} of {self._quotas.models_megabytes:,.0f} MB, and this one needs"
                f" {more:,.1f}; {_ADVICE}"
            )

    def _is_of(self, name: str, owner: str) -> bool:
        """Whether the saved model belongs to that owner; nobody owns one that was put there by other means."""
        with contextlib.suppress(OSError, ValueError):
            known = (self._directory / name / _OWNER).read_text(encoding="ascii")
            return bool(owner) and hmac.compare_digest(known, owner)
        return False

    def _saved_names(self) -> list[str]:
        folders = sorted(manifest.parent for manifest in self._directory.glob(f"*/{MANIFEST}"))
        return [folder.name for folder in folders if _NAME.fullmatch(folder.name) and self._reads_digits(folder)]

    def _run_names(self) -> list[str]:
        """The newest first; one under way counts from its first save."""
        folders = [manifest.parent for manifest in self._runs.glob(f"*/{MANIFEST}")]
        found: list[str] = []
        for folder in sorted(folders, key=state_of, reverse=True):
            if len(found) == MOST_RUNS:
                break
            name = f"runs/{folder.name}"
            if _RUN.fullmatch(name) and self._reads_digits(folder):
                found.append(name)
        return found

    def _reads_digits(self, folder: Path) -> bool:
        """Whether the model there takes the pixels of a drawing and tells digits; of a damaged one, it is said once."""
        state = state_of(folder)
        known, answer = self._read.get(folder, (None, False))
        if known != state:
            try:
                answer = _tells_digits(read_manifest(folder))
            except FastnetError as error:
                answer = False
                print(f"not offered: {error}", file=sys.stderr, flush=True)
            self._read[folder] = state, answer
        return answer


def owner_of(key: str) -> str:
    """Who owns what a browser with that key saves: no one can tell the key from it. Empty for what is no key."""
    return hashlib.sha256(key.encode()).hexdigest() if _KEY.fullmatch(key) else ""


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise OptionError(
            "a name has 1 to 40 letters, digits, spaces, dots, hyphens or underscores, and begins and ends with a"
            " letter or digit"
        )
    if _RESERVED.fullmatch(name):
        raise OptionError(f"{name!r} is the name of a device on Windows; choose another name")


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _tells_digits(manifest: Manifest) -> bool:
    """Whether a model takes the pixels of a drawing and calls its classes as the digits, in their order."""
    return (manifest.layer_sizes[0], manifest.class_names) == (_PIXELS, _DIGITS)
