"""An answer as a file to keep: JSON as `fastnet predict --json` has it, or a table with a row for each digit."""

import csv
import io

from fastnet.reading.batch import answer_of, as_json
from fastnet.reading.recognition import Reading

from .store import Answer

COLUMNS = ("line", "place", "digit", "probability", "flags", "left", "top", "right", "bottom")


def answer_as_json(answer: Answer, model: str) -> str:
    """All figures of the answer, and which model gave it."""
    page = {"page": answer.page} if answer.n_pages > 1 else {}
    return as_json([answer_of(answer.caption, answer.reading) | page], 0, model) + "\n"


def answer_as_csv(answer: Answer) -> str:
    """`COLUMNS` of each digit, in reading order; lines and places in them count from 1, boxes are in pixels."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for number, line in enumerate(answer.reading.lines, 1):
        for place, digit in enumerate(line.digits, 1):
            rows.writerow([number, place, digit.text, f"{digit.probability:.6f}", "; ".join(digit.flags), *digit.box])
    return text.getvalue()


def as_rows(reading: Reading) -> str:
    """The digits to be pasted: a row for each line; of a grid with tabs between its cells, for spreadsheets."""
    if reading.grid is None:
        return reading.text
    return "\n".join("\t".join(cell or "" for cell in row) for row in reading.grid)
