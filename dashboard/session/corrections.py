"""What a visitor teaches the chosen model: digits with what they are, and the model it makes. Knows no widget."""

import threading
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import param

from fastnet.errors import FORESEEN, OptionError, sentence_of
from fastnet.training.correcting import Correction

from ..server.corrections import Task, UnderWay
from .store import Store

MOST_TAUGHT = 20  # digits at once
IDLE, LEARNING, CALIBRATING, KEEPING = "idle", "learning", "calibrating", "keeping"


@dataclass(frozen=True, eq=False)
class Taught:
    """A digit that was taught: its pixels, what it is, and its probabilities before the visitor taught it."""

    pixels: np.ndarray  # uint8 (28, 28)
    label: int
    before: np.ndarray  # float32 (10,), by the model that was taught


class Corrections(param.Parameterized):
    """The digits that were taught so far, and what came of them; another model has none.

    Each correction begins with the model as it was and learns all of the digits, so that the first is not forgotten.
    """

    state = param.String(default=IDLE, doc="What is being done.")
    taught = param.List(item_type=Taught, doc="The digits that the model has learnt, the newest last.")
    correction: Any = param.ClassSelector(class_=Correction, default=None, doc="What it took; None without any.")
    after: Any = param.Array(default=None, allow_None=True, doc="Probabilities of the newest one now.")
    is_lost = param.Boolean(doc="Whether the board, read anew, no longer has the newest one: its ink is cut otherwise.")
    uncalibrated = param.String(default="", doc="Why the model could not be calibrated anew; empty if it was, or is.")
    problem = param.String(default="", doc="Why nothing was learnt or kept; empty if all is well.")
    kept = param.String(default="", doc="The name under which the model was kept last; empty if it was not.")

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self._under_way: UnderWay | None = None
        self._folder: TemporaryDirectory[str] | None = None  # of the corrected model
        self._asked: list[Taught] = []  # what the correction under way is to learn, and where it writes
        self._next: TemporaryDirectory[str] | None = None
        self._holding = threading.Lock()  # of the corrected model's folder: it does not go while it is copied
        store.param.watch(self._forget_what_another_learnt, "model")
        store.at_close.append(self._give_up)

    def teach(self, number: int, label: int) -> UnderWay | None:
        """Begin to learn that digit `number` of the answer is a `label`; where that cannot be, tell why."""
        try:
            taught = self._taught_with(number, label)
            self._begin(taught)
        except FORESEEN as error:
            self.problem = sentence_of(error)
            return None
        self._asked = taught
        self.param.update(state=LEARNING, problem="", kept="")
        return self._under_way

    def _begin(self, taught: list[Taught]) -> None:
        store, folder = self._store, TemporaryDirectory(prefix="fastnet-", ignore_cleanup_errors=True)
        images = np.stack([each.pixels.reshape(-1) for each in taught])
        labels = np.array([each.label for each in taught])
        try:
            task = Task(store.shared.library.folder(store.model), images, labels, _model_in(folder))
            self._under_way = store.shared.corrections.begin(task, store.visitor)
        except FORESEEN:
            folder.cleanup()
            raise
        self._next = folder

    def take_in(self, under_way: UnderWay, outcome: Correction | OptionError) -> bool:
        """What came of it, unless it was given up meanwhile; whether the model is still to be calibrated."""
        if under_way is not self._under_way:
            return False
        assert self._next
        if isinstance(outcome, OptionError):
            self._under_way = None
            self._next.cleanup()
            self.param.update(state=IDLE, problem=str(outcome))
            return False
        with self._holding:
            if self._folder:
                self._folder.cleanup()
            self._folder, self._next = self._next, None
        was_there = self._is_on_the_board()
        self._store.corrected = (self._store.model, _model_in(self._folder))  # reads the board anew
        self.param.update(
            state=CALIBRATING,
            taught=self._asked,
            correction=outcome,
            after=self._read_newest(),
            is_lost=was_there and not self._is_on_the_board(),
            uncalibrated="",
        )
        return True

    def end(self, under_way: UnderWay, uncalibrated: str) -> None:
        """The model is calibrated, or cannot be, for a reason; it can be kept."""
        if under_way is self._under_way:
            self._under_way = None
            self._store.param.trigger("corrected")
            self.param.update(state=IDLE, after=self._read_newest(), uncalibrated=uncalibrated)

    def on_calibration(self) -> str:
        """What is to be known of the model's calibration where it was not made anew; empty otherwise."""
        predictor = self._store.predictor
        if not (self.uncalibrated and predictor):
            return ""
        how = "Its calibration is that of the model that it was" if predictor.calibration else "It has no calibration"
        return f"{how}: {self.uncalibrated}."

    def may_keep(self) -> bool:
        """Whether there is a model to keep; until `choose_kept` nothing else is learnt, which the choice would end."""
        if not (self._folder and self.state == IDLE):
            self.problem = "there is nothing to keep yet"
            return False
        self.param.update(state=KEEPING, problem="")
        return True

    def keep(self, name: str) -> str:
        """Save the corrected model under that name; return why it was not, or nothing. Any thread may call this."""
        store = self._store
        with self._holding:
            if not self._folder:
                return "it was forgotten meanwhile"
            model = _model_in(self._folder)
            try:
                store.shared.library.save(name.strip(), model, owner=store.owner, visitor=store.visitor)
            except FORESEEN as error:
                return store.shared.library.told(error)
        return ""

    def choose_kept(self, name: str, problem: str) -> None:
        """Read with the model that was kept under that name; or tell why it was not."""
        if self.state == KEEPING:
            self.state = IDLE
        if problem:
            self.problem = problem
            return
        self._store.model = name.strip()
        self.kept = name.strip()

    def forget(self) -> None:
        """Read with the model as it was; what was taught is gone."""
        self._give_up()
        self._store.corrected = None
        self.param.update(state=IDLE, taught=[], correction=None, after=None, uncalibrated="", problem="", kept="")

    def _give_up(self) -> None:
        if self._under_way:
            self._under_way.stop()
        with self._holding:
            for folder in (self._folder, self._next):
                if folder:
                    folder.cleanup()
            self._under_way = self._folder = self._next = None

    def _forget_what_another_learnt(self, *_: Any) -> None:
        self.forget()

    def _taught_with(self, number: int, label: int) -> list[Taught]:
        """What is to be learnt with one digit more; OptionError where there is none such, or too many."""
        if self.state != IDLE:
            raise OptionError("it is still busy with the last thing; one after the other")
        answer = self._store.answer
        digits = answer.reading.digits if answer and answer.is_final else ()
        if not (0 <= number < len(digits) and digits[number].pixels.any() and 0 <= label <= 9):
            raise OptionError("there is no such digit on the board")
        digit = digits[number]
        others = [each for each in self.taught if not np.array_equal(each.pixels, digit.pixels)]
        if len(others) >= MOST_TAUGHT:
            raise OptionError(
                f"{MOST_TAUGHT} digits are the most that are taught at once; keep the model, and go on from it"
            )
        before = self._read(digit.pixels)  # of digits that touch, the answer may have another network's probabilities
        assert before is not None
        return [*others, Taught(digit.pixels, label, before)]

    def _is_on_the_board(self) -> bool:
        """Whether what is taught last is a digit of the answer."""
        answer, newest = self._store.answer, self._asked[-1]
        return bool(answer) and any(np.array_equal(digit.pixels, newest.pixels) for digit in answer.reading.digits)

    def _read_newest(self) -> np.ndarray | None:
        """The probabilities of what was taught last."""
        return self._read(self._asked[-1].pixels)

    def _read(self, pixels: np.ndarray) -> np.ndarray | None:
        predictor = self._store.predictor
        if predictor is None:
            return None
        probabilities: np.ndarray = predictor.predict_proba(pixels)[0]
        return probabilities


def _model_in(folder: TemporaryDirectory[str]) -> Path:
    """A place in it that does not exist yet, as a model's must."""
    return Path(folder.name) / "model"
