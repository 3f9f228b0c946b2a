"""How `fastnet predict` gives its answers: a line each for people, JSON, JSON lines, CSV, or what Kaggle takes."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from fastnet.errors import OptionError
from fastnet.files import whole_file

from .streams import one_line

Answer = dict[str, Any]  # as `fastnet.reading.batch` gives it
Write = Callable[[Answer], object]

COLUMNS = ("path", "image", "text", "probability", "flags", "error", "page")
SUBMISSION_COLUMNS = ("ImageId", "Label")


class Output(Protocol):
    """What text is written to."""

    def write(self, text: str, /) -> object:
        """Write it."""


Writers = dict[str, Callable[[Output], Write]]


def form_of(target: Path, form: str | None) -> str:
    """The form in which answers are written to that file; OptionError if it is none for a file."""
    found = form or target.suffix.lower().removeprefix(".")
    if form is None and found not in _BY_NAME:
        raise OptionError(f"{target}: answers are written to files that end in .csv or .jsonl, or as --format says")
    if found not in _OF_FILES:
        raise OptionError(f"--format {form} goes to standard output; --out takes {', '.join(_OF_FILES)}")
    return found


@contextmanager
def file_of_answers(target: Path, writer: Callable[[Output], Write]) -> Iterator[Write]:
    """Yield what writes an answer into a file, which appears when all are there."""
    with whole_file(target) as new, new.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        yield writer(file)


def in_words(answer: Answer) -> str:
    """The answer for people: the digits, the confidence in the least sure, the next guess, what speaks against it.

    Several lines, and rows of cells, stand below it.
    """
    flags = f"  [{', '.join(answer['flags'])}]" if answer["flags"] else ""
    more = f"{_left_out(answer)}{_drawing(answer)}"
    rows = _rows(answer)
    if len(rows) > 1 and _says_something(answer):
        digits = f"{len(rows)} lines ({_least_sure(answer)})"
        return "\n  ".join([f"{digits}{flags}{more}", *rows])
    return f"{_digits_in_words(answer)}{flags}{more}"


def _digits_in_words(answer: Answer) -> str:
    if not _says_something(answer):
        return "no digit"
    text = _rows(answer)[0]
    if len(answer.get("digits", ())) > 1 and len(text) > 1:
        return f"{text} ({_least_sure(answer)})"
    other = "" if answer["second_label"] is None else f", else {answer['second_label']}"
    return f"{text} ({_in_percent(answer['probability'])}{other})"


def _least_sure(answer: Answer) -> str:
    return f"the least sure {_in_percent(_least_confidence(answer))}"


def _in_percent(probability: float) -> str:
    from fastnet.models.probabilities import in_percent

    return in_percent(probability)


def _left_out(answer: Answer) -> str:
    from fastnet.reading.pictures import left_out_in_words

    words = left_out_in_words(part["reason"] for part in answer.get("left_out", ()))
    return f"; {words}" if words else ""


def _drawing(answer: Answer) -> str:
    return f"; drawn in {one_line(answer['drawing'])}" if "drawing" in answer else ""


def _says_something(answer: Answer) -> bool:
    """Whether there is more than empty cells."""
    return bool(answer["text"].strip("_ \n"))


def _rows(answer: Answer) -> list[str]:
    """What the lines say; of cells, with blanks between them and "_" for an empty one, or as a pattern has them."""
    if not answer.get("grid"):
        return str(answer["text"]).split("\n")
    rows = [["_" if cell is None else cell or "?" for cell in row] for row in answer["grid"]]
    texts = [line["text"] for line in answer["lines"]]
    return [text if set(text) - {" ", *"".join(row)} else " ".join(row) for row, text in zip(rows, texts, strict=True)]


def _least_confidence(answer: Answer) -> float:
    digits = [digit for digit in answer.get("digits", ()) if digit["digit"] is not None]
    least: float = min(each["probability"] for each in digits or [answer])
    return least


# ---- Forms: each makes of an output what writes an answer to it -----------------------------------------------------


def _text(output: Output) -> Write:
    def write(answer: Answer) -> None:
        if "error" not in answer:
            number = "".join(f", {what} {answer[what]}" for what in ("image", "page") if what in answer)
            output.write(f"{one_line(answer['path'])}{number}: {in_words(answer)}\n")

    return write


def _csv(output: Output) -> Write:
    plain = csv.writer(output, lineterminator="\n")
    quoting = csv.writer(output, lineterminator="\n", quoting=csv.QUOTE_ALL)
    plain.writerow(COLUMNS)

    def write(answer: Answer) -> None:
        row = [answer["path"], answer.get("image", ""), "", "", "", answer.get("error", ""), answer.get("page", "")]
        if "error" not in answer:
            probability = _least_confidence(answer) if answer["text"] else ""
            row[2:5] = answer["text"], probability, "; ".join(answer["flags"])
        # A carriage return ends a row for those who read, and `csv` quotes only what ends one as it writes.
        (quoting if any("\r" in str(cell) for cell in row) else plain).writerow(row)

    return write


def _json_lines(output: Output) -> Write:
    return lambda answer: output.write(json.dumps(answer, allow_nan=False) + "\n")


def _kaggle(output: Output) -> Write:
    """The likeliest class of each image, also of one that is like no digit; OptionError for one that has no answer."""
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(SUBMISSION_COLUMNS)

    def write(answer: Answer) -> None:
        if "error" in answer:
            raise OptionError(answer["error"])
        writer.writerow([answer["image"], answer["label"]])

    return write


WRITERS: Writers = {"text": _text, "jsonl": _json_lines, "csv": _csv, "kaggle": _kaggle}
FORMS = ("text", "json", "jsonl", "csv", "kaggle")

_OF_FILES = ("csv", "jsonl", "kaggle")
_BY_NAME = ("csv", "jsonl")
