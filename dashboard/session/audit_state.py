"""What the audit tab shows: the audit of the chosen model, and what people chose in it."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import param

from fastnet.audit import Audit, load_audit
from fastnet.audit.contents import CONTENTS, DIRECTORY, IMAGES, SPRITE_COLUMNS
from fastnet.audit.figures import WrongAnswer
from fastnet.errors import DataError, FastnetError, NoAuditError, StaleAuditError
from fastnet.models.calibration import CALIBRATION
from fastnet.models.files import MANIFEST, read_model

from ..server.auditor import Job
from .store import Store


class Cell(NamedTuple):
    """A cell of the confusion matrix."""

    true: int
    predicted: int

    def __str__(self) -> str:
        return f"{self.true}-{self.predicted}"


@dataclass(frozen=True, eq=False)
class Audited:
    """An audit with the weights it is about."""

    audit: Audit
    first_weights: np.ndarray  # float32 (n_features, n_units)
    sprite_png: bytes  # all of its pictures, in one

    @property
    def n_lines(self) -> int:
        """How many lines of pictures there are."""
        return -(-len(self.audit.images) // SPRITE_COLUMNS)


class AuditState(param.Parameterized):
    """The state of one session's audit tab; `store` says which model it is about."""

    audited: Any = param.ClassSelector(class_=Audited, default=None, doc="The model's audit; None if there is none.")
    problem = param.String(default="", doc="Why there is no audit; empty if there is one.")
    job = param.ClassSelector(class_=Job, default=None, doc="The computation of this model's audit, if any was begun.")
    cell: Any = param.ClassSelector(class_=Cell, default=None, doc="The chosen cell of the confusion matrix, or None.")
    unit = param.Integer(default=None, doc="The chosen unit of the first layer, or None.")
    point = param.Integer(default=None, doc="The chosen test sample's row, or None.")

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store, self._auditor = store, store.shared.auditor
        self._load()
        store.param.watch(self._load, ["model", "predictor"])  # a model may also be made anew under its name
        store.address.link("cell", self, "cell", self._read_cell)
        store.address.link("unit", self, "unit", self._read_unit)
        store.address.link("digit", self, "point", self._read_point)

    @property
    def audit(self) -> Audit:
        """The audit; only where there is one."""
        audited: Audited = self.audited
        return audited.audit

    @property
    def directory(self) -> Path:
        """Where the model is."""
        return self._store.shared.library.folder(self._store.model)

    @property
    def n_units(self) -> int:
        """How many units the first layer has that can be chosen."""
        return self.audited.first_weights.shape[1] if self.audit.units else 0

    def toggle_cell(self, true: int, predicted: int) -> None:
        """Choose a cell, or none if it is the chosen one."""
        cell = Cell(true, predicted)
        self.cell = None if cell == self.cell else self._read_cell(str(cell))

    def toggle_unit(self, unit: int) -> None:
        """Choose a unit of the first layer, or none if it is the chosen one."""
        self.unit = None if unit == self.unit else self._read_unit(str(unit))

    def choose_point(self, row: int | None) -> None:
        """Choose a test sample by its row."""
        self.point = None if row is None else self._read_point(str(row))

    def errors(self) -> list[WrongAnswer]:
        """The wrong answers of the chosen cell, or all: the worst first."""
        found = self.audit.figures.errors
        return [error for error in found if self.cell in (None, (error.true, error.predicted))]

    def marked(self) -> np.ndarray:
        """Which points of the embedding are in the chosen cell, as numbers of points."""
        if self.cell is None:
            return np.empty(0, np.int64)
        labels, predictions = self.audit.labels[self.audit.points], self.audit.predictions[self.audit.points]
        return np.flatnonzero((labels == self.cell.true) & (predictions == self.cell.predicted))

    def place(self, row: int) -> tuple[int, int] | None:
        """Column and line of a sample's image in the audit's sprite; None if it was not kept."""
        number = int(np.searchsorted(self.audit.image_rows, row))
        if number == len(self.audit.image_rows) or self.audit.image_rows[number] != row:
            return None
        return number % SPRITE_COLUMNS, number // SPRITE_COLUMNS

    @property
    def may_compute(self) -> bool:
        """Whether visitors may have audits computed here."""
        return self._auditor.is_open

    def compute(self) -> None:
        """Begin to compute the model's audit, in a process of its own; `hear` tells how it gets on."""
        self.job = self._auditor.begin(self._store.model, self.directory)

    def hear(self) -> None:
        """Take in how the computation gets on; load the audit when it is there."""
        if self.job is None:
            return
        self.job = self._auditor.job(self._store.model)
        if self.job and self.job.is_done:
            self._load()

    def _load(self, *_: Any) -> None:
        self.param.update(cell=None, unit=None, point=None)
        job = self._auditor.job(self._store.model)
        try:
            audited = load_audited(self.directory)
            self.param.update(audited=audited, problem="", job=None)
        except FastnetError as error:
            problem = self._excuse(error)
            self.param.update(audited=None, problem=problem, job=job if job and job.is_running else None)

    def _excuse(self, error: FastnetError) -> str:
        model = self._store.model
        if isinstance(error, NoAuditError):
            return f"{model} has not been audited yet."
        if isinstance(error, StaleAuditError):
            return f"The audit of {model} is of other weights, another calibration or another version of fastnet."
        return f"The audit of {model} cannot be shown: {self._store.told(error)}."

    def _read_cell(self, text: str) -> Cell:
        n_classes = len(self._need_audit().figures.classes.confusion)
        true, _, predicted = text.partition("-")
        if not all(part.isdecimal() and int(part) < n_classes for part in (true, predicted)):
            raise DataError(f"the confusion matrix has no cell {text!r}")
        return Cell(int(true), int(predicted))

    def _read_unit(self, text: str) -> int:
        self._need_audit()
        if not (text.isdecimal() and int(text) < self.n_units):
            raise DataError(f"the first layer has {self.n_units} units, and {text!r} is none of them")
        return int(text)

    def _read_point(self, text: str) -> int:
        n = len(self._need_audit().labels)
        if not (text.isdecimal() and int(text) < n):
            raise DataError(f"there are {n:,} test digits, and {text!r} is none of them")
        return int(text)

    def _need_audit(self) -> Audit:
        if self.audited is None:
            raise DataError("this model has no audit in which something could be chosen")
        return self.audit


def load_audited(directory: Path) -> Audited:
    """The audit of the model in a directory, read once for all sessions until something of it is made anew."""
    parts = (directory / MANIFEST, directory / CALIBRATION, directory / DIRECTORY / CONTENTS)
    return _load_audited(directory, tuple(part.stat().st_mtime_ns if part.exists() else 0 for part in parts))


@lru_cache(maxsize=4)
def _load_audited(directory: Path, _changed: tuple[int, ...]) -> Audited:
    audit, weights = load_audit(directory), read_model(directory).parameters["W1"]
    return Audited(audit, weights, (directory / DIRECTORY / IMAGES).read_bytes())
