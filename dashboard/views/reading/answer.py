"""The answer: the digits, how sure the network is and why not, what it saw, and how the picture got there."""

from itertools import zip_longest
from typing import Any

import numpy as np
import param
from panel.custom import JSComponent

from fastnet.plurals import counted
from fastnet.reading.pictures import UNLIKE, left_out_in_words
from fastnet.reading.recognition import VERDICTS, DigitReading, Reading

from ...session.results import answer_as_csv, answer_as_json, as_rows
from ...session.store import Answer, Store
from ..images import base64_bytes, png_uri
from ..parts import STYLES, script
from ..probabilities import percent
from .advice import next_steps
from .model import called

_STAGE_SIDE = 240
_MEDIA_TYPES = {"csv": "text/csv", "json": "application/json"}
_SURELY = 0.98  # from there on, it is said without "I think"


class AnswerView(JSComponent):
    """The verdict, ten bars, the 28x28 pixels and the heat map; they change while people draw.

    The answer is copied, saved and shared from here.
    """

    answer = param.Dict(default={}, doc="What `answer_message` tells; nothing at first.")

    _esm = script("pixels.js", "signs.js", "link.js", "results.js", "answer.js")

    def __init__(self, store: Store) -> None:
        super().__init__(stylesheets=[STYLES], sizing_mode="stretch_width", margin=(0, 10))
        self._store = store
        store.param.watch(self._show, ["answer", "problem", "example"])
        self._show()

    def _show(self, *_: Any) -> None:
        store = self._store
        if store.answer is None and store.example is not None and not store.problem:
            self.answer = example_message(store.example)
        else:
            self.answer = answer_message(store.answer, store.problem)

    def _handle_msg(self, data: Any) -> None:
        match data:
            case {"file": "csv" | "json" as kind} if self._store.answer is not None:
                content = self._content(kind, self._store.answer)
                self._send_msg({"name": f"fastnet-answer.{kind}", "kind": _MEDIA_TYPES[kind], "content": content})

    def _content(self, kind: str, answer: Answer) -> str:
        """The answer as a file of that kind."""
        if kind == "csv":
            return answer_as_csv(answer)
        return answer_as_json(answer, called(self._store.model, self._store.corrected))


class StagesView(JSComponent):
    """The pictures between the one that was given and the 28x28 pixels; they change when the pen is lifted."""

    stages = param.List(doc="Name and picture of each stage.")

    _esm = script("stages.js")

    def __init__(self, store: Store) -> None:
        super().__init__(stylesheets=[STYLES], sizing_mode="stretch_width", margin=(0, 10))
        self._store = store
        store.param.watch(self._show, "answer")

    def _show(self, *_: Any) -> None:
        answer = self._store.answer
        if answer is None:
            self.stages = []
        elif answer.is_final:
            self.stages = [
                {"name": stage.name, "src": png_uri(stage.pixels, _STAGE_SIDE)} for stage in answer.reading.stages
            ]


def answer_message(answer: Answer | None, problem: str) -> dict[str, Any]:
    """What the browser shows, in words and small arrays."""
    if answer is None:
        sentence = "" if problem else "Draw on the paper, bring a picture or try a sample"
        return {"problem": problem, "sentence": sentence, "plainly": sentence, "reasons": [], "steps": [], "digits": []}
    reading = answer.reading
    return {
        "problem": problem,
        "text": reading.text,
        "rows": as_rows(reading),
        "is_unsure": bool(reading.flags),
        "sentence": _sentence(reading),
        "plainly": _plainly(reading),
        "second": _second_guess(reading),
        "notes": _notes(answer),
        "reasons": [flag.capitalize() for flag in reading.flags if flag not in VERDICTS],
        "steps": next_steps(reading.flags, reading.grid is not None) if answer.is_final else [],
        "digits": [_digit_message(digit, heat) for digit, heat in zip_longest(reading.digits, answer.heat_maps)],
    }


def example_message(example: Answer) -> dict[str, Any]:
    """The same of the digit that the page wrote: what it reads is shown, and is no answer."""
    message = answer_message(None, "")
    if not example.reading.digits:
        return message
    shown = {name: answer_message(example, "")[name] for name in ("digits", "second")}
    return {**message, **shown, "example": example.reading.text}


def _sentence(reading: Reading) -> str:
    """How sure the network is."""
    known = _known(reading)
    if not known:
        return "No digit found"
    if _is_hardly_digits(reading):
        sure = percent(min(digit.probability for digit in reading.digits))
        return f"Unlike any digit; if {'it is one' if len(reading.digits) == 1 else 'they are some'}, {sure}"
    unsure = "Unsure: " if "unsure" in reading.flags else ""
    if len(reading.digits) == 1:
        return f"{unsure}{percent(reading.probability)}"
    lines = f"{len(reading.lines)} lines, " * (len(reading.lines) > 1)
    least = percent(min(digit.probability for digit in known))
    return f"{unsure}{lines}{_how_many(reading)}, the least sure {least}"


def _plainly(reading: Reading) -> str:
    """The same without figures."""
    known = _known(reading)
    if not known:
        return "I see no digit"
    is_unsure = "unsure" in reading.flags
    if len(known) > 1 and _is_hardly_digits(reading):
        return f"I doubt that these are digits; if they are, {reading.text}"
    if len(known) > 1 or _n_boxes(reading) > 1:
        return f"I see {_how_many(reading)}{', but I am not sure' * is_unsure}"
    digit = f"{'an' if reading.text == '8' else 'a'} {reading.text}"
    if UNLIKE in reading.flags:
        return f"I doubt that this is a digit; if it is one, {digit}"
    if is_unsure:
        return f"Could it be {digit}?"
    return f"That is {digit}" if reading.probability > _SURELY else f"I think that is {digit}"


def _known(reading: Reading) -> list[DigitReading]:
    """What is there but empty boxes and what is no digit."""
    return [digit for digit in reading.digits if digit.digit is not None]


def _how_many(reading: Reading) -> str:
    """How many digits there are, and in how many boxes of a form."""
    n, n_boxes = len(_known(reading)), _n_boxes(reading)
    digits = counted(n, "digit")
    return f"{digits} in {n_boxes} boxes" if n_boxes > 1 else digits


def _n_boxes(reading: Reading) -> int:
    """The boxes of a form, also those that are empty; 0 without any."""
    return sum(map(len, reading.grid or ()))


def _is_hardly_digits(reading: Reading) -> bool:
    """Whether all that is there is unlike any digit."""
    return all(UNLIKE in digit.flags for digit in reading.digits)


def _second_guess(reading: Reading) -> str:
    if len(reading.digits) != 1 or not reading.text or reading.second is None:
        return ""
    return f"second guess {reading.second}, {percent(reading.probabilities[reading.second])}"


def _notes(answer: Answer) -> str:
    """What is not in the answer."""
    left_out = left_out_in_words(part.reason for part in answer.reading.left_out)
    page = f"page {answer.page} of {answer.n_pages}" if answer.n_pages > 1 else ""
    return "; ".join(note for note in (page, left_out) if note)


def _digit_message(digit: DigitReading, heat: np.ndarray | None) -> dict[str, Any]:
    return {
        "digit": "_" if digit.kind == "empty" else "?" if digit.digit is None else str(digit.digit),
        "line": digit.line,
        "probabilities": digit.probabilities.tolist(),
        "percents": [percent(probability) for probability in digit.probabilities],
        "reasons": list(digit.flags),
        "pixels": base64_bytes(digit.pixels),
        "heat": "" if heat is None else base64_bytes(_as_int8(heat)),
    }


def _as_int8(heat: np.ndarray) -> np.ndarray:
    """The heat map from -127 (against) to 127 (for)."""
    return np.round(heat * (127 / max(float(np.abs(heat).max()), 1e-9))).astype(np.int8)
