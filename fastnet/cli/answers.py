"""How `fastnet predict` gives its answers: a line each for people, one JSON object, or a file of CSV or JSON lines."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from fastnet.errors import OptionError
from fastnet.files import require_new, whole_file

from .options import percent

Answer = dict[str, Any]  # as `fastnet.reading.batch.read_picture` gives it

COLUMNS = ("path", "text", "probability", "flags", "error")


def check_out(target: Path, overwrite: bool) -> None:
    """OptionError now, not after a hundred pictures, for a file that cannot or must not be written."""
    if target.suffix.lower() not in _FILES:
        raise OptionError(f"{target}: answers are written to files that end in {' or '.join(_FILES)}")
    require_new(target, overwrite)


@contextmanager
def file_of_answers(target: Path) -> Iterator[Callable[[Answer], object]]:
    """Yield what writes an answer into a file, which appears when all are there."""
    with whole_file(target) as new, new.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        yield _FILES[target.suffix.lower()](file)


def in_words(answer: Answer) -> str:
    """The answer for people: the digits, the confidence in the least sure, the next guess, what speaks against it."""
    flags = f"  [{', '.join(answer['flags'])}]" if answer["flags"] else ""
    if not answer["text"]:
        return f"no digit{flags}"
    if len(answer["text"]) > 1:
        return f"{answer['text']} (each at least {percent(_least_confidence(answer))}){flags}"
    return f"{answer['text']} ({percent(answer['probability'])}, else {answer['second']}){flags}"


def _least_confidence(answer: Answer) -> float:
    confidences: list[float] = [digit["probability"] for digit in answer["digits"] if digit["digit"] is not None]
    return min(confidences)


def _csv(file: TextIO) -> Callable[[Answer], object]:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)

    def write(answer: Answer) -> None:
        if "error" in answer:
            writer.writerow([answer["path"], "", "", "", answer["error"]])
        else:
            probability = _least_confidence(answer) if answer["text"] else ""
            writer.writerow([answer["path"], answer["text"], probability, "; ".join(answer["flags"]), ""])

    return write


def _json_lines(file: TextIO) -> Callable[[Answer], object]:
    return lambda answer: file.write(json.dumps(answer, allow_nan=False) + "\n")


_FILES = {".csv": _csv, ".jsonl": _json_lines}
