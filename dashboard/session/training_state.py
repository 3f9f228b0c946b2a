"""The training tab's state: the form, the training as it was last looked at, and the ones it is compared with."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import param

from fastnet import weights
from fastnet.errors import FORESEEN, FastnetError
from fastnet.training.recipe import PLAIN

from ..server.library import Library
from ..worker.snapshot import FAILED, PREPARING, RUNNING, Snapshot
from .options import Options
from .time_limits import remark, terms
from .trainings import Trainings

_NOT_RIGHT = "nothing is trained before the form is right"
LEAST_EPOCHS = 3  # of a training whose curves are worth a look


@dataclass(frozen=True, eq=False)
class Rival:
    """What a training is compared with: an earlier one of this session, or a model."""

    name: str
    snapshot: Snapshot


class TrainingState(param.Parameterized):
    """What people do on the tab, and what they see. Changes when `look` is called, never from another thread."""

    snapshot: Any = param.ClassSelector(class_=Snapshot, default=Snapshot(), doc="The training, or the last one.")
    problem = param.String(default="", doc="Why there is no training, or why it failed; empty if all is well.")
    waited = param.Integer(default=0, doc="Seconds that the training has been getting ready.")
    remark = param.String(default="", doc="What is to be said of the training's time; empty while there is enough.")
    saved = param.String(default="", doc="What became of the run that was to be saved: a sentence.")
    rivals: Any = param.ListSelector(default=[], objects=[], check_on_set=False, doc="Names of what is compared.")

    def __init__(self, trainer: Trainings, library: Library, owner: Callable[[], str] = str) -> None:
        self._trainer, self._library, self._owner = trainer, library, owner
        self._own: set[str] = set()  # names that this session saved, and may save anew
        self.kept_as = ""  # the name that the run was last saved under; empty if it was not
        self.options = Options()
        super().__init__()
        self.options.param.watch(self._tell_of_form, "problems")
        self.offer_rivals()

    def start(self) -> None:
        """Train by the form, or tell what is wrong with it."""
        recipe = self.options.read()
        if recipe is None:
            self.problem = self._fault_of_form()
            return
        try:
            self._trainer.start(recipe)
        except FastnetError as error:
            self.problem = str(error)
            return
        self.kept_as = ""
        self.param.update(problem="", saved="")
        self.look()
        self.offer_rivals()
        known = [name for name in self.rivals if name in self.param.rivals.objects]
        self.rivals = list(dict.fromkeys([*known, *map(run_name, self._trainer.earlier[-1:])]))

    def _fault_of_form(self) -> str:
        """The fields that keep a training from starting, in a sentence; empty if there are none."""
        fields = " and ".join(str(self.options.param[name].label).lower() for name in self.options.problems)
        return fields and f"{_NOT_RIGHT}; see {fields}"

    def _tell_of_form(self, *_: Any) -> None:
        """Let the sentence about the form follow it, and go when it is right."""
        if self.problem.startswith(_NOT_RIGHT):
            self.problem = self._fault_of_form()

    def pause_or_resume(self) -> None:
        """Pause a training that runs, resume one that is paused."""
        if self.snapshot.state == RUNNING:
            self._trainer.pause()
        else:
            self._trainer.resume()

    def stop(self) -> None:
        """End the training; its run can be saved."""
        self._trainer.stop()
        self.look()

    @property
    def terms(self) -> str:
        """How long a training may take here."""
        return terms(self._trainer.quotas)

    @property
    def is_active(self) -> bool:
        """Whether a training is under way, by the latest news."""
        return self._trainer.snapshot.is_active

    def look(self) -> None:
        """Take in what has happened since the last look."""
        snapshot = self._trainer.snapshot
        if snapshot.state == PREPARING:
            self.waited = int(time.monotonic() - snapshot.began)
        self.remark = remark(snapshot, time.monotonic(), self._trainer.quotas)
        if snapshot is not self.snapshot:
            problem = snapshot.problem if snapshot.state == FAILED else self.problem
            self.param.update(snapshot=snapshot, problem=problem)

    def save(self, name: str) -> str:
        """Save the run as a model of that name; return a sentence about it. Any thread may call this."""
        name, run = name.strip(), self.snapshot.run
        if not run:
            return "There is no run to save"
        try:
            self._library.save(name, Path(run), name in self._own, self._owner(), self._trainer.visitor)
        except FORESEEN as error:
            sentence = self._library.told(error)
            return sentence[0].upper() + sentence[1:]
        self._own.add(name)
        self.kept_as = name
        return f"Saved as {name!r}: the Read tab offers it"

    def keep(self) -> str:
        """Save the run under a name of its own, unless it has one; return a sentence if that cannot be.

        Any thread may call this.
        """
        if self.kept_as:
            return ""
        taken = {name.casefold() for name in self._library.names()}
        told = self.save(next(name for name in map("my network {}".format, count(1)) if name not in taken))
        return "" if self.kept_as else told

    def offer_rivals(self) -> None:
        """Offer the session's earlier trainings and all models for comparison."""
        self.param.rivals.objects = [*map(run_name, reversed(self._trainer.earlier)), *self._library.names()]

    def chosen_rivals(self) -> list[Rival]:
        """Those that were chosen and are still there, in the order of the choice."""
        known = {run_name(run): run for run in self._trainer.earlier}
        known |= {name: self._model(name) for name in self._library.names() if name in self.rivals}
        return [Rival(name, known[name]) for name in self.rivals if name in known]

    def example(self) -> list[Rival]:
        """What there is to see before the first training: a run or model of its own, or the small one of fastnet."""
        others = [name for name in self._library.names() if name not in weights.names()]
        name = next((name for name in others if len(self._library.history(name)) >= LEAST_EPOCHS), weights.SMALL)
        return [Rival(name, self._model(name))]

    def _model(self, name: str) -> Snapshot:
        """What is known of a model's training, as a snapshot."""
        try:
            predictor = self._library.load(name)
        except FastnetError as error:
            return Snapshot(FAILED, problem=self._library.told(error))
        epochs, test = self._library.history(name), predictor.manifest.test
        return Snapshot(layer_sizes=predictor.layer_sizes, epochs=epochs, test=test)


def run_name(run: Snapshot) -> str:
    """What people call a training of theirs."""
    if run.recipe is None:
        return ""
    layers = "-".join(map(str, run.recipe.hidden)) or "no hidden layer"
    others = [
        value for name in ("activation", "solver") if (value := getattr(run.recipe, name)) != getattr(PLAIN, name)
    ]
    return f"Run {run.number}: {', '.join([layers, *others, run.recipe.engine])}"
