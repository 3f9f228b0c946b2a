"""Teach it: the visitor says what a digit is, and the network learns it, before and after side by side."""

from collections.abc import Sequence
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np
import param
from panel.custom import JSComponent

from fastnet.errors import OptionError
from fastnet.models.documents import Score
from fastnet.reading.recognition import VERDICTS, DigitReading
from fastnet.training.correcting import REHEARSAL, Correction

from ...server.corrections import UnderWay
from ...server.quotas import Role
from ...session.corrections import Corrections
from ...session.store import Answer, Store
from ..images import base64_bytes
from ..parts import ASSETS, STYLES, aside, one_message, script
from ..probabilities import percent

_STYLES = STYLES + (ASSETS / "teaching.css").read_text(encoding="utf-8")
_DEAR = 0.003  # share of the test digits that are lost, from which on a visitor may have told what is not so


def teaching_view(store: Store) -> list[JSComponent]:
    """What stands below the answer; nothing where visitors train nothing."""
    return [] if store.shared.role is Role.READERS else [Teaching(store)]


class Teaching(JSComponent):
    """Ten buttons for what the chosen digit is, what came of the last one, and what becomes of the model."""

    digits = param.List(
        doc="The pixels of each digit of the answer, empty for what is none; none while the pen is down."
    )
    questions = param.List(doc="What is asked of each of them.")
    state = param.String(doc="That of `Corrections`.")
    taught = param.List(doc="What the digits that were taught so far are.")
    outcome = param.Dict(default={}, doc="What `outcome_message` tells; empty before the first.")
    remarks = param.List(doc="Sentences on it: where the answer tells something else, and on the calibration.")
    problem = param.String()
    kept = param.String(doc="The name under which the model was kept.")

    _esm = script("pixels.js", "teaching.js")

    def __init__(self, store: Store) -> None:
        super().__init__(stylesheets=[_STYLES], sizing_mode="stretch_width", margin=(0, 10))
        self._store, self._corrections = store, Corrections(store)
        store.param.watch(self._show_digits, "answer")
        self._show_digits()
        self._show()

    def _handle_msg(self, data: Any) -> None:
        corrections = self._corrections
        with one_message(self):
            match data:
                case {"digit": int(number), "label": int(label)}:
                    if under_way := corrections.teach(number, label):
                        self._aside(partial(_learnt, under_way), partial(self._take_in, under_way))
                case {"keep": str(name)} if corrections.may_keep():
                    self._aside(partial(corrections.keep, name), partial(self._choose_kept, name))
                case "forget":
                    corrections.forget()
            self._show()

    def _aside(self, work: Any, finish: Any) -> None:
        aside(work, finish, self._store.shared.corrections.executor)

    def _take_in(self, under_way: UnderWay, outcome: Correction | OptionError) -> None:
        if self._corrections.take_in(under_way, outcome):
            self._aside(under_way.hear_of_the_end, partial(self._end, under_way))
        self._show()

    def _end(self, under_way: UnderWay, uncalibrated: str) -> None:
        self._corrections.end(under_way, uncalibrated)
        self._show()

    def _choose_kept(self, name: str, problem: str) -> None:
        self._corrections.choose_kept(name, problem)
        self._show()

    def _show_digits(self, *_: Any) -> None:
        answer = self._store.answer
        digits = answer.reading.digits if answer and answer.is_final else ()
        self.param.update(
            digits=[base64_bytes(digit.pixels) if digit.pixels.any() else "" for digit in digits],
            questions=questions(digits),
        )
        self.remarks = remarks_on(self._corrections, answer)

    def _show(self) -> None:
        corrections = self._corrections
        self.param.update(
            state=corrections.state,
            taught=[str(each.label) for each in corrections.taught],
            outcome=outcome_message(corrections),
            remarks=remarks_on(corrections, self._store.answer),
            problem=corrections.problem,
            kept=corrections.kept,
        )


def _learnt(under_way: UnderWay) -> Correction | OptionError:
    try:
        return under_way.hear_of_learning()
    except OptionError as error:
        return error


def questions(digits: Sequence[DigitReading]) -> list[str]:
    """What is asked of each part of an answer; empty boxes and what is no digit don't count."""
    if sum(digit.kind != "empty" for digit in digits) < 2:
        return ["Is that wrong? Say what it is:"] * len(digits)
    are_read = [digit.digit is not None for digit in digits]
    return [
        f"Is digit {number} of {sum(are_read)}, chosen above, read wrongly? Say what it is:"
        if is_read
        else "Is what is chosen above a digit after all? Say what it is:"
        for is_read, number in zip(are_read, accumulate(map(int, are_read)), strict=True)
    ]


def outcome_message(corrections: Corrections) -> dict[str, Any]:
    """What the browser shows of the last correction, in words and small arrays."""
    correction, after = corrections.correction, corrections.after
    if correction is None or after is None:
        return {}
    newest = corrections.taught[-1]
    return {
        "pixels": base64_bytes(newest.pixels),
        "label": newest.label,
        "before": [[float(probability), percent(probability)] for probability in newest.before],
        "after": [[float(probability), percent(probability)] for probability in after],
        "plainly": _plainly(newest.label, int(after.argmax()), correction),
        "precisely": _precisely(len(corrections.taught), correction),
        "costPlainly": _cost_plainly(newest.label, correction),
        "cost": _cost(correction),
    }


_LOST = "That is of the digit by itself: read anew, what is on the board is cut into other digits now."


def remarks_on(corrections: Corrections, answer: Answer | None) -> list[str]:
    """What else there is to say of the last correction."""
    if corrections.after is None or not corrections.taught:
        return []
    contradiction = _contradiction(corrections.taught[-1].pixels, int(corrections.after.argmax()), answer)
    lost = _LOST if corrections.is_lost else ""
    return [sentence for sentence in (contradiction, lost, corrections.on_calibration()) if sentence]


def _contradiction(pixels: np.ndarray, now: int, answer: Answer | None) -> str:
    """Why the answer tells something else of the digit with these pixels than the network does now, if it does."""
    digits = answer.reading.digits if answer and answer.is_final else ()
    digit = next((digit for digit in digits if np.array_equal(digit.pixels, pixels)), None)
    if digit is None or digit.digit == now:
        return ""
    told = "no digit" if digit.digit is None else _a(digit.digit)
    return f"The answer above still has {told} there: {_why(digit)}."


def _why(digit: DigitReading) -> str:
    if digit.overruled is not None:
        return "what is known of the digits, below the board, goes before what the network sees"
    if digit.digit is None:
        return f"it is {', '.join(flag for flag in digit.flags if flag not in VERDICTS)}"
    return "digits that touch are read by a network of their own, which learns nothing here"


def _plainly(label: int, answer: int, correction: Correction) -> str:
    if answer != label:
        return f"It practised, and still takes it for {_a(answer)}: what else it knows speaks against {_a(label)}."
    if not correction.n_steps:
        return f"It was sure of your {label} already: there was nothing to practise."
    return f"Now it reads your {label}. That took {correction.n_steps} small steps of practice."


def _a(digit: int) -> str:
    return f"{'an' if digit == 8 else 'a'} {digit}"


def _precisely(n_taught: int, correction: Correction) -> str:
    """What was done."""
    copies = REHEARSAL.n_copies(n_taught)
    whose = "the digit" if n_taught == 1 else f"your {n_taught} digits"
    until = (
        f"until its uncalibrated probability was {REHEARSAL.learnt:.0%}"
        if correction.is_learnt
        else "which is the most"
    )
    return (
        f"{correction.n_steps} steps of Adam at a rate of {REHEARSAL.learning_rate:g}, {until}: mini-batches of"
        f" {REHEARSAL.batch_size}, {copies} of them copies of {whose}, the rest digits of its training set."
    )


def _cost_plainly(label: int, correction: Correction) -> str:
    n_right = round((correction.after.accuracy or 0) * correction.n_test)
    more = correction.n_won - correction.n_lost
    change = f"{more} more than before" if more > 0 else f"{-more} fewer than before" if more else "as many as before"
    doubt = f" Was that really {_a(label)}?" if -more > _DEAR * correction.n_test else ""
    return f"Of {correction.n_test:,} test digits it reads {n_right:,}, {change}.{doubt}"


def _cost(correction: Correction) -> str:
    """What it cost on the test set."""

    def written(score: Score) -> str:
        return f"{score.accuracy:.2%}, loss {score.loss:.4f}"

    return (
        f"Test set of {correction.n_test:,}: before {written(correction.before)}; now {written(correction.after)};"
        f" {correction.n_lost} lost and {correction.n_won} won."
    )
